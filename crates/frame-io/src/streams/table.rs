//! A table in a stream: partitions are pieces, unpacked in order and parsed in parallel.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, CancelToken, ColumnFigures, Result, TableFigures};
use frame_memory::MemoryBudget;

use super::content::Content;
use super::pieces::{Cutter, Pass, Piece};
use crate::formats::csv::Class;
use crate::{BatchReader, MemoryFile, ReadAt, RowLedger, ScanRequest, Stop, Table};

/// Unpacked bytes of a piece, at most.
const PIECE_BYTES: u64 = 4 << 20;
/// Bytes that names and types are inferred from.
const HEAD_BYTES: usize = 1 << 20;
/// Partitions of a pipe, whose length nobody knows. The last one takes all that is left, however long.
const PARTITIONS_OF_A_PIPE: usize = 2048;
/// Memory that may hold the head while the table is opened.
const HEAD_BUDGET: usize = 2 << 30;

/// A format of text that is read in pieces.
pub(crate) trait Pieced: Cutter + Debug + Send + Sync {
    /// Names and types of the columns, found in the head.
    fn schema(&self) -> &SchemaRef;

    /// See [`Table::classes`].
    fn classes(&self) -> Vec<(String, Class)> {
        Vec::new()
    }

    /// What is known of the rows of the head.
    ///
    /// # Errors
    /// See [`Table::figures`].
    fn figures(&self) -> Result<TableFigures>;

    /// Starts reading a piece.
    fn read(&self, piece: Arc<dyn ReadAt>, is_first: bool, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop>;
}

/// A table that can only be read from its start.
#[derive(Debug)]
pub struct StreamTable {
    content: Content,
    format: Arc<dyn Pieced>,
    piece_bytes: usize,
    partitions: usize,
    /// Bytes of the head, and of the file that they were unpacked from.
    head: (u64, u64),
    /// The ways through the stream so far, one for each request.
    passes: Mutex<Vec<(Arc<ScanRequest>, Arc<Pass>)>>,
}

impl StreamTable {
    /// Reads the head of a stream and finds names and types in it. `open` makes the format, given the head as a file.
    ///
    /// # Errors
    /// Those of `open`; `DataError::Damaged` for a stream that cannot be unpacked.
    pub(crate) fn new(
        content: Content,
        partition_bytes: u64,
        cutter: &dyn Cutter,
        open: impl FnOnce(Arc<dyn ReadAt>) -> Result<Arc<dyn Pieced>>,
    ) -> Result<Self> {
        // A pipe gives what it has; more of a head would be waiting.
        let head_bytes = if content.file.is_stream() && content.packing.is_none() { HEAD_BYTES / 16 } else { HEAD_BYTES };
        let pass = Pass::new(&content, head_bytes, MemoryBudget::new(HEAD_BUDGET), CancelToken::new(), false)?;
        let head = pass.piece(0, cutter)?;
        let path = content.file.path();
        let (len, packed) = head.as_ref().map_or((0, 0), |head| (head.len(), pass.packed_bytes(0)));
        let head: Arc<dyn ReadAt> = match head {
            Some(head) => Arc::new(head),
            None => Arc::new(MemoryFile::new(path, Vec::new())),
        };
        let piece_bytes = partition_bytes.clamp(1, PIECE_BYTES);
        let partitions = match content.file.is_stream() {
            true => PARTITIONS_OF_A_PIPE,
            // The ratio of the head, and a quarter more: pieces too many are empty, and the last one takes what is left.
            false => {
                let unpacked = content.file.len() as f64 * (len.max(1) as f64 / packed.max(1) as f64);
                (unpacked * 1.25 / piece_bytes as f64) as usize + 2
            }
        };
        let format = open(head)?;
        Ok(Self { content, format, piece_bytes: piece_bytes as usize, partitions, head: (len, packed), passes: Mutex::default() })
    }

    fn passes(&self) -> MutexGuard<'_, Vec<(Arc<ScanRequest>, Arc<Pass>)>> {
        self.passes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The way through the stream that belongs to a request.
    fn pass(&self, request: &Arc<ScanRequest>) -> Result<Arc<Pass>> {
        let mut passes = self.passes();
        if let Some((_, pass)) = passes.iter().find(|(known, _)| Arc::ptr_eq(known, request)) {
            return Ok(pass.clone());
        }
        let (budget, cancel) = (request.budget.clone(), request.cancel.clone());
        let pass = Arc::new(Pass::new(&self.content, self.piece_bytes, budget, cancel, !request.spots.is_empty())?);
        passes.push((request.clone(), pass.clone()));
        Ok(pass)
    }
}

impl Table for StreamTable {
    fn schema(&self) -> &SchemaRef {
        self.format.schema()
    }

    fn partitions(&self) -> usize {
        self.partitions
    }

    fn partition_bytes(&self, partition: usize) -> u64 {
        self.passes().last().map_or(0, |(_, pass)| pass.packed_bytes(partition))
    }

    fn bytes(&self) -> u64 {
        if self.content.file.is_stream() { 0 } else { self.content.file.len() }
    }

    fn classes(&self) -> Vec<(String, Class)> {
        self.format.classes()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn has_figures(&self) -> bool {
        true
    }

    fn figures(&self) -> Result<TableFigures> {
        let mut figures = self.format.figures()?;
        let (head, packed) = self.head;
        // The length of a pipe is not known: there are at least the rows of its head.
        let times = if packed == 0 || self.bytes() == 0 { 1.0 } else { (self.bytes() as f64 / packed as f64).max(1.0) };
        let grown = |column: &mut ColumnFigures| {
            // Of values that were all different there are more to come.
            let is_different = column.distinct.is_some_and(|distinct| distinct >= 0.9 * (1.0 - column.nulls) * figures.rows);
            column.distinct = column.distinct.map(|distinct| if is_different { distinct * times } else { distinct });
        };
        figures.columns.iter_mut().for_each(grown);
        figures.rows *= times;
        figures.bytes = self.bytes();
        figures.partitions = self.partitions;
        // A piece, and the beginning of the next one.
        figures.reading_bytes += 2.0 * (self.piece_bytes as f64).min(head as f64 * times);
        Ok(figures)
    }

    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        let pass = self.pass(request)?;
        let piece = pass.piece(partition, self.format.as_ref())?;
        let is_last = partition + 1 >= self.partitions;
        let (format, request) = (self.format.clone(), request.clone());
        let mut reader = Pieces { reader: None, rest: is_last.then_some(pass), format, request, done: RowLedger::default() };
        if let Some(piece) = piece {
            reader.read(piece)?;
        }
        Ok(Box::new(reader))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.content.file.check_unchanged()?)
    }
}

/// Reads a piece, and in the last partition every piece that is left.
struct Pieces {
    reader: Option<Box<dyn BatchReader>>,
    rest: Option<Arc<Pass>>,
    format: Arc<dyn Pieced>,
    request: Arc<ScanRequest>,
    /// Of the pieces that were read to their end.
    done: RowLedger,
}

impl Pieces {
    fn read(&mut self, piece: Piece) -> Result<(), Stop> {
        let is_first = piece.is_first;
        self.reader = Some(self.format.read(Arc::new(piece), is_first, &self.request)?);
        Ok(())
    }
}

impl BatchReader for Pieces {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(reader) = &mut self.reader {
                if let Some(batch) = reader.next()? {
                    return Ok(Some(batch));
                }
                self.done.add(reader.ledger());
                self.reader = None;
            }
            let Some(pass) = &self.rest else { return Ok(None) };
            match pass.rest(self.format.as_ref())? {
                Some(piece) => self.read(piece)?,
                None => return Ok(None),
            }
        }
    }

    fn ledger(&self) -> RowLedger {
        let mut ledger = self.done;
        if let Some(reader) = &self.reader {
            ledger.add(reader.ledger());
        }
        ledger
    }
}
