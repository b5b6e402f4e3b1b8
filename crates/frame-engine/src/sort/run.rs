//! A run: sorted rows on disk, in pieces of which the first and the last key are kept in memory.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::interleave;
use arrow::row::Rows;
use frame_core::{CancelToken, Result};
use frame_memory::SpillFile;

use super::borders::Borders;
use super::keys::{Entry, ORDER_BYTES};
use super::sources::Sources;
use crate::dictionaries::gathered;
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

/// The rows of some batches at some places.
pub(crate) fn taken<C: AsRef<[ArrayRef]>>(batches: &[C], places: &[(usize, usize)]) -> Result<Vec<ArrayRef>> {
    let count = batches.first().map_or(0, |columns| columns.as_ref().len());
    let column = |at: usize| {
        let arrays: Vec<&dyn Array> = batches.iter().map(|columns| columns.as_ref()[at].as_ref()).collect();
        match gathered(&arrays, places)? {
            Some(column) => Ok(column),
            None => Ok(interleave(&arrays, places)?),
        }
    };
    (0..count).map(column).collect()
}

impl Run {
    /// Writes rows in an order that is sorted; about `piece_rows` of them to a piece.
    pub(super) fn write(
        &mut self,
        file: &Arc<SpillFile>,
        sources: &Sources,
        (keys, order): (&[&Rows], &[Entry]),
        (borders, piece_rows): (&Borders, usize),
        cancel: &CancelToken,
    ) -> Result<()> {
        for part in borders.cut(order, keys, piece_rows) {
            cancel.check()?;
            let part = &order[part];
            let key = |at: usize| -> Box<[u8]> {
                let (batch, row) = part[at].place();
                keys[batch].row(row).as_ref().into()
            };
            let piece = Piece::write(file, &sources.rows(part)?, part.len())?;
            self.pieces.push(RunPiece { first: key(0), last: key(part.len() - 1), piece });
        }
        Ok(())
    }

    /// The keys at which its pieces begin.
    pub(super) fn firsts(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| piece.first.as_ref())
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

    /// About as many bytes of memory as it takes when it is merged: its columns, its keys, and the order of its rows.
    pub(super) fn loaded_bytes(&self) -> usize {
        let key_bytes = (self.first.len() + self.last.len()) / 2 + size_of::<usize>();
        self.piece.bytes() + self.piece.rows() * (key_bytes + ORDER_BYTES)
    }
}

/// The columns of a batch with its ranks behind them.
pub(super) fn with_ranks(mut columns: Vec<ArrayRef>, ranks: Option<UInt64Array>) -> Vec<ArrayRef> {
    columns.extend(ranks.map(|ranks| Arc::new(ranks) as ArrayRef));
    columns
}
