//! Rows of a join that are too many for memory and have no keys to part them by: on disk, in their order.

use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Result};
use frame_io::{BatchReader, Stop};
use frame_memory::Reservation;

use super::build::{Built, Making};
use super::probe::Prober;
use crate::context::Context;
use crate::pipeline;
use crate::source::{Once, Source};
use crate::spill::Piece;

/// Pieces in the order of their rows. As a source each of them is a partition.
#[derive(Debug)]
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
    types: Vec<DataType>,
    schema: SchemaRef,
    making: Making,
    cx: Context,
    /// For the places of the pieces.
    _memory: Vec<Reservation>,
}

/// A piece in memory takes its bytes as they come from disk, and as columns.
const LOADED: usize = 2;

impl Pieces {
    pub(super) fn new(
        pieces: Vec<Piece>,
        (types, schema): (Vec<DataType>, SchemaRef),
        making: &Making,
        memory: Vec<Reservation>,
        cx: &Context,
    ) -> Self {
        Self { pieces, types, schema, making: making.clone(), cx: cx.clone(), _memory: memory }
    }

    /// Each row of a batch beside all rows.
    pub(super) fn beside(self: &Arc<Self>, prober: &Arc<Prober>, batch: Batch) -> pipeline::Pieces {
        Box::new(Pairs { pieces: self.clone(), prober: prober.clone(), batch, row: 0, piece: 0, built: None, first: 0 })
    }

    /// A piece in memory.
    fn load(&self, piece: usize) -> Result<Built> {
        let piece = &self.pieces[piece];
        let mut memory = self.cx.budget.reserve("join");
        memory.require(LOADED * piece.bytes() + piece.reading_bytes())?;
        let columns = piece.read(&self.types)?;
        self.making.built(columns, piece.rows(), memory, None, &self.cx, |_, _| Ok(()))
    }
}

impl Source for Pieces {
    fn partitions(&self) -> usize {
        self.pieces.len()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let piece = &self.pieces[partition];
        let columns = piece.read(&self.types)?;
        Ok(Box::new(Once(Some(Batch::new(self.schema.clone(), columns, piece.rows())?))))
    }
}

/// The pairs of a batch: all of a row, then all of the next one. Each of them reads all pieces, which is little beside the rows it makes.
struct Pairs {
    pieces: Arc<Pieces>,
    prober: Arc<Prober>,
    batch: Batch,
    /// The row in hand.
    row: usize,
    /// The piece in hand, and the first of its rows that is not out.
    piece: usize,
    built: Option<(usize, Built)>,
    first: usize,
}

impl Iterator for Pairs {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.row >= self.batch.len() || self.pieces.pieces.is_empty() {
            return None;
        }
        Some(self.pair())
    }
}

impl Pairs {
    fn pair(&mut self) -> Result<Batch> {
        self.pieces.cx.cancel.check()?;
        let (_, built) = match self.built.take() {
            Some(built) if built.0 == self.piece => self.built.insert(built),
            _ => self.built.insert((self.piece, self.pieces.load(self.piece)?)),
        };
        let rows = self.prober.batch_rows.max(1).min(built.rows - self.first);
        let right = UInt32Array::from_iter_values((self.first..self.first + rows).map(|row| row as u32));
        let left = UInt32Array::from(vec![self.row as u32; rows]);
        let pairs = self.prober.beside(built, &self.batch, Some(&left), &right)?;
        self.first += rows;
        if self.first == built.rows {
            self.first = 0;
            self.piece += 1;
        }
        if self.piece == self.pieces.pieces.len() {
            self.piece = 0;
            self.row += 1;
        }
        Ok(pairs)
    }
}
