//! What a side of a join need not read: rows whose key the other side does not have, whose table is there before. Parts of a file whose
//! statistics say that they have none of its keys are not opened; of others the keys are read first, and the rest only where one of them
//! is found.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::Schema;
use frame_core::{ColumnRange, Result, Scalar, ScanFilter};
use frame_io::{ScanRequest, Table};

use super::build::{BuiltSlot, Side};
use super::finder::Finder;
use super::keys::{Key, Keys};
use super::table::NONE;

/// So many keys at most are looked at one by one to tell whether a part of a file has one.
const FEW: usize = 1 << 14;

/// Keys of a partition are looked up as long as no more than one row in so many finds something: others find it again in the join.
const ONE_IN: usize = 4;

/// Rows of a partition that are looked up in any case.
const TRIED: usize = 4096;

/// The keys of a scan are looked up in a table.
#[derive(Debug)]
pub(crate) struct Within {
    columns: Vec<String>,
    /// Of rows that are these columns.
    finder: Finder,
    built: BuiltSlot,
    /// Whether there is more to read than keys.
    is_more: bool,
    /// The keys in their order, if they are whole numbers, and few.
    few: OnceLock<Option<Vec<i64>>>,
}

impl Within {
    /// For a scan with these keys, if its file says something of their values.
    pub(crate) fn new(table: &dyn Table, request: &ScanRequest, (keys, schema): (&[Key], &Schema), built: &BuiltSlot) -> Option<Arc<Self>> {
        let columns: Vec<String> = keys.iter().map(|key| schema.field(key.column()).name().clone()).collect();
        let first = columns.first()?;
        let is_known = (0..table.partitions()).any(|partition| table.range(partition, first).is_some());
        let is_more = request.columns.iter().any(|column| !columns.contains(column));
        let is_worth_it = is_known && (is_more || keys.iter().all(Key::is_int));
        let finder = Finder::new(keys.iter().enumerate().map(|(at, key)| key.at(at)).collect());
        is_worth_it.then(|| Arc::new(Self { columns, finder, built: built.clone(), is_more, few: OnceLock::new() }))
    }

    /// The keys, by name.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What is wanted of a partition of all that `request` wants.
    pub(crate) fn request(self: &Arc<Self>, request: &Arc<ScanRequest>) -> Arc<ScanRequest> {
        let is_known = match self.built.get() {
            Some(Side::Table(_)) => true,
            Some(Side::Buckets(parted)) => parted.marks.is_some() && self.is_more,
            Some(Side::Pieces(_) | Side::Passing) | None => false,
        };
        if !is_known {
            return request.clone();
        }
        let filter = Matching { within: self.clone(), tried: AtomicUsize::new(0), found: AtomicUsize::new(0) };
        Arc::new(ScanRequest { filter: Some(Arc::new(filter)), ..request.as_ref().clone() })
    }

    /// Whether a row of some rows may find something, of which this is known of the only key.
    fn may_match(&self, range: Option<ColumnRange>) -> bool {
        let (Some(Side::Table(built)), Some((min, max))) = (self.built.get(), bounds(range)) else { return true };
        let Some((least, greatest)) = built.bounds else { return true };
        if max < least || greatest < min {
            return false;
        }
        let few = self.few.get_or_init(|| built.table.few_words(FEW));
        few.as_ref().is_none_or(|few| few.get(few.partition_point(|key| *key < min)).is_some_and(|key| *key <= max))
    }
}

/// The least and the greatest of some whole numbers, or less and more than these.
fn bounds(range: Option<ColumnRange>) -> Option<(i64, i64)> {
    match range {
        Some(ColumnRange { min: Some(Scalar::Int(min)), max: Some(Scalar::Int(max)), .. }) => Some((min, max)),
        _ => None,
    }
}

/// Rows of a partition that may find something.
#[derive(Debug)]
struct Matching {
    within: Arc<Within>,
    /// Rows that were looked up, and how many of them have found something.
    tried: AtomicUsize,
    found: AtomicUsize,
}

impl ScanFilter for Matching {
    fn columns(&self) -> &[String] {
        &self.within.columns
    }

    fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
        let Within { finder, built, is_more, .. } = &*self.within;
        let tried = self.tried.fetch_add(rows, Ordering::Relaxed);
        let is_worth_it = *is_more && (tried < TRIED || self.found.load(Ordering::Relaxed) <= tried / ONE_IN);
        let keep = match built.get() {
            Some(Side::Table(built)) if is_worth_it => {
                let found = finder.find(&built.table, columns, rows)?;
                BooleanBuffer::collect_bool(rows, |row| found[row] != NONE)
            }
            Some(Side::Buckets(parted)) if is_worth_it => {
                let keys = Keys::new(finder.keys(), columns, rows)?;
                let mut hashes = Vec::new();
                keys.hash(&mut hashes);
                let may_be = |hash| parted.marks.as_ref().is_none_or(|marks| marks.may_have(hash));
                BooleanBuffer::collect_bool(rows, |row| keys.is_valid(row) && may_be(hashes[row]))
            }
            _ => BooleanBuffer::new_set(rows),
        };
        self.found.fetch_add(keep.count_set_bits(), Ordering::Relaxed);
        Ok(BooleanArray::new(keep, None))
    }

    fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool {
        self.within.columns.len() > 1 || self.within.may_match(range(0))
    }
}
