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
    pub(super) out: W,
    pub(super) form: RowForm<S>,
    lanes: Vec<Lane>,
    /// Text on its way out.
    text: Vec<u8>,
}

/// How rows become text.
#[derive(Debug)]
pub(super) struct RowForm<S> {
    spelling: S,
    around: Vec<Around>,
}

impl<W: io::Write, S: Spelling> RowWriter<W, S> {
    /// A writer without columns, to `out`, which should be buffered if batches are small.
    pub(crate) fn new(out: W, spelling: S) -> Self {
        Self { out, form: RowForm { spelling, around: Vec::new() }, lanes: Vec::new(), text: Vec::new() }
    }

    /// Sets what stands before and after each cell, one pair per column.
    pub(crate) fn set_columns(&mut self, around: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        self.form.around = around.into_iter().map(|(before, after)| Around { before, after }).collect();
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
        let Self { out, form, lanes, text } = self;
        let mut hand_on = |text: &mut Vec<u8>| {
            out.write_all(text)?;
            text.clear();
            Ok(())
        };
        form.append(batch, lanes, text, &mut hand_on)?;
        hand_on(text)
    }

    /// Hands the underlying writer back.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}

impl<S: Spelling> RowForm<S> {
    /// Appends the rows of a batch to a text, which `hand_on` may empty whenever it is a piece.
    ///
    /// # Errors
    /// One that holds a [`frame_core::Error`] for a value that has no text form; those of `hand_on`.
    pub(super) fn append(
        &self,
        batch: &RecordBatch,
        lanes: &mut Vec<Lane>,
        text: &mut Vec<u8>,
        mut hand_on: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        lanes.resize_with(self.around.len(), Lane::default);
        let cells = batch.columns().iter().map(Cells::new).collect::<Result<Vec<_>>>().map_err(io::Error::other)?;
        for start in (0..batch.num_rows()).step_by(STRETCH) {
            let end = batch.num_rows().min(start + STRETCH);
            for ((cells, around), lane) in cells.iter().zip(&self.around).zip(lanes.iter_mut()) {
                cells.fill(start..end, &self.spelling, around, lane).map_err(io::Error::other)?;
            }
            gather(lanes, end - start, text, &mut hand_on)?;
        }
        Ok(())
    }
}

/// Moves the cells of the lanes into rows.
fn gather(lanes: &[Lane], rows: usize, text: &mut Vec<u8>, mut hand_on: impl FnMut(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut starts = vec![0; lanes.len()];
    for row in 0..rows {
        for (lane, start) in lanes.iter().zip(&mut starts) {
            let end = lane.ends[row];
            text.extend_from_slice(&lane.bytes[*start..end]);
            *start = end;
        }
        if text.len() >= PIECE {
            hand_on(text)?;
        }
    }
    Ok(())
}
