//! No output: the answer is computed and dropped, to time a query without its output.

use std::io;

use arrow::array::RecordBatch;

use super::{OutputFormat, Writer};

/// Nothing.
pub(super) const NONE: OutputFormat = OutputFormat {
    name: "none",
    extensions: &[],
    help: "nothing: the answer is dropped",
    is_binary: false,
    open: |_, _, _| Ok(Box::new(Nothing)),
};

struct Nothing;

impl Writer for Nothing {
    fn write(&mut self, _: &RecordBatch) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}
