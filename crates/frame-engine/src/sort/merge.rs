//! Runs on disk as one sorted source.
//!
//! The keys are cut into ranges of about as many bytes each: the partitions of the source, which several tasks read at once. A task loads
//! the pieces of every run that its range touches and sorts their rows; as each run is sorted already, that is a merge. A piece on the
//! border of ranges is loaded once and waits for the next range.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::Rows;
use frame_core::{Batch, CancelToken, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, RowLedger, Stop};
use frame_memory::{MemoryBudget, Reservation, SpillFile};

use super::keys::{Entry, SortKeys};
use super::run::{Run, RunPiece, Sources, taken};
use super::sorter::ORDER_BYTES;
use crate::compact::compacted;
use crate::context::Context;
use crate::source::Source;

/// A loaded piece takes about as much memory as this many times its bytes: its keys and the copy that a batch is.
const LOADED: usize = 3;

/// The most bytes of a range.
const RANGE_BYTES_MAX: usize = 16 << 20;

/// Merges runs, in several passes if there are too many for one.
pub(super) fn merged(
    mut runs: Vec<Run>,
    keys: &Arc<SortKeys>,
    schema: &SchemaRef,
    mut memory: Vec<Reservation>,
    scheduler: &Scheduler,
    cx: &Context,
) -> Result<Arc<dyn Source>> {
    let types = schema.fields().iter().map(|field| field.data_type().clone());
    let types: Arc<[DataType]> = types.chain(keys.is_ranked().then_some(DataType::UInt64)).collect();
    loop {
        // Each task may hold a border piece of every run at either end of its range.
        let tasks = scheduler.threads() + 1;
        let of_a_task = cx.budget.free_bytes() / 4 / tasks;
        let piece_bytes = runs.iter().flat_map(|run| &run.pieces).map(|piece| piece.piece.bytes()).max().unwrap_or(1).max(1);
        let fan_in = (of_a_task / (LOADED * piece_bytes)).max(2);
        let range_bytes = (of_a_task / LOADED).clamp(piece_bytes, RANGE_BYTES_MAX);
        let merging = |runs: Vec<Run>| Merging::new(runs, keys, &types, range_bytes, cx);
        if runs.len() <= fan_in {
            let merging = Arc::new(merging(runs));
            return Ok(Arc::new(Merged { merging, schema: schema.clone(), batch_rows: cx.batch_rows, _memory: memory }));
        }
        let mut groups = Vec::new();
        let mut left = runs.into_iter().peekable();
        while left.peek().is_some() {
            groups.push(Mutex::new(Some(merging(left.by_ref().take(fan_in).collect()))));
        }
        let file = Arc::new(cx.spill.file()?);
        runs = scheduler.map(groups.len(), |at| {
            let group = groups[at].lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
            group.map_or_else(|| Ok(Run::default()), |group| group.into_run(&file, cx))
        })?;
        let mut of_runs = cx.budget.reserve("sorted runs");
        of_runs.require(runs.iter().map(Run::bytes).sum())?;
        memory = vec![of_runs];
    }
}

/// Runs, and the ranges that their keys are cut into.
struct Merging {
    keys: Arc<SortKeys>,
    types: Arc<[DataType]>,
    runs: Vec<Run>,
    /// The first key of each range but the first one.
    starts: Vec<Box<[u8]>>,
    /// Pieces that are loaded and that other ranges will ask for.
    waiting: Mutex<HashMap<(usize, usize), Waiting>>,
    budget: MemoryBudget,
    cancel: CancelToken,
}

struct Waiting {
    piece: Arc<Loaded>,
    /// Ranges that will ask for it.
    ranges: usize,
}

/// A piece in memory.
struct Loaded {
    columns: Vec<ArrayRef>,
    keys: Rows,
    /// Held as long as the columns.
    _memory: Reservation,
}

/// The rows of a range, in order.
struct Range {
    pieces: Vec<Arc<Loaded>>,
    order: Vec<Entry>,
    _memory: Reservation,
}

impl Merging {
    fn new(runs: Vec<Run>, keys: &Arc<SortKeys>, types: &Arc<[DataType]>, range_bytes: usize, cx: &Context) -> Self {
        let mut firsts: Vec<(&[u8], usize)> =
            runs.iter().flat_map(|run| &run.pieces).map(|piece| (piece.first.as_ref(), piece.piece.bytes())).collect();
        firsts.sort_unstable();
        let (mut starts, mut bytes) = (Vec::<Box<[u8]>>::new(), 0);
        for (first, more) in firsts {
            if bytes >= range_bytes && starts.last().is_none_or(|last| last.as_ref() < first) {
                starts.push(first.into());
                bytes = 0;
            }
            bytes += more;
        }
        Self {
            keys: keys.clone(),
            types: types.clone(),
            runs,
            starts,
            waiting: Mutex::default(),
            budget: cx.budget.clone(),
            cancel: cx.cancel.clone(),
        }
    }

    fn ranges(&self) -> usize {
        self.starts.len() + 1
    }

    /// The range that a key is in.
    fn range_of(&self, key: &[u8]) -> usize {
        self.starts.partition_point(|start| start.as_ref() <= key)
    }

    /// Loads and sorts the rows of a range.
    fn range(&self, range: usize) -> Result<Range> {
        let mut pieces = Vec::new();
        let mut order = Vec::new();
        let mut memory = self.budget.reserve("merging sorted runs");
        for (at, run) in self.runs.iter().enumerate() {
            let from = run.pieces.partition_point(|piece| self.range_of(&piece.last) < range);
            let touching = run.pieces[from..].iter().take_while(|piece| self.range_of(&piece.first) <= range);
            for (place, piece) in (from..).zip(touching) {
                self.cancel.check()?;
                let loaded = self.load((at, place), piece)?;
                let rows = 0..loaded.keys.num_rows();
                let (lowest, highest) = (range.checked_sub(1).map(|before| &self.starts[before]), self.starts.get(range));
                let behind = |bound: &[u8]| partition_point(&loaded.keys, |key| key < bound);
                let first = lowest.map_or(rows.start, |bound| behind(bound));
                let end = highest.map_or(rows.end, |bound| behind(bound));
                order.extend((first..end).map(|row| Entry::new(loaded.keys.row(row), pieces.len(), row)));
                memory.require(order.capacity() * ORDER_BYTES)?;
                pieces.push(loaded);
            }
        }
        let keys: Vec<&Rows> = pieces.iter().map(|piece| &piece.keys).collect();
        order.sort_by(|a, b| a.compare(b, &keys));
        Ok(Range { pieces, order, _memory: memory })
    }

    /// A piece, loaded now or by another range.
    fn load(&self, place: (usize, usize), piece: &RunPiece) -> Result<Arc<Loaded>> {
        let lock = || self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let std::collections::hash_map::Entry::Occupied(mut found) = lock().entry(place) {
            let piece = found.get().piece.clone();
            found.get_mut().ranges -= 1;
            if found.get().ranges == 0 {
                found.remove();
            }
            return Ok(piece);
        }
        let mut memory = self.budget.reserve("merging sorted runs");
        memory.require(LOADED * piece.piece.bytes() + piece.piece.reading_bytes())?;
        let columns = piece.piece.read(&self.types)?;
        let rows = piece.piece.rows();
        let (plain, ranks) = columns.split_at(self.types.len() - usize::from(self.keys.is_ranked()));
        let ranks = ranks.first().map(AsArray::as_primitive);
        let keys = self.keys.rows(plain, rows, ranks)?;
        // The columns are parts of one buffer; their rows are copied once more, into batches.
        memory.require(2 * piece.piece.bytes() + keys.size())?;
        let loaded = Arc::new(Loaded { columns, keys, _memory: memory });
        let others = self.range_of(&piece.last) - self.range_of(&piece.first);
        if others > 0 {
            lock().entry(place).or_insert_with(|| Waiting { piece: loaded.clone(), ranges: others });
        }
        Ok(loaded)
    }

    /// All rows as one run.
    fn into_run(self, file: &Arc<SpillFile>, cx: &Context) -> Result<Run> {
        let mut run = Run::default();
        let mut scratch = cx.budget.reserve("merging sorted runs");
        scratch.require(4 * cx.piece_bytes())?;
        let bytes: usize = self.runs.iter().flat_map(|run| &run.pieces).map(|piece| piece.piece.bytes()).sum();
        let rows: usize = self.runs.iter().flat_map(|run| &run.pieces).map(|piece| piece.piece.rows()).sum();
        let piece_rows = cx.piece_rows(bytes, rows);
        for range in 0..self.ranges() {
            let range = self.range(range)?;
            run.write(file, &range.sources(), &range.order, piece_rows, &cx.cancel)?;
        }
        Ok(run)
    }
}

impl Range {
    fn sources(&self) -> Sources<'_> {
        let columns = self.pieces.iter().map(|piece| piece.columns.clone()).collect();
        Sources { columns, keys: self.pieces.iter().map(|piece| &piece.keys).collect() }
    }
}

/// The first row whose key is not in front of something.
fn partition_point(keys: &Rows, is_before: impl Fn(&[u8]) -> bool) -> usize {
    let (mut low, mut high) = (0, keys.num_rows());
    while low < high {
        let middle = (low + high) / 2;
        if is_before(keys.row(middle).as_ref()) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Merged runs as a source; each partition is a range of keys.
struct Merged {
    merging: Arc<Merging>,
    schema: SchemaRef,
    batch_rows: usize,
    /// For the keys of the runs.
    _memory: Vec<Reservation>,
}

impl std::fmt::Debug for Merged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Merged {{ runs: {}, ranges: {} }}", self.merging.runs.len(), self.merging.ranges())
    }
}

impl Source for Merged {
    fn partitions(&self) -> usize {
        self.merging.ranges()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let (merging, schema) = (self.merging.clone(), self.schema.clone());
        Ok(Box::new(RangeReader { merging, schema, batch_rows: self.batch_rows, partition, range: None, next: 0 }))
    }
}

/// Reads a range.
struct RangeReader {
    merging: Arc<Merging>,
    schema: SchemaRef,
    batch_rows: usize,
    partition: usize,
    range: Option<Range>,
    /// The first row that is not out yet.
    next: usize,
}

impl BatchReader for RangeReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        let range = match &mut self.range {
            Some(range) => range,
            None => self.range.insert(self.merging.range(self.partition)?),
        };
        let part = &range.order[self.next..range.order.len().min(self.next + self.batch_rows)];
        if part.is_empty() {
            return Ok(None);
        }
        self.next += part.len();
        let places: Vec<_> = part.iter().map(Entry::place).collect();
        let mut columns = taken(&range.pieces.iter().map(|piece| piece.columns.as_slice()).collect::<Vec<_>>(), &places)?;
        columns.truncate(self.schema.fields().len());
        Ok(Some(compacted(Batch::new(self.schema.clone(), columns, places.len())?)?))
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
