//! What has left a run already, so that an attempt after a restart can go on behind it.

use arrow::array::RecordBatch;
use arrow::row::{RowConverter, SortField};
use frame_core::{Error, QueryError, Result, hash};

/// The rows handed out so far: how many, and a hash of them in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Emitted {
    pub(crate) rows: u64,
    hash: u64,
    /// Rows that cannot be asked for again need no hash.
    is_hashed: bool,
}

impl Emitted {
    /// No rows yet; `is_hashed` if a restart may come.
    pub(crate) fn new(is_hashed: bool) -> Self {
        Self { rows: 0, hash: 0, is_hashed }
    }

    /// Adds the rows of a batch.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        if batch.num_columns() == 0 || !self.is_hashed {
            return Ok(());
        }
        let fields = batch.schema().fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(batch.columns())?;
        for row in &rows {
            self.hash = hash::combine(self.hash, hash::bytes(row.as_ref()));
        }
        Ok(())
    }

    /// Splits `batch`, which a new attempt gave as rows `seen ..`, into what was handed out before and what is new.
    pub(crate) fn split(&self, seen: u64, batch: &RecordBatch) -> (RecordBatch, RecordBatch) {
        let old = (self.rows - seen).min(batch.num_rows() as u64) as usize;
        (batch.slice(0, old), batch.slice(old, batch.num_rows() - old))
    }
}

/// The error of a run whose rows turned out to have other types when some of them were out already.
pub(crate) fn too_late(why: &str, rows: u64) -> Error {
    Error::new(QueryError::Usage(format!("after {rows} rows of the answer were out, {why}")))
        .hint("write to a file with -o, or give the type with --types")
}
