//! Groups that are merged while they are read, in any order: the result never stands in memory as a whole.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Result};
use frame_io::{BatchReader, RowLedger, Stop};
use frame_memory::Reservation;

use super::buckets::{BUCKETS, Part, Spilled};
use super::sink::{GroupBy, sliced};
use super::spelling::Spelling;
use super::spilled::Merging;
use super::totals::Finished;
use crate::context::Context;
use crate::source::Source;

/// The groups of all workers, in memory and by bucket.
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    /// About how many groups there are at most.
    pub(super) groups: usize,
    /// Held as long as the parts.
    pub(super) memory: Vec<Reservation>,
    pub(super) spelling: Spelling,
}

impl Parts {
    /// The groups of a bucket.
    pub(super) fn merged(&self, bucket: usize, group_by: &GroupBy, cx: &Context) -> Result<Finished> {
        cx.cancel.check()?;
        let mut totals = self.spelling.table(group_by, 0, cx.table_groups.max(1), cx)?;
        // Some have a few more than others, and their number is estimated.
        totals.reserve(self.groups / BUCKETS / 16 * 17);
        self.parts.iter().try_for_each(|part| totals.add_bucket(part, bucket))?;
        self.spelling.finish(totals, group_by)
    }
}

/// Where the groups are.
pub(super) enum Place {
    Memory(Arc<Parts>),
    Disk(Vec<Vec<Spilled>>, Arc<Spelling>),
}

/// Groups as a source; each partition is a bucket.
pub(super) struct Unmerged {
    group_by: Arc<GroupBy>,
    place: Place,
    cx: Context,
}

impl fmt::Debug for Unmerged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unmerged {{ group_by: {:?} }}", self.group_by)
    }
}

impl Unmerged {
    /// The groups of `group_by` at some place.
    pub(super) fn new(group_by: GroupBy, place: Place, cx: &Context) -> Self {
        Self { group_by: Arc::new(group_by), place, cx: cx.clone() }
    }
}

impl Source for Unmerged {
    fn partitions(&self) -> usize {
        BUCKETS
    }

    fn open(&self, bucket: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let (group_by, cx) = (self.group_by.clone(), self.cx.clone());
        let (schema, batch_rows) = (group_by.schema.clone(), cx.batch_rows);
        let merge: Merge = match &self.place {
            Place::Memory(parts) => {
                let (parts, mut left) = (parts.clone(), Some(bucket));
                Box::new(move || left.take().map(|bucket| parts.merged(bucket, &group_by, &cx)).transpose())
            }
            Place::Disk(buckets, spelling) => {
                let mut merging = Merging::new(buckets[bucket].clone(), spelling);
                Box::new(move || merging.next(&group_by, &cx))
            }
        };
        Ok(Box::new(BucketReader { merge, schema, batch_rows, batches: Vec::new(), memory: None }))
    }
}

/// Gives the next groups of a bucket, until there are none.
type Merge = Box<dyn FnMut() -> Result<Option<Finished>> + Send>;

/// Merges a bucket and gives its groups.
struct BucketReader {
    merge: Merge,
    schema: SchemaRef,
    batch_rows: usize,
    /// Of what was merged last, the next one last.
    batches: Vec<Batch>,
    memory: Option<Reservation>,
}

impl BatchReader for BucketReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(batch) = self.batches.pop() {
                return Ok(Some(batch));
            }
            self.memory = None;
            let Some(Finished { columns, memory, .. }) = (self.merge)()? else { return Ok(None) };
            self.batches = sliced(&self.schema, columns, self.batch_rows)?;
            self.batches.reverse();
            self.memory = Some(memory);
        }
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
