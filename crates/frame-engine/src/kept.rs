//! Batches that a stage leaves, in memory as long as there is room, then on disk; and the source that they are.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Result};
use frame_io::{BatchReader, RowLedger, Stop};
use frame_memory::{Grant, MemoryBudget, Reservation, SpillDir, SpillFile};

use crate::compact::compacted;
use crate::context::Context;
use crate::source::{Once, Source};
use crate::spill::Piece;

/// Bytes of memory that a batch on disk takes.
const PART_BYTES: usize = size_of::<Part>() + 64;

/// A batch in memory or on disk.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Held(Batch),
    OnDisk(Piece),
}

impl Part {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Held(batch) => batch.len(),
            Self::OnDisk(piece) => piece.rows(),
        }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Held(batch) => PART_BYTES + batch.memory_bytes(),
            Self::OnDisk(_) => PART_BYTES,
        }
    }

    /// Puts the batch on disk.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn spill(&mut self, file: &Arc<SpillFile>) -> Result<()> {
        if let Self::Held(batch) = self {
            *self = Self::OnDisk(Piece::write(file, batch.columns(), batch.len())?);
        }
        Ok(())
    }
}

/// A file for parts, and a new one when it has become large: the room of parts that nobody wants any more is given back with their file.
#[derive(Debug)]
pub(crate) struct PartFile {
    dir: SpillDir,
    file: Option<Arc<SpillFile>>,
    bytes: usize,
    bytes_max: usize,
}

impl PartFile {
    /// No file yet.
    pub(crate) fn new(cx: &Context) -> Self {
        Self { dir: cx.spill.clone(), file: None, bytes: 0, bytes_max: cx.budget.limit_bytes() }
    }

    /// Puts a part on disk.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn spill(&mut self, part: &mut Part) -> Result<()> {
        let bytes = part.bytes();
        let file = match self.file.take().filter(|_| self.bytes + bytes <= self.bytes_max) {
            Some(file) => file,
            None => {
                self.bytes = 0;
                Arc::new(self.dir.file()?)
            }
        };
        self.bytes += bytes;
        part.spill(&file)?;
        self.file = Some(file);
        Ok(())
    }
}

/// Batches one behind the other.
pub(crate) struct Keeper {
    parts: Vec<Part>,
    /// The first part that is in memory.
    held: usize,
    bytes: usize,
    /// The most bytes in memory: half of what is free, as rows are still on their way.
    bytes_max: usize,
    file: PartFile,
    memory: Reservation,
}

impl Keeper {
    /// No batches yet; `consumer` names them in errors.
    pub(crate) fn new(consumer: &'static str, cx: &Context) -> Self {
        let bytes_max = (cx.budget.free_bytes() / 2).min(cx.gathered_bytes);
        Self { parts: Vec::new(), held: 0, bytes: 0, bytes_max, file: PartFile::new(cx), memory: cx.budget.reserve(consumer) }
    }

    /// Adds a batch; those that are here go to disk if memory is full.
    ///
    /// # Errors
    /// `DiskError`, `MemoryError` if there is no room even so.
    pub(crate) fn push(&mut self, batch: Batch) -> Result<()> {
        let part = Part::Held(compacted(batch)?);
        let bytes = self.bytes + part.bytes();
        if bytes > self.bytes_max || self.memory.resize(bytes) == Grant::Full {
            self.spill()?;
            self.memory.require(self.bytes + part.bytes())?;
        }
        self.bytes += part.bytes();
        self.parts.push(part);
        Ok(())
    }

    /// Puts all batches on disk.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn spill(&mut self) -> Result<()> {
        for part in &mut self.parts[self.held..] {
            self.bytes -= part.bytes();
            self.file.spill(part)?;
            self.bytes += part.bytes();
        }
        self.held = self.parts.len();
        self.memory.require(self.bytes)
    }

    /// The batches as a source.
    pub(crate) fn into_source(self, schema: &SchemaRef) -> Kept {
        let budget = self.memory.budget().clone();
        Kept::new(self.parts, schema, budget, vec![self.memory])
    }
}

/// Batches as a source; each is a partition.
#[derive(Debug)]
pub(crate) struct Kept {
    parts: Vec<Part>,
    /// Rows of the first batch that are left out.
    skip: usize,
    schema: SchemaRef,
    budget: MemoryBudget,
    /// Held as long as the batches.
    _memory: Vec<Reservation>,
}

impl Kept {
    /// Batches whose memory is reserved in `memory`.
    pub(crate) fn new(parts: Vec<Part>, schema: &SchemaRef, budget: MemoryBudget, memory: Vec<Reservation>) -> Self {
        Self { parts, skip: 0, schema: schema.clone(), budget, _memory: memory }
    }

    /// The same without the first rows of the first batch.
    pub(crate) fn skipping(mut self, rows: usize) -> Self {
        self.skip = rows;
        self
    }
}

impl Source for Kept {
    fn partitions(&self) -> usize {
        self.parts.len()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let skip = if partition == 0 { self.skip } else { 0 };
        match &self.parts[partition] {
            Part::Held(batch) => Ok(Box::new(Once(Some(batch.clone().slice(skip, batch.len() - skip)?)))),
            Part::OnDisk(piece) => {
                let mut memory = self.budget.reserve("rows from disk");
                memory.require(piece.bytes() + piece.reading_bytes())?;
                let types: Vec<DataType> = self.schema.fields().iter().map(|field| field.data_type().clone()).collect();
                let batch = Batch::new(self.schema.clone(), piece.read(&types)?, piece.rows())?;
                Ok(Box::new(FromDisk { batch: Some(batch.slice(skip, piece.rows() - skip)?), _memory: memory }))
            }
        }
    }
}

/// A batch that was read, and the memory that it takes until it is worked off.
struct FromDisk {
    batch: Option<Batch>,
    _memory: Reservation,
}

impl BatchReader for FromDisk {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        Ok(self.batch.take())
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
