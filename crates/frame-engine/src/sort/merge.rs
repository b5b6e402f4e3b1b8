//! Runs on disk as one sorted source.
//!
//! The keys are cut into ranges of about as many bytes each: the partitions of the source, which several tasks read at once. A task loads
//! the pieces of every run that its range touches and sorts their rows; as each run is sorted already, that is a merge. A piece on the
//! border of ranges is loaded once and waits for the next range.

use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::{Arc, Mutex};

use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::Rows;
use frame_core::{Batch, CancelToken, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, RowLedger, Stop};
use frame_memory::{MemoryBudget, Reservation, SpillFile};

use super::keys::SortKeys;
use super::ordering::{ORDER_BYTES, ordered_parts};
use super::ranges::{Ends, Ranges};
use super::run::{Run, RunPiece};
use crate::compact::compacted;
use crate::context::Context;
use crate::narrow::Place;
use crate::packed::Packed;
use crate::source::Source;
use crate::sources::{Sources, slab_bytes};

/// The most bytes of a range, loaded.
const RANGE_BYTES_MAX: usize = 24 << 20;

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
    let merging = |runs: Vec<Run>, ranges: Ranges| Merging::new(runs, ranges, keys, &types, cx);
    loop {
        cx.budget.settle();
        let free = cx.budget.free_bytes();
        // The rest is for what becomes of the rows: copies of a whole range where another sorter takes them, besides its own.
        let (fan_in, ranges) = fitting(&mut runs, free / 4 / (scheduler.threads() + 1));
        if fan_in == runs.len() {
            let merging = Arc::new(merging(runs, ranges));
            return Ok(Arc::new(Merged { merging, schema: schema.clone(), batch_rows: cx.batch_rows, _memory: memory }));
        }
        // Rows that go to disk again are not copied, so more runs can be merged. No more are than must be: the others are read only once.
        let of_a_task = free / 2 / scheduler.threads();
        let most = fitting(&mut runs, of_a_task).0.max(fan_in);
        let groups = (runs.len() - fan_in).div_ceil(most - 1).max(scheduler.threads()).min(runs.len() / 2);
        let of_a_group = ((runs.len() - fan_in).div_ceil(groups) + 1).clamp(2, most);
        let groups: Vec<_> = (0..groups.min(runs.len() / of_a_group))
            .map(|_| {
                let group = runs.split_off(runs.len() - of_a_group);
                let ranges = Ends::of(&group).ranges(group.len(), of_a_task.min(RANGE_BYTES_MAX));
                Mutex::new(Some(merging(group, ranges)))
            })
            .collect();
        let file = Arc::new(cx.spill.file()?);
        runs.extend(scheduler.map(groups.len(), |at| {
            let group = groups[at].lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
            group.map_or_else(|| Ok(Run::default()), |group| group.into_run(&file, cx))
        })?);
        let mut of_runs = cx.budget.reserve("sorted runs");
        of_runs.require(runs.iter().map(Run::bytes).sum())?;
        memory = vec![of_runs];
    }
}

/// How many of some runs can be merged at once, the largest ones in front, if a range of theirs may take so many bytes; and the ranges.
/// At least two are, whatever they take.
fn fitting(runs: &mut [Run], bytes: usize) -> (usize, Ranges) {
    runs.sort_by_key(|run| std::cmp::Reverse(run.pieces.len()));
    let (ends, mut count) = (Ends::of(runs), runs.len());
    loop {
        // Of many runs the pieces at the borders of ranges take more than smaller ranges save.
        for part in [1, 2, 4] {
            let ranges = ends.ranges(count, (bytes / part).min(RANGE_BYTES_MAX));
            if ranges.largest <= bytes || count <= 2 {
                return (count, ranges);
            }
        }
        count = (count * 3 / 4).max(2);
    }
}

/// Runs, and the ranges that their keys are cut into.
struct Merging {
    keys: Arc<SortKeys>,
    types: Arc<[DataType]>,
    runs: Vec<Run>,
    ranges: Ranges,
    /// Pieces in several ranges, until the last of them has asked.
    waiting: Mutex<HashMap<(usize, usize), Waiting>>,
    budget: MemoryBudget,
    cancel: CancelToken,
}

struct Waiting {
    /// None until the first range has loaded it, while others wait for that.
    piece: Arc<Mutex<Option<Arc<Loaded>>>>,
    /// Ranges that will still ask for it.
    ranges: usize,
}

/// A piece in memory.
struct Loaded {
    columns: Vec<Packed>,
    keys: Rows,
    /// Held as long as the columns.
    _memory: Reservation,
}

/// The rows of a range, in order.
struct Range {
    sources: Sources,
    pieces: Vec<Arc<Loaded>>,
    order: Vec<Place>,
    _memory: Reservation,
}

impl Merging {
    fn new(runs: Vec<Run>, ranges: Ranges, keys: &Arc<SortKeys>, types: &Arc<[DataType]>, cx: &Context) -> Self {
        let (keys, types) = (keys.clone(), types.clone());
        Self { keys, types, runs, ranges, waiting: Mutex::default(), budget: cx.budget.clone(), cancel: cx.cancel.clone() }
    }

    /// Loads and sorts the rows of a range.
    fn range(&self, range: usize) -> Result<Range> {
        if range == 0 {
            self.will_read(0);
        }
        // The disk reads the next range while this one is merged.
        self.will_read(range + 1);
        let (lowest, highest) = self.ranges.bounds(range);
        let (mut pieces, mut parts) = (Vec::new(), Vec::new());
        for (place, piece) in self.touching(range) {
            self.cancel.check()?;
            let loaded = self.piece(place, piece)?;
            let behind = |bound: &[u8]| partition_point(&loaded.keys, |key| key < bound);
            parts.push(lowest.map_or(0, behind)..highest.map_or(loaded.keys.num_rows(), behind));
            pieces.push(loaded);
        }
        let keys: Vec<&Rows> = pieces.iter().map(|piece| &piece.keys).collect();
        let mut memory = self.budget.reserve("merging sorted runs");
        memory.require(parts.iter().map(ExactSizeIterator::len).sum::<usize>() * ORDER_BYTES)?;
        let order = ordered_parts(&keys, &parts, &Scheduler::here(), &self.cancel)?;
        let columns = pieces.iter().map(|piece| piece.columns.clone()).collect();
        let sources = Sources::new(columns)?;
        Ok(Range { sources, pieces, order, _memory: memory })
    }

    /// The pieces with rows of a range, and their places.
    fn touching(&self, range: usize) -> impl Iterator<Item = ((usize, usize), &RunPiece)> {
        self.runs.iter().enumerate().flat_map(move |(at, run)| {
            let from = run.pieces.partition_point(|piece| !self.ranges.reaches(&piece.last, range));
            let touching = run.pieces[from..].iter().take_while(move |piece| !self.ranges.reaches(&piece.first, range + 1));
            touching.zip(from..).map(move |(piece, place)| ((at, place), piece))
        })
    }

    /// Says that the pieces that begin in a range will be read soon.
    fn will_read(&self, range: usize) {
        let beginning = self.touching(range).filter(|(_, piece)| self.ranges.reaches(&piece.first, range));
        beginning.for_each(|(_, piece)| piece.piece.will_read());
    }

    /// A piece, loaded now or by another range.
    fn piece(&self, place: (usize, usize), piece: &RunPiece) -> Result<Arc<Loaded>> {
        let ranges = self.ranges.of(&piece.last) - self.ranges.of(&piece.first) + 1;
        if ranges == 1 {
            return Ok(Arc::new(self.load(piece)?));
        }
        let waiting = || self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let shared = waiting().entry(place).or_insert_with(|| Waiting { piece: Arc::default(), ranges }).piece.clone();
        let mut slot = shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let loaded = match slot.as_ref() {
            Some(loaded) => loaded.clone(),
            None => slot.insert(Arc::new(self.load(piece)?)).clone(),
        };
        if let hash_map::Entry::Occupied(mut entry) = waiting().entry(place) {
            entry.get_mut().ranges -= 1;
            if entry.get().ranges == 0 {
                entry.remove();
            }
        }
        Ok(loaded)
    }

    fn load(&self, piece: &RunPiece) -> Result<Loaded> {
        let mut memory = self.budget.reserve("merging sorted runs");
        memory.require(piece.loaded_bytes() + piece.piece.reading_bytes())?;
        let columns = piece.piece.read_packed(&self.types)?;
        let keys = self.keys.of_packed(&columns, piece.piece.rows())?;
        memory.require(piece.piece.packed_bytes() + keys.size())?;
        Ok(Loaded { columns, keys, _memory: memory })
    }

    /// All rows as one run.
    fn into_run(self, file: &Arc<SpillFile>, cx: &Context) -> Result<Run> {
        let mut run = Run::default();
        // Pieces as large as those that are read.
        let pieces: usize = self.runs.iter().map(|run| run.pieces.len()).sum();
        let bytes: usize = self.runs.iter().flat_map(|run| &run.pieces).map(RunPiece::loaded_bytes).sum();
        let rows: usize = self.runs.iter().flat_map(|run| &run.pieces).map(|piece| piece.piece.rows()).sum();
        let growth = (bytes / pieces.max(1)).div_ceil(cx.pieces().bytes()).max(1);
        let piece_rows = growth * cx.pieces().rows(bytes, rows);
        let mut scratch = cx.budget.reserve("merging sorted runs");
        scratch.require(growth * cx.pieces().writing_bytes() + slab_bytes(self.ranges.largest))?;
        for range in 0..self.ranges.count() {
            let range = self.range(range)?;
            run.write(file, &range.sources, (&range.keys(), &range.order), (self.keys.borders(), piece_rows), &cx.cancel)?;
        }
        Ok(run)
    }
}

impl Range {
    fn keys(&self) -> Vec<&Rows> {
        self.pieces.iter().map(|piece| &piece.keys).collect()
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
        write!(f, "Merged {{ runs: {}, ranges: {} }}", self.merging.runs.len(), self.merging.ranges.count())
    }
}

impl Source for Merged {
    fn partitions(&self) -> usize {
        self.merging.ranges.count()
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
        let columns = range.sources.rows(part, self.schema.fields().len())?;
        Ok(Some(compacted(Batch::new(self.schema.clone(), columns, part.len())?)?))
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
