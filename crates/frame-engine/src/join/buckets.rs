//! Rows of a join on disk, by bucket of the hash of their keys.
//!
//! Both sides are parted by the same bits of the same hash, so rows that match lie in the same bucket. A bucket that is too large is
//! parted by the next bits, on both sides; one whose rows all have the same hash cannot be. Rows are columns, with the rank of each row
//! behind them if the order of rows matters. Rows with a null key match nothing; they are spread by their places.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::datatypes::UInt64Type;
use frame_core::{Error, Result, hash};
use frame_memory::{Reservation, SpillFile};

use super::keys::{Key, Keys};
use super::marks::Marks;
use crate::context::Context;
use crate::narrow::Place;
use crate::sources::{Sharing, Sources, slabs};
use crate::spans::Spans;
use crate::spill::{Piece, SharedValues};

/// The number of buckets.
pub(super) const BUCKETS: usize = 1 << BITS;

const BITS: u32 = 6;

/// How often buckets can be parted.
pub(super) const LEVELS: u32 = 8;

/// Bytes of memory that a piece takes while it is on disk.
const PIECE_BYTES: usize = 2 * size_of::<Piece>();

/// Bytes that a row takes while rows are put into the order of their buckets.
pub(super) const ORDER_BYTES: usize = size_of::<(u32, u32)>() + 2 * size_of::<u64>();

/// Bytes of rows that are parted at a time: no more than make pieces of a good size.
pub(super) fn parting_bytes(cx: &Context) -> usize {
    cx.gathered_bytes.min(BUCKETS * cx.bucket_pieces().bytes())
}

/// Which rows of a side are wanted.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// All of them; the other side may ask what keys there are.
    All(Option<Arc<Marks>>),
    /// Those that may match one of a side with these marks; none with a null key.
    Matching(Option<Arc<Marks>>),
}

/// How rows of a side go to buckets.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) keys: Vec<Key>,
    pub(super) wanted: Wanted,
    /// The dictionaries of all that go there.
    pub(super) shared: Arc<SharedValues>,
}

impl Rule {
    pub(super) fn new(keys: Vec<Key>, wanted: Wanted) -> Self {
        Self { keys, wanted, shared: Arc::default() }
    }
}

/// No bucket: a row that nobody will ask for.
const NOWHERE: u8 = u8::MAX;

/// The bucket of a hash at a level. Tables look at the lowest and the highest bits, buckets first at those between.
fn bucket(hash: u64, level: u32) -> usize {
    (hash >> (BITS * (LEVELS - 1 - level))) as usize % BUCKETS
}

/// The rows of a bucket.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    pub(super) pieces: Vec<Piece>,
    pub(super) rows: usize,
    /// The hash of a row.
    hash: Option<u64>,
    /// Whether another row has another hash.
    is_mixed: bool,
}

impl Bucket {
    /// About as many bytes of memory as the rows take.
    pub(super) fn bytes(&self) -> usize {
        self.pieces.iter().map(Piece::bytes).sum()
    }

    /// Bytes of memory that the places of its pieces take.
    fn listed_bytes(&self) -> usize {
        self.pieces.len() * PIECE_BYTES
    }

    /// Whether rows have different hashes, so that the bucket can be parted.
    pub(super) fn is_mixed(&self) -> bool {
        self.is_mixed
    }

    /// Adds the rows of another one.
    pub(super) fn extend(&mut self, other: Self) {
        self.is_mixed |= other.is_mixed || self.hash.is_some() && other.hash.is_some() && self.hash != other.hash;
        self.hash = self.hash.or(other.hash);
        self.rows += other.rows;
        self.pieces.extend(other.pieces);
    }

    /// Its rows by the buckets of a level, and the memory that the places of their pieces take.
    pub(super) fn parted(&self, keys: &[Key], level: u32, cx: &Context) -> Result<(Vec<Self>, Reservation)> {
        let mut parter = Parter::new(Rule::new(keys.to_vec(), Wanted::All(None)), level);
        let mut memory = cx.budget.reserve("join");
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for (at, piece) in self.pieces.iter().enumerate() {
            cx.cancel.check()?;
            bytes += piece.bytes() + piece.rows() * ORDER_BYTES;
            memory.require(parter.bytes() + bytes + piece.reading_bytes() + cx.bucket_pieces().writing_bytes())?;
            rows.push(piece.read_plain()?);
            // As much at a time as makes pieces of a good size.
            let more = self.pieces.get(at + 1).map_or(0, |next| next.bytes() + next.rows() * ORDER_BYTES + next.reading_bytes());
            let is_much = more == 0 || bytes + more > parting_bytes(cx);
            if is_much || more > cx.budget.free_bytes() {
                parter.write(std::mem::take(&mut rows), cx)?;
                bytes = 0;
            }
        }
        memory.require(parter.bytes())?;
        Ok((parter.buckets, memory))
    }
}

/// Adds buckets to buckets.
pub(super) fn merge(buckets: &mut [Bucket], more: Vec<Bucket>) {
    buckets.iter_mut().zip(more).for_each(|(bucket, more)| bucket.extend(more));
}

/// Writes rows into the buckets of a level.
#[derive(Debug)]
pub(super) struct Parter {
    rule: Rule,
    level: u32,
    /// Rows of buckets before this one are left out, as they are in memory.
    first: usize,
    pub(super) buckets: Vec<Bucket>,
    file: Option<Arc<SpillFile>>,
}

impl Parter {
    /// For rows whose hashes were parted by the bits of the levels before this one.
    pub(super) fn new(rule: Rule, level: u32) -> Self {
        Self { rule, level, first: 0, buckets: vec![Bucket::default(); BUCKETS], file: None }
    }

    /// Without the rows of the buckets before this one.
    pub(super) fn behind(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// Bytes of memory that the places of what was written take.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.iter().map(Bucket::listed_bytes).sum()
    }

    /// Writes rows.
    pub(super) fn write(&mut self, batches: Vec<Vec<ArrayRef>>, cx: &Context) -> Result<()> {
        self.write_behind(0, batches, |_, _, _| Ok(()), cx)
    }

    /// The same for the rows of buckets from number `stay` on; `keep` is told a batch by its number, its columns, and its other rows.
    pub(super) fn write_behind(
        &mut self,
        stay: usize,
        batches: Vec<Vec<ArrayRef>>,
        mut keep: impl FnMut(usize, &[ArrayRef], &UInt32Array) -> Result<()>,
        cx: &Context,
    ) -> Result<()> {
        let file = match &self.file {
            Some(file) => file.clone(),
            None => self.file.insert(Arc::new(cx.spill.file()?)).clone(),
        };
        let mut places = Vec::with_capacity(batches.iter().map(|columns| rows_of(columns)).sum());
        let mut counts = vec![0; BUCKETS];
        for (at, columns) in batches.iter().enumerate() {
            let before = places.len();
            self.place(columns, &mut places, &mut counts)?;
            if stay > 0 {
                let (mut stays, mut row) = (Vec::new(), 0);
                for place in &mut places[before..] {
                    if usize::from(*place) < stay {
                        *place = NOWHERE;
                        stays.push(row);
                    }
                    row += 1;
                }
                keep(at, columns, &stays.into())?;
            }
        }
        counts[..stay].fill(0);
        let (spans, mut next) = Spans::of(counts);
        let mut order: Vec<Place> = vec![(0, 0); spans.total()];
        let mut row = 0;
        for (batch, columns) in (0..).zip(&batches) {
            for in_batch in 0..rows_of(columns) {
                if places[row] != NOWHERE {
                    let place = &mut next[usize::from(places[row])];
                    order[*place] = (batch, in_batch as u32);
                    *place += 1;
                }
                row += 1;
            }
        }
        let sources = Sources::sharing(batches, Some(Sharing { values: &self.rule.shared, budget: &cx.budget }))?;
        let piece_rows = cx.bucket_pieces().rows(sources.bytes(), row);
        // The pieces of each bucket, end to end.
        let (mut pieces, mut of_buckets) = (Vec::new(), Vec::new());
        for bucket in 0..BUCKETS {
            let span = spans.get(bucket);
            pieces.extend(span.clone().step_by(piece_rows).map(|start| start..span.end.min(start + piece_rows)));
            of_buckets.resize(pieces.len(), bucket);
        }
        let mut of_buckets = of_buckets.into_iter();
        for pieces in slabs(&pieces) {
            let places = &order[pieces[0].start..pieces[pieces.len() - 1].end];
            for (piece, bucket) in sources.write(&file, places, pieces, &cx.cancel)?.into_iter().zip(of_buckets.by_ref()) {
                let bucket = &mut self.buckets[bucket];
                bucket.rows += piece.rows();
                bucket.pieces.push(piece);
            }
        }
        Ok(())
    }

    /// Adds the bucket of each row, and counts the rows of buckets.
    fn place(&mut self, columns: &[ArrayRef], places: &mut Vec<u8>, counts: &mut [usize]) -> Result<()> {
        let first = self.first;
        let buckets = &mut self.buckets;
        each_place(&self.rule, self.level, columns, |place, hash| {
            if place < first || place >= BUCKETS {
                places.push(NOWHERE);
                return;
            }
            let bucket = &mut buckets[place];
            bucket.is_mixed |= *bucket.hash.get_or_insert(hash) != hash;
            counts[place] += 1;
            places.push(place as u8);
        })
    }
}

/// The rows that lie in one of the first buckets, and those in others, as far as they are wanted.
pub(super) fn in_first(buckets: usize, rule: &Rule, columns: &[ArrayRef]) -> Result<(UInt32Array, UInt32Array)> {
    let (mut inside, mut outside, mut row) = (Vec::new(), Vec::new(), 0);
    each_place(rule, 0, columns, |place, _| {
        if place < buckets {
            inside.push(row)
        } else if place < BUCKETS {
            outside.push(row)
        }
        row += 1;
    })?;
    Ok((inside.into(), outside.into()))
}

/// Tells the bucket and the hash of each row; the bucket behind the last one is that of a row that nobody will ask for.
fn each_place(rule: &Rule, level: u32, columns: &[ArrayRef], mut tell: impl FnMut(usize, u64)) -> Result<()> {
    let keys = Keys::new(&rule.keys, columns, rows_of(columns))?;
    let mut hashes = Vec::new();
    keys.hash(&mut hashes);
    if let Wanted::All(Some(marks)) = &rule.wanted {
        hashes.iter().enumerate().filter(|(row, _)| keys.is_valid(*row)).for_each(|(_, hash)| marks.add(*hash));
    }
    for (row, hash) in hashes.iter().copied().enumerate() {
        let is_valid = keys.is_valid(row);
        match &rule.wanted {
            Wanted::Matching(marks) if !is_valid || marks.as_ref().is_some_and(|marks| !marks.may_have(hash)) => tell(BUCKETS, hash),
            _ => {
                let hash = if is_valid { hash } else { hash::word(row as u64) };
                tell(bucket(hash, level), hash);
            }
        }
    }
    Ok(())
}

/// How many rows these columns have; there are keys among them.
fn rows_of(columns: &[ArrayRef]) -> usize {
    columns.first().map_or(0, |column| column.len())
}

/// The ranks behind the columns of rows.
pub(super) fn ranks(columns: &[ArrayRef]) -> Result<&[u64]> {
    let ranks = columns.last().and_then(|ranks| ranks.as_primitive_opt::<UInt64Type>());
    Ok(ranks.ok_or_else(|| Error::internal("rows without ranks"))?.values())
}
