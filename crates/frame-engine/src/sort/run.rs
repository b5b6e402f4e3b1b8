//! A run: sorted rows on disk, in pieces of which the first and the last key are kept in memory.

use std::sync::Arc;

use arrow::row::Rows;
use frame_core::{CancelToken, Result};
use frame_memory::SpillFile;

use super::borders::Borders;
use super::ordering::ORDER_BYTES;
use crate::narrow::Place;
use crate::sources::{Sources, slabs};
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

impl Run {
    /// Writes rows in an order that is sorted; about `piece_rows` of them to a piece.
    pub(super) fn write(
        &mut self,
        file: &Arc<SpillFile>,
        sources: &Sources,
        (keys, order): (&[&Rows], &[Place]),
        (borders, piece_rows): (&Borders, usize),
        cancel: &CancelToken,
    ) -> Result<()> {
        let parts = borders.cut(order, keys, piece_rows);
        for parts in slabs(&parts) {
            let start = parts[0].start;
            let places = &order[start..parts[parts.len() - 1].end];
            for (part, piece) in parts.iter().zip(sources.write(file, places, parts, cancel)?) {
                let key = |at: usize| -> Box<[u8]> {
                    let (batch, row) = order[at];
                    keys[batch as usize].row(row as usize).as_ref().into()
                };
                self.pieces.push(RunPiece { first: key(part.start), last: key(part.end - 1), piece });
            }
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
        self.piece.packed_bytes() + self.piece.rows() * (key_bytes + ORDER_BYTES)
    }
}
