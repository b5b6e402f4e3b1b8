//! A run: sorted rows on disk, in pieces of which the first and the last key are kept in memory.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::interleave;
use arrow::row::Rows;
use frame_core::{CancelToken, Result};
use frame_memory::SpillFile;

use super::keys::Entry;
use crate::spill::Piece;

/// Sorted rows.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(super) pieces: Vec<RunPiece>,
}

/// Some rows of a run.
#[derive(Debug)]
pub(super) struct RunPiece {
    pub(super) first: Box<[u8]>,
    pub(super) last: Box<[u8]>,
    /// The columns, and behind them the ranks of the rows if they have them.
    pub(super) piece: Piece,
}

/// Batches whose rows are to be put into an order.
pub(super) struct Sources<'a> {
    /// The columns of each batch, and behind them its ranks if it has them.
    pub(super) columns: Vec<Vec<ArrayRef>>,
    pub(super) keys: Vec<&'a Rows>,
}

/// The rows of some batches at some places.
pub(crate) fn taken<C: AsRef<[ArrayRef]>>(batches: &[C], places: &[(usize, usize)]) -> Result<Vec<ArrayRef>> {
    let count = batches.first().map_or(0, |columns| columns.as_ref().len());
    let column = |at: usize| {
        let arrays: Vec<&dyn Array> = batches.iter().map(|columns| columns.as_ref()[at].as_ref()).collect();
        Ok(interleave(&arrays, places)?)
    };
    (0..count).map(column).collect()
}

impl Run {
    /// Writes rows in an order that is sorted; `piece_rows` of them to a piece.
    pub(super) fn write(
        &mut self,
        file: &Arc<SpillFile>,
        sources: &Sources<'_>,
        order: &[Entry],
        piece_rows: usize,
        cancel: &CancelToken,
    ) -> Result<()> {
        for part in order.chunks(piece_rows.max(1)) {
            cancel.check()?;
            let places: Vec<_> = part.iter().map(Entry::place).collect();
            let key = |at: usize| -> Box<[u8]> {
                let (batch, row) = places[at];
                sources.keys[batch].row(row).as_ref().into()
            };
            let piece = Piece::write(file, &taken(&sources.columns, &places)?, places.len())?;
            self.pieces.push(RunPiece { first: key(0), last: key(places.len() - 1), piece });
        }
        Ok(())
    }

    /// Bytes of memory that the keys of its pieces take.
    pub(super) fn bytes(&self) -> usize {
        self.pieces.iter().map(RunPiece::bytes).sum()
    }
}

impl RunPiece {
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.first.len() + self.last.len() + 32
    }
}

/// The columns of a batch with its ranks behind them.
pub(super) fn with_ranks(columns: &[ArrayRef], ranks: Option<&UInt64Array>) -> Vec<ArrayRef> {
    columns.iter().cloned().chain(ranks.map(|ranks| Arc::new(ranks.clone()) as ArrayRef)).collect()
}
