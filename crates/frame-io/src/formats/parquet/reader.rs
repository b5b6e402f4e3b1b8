//! One partition being read: its row groups, one after the other.

use std::ops::Range;
use std::sync::Arc;

use frame_core::{Batch, Result};

use super::projection::Projection;
use super::row_group::RowGroupReader;
use super::table::ParquetFile;
use crate::{BatchReader, RowLedger, ScanRequest, Stop};

/// Reads the row groups of a partition.
pub(super) struct PartitionReader {
    file: Arc<ParquetFile>,
    request: Arc<ScanRequest>,
    projection: Projection,
    /// Row groups not begun yet.
    groups: Range<usize>,
    current: Option<RowGroupReader>,
    ledger: RowLedger,
}

impl PartitionReader {
    /// Prepares to read `groups`; nothing is read yet.
    ///
    /// # Errors
    /// `DataError::Unsupported` for a column that is not read.
    pub(super) fn new(file: Arc<ParquetFile>, groups: Range<usize>, request: Arc<ScanRequest>) -> Result<Self> {
        let projection = Projection::new(&file, &request)?;
        Ok(Self { file, request, projection, groups, current: None, ledger: RowLedger::default() })
    }

    fn next_batch(&mut self) -> Result<Option<Batch>> {
        loop {
            if let Some(group) = &mut self.current {
                if let Some(batch) = group.next(&self.file, &self.projection, &self.request, &mut self.ledger)? {
                    return Ok(Some(batch));
                }
                self.current = None;
            }
            let Some(group) = self.groups.next() else { return Ok(None) };
            self.current = Some(RowGroupReader::open(&self.file, group, &self.projection, &self.request, &mut self.ledger)?);
        }
    }
}

impl BatchReader for PartitionReader {
    fn next(&mut self) -> std::result::Result<Option<Batch>, Stop> {
        self.next_batch().map_err(|error| {
            // Columns that failed are in no state to go on from.
            self.current = None;
            self.groups = 0..0;
            Stop::Failed(error)
        })
    }

    fn ledger(&self) -> RowLedger {
        self.ledger
    }
}
