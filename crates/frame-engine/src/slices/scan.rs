//! A table that is read slice by slice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_core::{Error, ScanFilter};
use frame_io::{BatchReader, RowLedger, ScanRequest, Stop};

use super::cut::{Bounds, Extent, are_near};
use super::in_range::InRange;
use crate::context::Context;
use crate::source::{Source, TableSource};

/// A scan of a table of which each slice is a source.
#[derive(Debug)]
pub(crate) struct SlicedScan {
    scan: TableSource,
    key: String,
    extents: Vec<Extent>,
    slices: Vec<Bounds>,
    /// Rows that came out of all slices so far.
    kept: AtomicU64,
    cx: Context,
}

impl SlicedScan {
    /// A table with what is known of its key, cut into slices.
    pub(crate) fn new(scan: TableSource, key: &str, extents: Vec<Extent>, slices: Vec<Bounds>, cx: &Context) -> Arc<Self> {
        Arc::new(Self { scan, key: key.to_owned(), extents, slices, kept: AtomicU64::new(0), cx: cx.clone() })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.scan.table.bytes()
    }

    /// Number of slices.
    pub(crate) fn slices(&self) -> usize {
        self.slices.len()
    }

    /// The slices, for a table with such extents; `None` if too many of its partitions would be opened too often.
    pub(crate) fn alike(&self, extents: &[Extent]) -> Option<Vec<Bounds>> {
        are_near(&self.slices, extents).then(|| self.slices.clone())
    }

    /// The rows of a slice.
    pub(crate) fn slice(self: &Arc<Self>, at: usize) -> Arc<dyn Source> {
        let bounds = self.slices[at];
        Arc::new(Slice { whole: self.clone(), partitions: bounds.partitions(&self.extents), bounds })
    }

    /// Every slice was read.
    pub(super) fn close(&self) -> Result<(), Stop> {
        self.scan.close()?;
        // Rows at the border of slices were looked at twice, and counted where they came out. What came out nowhere was filtered.
        let rows = self.extents.iter().map(|extent| extent.rows()).sum::<u64>();
        let filtered = rows.saturating_sub(self.kept.load(Ordering::Relaxed));
        if !self.scan.is_again {
            self.cx.counters.add(RowLedger { read: filtered, kept: 0, filtered, rejected: 0 });
        }
        Ok(())
    }
}

/// One slice.
#[derive(Debug)]
struct Slice {
    whole: Arc<SlicedScan>,
    partitions: Vec<usize>,
    bounds: Bounds,
}

impl Source for Slice {
    fn partitions(&self) -> usize {
        self.partitions.len()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let (SlicedScan { scan, key, extents, .. }, at) = (self.whole.as_ref(), self.partitions[partition]);
        let request = scan.request.as_ref();
        let place = (scan.path.clone(), extents[at]);
        let filter: Arc<dyn ScanFilter> = Arc::new(InRange::new(self.bounds, key, request.filter.clone(), place));
        let request = ScanRequest { filter: Some(filter), ..request.clone() };
        scan.table.open(at, &Arc::new(request))
    }

    fn done(&self, partition: usize, ledger: RowLedger, cx: &Context) -> Result<(), Stop> {
        if !ledger.is_balanced() {
            return Err(Error::internal(format!("a slice of partition {partition} lost or invented rows: {ledger:?}")).into());
        }
        self.left(partition, ledger, cx);
        let at = self.partitions[partition];
        // A partition is done in the slice that has its last rows.
        if self.whole.extents[at].ends_in(self.bounds) {
            cx.counters.bytes_done.fetch_add(self.whole.scan.table.partition_bytes(at), Ordering::Relaxed);
        }
        Ok(())
    }

    fn left(&self, partition: usize, ledger: RowLedger, cx: &Context) {
        let out = ledger.kept + ledger.rejected;
        self.whole.kept.fetch_add(out, Ordering::Relaxed);
        self.whole.scan.left(partition, RowLedger { read: out, filtered: 0, ..ledger }, cx);
    }

    fn file(&self, _: usize) -> Option<&str> {
        Some(&self.whole.scan.path)
    }
}
