//! Groups that have left their table, by bucket of their hash.
//!
//! A table that has as many groups as it may is emptied: keys and states become columns, whose rows are put in the order of buckets. At
//! the end each bucket is merged on its own, so several are at once. If keys hardly repeat, this is all the work there is, and the table
//! stays in cache; if keys turn out to repeat, the table is allowed to grow until it holds them.
//!
//! When memory is full the buckets go to disk, each as a piece. A bucket that is too large when it is merged is cut into buckets by the
//! next bits of the hash, and so on.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use frame_core::Result;
use frame_core::cardinality::Cardinality;
use frame_memory::{SpillDir, SpillFile};

use super::numbers::{Map, Numbers};
use crate::compact::compact;
use crate::spans::Spans;
use crate::spill::Piece;

/// The number of buckets.
pub(super) const BUCKETS: usize = 1 << BITS;

const BITS: u32 = 6;

/// How often buckets can be cut: then all bits of the hash are used up.
pub(super) const LEVELS: u32 = 8;

/// The bucket of a hash at a level. Tables look at the lowest and the highest bits, buckets first at those between.
fn bucket(hash: u64, level: u32) -> usize {
    (hash >> (BITS * (LEVELS - 1 - level))) as usize % BUCKETS
}

/// Groups, or rows that are not grouped yet.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    pub(super) keys: Vec<ArrayRef>,
    /// The states of each aggregate; of rows its arguments.
    pub(super) states: Vec<Vec<ArrayRef>>,
    pub(super) rows: usize,
    /// Whether they are rows.
    pub(super) are_rows: bool,
}

impl Groups {
    /// Groups of one layout, one behind the other; `None` if there are none.
    pub(super) fn joined(parts: &[Self]) -> Result<Option<Self>> {
        let Some(first) = parts.first() else { return Ok(None) };
        let joined = |of: &dyn Fn(&Self) -> ArrayRef| -> Result<ArrayRef> {
            let columns: Vec<ArrayRef> = parts.iter().map(of).collect();
            Ok(concat(&columns.iter().map(|column| column.as_ref()).collect::<Vec<&dyn Array>>())?)
        };
        let keys = (0..first.keys.len()).map(|at| joined(&|part| part.keys[at].clone())).collect::<Result<_>>()?;
        let of_call = |call: usize| (0..first.states[call].len()).map(|at| joined(&|part| part.states[call][at].clone())).collect();
        let states = (0..first.states.len()).map(of_call).collect::<Result<_>>()?;
        Ok(Some(Self { keys, states, rows: parts.iter().map(|part| part.rows).sum(), are_rows: first.are_rows }))
    }
}

/// Groups in the order of their buckets.
#[derive(Debug)]
pub(super) struct Part {
    groups: Groups,
    spans: Spans,
    /// What the numbers in its keys become when they are read.
    map: Option<Arc<Map>>,
}

/// Groups of a bucket on disk.
#[derive(Debug, Clone)]
pub(super) struct Spilled {
    piece: Piece,
    keys: usize,
    /// The number of state columns of each aggregate.
    states: Vec<usize>,
    are_rows: bool,
    /// What the numbers in its keys become when they are read.
    map: Option<Arc<Map>>,
}

/// What one worker has put into buckets.
#[derive(Debug)]
pub(super) struct Buckets {
    pub(super) parts: Vec<Part>,
    /// What went to disk, by bucket.
    spilled: Vec<Vec<Spilled>>,
    file: Option<Arc<SpillFile>>,
    level: u32,
    /// Of the groups in all parts; a group may be in several.
    groups_total: u64,
    cardinality: Cardinality,
    bytes: usize,
}

impl Buckets {
    /// Buckets by the bits of a level.
    pub(super) fn new(level: u32) -> Self {
        let (parts, spilled) = (Vec::new(), vec![Vec::new(); BUCKETS]);
        Self { parts, spilled, file: None, level, groups_total: 0, cardinality: Cardinality::default(), bytes: 0 }
    }

    /// The level whose bits tell the buckets apart.
    pub(super) fn level(&self) -> u32 {
        self.level
    }

    /// Whether something went to disk.
    pub(super) fn is_spilled(&self) -> bool {
        self.file.is_some()
    }

    /// Puts all parts on disk.
    ///
    /// # Errors
    /// `DiskError`.
    pub(super) fn spill(&mut self, dir: &SpillDir) -> Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file.clone(),
            None => self.file.insert(Arc::new(dir.file()?)).clone(),
        };
        for bucket in 0..BUCKETS {
            // Parts of one layout go together; the layout hardly ever changes.
            for alike in self.parts.chunk_by(|a, b| a.layout() == b.layout()) {
                let groups = alike.iter().map(|part| part.bucket(bucket)).collect::<Result<Vec<_>>>()?;
                let groups: Vec<Groups> = groups.into_iter().filter(|groups| groups.rows > 0).collect();
                let Some(Groups { keys, states, rows, are_rows }) = Groups::joined(&groups)? else { continue };
                let columns: Vec<ArrayRef> = keys.iter().chain(states.iter().flatten()).cloned().collect();
                let piece = Piece::write(&file, &columns, rows)?;
                let states = states.iter().map(Vec::len).collect();
                self.spilled[bucket].push(Spilled { piece, keys: keys.len(), states, are_rows, map: None });
            }
        }
        self.parts.clear();
        self.bytes = 0;
        Ok(())
    }

    /// What went to disk, by bucket.
    pub(super) fn into_spilled(self) -> Vec<Vec<Spilled>> {
        self.spilled
    }

    /// Adds groups with these hashes, column by column: of only one are there two copies at a time.
    pub(super) fn add(
        &mut self,
        hashes: &[u64],
        keys: Vec<ArrayRef>,
        states: impl Iterator<Item = Result<Vec<ArrayRef>>>,
        are_rows: bool,
    ) -> Result<()> {
        let mut counts = vec![0; BUCKETS];
        hashes.iter().for_each(|hash| counts[bucket(*hash, self.level)] += 1);
        let (spans, mut next) = Spans::of(counts);
        let mut order = vec![0; hashes.len()];
        for (row, hash) in (0..).zip(hashes) {
            let place = &mut next[bucket(*hash, self.level)];
            order[*place] = row;
            *place += 1;
            // Hashes are good enough for tables, but the ranks of registers need every bit to be fair.
            self.cardinality.add(frame_core::hash::word(*hash));
        }
        let order = UInt32Array::from(order);
        let ordered = |columns: Vec<ArrayRef>| {
            columns.into_iter().map(|column| Ok(compact(&take(&column, &order, None)?))).collect::<Result<Vec<_>>>()
        };
        let keys = ordered(keys)?;
        let states = states.map(|columns| ordered(columns?)).collect::<Result<_>>()?;
        let part = Part { groups: Groups { keys, states, rows: hashes.len(), are_rows }, spans, map: None };
        self.groups_total += hashes.len() as u64;
        self.bytes += part.bytes();
        self.parts.push(part);
        Ok(())
    }

    /// Puts numbers in place of the texts in the keys.
    pub(super) fn number(&mut self, numbers: &mut Numbers) -> Result<()> {
        for part in &mut self.parts {
            let keys = read(part.map.take().as_deref(), std::mem::take(&mut part.groups.keys))?;
            part.groups.keys = numbers.keys(&keys, part.groups.rows)?.0;
        }
        self.bytes = self.parts.iter().map(Part::bytes).sum();
        Ok(())
    }

    /// Whether there are groups in them, in memory or on disk.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && !self.is_spilled()
    }

    /// Sets what the numbers in all keys become when they are read.
    pub(super) fn set_map(&mut self, map: &Arc<Map>) {
        self.parts.iter_mut().for_each(|part| part.map = Some(map.clone()));
        self.spilled.iter_mut().flatten().for_each(|spilled| spilled.map = Some(map.clone()));
    }

    /// About how many groups there are, if most of them were added more than once.
    pub(super) fn repeated(&self) -> Option<usize> {
        let groups = self.cardinality.estimate();
        (groups < self.groups_total / 2).then_some(groups as usize)
    }

    /// Whether more than a few of the groups were added more than once.
    pub(super) fn repeat_a_little(&self) -> bool {
        self.cardinality.estimate() < self.groups_total / 4 * 3
    }

    /// About how many different groups there are.
    pub(super) fn groups(&self) -> usize {
        self.cardinality.estimate() as usize
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What keys are when they are read, if they have numbers that `map` is for.
fn read(map: Option<&Map>, keys: Vec<ArrayRef>) -> Result<Vec<ArrayRef>> {
    match map {
        Some(map) => map.read(&keys),
        None => Ok(keys),
    }
}

impl Spilled {
    /// Reads the groups back.
    ///
    /// # Errors
    /// `DiskError`.
    pub(super) fn read(&self) -> Result<Groups> {
        let mut columns = self.piece.read_plain()?.into_iter();
        let keys = read(self.map.as_deref(), columns.by_ref().take(self.keys).collect())?;
        let states = self.states.iter().map(|count| columns.by_ref().take(*count).collect()).collect();
        Ok(Groups { keys, states, rows: self.piece.rows(), are_rows: self.are_rows })
    }

    /// Number of groups.
    pub(super) fn rows(&self) -> usize {
        self.piece.rows()
    }

    /// Bytes of memory that reading takes.
    pub(super) fn bytes(&self) -> usize {
        self.piece.bytes() + self.piece.reading_bytes() + self.rows() * self.map.as_ref().map_or(0, |map| map.row_bytes())
    }
}

impl Part {
    /// The types of its columns: what must be the same for parts that go into one piece.
    fn layout(&self) -> (bool, Vec<Vec<&DataType>>) {
        let columns = std::iter::once(&self.groups.keys).chain(&self.groups.states);
        (self.groups.are_rows, columns.map(|columns| columns.iter().map(|column| column.data_type()).collect()).collect())
    }

    /// The groups in a bucket.
    pub(super) fn bucket(&self, at: usize) -> Result<Groups> {
        let span = self.spans.get(at);
        let rows = span.len();
        let slices = |columns: &Vec<ArrayRef>| columns.iter().map(|column| column.slice(span.start, rows)).collect::<Vec<_>>();
        let Groups { keys, states, are_rows, .. } = &self.groups;
        let keys = read(self.map.as_deref(), slices(keys))?;
        Ok(Groups { keys, states: states.iter().map(slices).collect(), rows, are_rows: *are_rows })
    }

    fn bytes(&self) -> usize {
        self.groups.keys.iter().chain(self.groups.states.iter().flatten()).map(|column| column.get_array_memory_size()).sum()
    }
}
