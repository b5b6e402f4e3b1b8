//! The rows of a window's groups side by side, each group in its order.

use std::ops::Range;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::SortOptions;
use arrow::row::{RowConverter, Rows, SortField};
use frame_core::{CancelToken, Result};
use frame_expr::Stretch;
use frame_graph::Scheduler;

use crate::context::Context;
use crate::group_by::keys;
use crate::sort::{Order, ordered};

/// About so many batches of rows are worth a task of their own.
const TASK_BATCHES: u32 = 4;

/// A group of more rows is sorted by several threads.
const LARGE_ROWS: usize = 1 << 15;

/// The batches of rows of a piece of a group.
const PIECE_BATCHES: usize = 8;

/// Rows whose values are computed together.
pub(super) struct Piece {
    /// Their places.
    pub(super) own: Range<usize>,
    /// The places that their values depend on, their own among them.
    pub(super) seen: Range<usize>,
    /// Their groups, if they are whole.
    groups: Option<Range<usize>>,
}

/// An order of all rows in which those of a group are neighbours.
pub(super) struct Arrangement {
    /// The rows; `None` if they are in this order already.
    rows: Option<Vec<u32>>,
    /// Where groups begin, and behind them the number of rows.
    groups: Vec<u32>,
    /// Whether the row at a place begins a new run of peers; nothing without an order.
    begins: Vec<bool>,
    /// The rows of a batch.
    batch_rows: usize,
}

impl Arrangement {
    /// Arranges `rows` rows by the columns of a group and those of the order; equal rows stay as they come. Floats come in with one NaN and
    /// no negative zero.
    pub(super) fn new(by: &[ArrayRef], order: &[(ArrayRef, Order)], rows: u32, scheduler: &Scheduler, cx: &Context) -> Result<Self> {
        let batch_rows = cx.batch_rows;
        let (mut places, groups) = grouped(by, rows)?;
        let Some(packed) = packed(order)? else { return Ok(Self { rows: places, groups, begins: Vec::new(), batch_rows }) };
        let tasks = tasks(&groups, batch_rows);
        let mut all = places.take().unwrap_or_else(|| (0..rows).collect());
        let sorted = scheduler.map(tasks.len(), |task| {
            let mut parts = Vec::new();
            for group in groups[tasks[task].start..=tasks[task].end].windows(2) {
                let group = group[0] as usize..group[1] as usize;
                parts.push(in_order(&all[group], &packed, scheduler, &cx.cancel)?);
            }
            Ok(parts)
        })?;
        let mut sorted = sorted.into_iter().flatten();
        for group in groups.windows(2) {
            if let Some(Some(sorted)) = sorted.next() {
                all[group[0] as usize..group[1] as usize].copy_from_slice(&sorted);
            }
        }
        let begins =
            all.iter().enumerate().map(|(at, row)| at == 0 || packed.row(*row as usize) != packed.row(all[at - 1] as usize)).collect();
        let is_same = all.iter().zip(0..).all(|(row, at)| *row == at);
        Ok(Self { rows: (!is_same).then_some(all), groups, begins, batch_rows })
    }

    /// Groups that are worth a task each, by their numbers.
    fn tasks(&self) -> Vec<Range<usize>> {
        tasks(&self.groups, self.batch_rows)
    }

    /// The places of the rows of some groups.
    fn places(&self, groups: &Range<usize>) -> Range<usize> {
        self.groups[groups.start] as usize..self.groups[groups.end] as usize
    }

    /// Places that are worth a task each, and with them those that their values depend on: rows so many before and behind them. Without
    /// that all rows of a group go together.
    pub(super) fn pieces(&self, reach: Option<(usize, usize)>) -> Vec<Piece> {
        let (mut pieces, piece_rows) = (Vec::new(), PIECE_BATCHES.saturating_mul(self.batch_rows));
        for groups in self.tasks() {
            let places = self.places(&groups);
            let Some((before, behind)) = reach.filter(|_| groups.len() == 1 && places.len() / 2 > piece_rows) else {
                pieces.push(Piece { own: places.clone(), seen: places, groups: Some(groups) });
                continue;
            };
            for start in places.clone().step_by(piece_rows) {
                let own = start..(start + piece_rows).min(places.end);
                let seen = own.start.saturating_sub(before).max(places.start)..(own.end + behind).min(places.end);
                pieces.push(Piece { own, seen, groups: None });
            }
        }
        pieces
    }

    /// Where groups and peers in a piece begin and end.
    pub(super) fn stretch(&self, piece: &Piece) -> Stretch {
        let rows = piece.seen.len() as u32;
        match &piece.groups {
            Some(groups) => self.whole(groups),
            // Within a group, with frames that count rows, it does not matter which rows are peers.
            None => Stretch::new(vec![0, rows], vec![0, rows]).only(piece.own.start - piece.seen.start..piece.own.end - piece.seen.start),
        }
    }

    /// The values at some places.
    pub(super) fn taken(&self, column: &ArrayRef, places: &Range<usize>) -> Result<ArrayRef> {
        Ok(match &self.rows {
            None => column.slice(places.start, places.len()),
            Some(rows) => arrow::compute::take(column, &UInt32Array::from(rows[places.clone()].to_vec()), None)?,
        })
    }

    /// Where some groups and the peers in them begin and end.
    fn whole(&self, groups: &Range<usize>) -> Stretch {
        let places = self.places(groups);
        let first = places.start as u32;
        let groups: Vec<u32> = self.groups[groups.start..=groups.end].iter().map(|start| start - first).collect();
        let mut peers = Vec::new();
        if self.begins.is_empty() {
            // Without an order all rows of a group are peers.
            peers.clone_from(&groups);
        } else {
            for group in groups.windows(2) {
                let rows = group[0]..group[1];
                peers.extend(rows.filter(|row| *row == group[0] || self.begins[(first + row) as usize]));
            }
            peers.push(places.len() as u32);
        }
        Stretch::new(groups, peers)
    }

    /// The place of each row of the input; `None` if rows are at their own places.
    pub(super) fn inverse(&self) -> Option<UInt32Array> {
        let rows = self.rows.as_ref()?;
        let mut places = vec![0; rows.len()];
        (0..).zip(rows).for_each(|(place, row)| places[*row as usize] = place);
        Some(UInt32Array::from(places))
    }
}

/// The rows by group, as they come, and where groups begin. `None` if all of them are one group.
fn grouped(by: &[ArrayRef], rows: u32) -> Result<(Option<Vec<u32>>, Vec<u32>)> {
    if by.is_empty() || rows == 0 {
        return Ok((None, if rows == 0 { vec![0] } else { vec![0, rows] }));
    }
    let types: Vec<_> = by.iter().map(|column| column.data_type().clone()).collect();
    let mut table = keys::table(&types)?;
    let mut group_of = Vec::new();
    table.assign(by, rows as usize, &mut group_of)?;
    let mut starts = vec![0_u32; table.len() + 1];
    group_of.iter().for_each(|group| starts[*group as usize + 1] += 1);
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    let mut next = starts.clone();
    let mut places = vec![0_u32; rows as usize];
    for (row, group) in (0..).zip(&group_of) {
        let place = &mut next[*group as usize];
        places[*place as usize] = row;
        *place += 1;
    }
    Ok((Some(places), starts))
}

/// The columns of an order as bytes that sort; `None` without any.
fn packed(order: &[(ArrayRef, Order)]) -> Result<Option<Rows>> {
    if order.is_empty() {
        return Ok(None);
    }
    let fields = order.iter().map(|(column, order)| {
        let options = SortOptions { descending: order.descending, nulls_first: order.nulls_first };
        SortField::new_with_options(column.data_type().clone(), options)
    });
    let columns: Vec<ArrayRef> = order.iter().map(|(column, _)| column.clone()).collect();
    Ok(Some(RowConverter::new(fields.collect())?.convert_columns(&columns)?))
}

/// The rows of a group in their order; `None` if they are already.
fn in_order(rows: &[u32], packed: &Rows, scheduler: &Scheduler, cancel: &CancelToken) -> Result<Option<Vec<u32>>> {
    let compare = |a: &u32, b: &u32| packed.row(*a as usize).cmp(&packed.row(*b as usize));
    if rows.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return Ok(None);
    }
    if rows.len() == packed.num_rows() {
        return Ok(Some(ordered(&[packed], scheduler, cancel)?.into_iter().map(|(_, row)| row).collect()));
    }
    let mut rows = rows.to_vec();
    if rows.len() > LARGE_ROWS {
        scheduler.sort_by(&mut rows, compare)
    } else {
        rows.sort_by(compare)
    }
    Ok(Some(rows))
}

/// Neighbouring groups, as many as are worth a task.
fn tasks(groups: &[u32], batch_rows: usize) -> Vec<Range<usize>> {
    let task_rows = TASK_BATCHES.saturating_mul(u32::try_from(batch_rows).unwrap_or(u32::MAX));
    let mut tasks = Vec::new();
    let mut start = 0;
    for end in 1..groups.len() {
        if groups[end] - groups[start] >= task_rows || end == groups.len() - 1 {
            tasks.push(start..end);
            start = end;
        }
    }
    tasks
}
