//! One arrangement of rows that do not fit into memory: sorted rows go through its windows, several groups at a time, and on into the next
//! sort. A group that is too large goes through in stretches, if its windows allow that; else it has to fit into memory.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Result, memory_bytes};
use frame_expr::{BoundWindow, GroupStream, Needs};
use frame_memory::{Reservation, SpillFile};

use super::arrangement::Arrangement;
use super::disk::Disk;
use super::rows::Rows;
use super::sink::{Item, Seen, values_of};
use crate::context::Context;
use crate::sort::{Order, SortKeys, SortedRows, Sorter, comparable};
use crate::spill::Piece;

/// Bytes of a row at hand besides its columns: places, keys, and for each window its frame and its value.
const ROW_BYTES: usize = 48;
const VALUE_BYTES: usize = 64;

/// A row at hand is there as it was read, side by side with others, and on its way on.
const COPIES: usize = 3;

/// Bytes of memory that a piece on disk takes.
const PIECE_BYTES: usize = 128;

/// The most bytes at hand: enough rows for all threads.
const AT_HAND_MAX: usize = 128 << 20;

/// Sorted rows on their way through the windows of an arrangement.
pub(super) struct Pass<'a> {
    disk: &'a Disk<'a>,
    first: usize,
    items: Vec<usize>,
    rows: SortedRows,
    is_read: bool,
    schema: SchemaRef,
    keys: Arc<SortKeys>,
    /// Sorters that no task has in hand.
    idle: Mutex<Vec<Sorter>>,
    /// For the rows at hand.
    memory: Reservation,
    at_hand_max: usize,
}

/// The rows of a group that is read in parts.
enum Parts {
    /// As they are read.
    Read { next: Option<Rows>, behind: Option<Rows>, key: Option<Vec<u8>> },
    /// From where they were put in a first pass.
    Parked { pieces: std::vec::IntoIter<Piece>, _memory: Reservation },
}

impl<'a> Pass<'a> {
    /// The windows like `first`; `schema` is that of the rows in front of them, `keys` the order that they go on in.
    pub(super) fn new(disk: &'a Disk<'a>, first: usize, rows: SortedRows, schema: SchemaRef, keys: Arc<SortKeys>) -> Result<Self> {
        let cx = disk.cx;
        let free = cx.budget.free_bytes();
        let idle = Mutex::default();
        Ok(Self {
            disk,
            first,
            items: disk.windows.alike(first),
            rows,
            is_read: false,
            schema,
            keys,
            idle,
            memory: cx.budget.reserve("window"),
            at_hand_max: (free / 16).min(AT_HAND_MAX).min(cx.gathered_bytes).max(1),
        })
    }

    /// The rows with the values of the windows, in sorters.
    pub(super) fn run(mut self) -> Result<Vec<Sorter>> {
        let (mut kept, mut most) = (Rows::default(), self.at_hand_max);
        loop {
            let (rows, is_end) = self.gather(kept, 0, most)?;
            most = self.at_hand_max;
            let end = if is_end { rows.len } else { self.last_group(&rows)? };
            kept = if end > 0 {
                self.whole(rows.slice(0..end))?;
                rows.rest(end..rows.len)
            } else if let (Some(needs), false) = (self.needs(), is_end) {
                self.stream(rows, needs)?
            } else {
                // All of the group has to be there at once: nothing else needs to be.
                most = self.memory.bytes().saturating_mul(2);
                spill(&self.idle, self.disk.cx)?;
                rows
            };
            if is_end && kept.len == 0 {
                break;
            }
        }
        Ok(self.idle.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn windows(&self) -> impl Iterator<Item = &'a BoundWindow> + '_ {
        self.items.iter().map(|at| &self.disk.windows.items[*at].window)
    }

    /// What the windows need together.
    fn needs(&self) -> Option<Needs> {
        self.windows().try_fold(Needs::default(), |all, window| Some(all.and(window.needs()?)))
    }

    /// Reads on until there are so many bytes at hand, those of other rows `beside` them; and whether there is nothing behind.
    fn gather(&mut self, kept: Rows, beside: usize, bytes_max: usize) -> Result<(Rows, bool)> {
        let (scheduler, cx) = (self.disk.scheduler, self.disk.cx);
        self.rows.leave_room()?;
        let mut bytes = beside + self.cost_of(&kept)?;
        self.memory.require(bytes)?;
        let (mut parts, mut memory) = (vec![kept], Vec::new());
        while !self.is_read && (parts.len() == 1 || bytes < bytes_max) {
            let Some((batch, held)) = self.rows.next(scheduler, cx)? else {
                self.is_read = true;
                break;
            };
            bytes += self.cost(batch.len(), batch.memory_bytes());
            self.memory.require(bytes)?;
            parts.push(Rows { len: batch.len(), columns: batch.columns().to_vec() });
            memory.push(held);
        }
        Ok((Rows::joined(&parts)?, self.is_read))
    }

    /// Bytes that some rows take at hand.
    fn cost_of(&self, rows: &Rows) -> Result<usize> {
        if rows.len == 0 {
            return Ok(0);
        }
        let batch = Batch::new(self.schema.clone(), rows.columns.clone(), rows.len)?;
        Ok(self.cost(rows.len, batch.memory_bytes()))
    }

    /// Bytes that so many rows take at hand.
    fn cost(&self, rows: usize, bytes: usize) -> usize {
        COPIES * bytes + rows * (ROW_BYTES + VALUE_BYTES * self.items.len())
    }

    fn item(&self) -> &'a Item {
        &self.disk.windows.items[self.first]
    }

    /// What a window looks at.
    fn seen(&self, at: usize, rows: &Rows) -> Result<Seen> {
        Seen::new(&self.disk.windows.items[at], at == self.first, &rows.columns, rows.len)
    }

    /// Where the last group at hand begins.
    fn last_group(&self, rows: &Rows) -> Result<usize> {
        let by = self.seen(self.first, rows)?.by;
        let Some(keys) = comparable(&by)? else { return Ok(0) };
        let last = keys.row(rows.len - 1);
        Ok(first_row(rows.len, |row| keys.row(row) != last))
    }

    /// The values of whole groups.
    fn whole(&mut self, rows: Rows) -> Result<()> {
        if rows.len == 0 {
            return Ok(());
        }
        let (scheduler, cx) = (self.disk.scheduler, self.disk.cx);
        let count = u32::try_from(rows.len).map_err(|_| Error::internal("more rows at hand than can be numbered"))?;
        let Seen { by, order, .. } = self.seen(self.first, &rows)?;
        let order: Vec<(ArrayRef, Order)> = order.into_iter().zip(self.item().orders()).collect();
        let arrangement = Arrangement::new(&by, &order, count, scheduler, cx)?;
        if arrangement.inverse().is_some_and(|places| !places.values().iter().copied().eq(0..count)) {
            return Err(Error::internal("sorted rows are in another order than their arrangement"));
        }
        let (mut columns, mut memory) = (rows.columns.clone(), Vec::new());
        for (at, window) in self.items.iter().zip(self.windows()) {
            cx.cancel.check()?;
            let seen = self.seen(*at, &rows)?;
            let (values, held) = values_of(window, &seen.arguments, &seen.range, &arrangement, scheduler, cx)?;
            columns.push(values);
            memory.extend(held);
        }
        self.go_on(Rows { columns, len: rows.len })
    }

    /// Rows with their values go on.
    fn go_on(&mut self, rows: Rows) -> Result<()> {
        let idle = &self.idle;
        self.rows.keep_room(self.memory.bytes(), || spill(idle, self.disk.cx))?;
        let (scheduler, cx, schema) = (self.disk.scheduler, self.disk.cx, self.disk.schema());
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        scheduler.map(rows.len.div_ceil(cx.batch_rows), |at| {
            let first = at * cx.batch_rows;
            let part = rows.slice(first..rows.len.min(first + cx.batch_rows));
            let taken = idle().pop();
            let mut sorter = taken.unwrap_or_else(|| Sorter::new(self.keys.clone(), cx));
            sorter.push(Batch::new(schema.clone(), part.columns, part.len)?, cx)?;
            idle().push(sorter);
            Ok(())
        })?;
        Ok(())
    }

    /// The values of a group of which the first rows are at hand; gives the rows behind it that were read.
    fn stream(&mut self, rows: Rows, needs: Needs) -> Result<Rows> {
        let key = comparable(&self.seen(self.first, &rows)?.by)?.map(|keys| keys.row(0).as_ref().to_vec());
        let mut parts = Parts::Read { next: Some(rows), behind: None, key };
        let mut streams: Vec<GroupStream<'a>> = self.windows().filter_map(GroupStream::new).collect();
        let mut behind = Rows::default();
        if needs.total {
            let parked = self.looked(&mut parts, &mut streams)?;
            if let Parts::Read { behind: Some(rows), .. } = std::mem::replace(&mut parts, parked) {
                behind = rows;
            }
        }
        let mut memory = self.disk.cx.budget.reserve("window");
        memory.require(self.cost_of(&behind)?)?;
        let (mut at_hand, mut done) = (Rows::default(), 0);
        loop {
            let part = self.next(&mut parts, &at_hand)?;
            let is_last = part.is_none();
            at_hand = Rows::joined(&[at_hand, part.unwrap_or_default()])?;
            let peers = self.peers(&at_hand, needs)?;
            let mut end = at_hand.len;
            if !is_last {
                end -= needs.behind.min(end);
                if needs.peers {
                    end = peers[..peers.len() - 1].iter().rev().map(|begin| *begin as usize).find(|begin| *begin <= end).unwrap_or(0);
                }
            }
            if end > done {
                let leave = self.values(&mut streams, &at_hand, &peers, done..end, needs)?;
                at_hand = at_hand.rest(leave..at_hand.len);
                done = end - leave;
            }
            if is_last {
                break;
            }
        }
        Ok(match parts {
            Parts::Read { behind, .. } => behind.unwrap_or_default(),
            Parts::Parked { .. } => behind,
        })
    }

    /// The first pass over a group: its rows go to disk once more.
    fn looked(&mut self, parts: &mut Parts, streams: &mut [GroupStream<'a>]) -> Result<Parts> {
        let cx = self.disk.cx;
        let file: Arc<SpillFile> = Arc::new(cx.spill.file()?);
        let (mut pieces, mut memory) = (Vec::new(), cx.budget.reserve("window"));
        while let Some(rows) = self.next(parts, &Rows::default())? {
            let mut known = 0;
            for (at, stream) in self.items.iter().zip(streams.iter_mut()) {
                stream.look(rows.len, &self.seen(*at, &rows)?.arguments)?;
                known += stream.bytes();
            }
            let bytes = Batch::new(self.schema.clone(), rows.columns.clone(), rows.len)?.memory_bytes();
            let piece_rows = cx.pieces().rows(bytes, rows.len);
            for first in (0..rows.len).step_by(piece_rows) {
                cx.cancel.check()?;
                let part = rows.slice(first..rows.len.min(first + piece_rows));
                pieces.push(Piece::write(&file, &part.columns, part.len)?);
            }
            memory.require(known + pieces.len() * PIECE_BYTES)?;
        }
        streams.iter_mut().try_for_each(GroupStream::looked)?;
        Ok(Parts::Parked { pieces: pieces.into_iter(), _memory: memory })
    }

    /// The next rows of a group; `at_hand` are those that stay.
    fn next(&mut self, parts: &mut Parts, at_hand: &Rows) -> Result<Option<Rows>> {
        match parts {
            Parts::Read { next, behind, key } => {
                if next.is_some() {
                    return Ok(next.take());
                }
                if behind.is_some() {
                    return Ok(None);
                }
                let (beside, bytes_max) = self.beside(at_hand)?;
                let (rows, _) = self.gather(Rows::default(), beside, bytes_max)?;
                if rows.len == 0 {
                    return Ok(None);
                }
                let mut end = rows.len;
                if let (Some(key), Some(keys)) = (key, comparable(&self.seen(self.first, &rows)?.by)?) {
                    end = first_row(rows.len, |row| keys.row(row).as_ref() == key.as_slice());
                }
                if end < rows.len {
                    *behind = Some(rows.rest(end..rows.len));
                }
                Ok((end > 0).then(|| rows.slice(0..end)))
            }
            Parts::Parked { pieces, .. } => {
                self.rows.leave_room()?;
                let (beside, bytes_max) = self.beside(at_hand)?;
                let (mut read, mut bytes) = (Vec::new(), beside);
                let types: Vec<_> = self.schema.fields().iter().map(|field| field.data_type().clone()).collect();
                while let (true, Some(piece)) = (read.is_empty() || bytes < bytes_max, pieces.as_slice().first().cloned()) {
                    bytes += self.cost(piece.rows(), piece.bytes()) + piece.reading_bytes();
                    self.memory.require(bytes)?;
                    read.push(Rows { columns: piece.read(&types)?, len: piece.rows() });
                    pieces.next();
                }
                Ok(if read.is_empty() { None } else { Some(Rows::joined(&read)?) })
            }
        }
    }

    /// Bytes that rows take that stay at hand, and how many may be there with what is read next.
    fn beside(&self, at_hand: &Rows) -> Result<(usize, usize)> {
        let bytes = self.cost_of(at_hand)?;
        if bytes > self.at_hand_max {
            // Many peers: they need room, and so do those that come, but not one by one.
            spill(&self.idle, self.disk.cx)?;
        }
        Ok((bytes, bytes + self.at_hand_max.max(bytes / 4)))
    }

    /// Where runs of peers begin, and behind them the number of rows; all of them are one if nobody looks at that.
    fn peers(&self, rows: &Rows, needs: Needs) -> Result<Vec<u32>> {
        let len = u32::try_from(rows.len).map_err(|_| Error::internal("more rows at hand than can be numbered"))?;
        let keys = if needs.peers { comparable(&self.seen(self.first, rows)?.order)? } else { None };
        let is_first = |row: &u32| *row == 0 || keys.as_ref().is_some_and(|keys| keys.row(*row as usize) != keys.row(*row as usize - 1));
        Ok((0..len).filter(is_first).chain([len]).collect())
    }

    /// The values of some of the rows at hand, which go on; gives the number of rows that nobody needs any more.
    fn values(&mut self, streams: &mut [GroupStream<'a>], at_hand: &Rows, peers: &[u32], own: Range<usize>, needs: Needs) -> Result<usize> {
        let cx = self.disk.cx;
        let seen = self.items.iter().map(|at| self.seen(*at, at_hand)).collect::<Result<Vec<_>>>()?;
        let mut rows = at_hand.slice(own.clone());
        let mut leave = own.end - needs.before.min(own.end);
        let mut held = cx.budget.reserve("window");
        for (stream, seen) in streams.iter_mut().zip(&seen) {
            cx.cancel.check()?;
            let range: Option<[ArrayRef; 2]> = seen.range.clone().try_into().ok();
            let (values, from) = stream.values(&seen.arguments, range.as_ref(), peers, own.clone())?;
            leave = leave.min(from);
            let long = if values.data_type().is_primitive() { 0 } else { 2 * memory_bytes(&values) };
            held.require(held.bytes() + long)?;
            rows.columns.push(values);
        }
        for (stream, seen) in streams.iter_mut().zip(&seen) {
            stream.leave(&seen.arguments, leave)?;
            held.require(held.bytes() + stream.bytes())?;
        }
        self.go_on(rows)?;
        Ok(leave)
    }
}

/// Puts the rows of all sorters on disk.
fn spill(idle: &Mutex<Vec<Sorter>>, cx: &Context) -> Result<()> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().try_for_each(|sorter| sorter.spill(cx))
}

/// The first of so many rows that is not in front; those in front come first.
fn first_row(rows: usize, is_in_front: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = (low + high) / 2;
        if is_in_front(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
