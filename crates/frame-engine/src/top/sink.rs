//! The sink of the best rows.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use frame_core::{Batch, Error, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;

use super::candidates::{Candidates, Kept, Rank};
use super::disk;
use super::ranking::Ranking;
use crate::compact::compacted;
use crate::context::Context;
use crate::dictionaries::taken;
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

    fn push(&self, share: &mut Candidates<R>, batch: Batch, cx: &Context) -> Result<()> {
        let origin = batch.origin().ok_or_else(|| Error::internal("a batch without an origin"))?;
        let batch = batch.dense()?;
        if share.position.0 != origin.partition {
            share.position = (origin.partition, 0);
        }
        let best = self.ranking.ranks(batch.columns(), batch.len(), origin.partition, share.position.1)?;
        share.position.1 += batch.len() as u64;
        let places = ranks(Some(origin), batch.len())?;
        share.push(self, &batch, &best, |row| places.value(row), cx)
    }

    fn finish(&self, shares: Vec<Candidates<R>>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let held: usize = shares.iter().map(Candidates::reserved_bytes).sum();
        // Merging takes as much again, and so do the rows in their order.
        if shares.iter().any(Candidates::is_spilled) || cx.budget.free_bytes() < 2 * held {
            return self.by_disk(shares, scheduler, cx);
        }
        let mut all = Candidates::new(self, cx)?;
        for mut share in shares {
            cx.cancel.check()?;
            share.prune(self, &self.schema)?;
            all.merge(self, share.take()?)?;
        }
        all.prune(self, &self.schema)?;
        let Kept { keys, batches: rows, candidates, mut memory } = all.take()?;
        memory.require(2 * memory.bytes())?;
        let groups = keys.first().map_or(1, |key| key.len());
        let keys: Vec<_> = keys.into_iter().map(|key| (key, Order::default())).collect();
        let mut position: Vec<u32> = (0..groups as u32).collect();
        if let Some(sorted) = sorted_indices(&keys, groups, scheduler, &cx.cancel)? {
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
        let columns: Vec<&[ArrayRef]> = rows.iter().map(RecordBatch::columns).collect();
        let place_of: Vec<(usize, usize)> =
            (0..).zip(&rows).flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row))).collect();
        let mut batches = Vec::new();
        for part in order.chunks(cx.batch_rows) {
            let places: Vec<_> = part.iter().map(|candidate| place_of[*candidate as usize]).collect();
            batches.push(compacted(Batch::new(self.schema.clone(), taken(&columns, &places)?, places.len())?)?);
        }
        Ok(Arc::new(Batches::new(batches, vec![memory])))
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

impl<R: Rank + Debug> TopRows<R> {
    /// The best of candidates of which some are on their way to disk.
    fn by_disk(&self, shares: Vec<Candidates<R>>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let shares: Vec<_> = shares.into_iter().map(|share| Mutex::new(Some(share))).collect();
        let sorters = scheduler.map(shares.len(), |at| {
            let mut share = shares[at].lock().unwrap_or_else(PoisonError::into_inner).take();
            share.iter_mut().try_for_each(|share| share.spill(self, cx))?;
            Ok(share.and_then(Candidates::into_sorter))
        })?;
        disk::best(self, sorters.into_iter().flatten().collect(), scheduler, cx)
    }
}
