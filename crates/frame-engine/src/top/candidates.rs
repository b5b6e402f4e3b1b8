//! The rows that may still be among the best, of one worker.
//!
//! Rows are gathered until there are twice as many as the last look left, then all but the best of each group go. What the worst row
//! kept of a full group looks like is remembered, so that most rows are turned away at the door.
//!
//! When memory is full and a look leaves most of them, they go to disk: see `disk.rs`.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat_batches, take, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use frame_core::{Batch, Error, Result};
use frame_memory::{Grant, Reservation};

use super::disk;
use super::ranking::{Ranking, Ranks};
use super::sink::TopRows;
use crate::context::Context;
use crate::group_by::keys::{self, KeyTable};
use crate::sort::{Sorter, canonical};

/// Rows beyond those of the last look before the next one.
const SLACK: usize = 1 << 16;

/// Batches of which a look leaves less are joined.
const JOINED_ROWS: usize = 1 << 13;

/// A rank as it is kept: bytes that sort.
pub(crate) trait Rank: Ord + Clone + Send + 'static {
    /// The rank of the last row kept of a group; nothing behind it gets in.
    type Bound: Clone + Send;

    /// Everything gets in.
    const OPEN: Self::Bound;

    /// Keeps the bytes of a rank.
    fn keep(bytes: &[u8]) -> Self;

    /// This rank as a bound.
    fn bound(&self) -> Self::Bound;

    /// Whether the rank with these bytes comes behind a bound.
    fn is_behind(bound: &Self::Bound, bytes: &[u8]) -> bool;

    /// Bytes of memory that it holds elsewhere.
    fn heap_bytes(&self) -> usize;

    /// Its first eight bytes as a number: a chance has no others.
    fn chance(&self) -> u64;
}

/// Any rank.
impl Rank for Box<[u8]> {
    type Bound = Option<Self>;

    const OPEN: Option<Self> = None;

    fn keep(bytes: &[u8]) -> Self {
        bytes.into()
    }

    fn bound(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn is_behind(bound: &Option<Self>, bytes: &[u8]) -> bool {
        bound.as_ref().is_some_and(|bound| bytes > bound.as_ref())
    }

    fn heap_bytes(&self) -> usize {
        self.len() + 16
    }

    fn chance(&self) -> u64 {
        chance(self)
    }
}

/// A rank of at most sixteen bytes; all of them have the same length.
impl Rank for u128 {
    /// Half of what an option would take: the bounds of many groups stay in cache.
    type Bound = Self;

    const OPEN: Self = Self::MAX;

    #[inline(always)]
    fn keep(bytes: &[u8]) -> Self {
        let mut short = [0; 16];
        short[..bytes.len()].copy_from_slice(bytes);
        Self::from_be_bytes(short)
    }

    fn bound(&self) -> Self {
        *self
    }

    #[inline(always)]
    fn is_behind(bound: &Self, bytes: &[u8]) -> bool {
        Self::keep(bytes) > *bound
    }

    fn heap_bytes(&self) -> usize {
        0
    }

    fn chance(&self) -> u64 {
        chance(&self.to_be_bytes())
    }
}

/// The first eight bytes of a rank.
fn chance(rank: &[u8]) -> u64 {
    rank.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// A row that may be among the best.
#[derive(Debug, Clone)]
pub(super) struct Candidate<R> {
    pub(super) group: u32,
    pub(super) rank: R,
    /// Its place in the input, as it counts among rows of one rank.
    pub(super) place: u64,
    /// Its row in the gathered batches, counted through; candidates stand in the order of their rows.
    row: u32,
}

/// What one worker has gathered.
pub(crate) struct Candidates<R: Rank> {
    groups: Box<dyn KeyTable>,
    group_of: Vec<u32>,
    batches: Vec<RecordBatch>,
    rows: usize,
    candidates: Vec<Candidate<R>>,
    /// The bound of each group; open until it is full.
    worst: Vec<R::Bound>,
    /// Candidates that the last look left.
    left: usize,
    /// The partition in hand, and the rows of it so far.
    pub(super) position: (usize, u64),
    /// Where candidates go that do not fit into memory.
    sorter: Option<Sorter>,
    memory: Reservation,
}

impl<R: Rank> Candidates<R> {
    pub(super) fn new(top: &TopRows<R>, cx: &Context) -> Result<Self> {
        let types: Vec<DataType> = top.per.iter().map(|key| key.data_type().clone()).collect();
        Ok(Self {
            groups: keys::table(&types)?,
            group_of: Vec::new(),
            batches: Vec::new(),
            rows: 0,
            candidates: Vec::new(),
            worst: Vec::new(),
            left: 0,
            position: (usize::MAX, 0),
            sorter: None,
            memory: cx.budget.reserve("top"),
        })
    }

    /// Adds the rows of a dense batch; `place` gives the place of each.
    pub(super) fn push(
        &mut self,
        top: &TopRows<R>,
        batch: &Batch,
        ranks: &Ranks,
        place: impl Fn(usize) -> u64,
        cx: &Context,
    ) -> Result<()> {
        if self.sorter.is_some() {
            return self.push_on(top, batch, ranks, place, cx);
        }
        let (columns, rows) = (batch.columns(), batch.len());
        let keys = top.per.iter().map(|key| canonical(key.evaluate(columns, rows)?)).collect::<Result<Vec<_>>>()?;
        self.groups.assign(&keys, rows, &mut self.group_of)?;
        self.worst.resize(self.groups.len(), R::OPEN);
        let mut kept = Vec::new();
        for (row, group) in self.group_of.iter().enumerate() {
            let rank = ranks.get(row);
            let place = top.ranking.place(place(row));
            // A row with the rank of the worst may have a better place.
            if R::is_behind(&self.worst[*group as usize], rank) {
                continue;
            }
            let candidate = Candidate { group: *group, rank: R::keep(rank), place, row: (self.rows + kept.len()) as u32 };
            self.candidates.push(candidate);
            kept.push(row as u32);
        }
        if kept.is_empty() {
            return Ok(());
        }
        let all = RecordBatch::try_new(batch.schema().clone(), columns.to_vec())?;
        let part = compact(&take_record_batch(&all, &UInt32Array::from(kept))?)?;
        self.rows += part.num_rows();
        self.batches.push(part);
        if self.candidates.len() > 2 * self.left + SLACK {
            self.prune(top, batch.schema())?;
        }
        if self.has_room(cx) {
            return Ok(());
        }
        let before = self.candidates.len();
        self.prune(top, batch.schema())?;
        // A look that leaves most of them would have to be taken again soon.
        if self.candidates.len() <= before - before / 4 && self.has_room(cx) {
            return Ok(());
        }
        self.spill(top, cx)
    }

    /// Rows go on to disk, but for those that cannot be among the best of all.
    fn push_on(&mut self, top: &TopRows<R>, batch: &Batch, ranks: &Ranks, place: impl Fn(usize) -> u64, cx: &Context) -> Result<()> {
        let bound = self.worst.first().filter(|_| top.per.is_empty());
        let is_in = |row: &usize| bound.is_none_or(|bound| !R::is_behind(bound, ranks.get(*row)));
        let kept: Vec<usize> = (0..batch.len()).filter(is_in).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let places = kept.iter().map(|row| top.ranking.place(place(*row))).collect();
        let chances = matches!(top.ranking, Ranking::Chance { .. }).then(|| kept.iter().map(|row| chance(ranks.get(*row))).collect());
        let rows = UInt32Array::from_iter_values(kept.iter().map(|row| *row as u32));
        let columns = batch.columns().iter().map(|column| Ok(take(column, &rows, None)?)).collect::<Result<Vec<_>>>()?;
        match &mut self.sorter {
            Some(sorter) => sorter.push(disk::rows(top, &columns, places, chances)?, cx),
            None => Err(Error::internal("rows on their way to disk without a sorter")),
        }
    }

    /// Puts all candidates on their way to disk.
    pub(super) fn spill(&mut self, top: &TopRows<R>, cx: &Context) -> Result<()> {
        let mut sorter = match self.sorter.take() {
            Some(sorter) => sorter,
            None => Sorter::new(disk::keys(top)?, cx),
        };
        let candidates = std::mem::take(&mut self.candidates);
        let mut left = candidates.as_slice();
        let (batches, rows) = (std::mem::take(&mut self.batches), std::mem::take(&mut self.rows));
        let bytes = self.memory.bytes();
        for batch in batches {
            for first in (0..batch.num_rows()).step_by(cx.batch_rows) {
                let part = batch.slice(first, cx.batch_rows.min(batch.num_rows() - first));
                let (of_part, behind) = left.split_at(part.num_rows());
                // The sorter takes memory for them; rows have about the same size.
                self.memory.require(bytes / rows.max(1) * behind.len())?;
                let places = of_part.iter().map(|candidate| candidate.place).collect();
                let chances = matches!(top.ranking, Ranking::Chance { .. });
                let chances = chances.then(|| of_part.iter().map(|candidate| candidate.rank.chance()).collect());
                sorter.push(disk::rows(top, part.columns(), places, chances)?, cx)?;
                left = behind;
            }
        }
        self.groups = keys::table(&top.per.iter().map(|key| key.data_type().clone()).collect::<Vec<_>>())?;
        (self.group_of, self.left) = (Vec::new(), 0);
        if !top.per.is_empty() {
            self.worst = Vec::new();
        }
        self.sorter = Some(sorter);
        self.memory.require(0)
    }

    /// What went to disk.
    pub(super) fn into_sorter(self) -> Option<Sorter> {
        self.sorter
    }

    /// Whether candidates went to disk.
    pub(super) fn is_spilled(&self) -> bool {
        self.sorter.is_some()
    }

    /// Bytes of memory set aside.
    pub(super) fn reserved_bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// Sets the memory aside that candidates take.
    fn has_room(&mut self, cx: &Context) -> bool {
        let bytes = self.bytes();
        bytes <= cx.gathered_bytes && self.memory.resize(bytes) == Grant::Granted
    }

    fn bytes(&self) -> usize {
        let batches: usize = self.batches.iter().map(RecordBatch::get_array_memory_size).sum();
        let ranks: usize = self.candidates.iter().take(1).map(|candidate| candidate.rank.heap_bytes()).sum();
        let candidates = self.candidates.capacity() * (size_of::<Candidate<R>>() + ranks);
        let worst = self.worst.capacity() * (size_of::<R::Bound>() + ranks);
        batches + candidates + worst + self.groups.bytes()
    }

    /// Keeps the best rows of each group.
    pub(super) fn prune(&mut self, top: &TopRows<R>, schema: &SchemaRef) -> Result<()> {
        self.candidates.sort_unstable_by(|a, b| (a.group, &a.rank, a.place).cmp(&(b.group, &b.rank, b.place)));
        let count = usize::try_from(top.count).unwrap_or(usize::MAX);
        let (mut group, mut seen, mut last): (Option<u32>, usize, Option<R>) = (None, 0, None);
        let worst = &mut self.worst;
        self.candidates.retain(|candidate| {
            if group != Some(candidate.group) {
                (group, seen) = (Some(candidate.group), 0);
            }
            let is_kept = seen < count || top.with_ties && count > 0 && Some(&candidate.rank) == last.as_ref();
            seen += usize::from(is_kept);
            if seen == count && is_kept {
                last = Some(candidate.rank.clone());
                worst[candidate.group as usize] = candidate.rank.bound();
            }
            is_kept
        });
        self.candidates.sort_unstable_by_key(|candidate| candidate.row);
        self.left = self.candidates.len();
        self.rows = self.candidates.len();
        self.leave_rows(schema)
    }

    /// Drops rows that are no candidates any more.
    fn leave_rows(&mut self, schema: &SchemaRef) -> Result<()> {
        let mut candidates = self.candidates.iter_mut().zip(0..).peekable();
        let (mut end, mut small, mut rows_of_small) = (0, Vec::new(), 0);
        for batch in std::mem::take(&mut self.batches) {
            let first = end;
            end += batch.num_rows() as u32;
            let mut rows = Vec::new();
            while let Some((candidate, row)) = candidates.next_if(|(candidate, _)| candidate.row < end) {
                rows.push(candidate.row - first);
                candidate.row = row;
            }
            let part = match rows.len() {
                0 => continue,
                all if all == batch.num_rows() => batch,
                _ => compact(&take_record_batch(&batch, &UInt32Array::from(rows))?)?,
            };
            rows_of_small += part.num_rows();
            small.push(part);
            if rows_of_small >= JOINED_ROWS {
                self.batches.push(joined(schema, &std::mem::take(&mut small))?);
                rows_of_small = 0;
            }
        }
        if !small.is_empty() {
            self.batches.push(joined(schema, &small)?);
        }
        Ok(())
    }

    /// The rows kept, with rank and place of each.
    pub(super) fn take(self) -> Result<Kept<R>> {
        let mut groups = self.groups;
        Ok(Kept { keys: groups.take_keys()?, batches: self.batches, candidates: self.candidates, memory: self.memory })
    }

    /// Takes over the rows of another worker.
    pub(super) fn merge(&mut self, top: &TopRows<R>, other: Kept<R>) -> Result<()> {
        let Kept { batches, mut candidates, memory, .. } = other;
        let mut left = candidates.as_mut_slice();
        for batch in batches {
            let (columns, rows) = (batch.columns(), batch.num_rows());
            let keys = top.per.iter().map(|key| canonical(key.evaluate(columns, rows)?)).collect::<Result<Vec<_>>>()?;
            self.groups.assign(&keys, rows, &mut self.group_of)?;
            let (of_batch, behind) = left.split_at_mut(rows);
            for ((candidate, group), row) in of_batch.iter_mut().zip(&self.group_of).zip(self.rows..) {
                (candidate.group, candidate.row) = (*group, row as u32);
            }
            left = behind;
            self.rows += rows;
            self.batches.push(batch);
        }
        self.worst.resize(self.groups.len(), R::OPEN);
        self.candidates.extend(candidates);
        drop(memory);
        self.memory.require(self.bytes())
    }
}

/// The best rows of a worker; candidate `i` is row `i` of the batches.
pub(super) struct Kept<R> {
    pub(super) keys: Vec<ArrayRef>,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) candidates: Vec<Candidate<R>>,
    pub(super) memory: Reservation,
}

/// Batches as one.
fn joined(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch> {
    match batches {
        [only] => Ok(only.clone()),
        several => compact(&concat_batches(schema, several)?),
    }
}

/// Columns that keep no other rows alive.
fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(crate::compact::compact).collect();
    if columns.is_empty() {
        return Err(Error::internal("a top without columns"));
    }
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
