//! Rows of text from batches: columns are put into text a stretch of rows at a time, and the cells gathered into rows.

use std::io;

use arrow::array::RecordBatch;
use frame_core::Result;

use super::Spelling;
use super::cells::{Around, Cells, Lane};

/// Rows that are put into text at a time: the text of a column stays in the cache until it is gathered.
const STRETCH: usize = 1024;
/// Bytes that are handed on at a time.
const PIECE: usize = 64 << 10;

/// Writes rows of text; what a cell looks like is the spelling's affair. Between calls it holds nothing back.
#[derive(Debug)]
pub(crate) struct RowWriter<W, S> {
    out: W,
    spelling: S,
    around: Vec<Around>,
    lanes: Vec<Lane>,
    /// Text on its way out.
    text: Vec<u8>,
}

impl<W: io::Write, S: Spelling> RowWriter<W, S> {
    /// A writer without columns, to `out`, which should be buffered if batches are small.
    pub(crate) fn new(out: W, spelling: S) -> Self {
        Self { out, spelling, around: Vec::new(), lanes: Vec::new(), text: Vec::new() }
    }

    /// Sets what stands before and after each cell, one pair per column.
    pub(crate) fn set_columns(&mut self, around: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        self.around = around.into_iter().map(|(before, after)| Around { before, after }).collect();
        self.lanes.resize_with(self.around.len(), Lane::default);
    }

    /// Writes text as it is.
    ///
    /// # Errors
    /// Those of the underlying writer.
    pub(crate) fn push(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    /// Those of the underlying writer; one that holds a [`frame_core::Error`] for a value that has no text form.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let cells = batch.columns().iter().map(Cells::new).collect::<Result<Vec<_>>>().map_err(io::Error::other)?;
        for start in (0..batch.num_rows()).step_by(STRETCH) {
            let end = batch.num_rows().min(start + STRETCH);
            for ((cells, around), lane) in cells.iter().zip(&self.around).zip(&mut self.lanes) {
                cells.fill(start..end, &self.spelling, around, lane).map_err(io::Error::other)?;
            }
            self.gather(end - start)?;
        }
        self.hand_on()
    }

    /// Moves the cells of the lanes into rows.
    fn gather(&mut self, rows: usize) -> io::Result<()> {
        let mut starts = vec![0; self.lanes.len()];
        for row in 0..rows {
            for (lane, start) in self.lanes.iter().zip(&mut starts) {
                let end = lane.ends[row];
                self.text.extend_from_slice(&lane.bytes[*start..end]);
                *start = end;
            }
            if self.text.len() >= PIECE {
                self.hand_on()?;
            }
        }
        Ok(())
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// Hands the underlying writer back.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}
