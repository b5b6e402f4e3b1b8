//! Joining the rows of a bucket.
//!
//! A right side that fits becomes a table, and the left rows go through it as in memory. One that does not fit is parted by the next
//! bits of the hash, and so is the left side. What cannot be parted, as it is one key, is taken in chunks that fit: the left rows go
//! through the table of each chunk, and what matched nothing in any of them is known at the end.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Batch, Error, Result};
use frame_memory::{Grant, Reservation};
use frame_plan::{JoinColumn, JoinKind};

use super::buckets::{Bucket, LEVELS, ranks};
use super::build::{Built, BuiltSlot, Making, Side};
use super::keys::Key;
use super::near::NearRule;
use super::parted::Parted;
use super::probe::Prober;
use super::table::{self, NONE};
use super::unmatched::{beside_nulls, unmatched};
use crate::compact::compact;
use crate::context::Context;
use crate::narrow::Place;
use crate::packed::Packed;
use crate::pipeline::Pieces;
use crate::sources::Sources;
use crate::spill::Piece;

/// Bytes that a row takes while its table is made: in the table, its hash, its places in the order of ranks and of buckets, a mark.
const ROW_BYTES: usize = table::ROW_BYTES + 56;

/// A bucket of this part of the limit is small.
const SMALL: usize = 32;

/// Bytes that a left row in hand takes beside its columns: its key, and what it has found.
const LEFT_ROW_BYTES: usize = 24;

/// What is the same for all buckets of a join.
#[derive(Debug)]
pub(super) struct Sides {
    left_keys: Vec<Key>,
    near: Option<NearRule>,
    /// The right side with the ranks that stand behind its columns.
    making: Making,
    /// The types of its columns.
    types: Vec<DataType>,
    kind: JoinKind,
    /// Where the columns of the result come from, with the ranks of both sides behind them if order matters; none if the result is left rows.
    columns: Vec<JoinColumn>,
    /// The schema of the result, with those ranks behind it.
    pub(super) schema: SchemaRef,
    /// How many columns of the result are ranks.
    pub(super) ranks: usize,
    /// Left rows from this rank on are not wanted.
    last: Option<u64>,
    /// The order of rows does not matter.
    is_unordered: bool,
    cx: Context,
}

impl Sides {
    pub(super) fn new(prober: &Prober, right: &Parted, last: Option<u64>, cx: &Context) -> Self {
        let mut types = right.types.clone();
        let mut making = right.making.clone();
        let mut columns = prober.columns.clone();
        let is_unordered = is_unordered(prober);
        let mut fields: Vec<DataType> = prober.schema.fields().iter().map(|field| field.data_type().clone()).collect();
        let ranks = match (is_unordered, prober.kind.is_filter()) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => {
                columns.extend([JoinColumn::Left(prober.left_columns), JoinColumn::Right(types.len())]);
                2
            }
        };
        fields.extend(vec![DataType::UInt64; ranks]);
        if right.is_ranked {
            types.push(DataType::UInt64);
            making.is_kept.push(!is_unordered);
        }
        let field = |(at, data_type): (usize, DataType)| Field::new(at.to_string(), data_type, true);
        Self {
            left_keys: prober.finder.keys().to_vec(),
            near: prober.near.clone(),
            making,
            types,
            kind: prober.kind,
            columns,
            schema: Arc::new(Schema::new(fields.into_iter().enumerate().map(field).collect::<Vec<_>>())),
            ranks,
            last,
            is_unordered,
            cx: cx.clone(),
        }
    }

    /// A left side for a table.
    fn prober(&self, kind: JoinKind, built: Built) -> Arc<Prober> {
        let result = (self.columns.clone(), self.schema.clone());
        let built = BuiltSlot::new(Side::Table(built).into());
        let prober = Prober::new(self.left_keys.clone(), kind, result, built, self.cx.batch_rows);
        Arc::new(Prober { near: self.near.clone(), ..prober })
    }
}

/// A bucket of both sides.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// The level whose bits part it.
    level: u32,
    left: Bucket,
    right: Bucket,
    /// For the places of their pieces, if it was parted off a larger one.
    _memory: Option<Arc<[Reservation; 2]>>,
}

impl Task {
    /// A bucket of the first level.
    pub(super) fn new(left: Bucket, right: Bucket) -> Self {
        Self { level: 1, left, right, _memory: None }
    }

    /// Whether anything comes out of it.
    fn is_needed(&self, kind: JoinKind) -> bool {
        match kind {
            JoinKind::Inner | JoinKind::Semi | JoinKind::Cross => self.left.rows > 0 && self.right.rows > 0,
            JoinKind::Left | JoinKind::Anti | JoinKind::AsOf => self.left.rows > 0,
            JoinKind::Right => self.right.rows > 0,
            JoinKind::Full => self.left.rows > 0 || self.right.rows > 0,
        }
    }
}

/// A bucket being joined; those that are still to be joined, the next one last.
pub(super) struct Joining {
    sides: Arc<Sides>,
    tasks: Vec<Task>,
    current: Option<Current>,
}

impl Joining {
    pub(super) fn new(sides: Arc<Sides>, task: Task) -> Self {
        Self { sides, tasks: vec![task], current: None }
    }

    /// The next rows, with their ranks if their order matters.
    pub(super) fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(batch) = current.next()? {
                    return Ok(Some(batch));
                }
                self.current = None;
            }
            let Some(task) = self.tasks.pop() else { return Ok(None) };
            if task.is_needed(self.sides.kind) {
                self.begin(task)?;
            }
        }
    }

    /// Starts with a bucket, or parts it.
    fn begin(&mut self, Task { level, left, right, _memory: places }: Task) -> Result<()> {
        let (sides, cx) = (&self.sides, &self.sides.cx);
        cx.cancel.check()?;
        let mut memory = cx.budget.reserve("join");
        let is_small = fits(&right, &mut memory, cx);
        if !is_small && right.is_mixed() && level < LEVELS {
            drop(memory);
            let (rights, of_rights) = right.parted(&sides.making.keys, level, cx)?;
            let (lefts, of_lefts) = left.parted(&sides.left_keys, level, cx)?;
            let memory = Arc::new([of_lefts, of_rights]);
            let task = |(left, right)| Task { level: level + 1, left, right, _memory: Some(memory.clone()) };
            self.tasks.extend(lefts.into_iter().zip(rights).rev().map(task));
            return Ok(());
        }
        if !is_small && self.sides.near.is_some() {
            memory.require(table_bytes(right.bytes(), right.rows))?;
        }
        let is_whole = is_small || self.sides.near.is_some();
        self.current = Some(Current::new(self.sides.clone(), left, right, is_whole.then_some(memory), places));
        Ok(())
    }
}

/// Whether the table of a bucket fits in memory, which is reserved then.
pub(super) fn fits(bucket: &Bucket, memory: &mut Reservation, cx: &Context) -> bool {
    let bytes = table_bytes(bucket.bytes(), bucket.rows);
    if bucket.bytes() > cx.gathered_bytes || bucket.rows >= NONE as usize {
        return false;
    }
    // To part what is small already would be more work than use.
    memory.resize(bytes) == Grant::Granted || bytes <= cx.budget.limit_bytes() / SMALL && memory.require(bytes).is_ok()
}

/// Bytes of memory that it takes to load rows and to make their table.
pub(super) fn table_bytes(bytes: usize, rows: usize) -> usize {
    // As they come from disk, as columns, and a column once more.
    3 * bytes + rows * ROW_BYTES
}

/// A bucket that is joined chunk by chunk of its right side.
struct Current {
    sides: Arc<Sides>,
    left: Vec<Piece>,
    /// What is left of the right side, the next one last.
    right: Vec<Piece>,
    /// The memory for all of the right side, if it fits.
    whole: Option<Reservation>,
    /// For several chunks: whether a left row has matched in one of them.
    is_matched: Option<Vec<bool>>,
    chunk: Option<Chunk>,
    is_over: bool,
    /// For the marks of left rows, and for those in hand.
    memory: Reservation,
    /// For the places of the pieces.
    _places: Option<Arc<[Reservation; 2]>>,
}

/// The table of some right rows, and the left rows that go through it.
struct Chunk {
    prober: Arc<Prober>,
    pass: Pass,
    /// The left piece in hand or the next one, and the place of its first row among all.
    piece: usize,
    row: usize,
    /// Left rows that have not gone through.
    waiting: Option<(Batch, usize)>,
    /// For right and full joins: whether a right row, the first of its key, has matched.
    is_matched: Vec<bool>,
    is_rest_out: bool,
    open: Option<Pieces>,
}

/// What a chunk is among chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// The only one.
    Whole,
    /// One of several: only what matches is known.
    Part,
    /// None: behind all chunks, what matched nothing.
    Last,
}

impl Current {
    fn new(sides: Arc<Sides>, left: Bucket, right: Bucket, whole: Option<Reservation>, places: Option<Arc<[Reservation; 2]>>) -> Self {
        let memory = sides.cx.budget.reserve("join");
        let right = right.pieces.into_iter().rev().collect();
        Self { sides, left: left.pieces, right, whole, is_matched: None, chunk: None, is_over: false, memory, _places: places }
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            if let Some(chunk) = &mut self.chunk {
                if let Some(batch) = chunk.next(&self.sides, &self.left, &mut self.is_matched, &mut self.memory)? {
                    return Ok(Some(batch));
                }
                self.chunk = None;
            }
            if self.is_over {
                return Ok(None);
            }
            self.sides.cx.cancel.check()?;
            self.chunk = self.chunk()?;
        }
    }

    /// The next chunk.
    fn chunk(&mut self) -> Result<Option<Chunk>> {
        let sides = self.sides.clone();
        if let Some(memory) = self.whole.take() {
            self.is_over = true;
            return Chunk::new(&sides, std::mem::take(&mut self.right), Pass::Whole, sides.kind, memory).map(Some);
        }
        let keeps_left = matches!(sides.kind, JoinKind::Left | JoinKind::Full);
        if self.is_matched.is_none() && (keeps_left || sides.kind.is_filter()) {
            let rows = self.left.iter().map(Piece::rows).sum();
            self.memory.require(rows)?;
            self.is_matched = Some(vec![false; rows]);
        }
        let mut memory = sides.cx.budget.reserve("join");
        if self.right.is_empty() {
            self.is_over = true;
            let kind = if sides.kind.is_filter() { sides.kind } else { JoinKind::Left };
            let has_last = self.is_matched.is_some();
            return has_last.then(|| Chunk::new(&sides, Vec::new(), Pass::Last, kind, memory)).transpose();
        }
        // Others may need memory too.
        let bytes_max = sides.cx.budget.free_bytes() / 2;
        let (mut bytes, mut rows, mut pieces) = (0, 0, Vec::new());
        while let Some(piece) = self.right.last() {
            (bytes, rows) = (bytes + piece.bytes(), rows + piece.rows());
            let wanted = table_bytes(bytes, rows);
            if pieces.is_empty() {
                memory.require(wanted)?;
            } else if bytes > sides.cx.gathered_bytes || wanted > bytes_max || rows >= NONE as usize || memory.resize(wanted) == Grant::Full
            {
                break;
            }
            pieces.extend(self.right.pop());
        }
        Chunk::new(&sides, pieces, Pass::Part, JoinKind::Inner, memory).map(Some)
    }
}

impl Chunk {
    fn new(sides: &Sides, pieces: Vec<Piece>, pass: Pass, kind: JoinKind, memory: Reservation) -> Result<Self> {
        let rows = pieces.iter().map(Piece::rows).sum();
        let columns = if pieces.is_empty() {
            sides.types.iter().map(new_empty_array).collect()
        } else {
            loaded(&pieces, |column| sides.making.is_needed(column), sides.is_unordered)?
        };
        let marks = if sides.kind.keeps_right() { rows } else { 0 };
        let built = sides.making.built(columns, rows, memory, None, &sides.cx, |_, _| Ok(()))?;
        let prober = sides.prober(kind, built);
        let is_matched = vec![false; marks];
        Ok(Self { prober, pass, piece: 0, row: 0, waiting: None, is_matched, is_rest_out: false, open: None })
    }

    fn next(
        &mut self,
        sides: &Sides,
        left: &[Piece],
        is_matched: &mut Option<Vec<bool>>,
        memory: &mut Reservation,
    ) -> Result<Option<Batch>> {
        loop {
            if let Some(open) = &mut self.open {
                match open.next().transpose()? {
                    Some(batch) if batch.is_empty() => continue,
                    Some(batch) => return Ok(Some(batch)),
                    None => self.open = None,
                }
            }
            if let Some((batch, first)) = self.waiting.take() {
                let rows = sides.cx.batch_rows.max(1).min(batch.len() - first);
                if first + rows < batch.len() {
                    self.waiting = Some((batch.clone(), first + rows));
                }
                self.open = self.through(sides, batch.slice(first, rows)?, is_matched)?;
                continue;
            }
            let Some(piece) = left.get(self.piece) else { break };
            sides.cx.cancel.check()?;
            memory.require(
                is_matched.as_ref().map_or(0, Vec::len) + 2 * piece.bytes() + piece.reading_bytes() + piece.rows() * LEFT_ROW_BYTES,
            )?;
            self.waiting = Some((sides.left_rows(piece)?, 0));
            self.piece += 1;
        }
        if sides.kind.keeps_right() && !self.is_rest_out && self.pass != Pass::Last {
            self.is_rest_out = true;
            self.open = Some(self.rest(sides)?);
            return self.next(sides, left, is_matched, memory);
        }
        Ok(None)
    }

    /// What comes of some left rows.
    fn through(&mut self, sides: &Sides, batch: Batch, is_matched: &mut Option<Vec<bool>>) -> Result<Option<Pieces>> {
        let rows = self.row..self.row + batch.len();
        self.row = rows.end;
        if let (Pass::Last, Some(is_matched)) = (self.pass, &is_matched) {
            let is_wanted = sides.kind == JoinKind::Semi;
            let rows = (0..).zip(&is_matched[rows]).filter(|(_, is_matched)| **is_matched == is_wanted).map(|(row, _)| row);
            let batch = batch.with_selection(Some(Arc::new(UInt32Array::from_iter_values(rows))));
            if sides.kind.is_filter() {
                return Ok(Some(Box::new(std::iter::once(Ok(batch)))));
            }
            let batch = batch.dense()?;
            let found = vec![NONE; batch.len()];
            return self.prober.joined(batch, found).map(Some);
        }
        let found = self.prober.found(&batch)?;
        if sides.kind.keeps_right() {
            found.iter().filter(|row| **row != NONE).for_each(|row| self.is_matched[*row as usize] = true);
        }
        if let Some(is_matched) = is_matched {
            is_matched[rows].iter_mut().zip(&found).for_each(|(is_matched, row)| *is_matched |= *row != NONE);
        }
        if self.pass == Pass::Part && sides.kind.is_filter() {
            return Ok(None);
        }
        self.prober.joined(batch, found).map(Some)
    }

    /// The right rows that nothing has matched.
    fn rest(&mut self, sides: &Sides) -> Result<Pieces> {
        let rows = unmatched(self.prober.built()?, std::mem::take(&mut self.is_matched));
        let (prober, most) = (self.prober.clone(), sides.cx.batch_rows.max(1));
        let starts: Vec<usize> = (0..rows.len()).step_by(most).collect();
        let part = move |first: usize| beside_nulls(&prober, &rows.slice(first, most.min(rows.len() - first)));
        Ok(Box::new(starts.into_iter().map(part)))
    }
}

impl Sides {
    /// The left rows of a piece that are wanted.
    fn left_rows(&self, piece: &Piece) -> Result<Batch> {
        let columns = piece.read_any()?;
        let fields = columns.iter().map(|column| Field::new("", column.data_type().clone(), true)).collect::<Vec<_>>();
        let selection = match self.last {
            None => None,
            Some(last) => {
                let rows = (0..).zip(ranks(&columns)?).filter(|(_, rank)| **rank < last).map(|(row, _)| row);
                Some(Arc::new(UInt32Array::from_iter_values(rows)))
            }
        };
        Batch::new(Arc::new(Schema::new(fields)), columns, piece.rows())?.with_selection(selection).dense()
    }
}

/// Whether the order of the rows of a join does not matter. Of rows that are equally near the first one counts.
pub(super) fn is_unordered(prober: &Prober) -> bool {
    prober.is_unordered && prober.near.is_none()
}

/// Rows of some pieces in the order of the ranks behind their columns, unless the order does not matter; without the values of columns that
/// are not needed. What was a dictionary may have become plain.
pub(super) fn loaded(pieces: &[Piece], is_needed: impl Fn(usize) -> bool, is_unordered: bool) -> Result<Vec<ArrayRef>> {
    let mut batches = Vec::with_capacity(pieces.len());
    let mut all_ranks = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let mut columns = piece.packed()?;
        if !is_unordered {
            let ranks = columns.last().ok_or_else(|| Error::internal("rows without ranks"))?;
            all_ranks.push(ranks.column()?);
        }
        let count = if is_unordered { columns.len() } else { columns.len() - 1 };
        let unneeded = columns[..count].iter_mut().enumerate().filter(|(at, _)| !is_needed(*at));
        unneeded.for_each(|(_, column)| *column = Packed::Plain(new_null_array(&DataType::Null, piece.rows())));
        batches.push(columns);
    }
    let mut places: Vec<Place> =
        (0..).zip(pieces).flat_map(|(batch, piece)| (0..piece.rows() as u32).map(move |row| (batch, row))).collect();
    if !is_unordered {
        let all_ranks = all_ranks.chunks(1).map(ranks).collect::<Result<Vec<_>>>()?;
        // Those of each piece are in order already.
        places.sort_by_key(|(batch, row)| all_ranks[*batch as usize][*row as usize]);
    }
    let columns = Sources::new(batches)?.rows(&places, usize::MAX)?;
    Ok(columns.iter().map(compact).collect())
}
