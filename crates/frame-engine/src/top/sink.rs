//! The sink of the best rows.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;

use super::candidates::{Candidates, Kept, Rank};
use super::ranking::Ranking;
use crate::context::Context;
use crate::graph::{Sink, StageSink};
use crate::group_by::ranks::ranks;
use crate::sort::{Order, sorted_indices};
use crate::source::{Batches, Source};

/// The order of the rows that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// By group, then the best first.
    Best,
    /// As in the input.
    Input,
}

/// Keeps the best rows of each group.
#[derive(Debug)]
pub(crate) struct TopRows<R> {
    pub(crate) count: u64,
    pub(crate) per: Vec<BoundExpr>,
    pub(crate) ranking: Ranking,
    pub(crate) with_ties: bool,
    pub(crate) arrangement: Arrangement,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
    /// How ranks are kept.
    pub(crate) kept_as: PhantomData<fn() -> R>,
}

impl TopRows<Box<[u8]>> {
    /// The sink, which keeps ranks in the shortest way that they can be kept in.
    pub(crate) fn into_sink(self) -> Box<dyn StageSink> {
        if !self.ranking.is_short() {
            return Box::new(self);
        }
        let Self { count, per, ranking, with_ties, arrangement, schema, text, .. } = self;
        Box::new(TopRows::<u128> { count, per, ranking, with_ties, arrangement, schema, text, kept_as: PhantomData })
    }
}

impl<R: Rank + Debug> Sink for TopRows<R> {
    type Share = Candidates<R>;

    fn start(&self, cx: &Context) -> Result<Candidates<R>> {
        Candidates::new(self, cx)
    }

    fn push(&self, share: &mut Candidates<R>, batch: Batch, _: &Context) -> Result<()> {
        let origin = batch.origin().ok_or_else(|| Error::internal("a batch without an origin"))?;
        let batch = batch.dense()?;
        if share.position.0 != origin.partition {
            share.position = (origin.partition, 0);
        }
        let best = self.ranking.ranks(batch.columns(), batch.len(), origin.partition, share.position.1)?;
        share.position.1 += batch.len() as u64;
        let places = ranks(Some(origin), batch.len())?;
        share.push(self, &batch, &best, |row| places.value(row))
    }

    fn finish(&self, shares: Vec<Candidates<R>>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let mut all = Candidates::new(self, cx)?;
        for mut share in shares {
            cx.cancel.check()?;
            share.prune(self, &self.schema)?;
            all.merge(self, share.take(&self.schema)?)?;
        }
        all.prune(self, &self.schema)?;
        let Kept { keys, batch, candidates, memory } = all.take(&self.schema)?;
        let groups = keys.first().map_or(1, |key| key.len());
        let keys: Vec<_> = keys.into_iter().map(|key| (key, Order::default())).collect();
        let mut position: Vec<u32> = (0..groups as u32).collect();
        if let Some(sorted) = sorted_indices(&keys, groups, scheduler)? {
            sorted.values().iter().zip(0..).for_each(|(group, place)| position[*group as usize] = place);
        }
        let mut order: Vec<u32> = (0..candidates.len() as u32).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&candidates[*a as usize], &candidates[*b as usize]);
            match self.arrangement {
                Arrangement::Best => (position[a.group as usize], &a.rank, a.place).cmp(&(position[b.group as usize], &b.rank, b.place)),
                Arrangement::Input => self.ranking.place(a.place).cmp(&self.ranking.place(b.place)),
            }
        });
        let order = UInt32Array::from(order);
        let mut batches = Vec::new();
        for first in (0..order.len()).step_by(cx.batch_rows) {
            let part = order.slice(first, cx.batch_rows.min(order.len() - first));
            let rows = take_record_batch(&batch, &part)?;
            batches.push(Batch::new(self.schema.clone(), rows.columns().to_vec(), rows.num_rows())?);
        }
        Ok(Arc::new(Batches::new(batches, vec![memory])))
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}
