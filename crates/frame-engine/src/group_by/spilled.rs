//! Groups on disk: merged bucket by bucket, and a bucket that does not fit by buckets of its own.

use std::sync::Arc;

use frame_core::Result;

use super::buckets::Spilled;
use super::sink::GroupBy;
use super::spelling::Spelling;
use super::totals::Finished;
use crate::context::Context;

/// Buckets that are still to be merged, the next one last.
pub(super) struct Merging {
    left: Vec<(u32, Vec<Spilled>)>,
    spelling: Arc<Spelling>,
}

impl Merging {
    /// A bucket of the first level.
    pub(super) fn new(bucket: Vec<Spilled>, spelling: &Arc<Spelling>) -> Self {
        Self { left: vec![(1, bucket)], spelling: spelling.clone() }
    }

    /// The groups of the next bucket that fits.
    pub(super) fn next(&mut self, group_by: &GroupBy, cx: &Context) -> Result<Option<Finished>> {
        while let Some((level, bucket)) = self.left.pop() {
            if bucket.is_empty() {
                continue;
            }
            let mut totals = self.spelling.table(group_by, level, usize::MAX, cx)?;
            for groups in bucket {
                cx.cancel.check()?;
                totals.add_spilled(&groups)?;
            }
            if !totals.is_spilled() {
                return self.spelling.finish(totals, group_by).map(Some);
            }
            totals.give_up()?;
            let parts = totals.into_spilled();
            self.left.extend(parts.into_iter().rev().map(|part| (level + 1, part)));
        }
        Ok(None)
    }
}
