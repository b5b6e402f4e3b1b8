//! The rows of the table that nothing matched: right and full joins give them at the end.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, new_null_array};
use frame_core::{Batch, Error, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, Stop};
use frame_memory::Reservation;
use frame_plan::JoinColumn;

use super::build::{Built, Side};
use super::columns::picked;
use super::parted::Apart;
use super::probe::{Prober, as_type};
use super::table::NONE;
use crate::context::Context;
use crate::graph::{Sink, StageSink};
use crate::pipeline::Pipeline;
use crate::source::{Batches, Once, Source};

/// A first pass over the rows that go through, to know what they match. If the table did not fit in memory, it joins them.
#[derive(Debug)]
pub(crate) struct Unmatched(pub(crate) Arc<Prober>);

impl StageSink for Unmatched {
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop> {
        let Side::Buckets(_) = self.0.side()? else { return Marking(self.0.clone()).collect(pipeline, scheduler) };
        let joined = Apart { prober: self.0.clone(), is_cut: false }.collect(pipeline, scheduler)?;
        self.0.joined.set(joined).map_err(|_| Error::internal("a join was done twice"))?;
        Ok(Arc::new(Batches::new(Vec::new(), Vec::new())))
    }

    fn explain(&self) -> String {
        format!("mark what matches for {}", self.0.text)
    }
}

/// Marks what is matched in a table in memory.
#[derive(Debug)]
struct Marking(Arc<Prober>);

/// What one worker has matched: a mark for the first row of each key.
pub(crate) struct Share {
    is_matched: Vec<bool>,
    _memory: Reservation,
}

impl Sink for Marking {
    type Share = Share;

    fn start(&self, cx: &Context) -> Result<Share> {
        let rows = self.0.built()?.rows;
        let mut memory = cx.budget.reserve("join");
        memory.require(rows)?;
        Ok(Share { is_matched: vec![false; rows], _memory: memory })
    }

    fn push(&self, share: &mut Share, batch: Batch, _: &Context) -> Result<()> {
        let found = self.0.found(&batch.dense()?)?;
        found.into_iter().filter(|row| *row != NONE).for_each(|row| share.is_matched[row as usize] = true);
        Ok(())
    }

    fn finish(&self, shares: Vec<Share>, _: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let built = self.0.built()?;
        let mut memory = cx.budget.reserve("join");
        memory.require(built.rows * (1 + size_of::<u32>()))?;
        let mut is_matched = vec![false; built.rows];
        for share in &shares {
            is_matched.iter_mut().zip(&share.is_matched).for_each(|(all, one)| *all |= one);
        }
        let rows = unmatched(built, is_matched);
        Ok(Arc::new(Rest { prober: self.0.clone(), rows, batch_rows: cx.batch_rows.max(1), _memory: memory }))
    }

    fn explain(&self) -> String {
        format!("mark what matches for {}", self.0.text)
    }
}

/// The unmatched rows beside nulls.
#[derive(Debug)]
struct Rest {
    prober: Arc<Prober>,
    rows: UInt32Array,
    batch_rows: usize,
    _memory: Reservation,
}

/// The rows of a table that nothing matched, of which the first one of each key is marked if something did.
pub(super) fn unmatched(built: &Built, mut is_matched: Vec<bool>) -> UInt32Array {
    // First rows come before the others with their key.
    for row in 0..built.rows {
        let next = built.table.next(row as u32);
        if is_matched[row] && next != NONE {
            is_matched[next as usize] = true;
        }
    }
    (0..built.rows as u32).filter(|row| !is_matched[*row as usize]).collect::<Vec<_>>().into()
}

/// Rows of the table beside nulls.
pub(super) fn beside_nulls(prober: &Prober, rows: &UInt32Array) -> Result<Batch> {
    let (built, schema) = (prober.built()?, &prober.schema);
    let column = |(at, column): (usize, &JoinColumn)| -> Result<ArrayRef> {
        let data_type = schema.field(at).data_type();
        match column {
            JoinColumn::Left(_) => Ok(new_null_array(data_type, rows.len())),
            JoinColumn::Either(_, place) | JoinColumn::Right(place) => as_type(&picked(built.column(*place)?, rows)?, data_type),
        }
    };
    let columns = prober.columns.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
    Batch::new(schema.clone(), columns, rows.len())
}

impl Source for Rest {
    fn partitions(&self) -> usize {
        self.rows.len().div_ceil(self.batch_rows)
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let first = partition * self.batch_rows;
        let rows = self.rows.slice(first, self.batch_rows.min(self.rows.len() - first));
        Ok(Box::new(Once(Some(beside_nulls(&self.prober, &rows)?))))
    }
}
