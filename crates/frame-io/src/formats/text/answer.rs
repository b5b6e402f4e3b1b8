//! An answer as rows of text with something fixed behind them: the writer of every text format that needs nothing else.

use std::io::{self, Write};

use arrow::array::RecordBatch;

use super::{RowWriter, Spelling};
use crate::formats::{Out, Writer};

/// Rows, what was pushed before them, and what comes behind them.
pub(crate) struct Rows<S> {
    rows: RowWriter<Out, S>,
    end: &'static [u8],
}

impl<S: Spelling> Rows<S> {
    /// An answer of rows whose columns are set, with `end` behind the last one.
    pub(crate) fn new(rows: RowWriter<Out, S>, end: &'static [u8]) -> Self {
        Self { rows, end }
    }
}

impl<S: Spelling> Writer for Rows<S> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.rows.write(batch)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.rows.push(self.end)?;
        self.rows.into_inner().flush()
    }
}
