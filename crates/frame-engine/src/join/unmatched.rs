//! The rows of the table that nothing matched: right and full joins give them at the end.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, new_null_array};
use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, Stop};
use frame_memory::Reservation;
use frame_plan::JoinColumn;

use super::columns::picked;
use super::probe::{Prober, as_type};
use super::table::NONE;
use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Once, Source};

/// A first pass over the rows that go through, to know what they match.
#[derive(Debug)]
pub(crate) struct Unmatched(pub(crate) Arc<Prober>);

/// What one worker has matched: a mark for the first row of each key.
pub(crate) struct Share {
    is_matched: Vec<bool>,
    _memory: Reservation,
}

impl Sink for Unmatched {
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
        // First rows come before the others with their key.
        for row in 0..built.rows {
            let next = built.table.next(row as u32);
            if is_matched[row] && next != NONE {
                is_matched[next as usize] = true;
            }
        }
        let rows: UInt32Array = (0..built.rows as u32).filter(|row| !is_matched[*row as usize]).collect::<Vec<_>>().into();
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

impl Rest {
    fn batch(&self, partition: usize) -> Result<Batch> {
        let first = partition * self.batch_rows;
        let rows = self.rows.slice(first, self.batch_rows.min(self.rows.len() - first));
        let (built, schema) = (self.prober.built()?, &self.prober.schema);
        let column = |(at, column): (usize, &JoinColumn)| -> Result<ArrayRef> {
            let data_type = schema.field(at).data_type();
            match column {
                JoinColumn::Left(_) => Ok(new_null_array(data_type, rows.len())),
                JoinColumn::Either(_, place) | JoinColumn::Right(place) => as_type(&picked(built.column(*place)?, &rows)?, data_type),
            }
        };
        let columns = self.prober.columns.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        Batch::new(schema.clone(), columns, rows.len())
    }
}

impl Source for Rest {
    fn partitions(&self) -> usize {
        self.rows.len().div_ceil(self.batch_rows)
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        Ok(Box::new(Once(Some(self.batch(partition)?))))
    }
}
