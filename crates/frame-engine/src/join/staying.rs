//! Buckets that stay in memory when a side does not fit there as a whole: rows of the other side go through their table as they are read, and
//! only the rest of both sides waits on disk (hybrid hash join; DeWitt et al., "Implementation techniques for main memory database systems",
//! 1984). How many buckets stay is settled when memory is full for the first time, by the rows that the side is thought to have. If they turn
//! out to be too many for that, none stays.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use frame_core::{Batch, Error, Origin, Result};

use super::buckets::BUCKETS;
use super::build::Making;
use super::columns::held_bytes;
use crate::compact::compact;
use crate::context::Context;

/// Fewer buckets are not worth a table of their own; with more of them, a guess that is a little too low would be too many.
const LEAST: usize = BUCKETS / 8;
const MOST: usize = BUCKETS / 8 * 7;

/// Eighths of what is free that they and their table may take: the rest is for the rows that go to disk, and for whoever takes the result.
const EIGHTHS: usize = 5;

/// If others hold more of the limit than one part in so many, none stays.
const OTHERS: usize = 4;

/// How many buckets of a side stay.
#[derive(Debug)]
pub(crate) struct Staying {
    making: Making,
    /// About how many rows the side has.
    rows: u64,
    /// Bytes that others have reserved before its first row comes.
    others_bytes: OnceLock<usize>,
    buckets: OnceLock<usize>,
    is_given_up: AtomicBool,
}

impl Staying {
    /// For a side of about so many rows, of which a table is made.
    pub(crate) fn new(making: Making, rows: u64) -> Self {
        Self { making, rows, others_bytes: OnceLock::new(), buckets: OnceLock::new(), is_given_up: AtomicBool::new(false) }
    }

    /// The first row is about to come.
    pub(super) fn begin(&self, cx: &Context) {
        self.others_bytes.get_or_init(|| cx.budget.used_bytes());
    }

    /// How many buckets stay, the first ones of all; `batches`, of so many bytes, are the rows in hand of a worker.
    pub(super) fn buckets(&self, batches: &[(Option<Origin>, Batch)], bytes: usize, cx: &Context) -> Result<usize> {
        if self.is_given_up() {
            return Ok(0);
        }
        if let Some(buckets) = self.buckets.get() {
            return Ok(*buckets);
        }
        let in_hand = batches.iter().map(|(_, batch)| batch.len()).sum::<usize>().max(1);
        let bounds = self.making.bounds(batches.iter().map(|(_, batch)| batch))?;
        let (limit, others) = (cx.budget.limit_bytes(), self.others_bytes.get().copied().unwrap_or(0));
        let most = if others > limit / OTHERS { 0 } else { (limit - others) / 8 * EIGHTHS };
        let columns = batches.first().map_or(1, |(_, batch)| batch.columns().len()).max(1);
        let fits = |buckets: &usize| {
            let rows = (self.rows as usize).max(in_hand) / BUCKETS * buckets;
            let bytes = (rows as f64 * (bytes as f64 / in_hand as f64)) as usize;
            // A column is there twice while its parts become one, and then there is the table.
            bytes + self.making.table_bytes(bounds, rows).max(2 * bytes / columns) <= most
        };
        let buckets = *self.buckets.get_or_init(|| (LEAST..=MOST).rev().find(fits).unwrap_or(0));
        if buckets > 0 {
            cx.counters.stays();
        }
        Ok(buckets)
    }

    /// How many stay now.
    pub(super) fn chosen(&self) -> usize {
        if self.is_given_up() { 0 } else { self.buckets.get().copied().unwrap_or(0) }
    }

    /// No bucket stays any more: whoever has rows of one puts them on disk.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}

/// Rows of buckets that stay, batch by batch.
#[derive(Default)]
pub(super) struct Stayed {
    batches: Vec<StayedBatch>,
    /// Row groups share dictionaries between batches.
    dictionaries: Vec<ArrayRef>,
    rows: usize,
    bytes: usize,
}

/// Rows of a batch.
pub(super) struct StayedBatch {
    pub(super) origin: Option<Origin>,
    pub(super) columns: Vec<ArrayRef>,
    rows: usize,
}

impl Stayed {
    /// Bytes of memory that the rows take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds some rows of a batch.
    pub(super) fn add(&mut self, origin: Option<Origin>, columns: &[ArrayRef], rows: &UInt32Array) -> Result<()> {
        self.rows += rows.len();
        if rows.is_empty() {
            return Ok(());
        }
        let own = |column: &ArrayRef| Ok::<_, Error>(compact(&take(column, rows, None)?));
        let columns = columns.iter().map(own).collect::<Result<Vec<_>>>()?;
        self.bytes += columns.iter().map(|column| held_bytes(column, &mut self.dictionaries)).sum::<usize>();
        self.batches.push(StayedBatch { origin, columns, rows: rows.len() });
        Ok(())
    }

    /// The rows.
    pub(super) fn take(&mut self) -> Vec<StayedBatch> {
        std::mem::take(self).batches
    }
}

impl StayedBatch {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows
    }
}
