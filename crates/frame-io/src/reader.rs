//! What a scan is asked for and what it answers: an opened [`Table`] gives a [`BatchReader`] per partition.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, CancelToken, ColumnRange, Error, ScanFilter, Spot, TableFigures};
use frame_memory::MemoryBudget;

use crate::formats::csv::Class;
use crate::formats::ndjson::Shape;
use crate::sample;

/// An input that was opened and looked at: its schema is known, its partitions are fixed by the data.
pub trait Table: Send + Sync + Debug {
    /// Names and types of all columns.
    fn schema(&self) -> &SchemaRef;

    /// Number of partitions.
    fn partitions(&self) -> usize;

    /// Bytes of the file that partition `partition` covers, for progress.
    fn partition_bytes(&self, partition: usize) -> u64;

    /// Bytes of the file in all, for progress.
    fn bytes(&self) -> u64 {
        (0..self.partitions()).map(|partition| self.partition_bytes(partition)).sum()
    }

    /// What the columns of a text file whose types were not given are read as so far; empty for formats that have types.
    fn classes(&self) -> Vec<(String, Class)> {
        Vec::new()
    }

    /// Rows in the whole table, if the file says so without being read.
    fn rows(&self) -> Option<u64>;

    /// What the file says of the values of a column in a partition without being read; `None` if it says nothing.
    fn range(&self, _partition: usize, _column: &str) -> Option<ColumnRange> {
        None
    }

    /// What is known of the rows without reading them: what the file says of itself, or what samples of it show.
    ///
    /// # Errors
    /// What reading the file can fail with. Rows that cannot be read are left to the run.
    fn figures(&self) -> frame_core::Result<TableFigures> {
        let figures = sample::of_first_rows(self.schema(), self.bytes(), self.rows(), |request| self.open(0, request));
        Ok(TableFigures { partitions: self.partitions(), ..figures })
    }

    /// Whether [`Table::figures`] takes little: the file says it all, or a few samples do.
    fn has_figures(&self) -> bool {
        false
    }

    /// Whether reading can end in a [`Restart`].
    fn may_restart(&self) -> bool {
        true
    }

    /// Starts reading a partition.
    ///
    /// # Errors
    /// What reading the file can fail with.
    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop>;

    /// What can be said only when every partition was read: that their borders met and the file did not change.
    ///
    /// # Errors
    /// `DataError::Changed`, or a restart for a split that its neighbour disproved.
    fn close(&self) -> Result<(), Stop>;
}

/// What a query wants of a table.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    /// The columns of the batches, by name, in this order. May be empty: then only rows are counted.
    pub columns: Vec<String>,
    /// Where rows stand, as columns behind the others: lines and bytes, of formats that have them.
    pub spots: Vec<Spot>,
    /// Columns that the query names and that do not come out: their fields are checked against their types all the same.
    pub checked: Vec<String>,
    /// Applied as early as the format can; only rows that pass come out.
    pub filter: Option<Arc<dyn ScanFilter>>,
    /// The most rows that a batch may have.
    pub batch_rows: usize,
    /// Read after every chunk.
    pub cancel: CancelToken,
    /// Where buffers are reserved.
    pub budget: MemoryBudget,
}

/// One partition being read.
pub trait BatchReader: Send {
    /// The next batch, dense, or `None` at the end.
    ///
    /// # Errors
    /// A failure, or a reason to begin again.
    fn next(&mut self) -> Result<Option<Batch>, Stop>;

    /// What became of the rows so far.
    fn ledger(&self) -> RowLedger;
}

/// What became of the rows of a scan: `read = kept + filtered + rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowLedger {
    /// Rows in the stretch of the file that was covered, pruned ones included.
    pub read: u64,
    /// Rows that came out in batches.
    pub kept: u64,
    /// Rows that the scan's filter dropped, or that statistics proved to be dropped.
    pub filtered: u64,
    /// Rows that came out and that the operators behind the scan rejected.
    pub rejected: u64,
}

impl RowLedger {
    /// Whether no row was lost or invented.
    pub fn is_balanced(&self) -> bool {
        self.read == self.kept + self.filtered + self.rejected
    }

    /// Adds the rows of another scan.
    pub fn add(&mut self, other: Self) {
        self.read += other.read;
        self.kept += other.kept;
        self.filtered += other.filtered;
        self.rejected += other.rejected;
    }

    /// The same with `rows` of the kept ones rejected.
    #[must_use]
    pub fn rejecting(self, rows: u64) -> Self {
        Self { kept: self.kept.saturating_sub(rows), rejected: self.rejected + rows, ..self }
    }
}

/// Why reading a partition stopped early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The run fails.
    Failed(Error),
    /// The run begins again, knowing more.
    Restart(Restart),
}

/// What a scan learnt of a file that makes the run begin again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// The path of the file, as it was given.
    pub file: String,
    /// What is known now.
    pub lesson: Lesson,
}

/// The lessons are finite: types only widen, and splits become exact once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// A value does not fit the type of its column: read the column as `class` from now on.
    Widen {
        /// Name of the column.
        column: String,
        /// The join of the column's class and the value's.
        class: Class,
        /// Byte offset of the value, for the report.
        byte: u64,
    },
    /// A JSON value does not fit the type of its column, or there is no such column yet.
    Reshape {
        /// Name of the column.
        column: String,
        /// The join of the column's shape and the value's.
        shape: Shape,
        /// Byte offset of the value, for the report.
        byte: u64,
    },
    /// A partition does not begin where its neighbour ends: find the splits by reading the file from its start.
    Splits,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
