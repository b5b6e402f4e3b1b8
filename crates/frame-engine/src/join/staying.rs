//! Buckets that stay in memory when a side does not fit there as a whole: rows of the other side go through their table as they are read, and
//! only the rest of both sides waits on disk (hybrid hash join; DeWitt et al., "Implementation techniques for main memory database systems",
//! 1984). How many buckets stay is settled when memory is full for the first time, by the rows that the side is thought to have. If they turn
//! out to be too many for that, fewer stay: the last ones of them go to disk after all (dynamic hybrid hash join; Jahangiri, Carey and Freytag,
//! "Design trade-offs for a robust dynamic hybrid hash join", 2022).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Origin, Result};

use super::buckets::{BUCKETS, ORDER_BYTES, Parter, parting_bytes};
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
    buckets: OnceLock<AtomicUsize>,
}

impl Staying {
    /// For a side of about so many rows, of which a table is made.
    pub(crate) fn new(making: Making, rows: u64) -> Self {
        Self { making, rows, others_bytes: OnceLock::new(), buckets: OnceLock::new() }
    }

    /// The first row is about to come.
    pub(super) fn begin(&self, cx: &Context) {
        self.others_bytes.get_or_init(|| cx.budget.used_bytes());
    }

    /// Settles how many buckets stay, the first ones of all; `batches`, of so many bytes, are the rows in hand of a worker.
    pub(super) fn choose(&self, batches: &[(Option<Origin>, Batch)], bytes: usize, cx: &Context) -> Result<()> {
        if self.buckets.get().is_some() {
            return Ok(());
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
        self.buckets.get_or_init(|| (LEAST..=MOST).rev().find(fits).unwrap_or(0).into());
        if self.chosen() > 0 {
            cx.counters.stays();
        }
        Ok(())
    }

    /// How many stay now.
    pub(super) fn chosen(&self) -> usize {
        self.buckets.get().map_or(0, |buckets| buckets.load(Ordering::Relaxed))
    }

    /// So many are too many: whoever has rows of those that do not stay any more puts them on disk.
    pub(super) fn lower(&self, from: usize) {
        let fewer = from / 4 * 3;
        let fewer = if fewer < LEAST { 0 } else { fewer };
        if let Some(buckets) = self.buckets.get() {
            // Another one may have done so already.
            _ = buckets.compare_exchange(from, fewer, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// Rows of buckets that stay, batch by batch.
#[derive(Default)]
pub(super) struct Stayed {
    /// They are of so many buckets, the first ones.
    buckets: usize,
    batches: Vec<StayedBatch>,
    /// Row groups share dictionaries between batches.
    dictionaries: Vec<ArrayRef>,
    rows: usize,
    bytes: usize,
}

/// Rows of a batch.
struct StayedBatch {
    origin: Option<Origin>,
    columns: Vec<ArrayRef>,
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

    /// Adds some rows of a batch, which belong to the first so many buckets.
    pub(super) fn add(&mut self, buckets: usize, origin: Option<Origin>, columns: &[ArrayRef], rows: &UInt32Array) -> Result<()> {
        self.buckets = self.buckets.max(buckets);
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

    /// Adds what another one has.
    pub(super) fn extend(&mut self, other: Self) {
        self.buckets = self.buckets.max(other.buckets);
        self.batches.extend(other.batches);
        self.rows += other.rows;
        self.bytes += other.bytes;
    }

    /// The rows in the order of their origins, batch by batch.
    pub(super) fn batches(&mut self, schema: &SchemaRef) -> Result<Vec<Batch>> {
        self.batches.sort_by_key(|batch| batch.origin);
        self.batches.iter().map(|batch| Batch::new(schema.clone(), batch.columns.clone(), batch.rows)).collect()
    }

    /// Puts rows on disk that belong to none of the first so many buckets.
    pub(super) fn lower(&mut self, buckets: usize, parter: &mut Parter, cx: &Context) -> Result<()> {
        if self.buckets <= buckets {
            return Ok(());
        }
        let before = std::mem::take(self);
        for (group, _) in groups(before.batches, group_rows(before.rows, before.bytes, cx), |batch| batch.rows) {
            let (origins, columns) = group.into_iter().map(|batch| (batch.origin, batch.columns)).unzip::<_, _, Vec<_>, Vec<_>>();
            parter.write_behind(buckets, columns, |at, columns, rows| self.add(buckets, origins[at], columns, rows), cx)?;
        }
        Ok(())
    }

    /// Bytes of memory that [`Stayed::lower`] takes.
    pub(super) fn lowering_bytes(&self, cx: &Context) -> usize {
        if self.rows == 0 {
            return 0;
        }
        let rows = group_rows(self.rows, self.bytes, cx);
        rows * ORDER_BYTES + self.bytes / self.rows * rows + cx.bucket_pieces().writing_bytes()
    }
}

/// How many of so many rows with so many bytes go to disk at a time where others stay.
pub(super) fn group_rows(rows: usize, bytes: usize, cx: &Context) -> usize {
    (rows * parting_bytes(cx) / bytes.max(1)).clamp(1, rows.max(1))
}

/// Groups of items that lie one behind the other and have at most so many rows together, or are one item; and the rows of each group.
pub(super) fn groups<T>(items: Vec<T>, rows_max: usize, rows: impl Fn(&T) -> usize) -> impl Iterator<Item = (Vec<T>, usize)> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = items.next()?;
        let mut in_group = rows(&first);
        let mut group = vec![first];
        while let Some(item) = items.next_if(|item| in_group + rows(item) <= rows_max) {
            in_group += rows(&item);
            group.push(item);
        }
        Some((group, in_group))
    })
}
