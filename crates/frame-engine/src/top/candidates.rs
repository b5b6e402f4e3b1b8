//! The rows that may still be among the best, of one worker.
//!
//! Rows are gathered until there are twice as many as the last look left, then all but the best of each group go. What the worst row
//! kept of a full group looks like is remembered, so that most rows are turned away at the door.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use frame_core::{Batch, Error, Result};
use frame_memory::Reservation;

use super::ranking::Ranks;
use super::sink::TopRows;
use crate::context::Context;
use crate::group_by::keys::{self, KeyTable};
use crate::sort::canonical;

/// Rows beyond those of the last look before the next one.
const SLACK: usize = 1 << 16;

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
}

/// A row that may be among the best.
#[derive(Debug, Clone)]
pub(super) struct Candidate<R> {
    pub(super) group: u32,
    pub(super) rank: R,
    /// Its place in the input, as it counts among rows of one rank.
    pub(super) place: u64,
    /// Its row in the gathered batches, counted through.
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
            memory: cx.budget.reserve("top"),
        })
    }

    /// Adds the rows of a dense batch; `place` gives the place of each.
    pub(super) fn push(&mut self, top: &TopRows<R>, batch: &Batch, ranks: &Ranks, place: impl Fn(usize) -> u64) -> Result<()> {
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
        self.reserve()
    }

    fn reserve(&mut self) -> Result<()> {
        let batches: usize = self.batches.iter().map(RecordBatch::get_array_memory_size).sum();
        let ranks: usize = self.candidates.iter().take(1).map(|candidate| candidate.rank.heap_bytes()).sum();
        let candidates = self.candidates.capacity() * (size_of::<Candidate<R>>() + ranks);
        let worst = self.worst.capacity() * (size_of::<R::Bound>() + ranks);
        self.memory.require(batches + candidates + worst + self.groups.bytes())
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
        let rows = UInt32Array::from_iter_values(self.candidates.iter().map(|candidate| candidate.row));
        let all = concat_batches(schema, &self.batches)?;
        self.batches = vec![compact(&take_record_batch(&all, &rows)?)?];
        self.rows = self.candidates.len();
        self.candidates.iter_mut().enumerate().for_each(|(row, candidate)| candidate.row = row as u32);
        self.left = self.candidates.len();
        Ok(())
    }

    /// The rows kept as one batch, with rank and place of each; to be pruned first.
    pub(super) fn take(self, schema: &SchemaRef) -> Result<Kept<R>> {
        let mut groups = self.groups;
        let batch = match self.batches.into_iter().next() {
            Some(batch) => batch,
            None => RecordBatch::new_empty(schema.clone()),
        };
        Ok(Kept { keys: groups.take_keys()?, batch, candidates: self.candidates, memory: self.memory })
    }

    /// Takes over the rows of another worker.
    pub(super) fn merge(&mut self, top: &TopRows<R>, other: Kept<R>) -> Result<()> {
        let Kept { batch, candidates, .. } = other;
        let (columns, rows) = (batch.columns(), batch.num_rows());
        if rows == 0 {
            return Ok(());
        }
        let keys = top.per.iter().map(|key| canonical(key.evaluate(columns, rows)?)).collect::<Result<Vec<_>>>()?;
        self.groups.assign(&keys, rows, &mut self.group_of)?;
        self.worst.resize(self.groups.len(), R::OPEN);
        let (first, groups) = (self.rows, &self.group_of);
        self.candidates.extend(candidates.into_iter().enumerate().map(|(row, candidate)| Candidate {
            group: groups[row],
            row: (first + row) as u32,
            ..candidate
        }));
        self.rows += rows;
        self.batches.push(batch);
        self.reserve()
    }
}

/// The best rows of a worker; candidate `i` is row `i` of the batch.
pub(super) struct Kept<R> {
    pub(super) keys: Vec<ArrayRef>,
    pub(super) batch: RecordBatch,
    pub(super) candidates: Vec<Candidate<R>>,
    pub(super) memory: Reservation,
}

/// Columns that keep no other rows alive.
fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(crate::compact::compact).collect();
    if columns.is_empty() {
        return Err(Error::internal("a top without columns"));
    }
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
