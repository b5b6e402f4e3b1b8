//! Groups on disk: merged bucket by bucket, and a bucket that does not fit by buckets of its own.

use std::sync::Arc;

use frame_core::{Batch, Result};
use frame_io::{BatchReader, RowLedger, Stop};

use super::buckets::Spilled;
use super::sink::{GroupBy, sliced};
use super::totals::{Finished, Totals};
use crate::context::Context;
use crate::source::Source;

/// Buckets that are still to be merged, the next one last.
pub(super) struct Merging {
    left: Vec<(u32, Vec<Spilled>)>,
}

impl Merging {
    /// A bucket of the first level.
    pub(super) fn new(bucket: Vec<Spilled>) -> Self {
        Self { left: vec![(1, bucket)] }
    }

    /// The groups of the next bucket that fits.
    pub(super) fn next(&mut self, group_by: &GroupBy, cx: &Context) -> Result<Option<Finished>> {
        while let Some((level, bucket)) = self.left.pop() {
            if bucket.is_empty() {
                continue;
            }
            let mut totals = Totals::at_level(group_by, level, usize::MAX, cx)?;
            for groups in bucket {
                cx.cancel.check()?;
                totals.add_spilled(&groups)?;
            }
            if !totals.is_spilled() {
                return totals.finish(group_by, &group_by.types()).map(Some);
            }
            let parts = totals.into_spilled()?;
            self.left.extend(parts.into_iter().rev().map(|part| (level + 1, part)));
        }
        Ok(None)
    }
}

/// Groups that are merged while they are read, in any order; each partition is a bucket.
#[derive(Debug)]
pub(super) struct Unmerged {
    group_by: Arc<GroupBy>,
    buckets: Vec<Vec<Spilled>>,
    cx: Context,
}

impl Unmerged {
    /// The groups of some buckets.
    pub(super) fn new(group_by: GroupBy, buckets: Vec<Vec<Spilled>>, cx: &Context) -> Self {
        Self { group_by: Arc::new(group_by), buckets, cx: cx.clone() }
    }
}

impl Source for Unmerged {
    fn partitions(&self) -> usize {
        self.buckets.len()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let merging = Merging::new(self.buckets[partition].clone());
        Ok(Box::new(BucketReader { merging, group_by: self.group_by.clone(), cx: self.cx.clone(), batches: Vec::new(), memory: None }))
    }
}

/// Merges a bucket and gives its groups.
struct BucketReader {
    merging: Merging,
    group_by: Arc<GroupBy>,
    cx: Context,
    /// Of the bucket that was merged last, the next one last.
    batches: Vec<Batch>,
    memory: Option<frame_memory::Reservation>,
}

impl BatchReader for BucketReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(batch) = self.batches.pop() {
                return Ok(Some(batch));
            }
            self.memory = None;
            let Some(Finished { columns, memory, .. }) = self.merging.next(&self.group_by, &self.cx)? else { return Ok(None) };
            self.batches = sliced(&self.group_by.schema, columns, self.cx.batch_rows)?;
            self.batches.reverse();
            self.memory = Some(memory);
        }
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
