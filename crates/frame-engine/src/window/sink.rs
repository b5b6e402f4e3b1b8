//! The sink of windows: gathers the rows, arranges those that the windows look at, and gives the rows back as they came, with more columns.
//! Rows that do not fit into memory are sorted instead: see `disk.rs`.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, ErrorKind, Result, memory_bytes};
use frame_expr::{BoundExpr, BoundWindow};
use frame_graph::Scheduler;
use frame_memory::Reservation;

use super::arrangement::Arrangement;
use super::disk::Disk;
use crate::compact::compacted;
use crate::context::Context;
use crate::gathered::{Gathered, whole};
use crate::graph::Sink;
use crate::sort::{Order, Sorter, canonical, ranked};
use crate::source::{Batches, Source};

/// Adds a column for each window.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) items: Vec<Item>,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

/// A window, and which one is the first with its groups and its order.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) window: BoundWindow,
    pub(crate) like: usize,
}

/// The columns that a window looks at, for the rows of a batch. Groups and order stand with the first window that has them.
pub(crate) struct Seen {
    pub(super) by: Vec<ArrayRef>,
    pub(super) order: Vec<ArrayRef>,
    pub(super) arguments: Vec<ArrayRef>,
    pub(super) range: Vec<ArrayRef>,
}

/// What each window looks at, for the rows of a batch.
type Columns = Vec<Seen>;

/// What one worker has gathered.
pub(crate) enum Share {
    /// In memory.
    Held(Gathered<Columns>),
    /// On its way to disk, with the ranks of the rows.
    Sorting(Sorter),
}

impl Seen {
    pub(super) fn new(item: &Item, is_first: bool, columns: &[ArrayRef], rows: usize) -> Result<Self> {
        let window = &item.window;
        let value = |expr: &BoundExpr| expr.evaluate(columns, rows);
        let keys = |exprs: &mut dyn Iterator<Item = &BoundExpr>| -> Result<Vec<ArrayRef>> {
            if is_first { exprs.map(|expr| canonical(value(expr)?)).collect() } else { Ok(Vec::new()) }
        };
        Ok(Self {
            by: keys(&mut window.by.iter())?,
            order: keys(&mut window.order.iter().map(|(expr, ..)| expr))?,
            arguments: window.arguments.iter().map(value).collect::<Result<_>>()?,
            range: window.range.iter().flatten().map(value).collect::<Result<_>>()?,
        })
    }

    fn bytes(&self) -> usize {
        [&self.by, &self.order, &self.arguments, &self.range].into_iter().flatten().map(|column| column.get_array_memory_size()).sum()
    }
}

/// Some of the columns that a window looks at, of all batches.
fn merged<'a>(
    batches: &[&(Batch, Columns)],
    at: usize,
    exprs: impl Iterator<Item = &'a BoundExpr>,
    part: fn(&Seen) -> &Vec<ArrayRef>,
) -> Result<Vec<ArrayRef>> {
    let column = |(place, expr): (usize, &BoundExpr)| whole(batches.iter().map(|(_, seen)| &part(&seen[at])[place]), expr.data_type());
    exprs.enumerate().map(column).collect()
}

impl Sink for Windows {
    type Share = Share;

    fn start(&self, cx: &Context) -> Result<Share> {
        Ok(Share::Held(Gathered::new(cx.budget.reserve("window"))))
    }

    fn push(&self, share: &mut Share, batch: Batch, cx: &Context) -> Result<()> {
        let held = match share {
            Share::Held(held) => held,
            Share::Sorting(sorter) => return sorter.push(ranked(batch)?, cx),
        };
        let batch = compacted(batch)?;
        let seen = |(at, item): (usize, &Item)| Seen::new(item, item.like == at, batch.columns(), batch.len());
        let seen = self.items.iter().enumerate().map(seen).collect::<Result<Columns>>()?;
        // What the windows look at, side by side and in their order; keys as bytes; places; and the values.
        let bytes = batch.memory_bytes() + 3 * seen.iter().map(Seen::bytes).sum::<usize>() + batch.len() * self.items.len() * 64;
        let Some(batch) = held.offer(batch, seen, bytes, cx.gathered_bytes) else { return Ok(()) };
        let held = std::mem::replace(held, Gathered::new(cx.budget.reserve("window")));
        let mut sorter = self.sorter(held, cx)?;
        sorter.push(ranked(batch)?, cx)?;
        *share = Share::Sorting(sorter);
        Ok(())
    }

    fn finish(&self, shares: Vec<Share>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let (mut all, mut sorters) = (Vec::new(), Vec::new());
        for share in shares {
            match share {
                Share::Held(held) => all.push(held),
                Share::Sorting(sorter) => sorters.push(sorter),
            }
        }
        let rows: usize = all.iter().flat_map(Gathered::batches).map(|(batch, _)| batch.len()).sum();
        if let (Some(rows), true) = (u32::try_from(rows).ok().filter(|rows| *rows < u32::MAX), sorters.is_empty()) {
            match self.in_memory(&all, rows, scheduler, cx) {
                Ok((batches, mut memory)) => {
                    memory.extend(all.into_iter().map(Gathered::into_memory));
                    return Ok(Arc::new(Batches::new(batches, memory)));
                }
                // Values may turn out to be far longer than what they are made of.
                Err(error) if matches!(error.kind(), ErrorKind::Memory(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let held: Vec<_> = all.into_iter().map(|held| Mutex::new(Some(held))).collect();
        let taken = scheduler.map(held.len(), |at| {
            let held = held[at].lock().unwrap_or_else(PoisonError::into_inner).take();
            held.map(|held| self.sorter(held, cx)).transpose()
        })?;
        sorters.extend(taken.into_iter().flatten());
        Disk::new(self, scheduler, cx).rows(sorters)
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

impl Windows {
    /// Gathered rows on their way to disk.
    fn sorter(&self, held: Gathered<Columns>, cx: &Context) -> Result<Sorter> {
        let mut sorter = Sorter::new(Disk::first_keys(self)?, cx);
        sorter.take(held, cx)?;
        Ok(sorter)
    }

    /// The rows with their values, and the memory that these take.
    fn in_memory(
        &self,
        all: &[Gathered<Columns>],
        rows: u32,
        scheduler: &Scheduler,
        cx: &Context,
    ) -> Result<(Vec<Batch>, Vec<Reservation>)> {
        let mut batches: Vec<&(Batch, Columns)> = all.iter().flat_map(Gathered::batches).collect();
        batches.sort_by_key(|(batch, _)| batch.origin());
        let mut memory = Vec::new();
        let mut values: Vec<Option<ArrayRef>> = self.items.iter().map(|_| None).collect();
        for first in self.firsts() {
            let window = &self.items[first].window;
            let by = merged(&batches, first, window.by.iter(), |seen| &seen.by)?;
            let order = merged(&batches, first, window.order.iter().map(|(expr, ..)| expr), |seen| &seen.order)?;
            let order: Vec<(ArrayRef, Order)> = order.into_iter().zip(self.items[first].orders()).collect();
            let arrangement = Arrangement::new(&by, &order, rows, scheduler, cx)?;
            drop((by, order));
            let inverse = arrangement.inverse();
            for at in self.alike(first) {
                cx.cancel.check()?;
                let window = &self.items[at].window;
                let arguments = merged(&batches, at, window.arguments.iter(), |seen| &seen.arguments)?;
                let range = merged(&batches, at, window.range.iter().flatten(), |seen| &seen.range)?;
                let (found, held) = values_of(window, &arguments, &range, &arrangement, scheduler, cx)?;
                memory.extend(held);
                values[at] = Some(match &inverse {
                    None => found,
                    Some(places) => take(&found, places, None)?,
                });
            }
        }
        let mut first = 0;
        let mut out = Vec::with_capacity(batches.len());
        for (batch, _) in batches {
            let (len, mut columns) = (batch.len(), batch.columns().to_vec());
            columns.extend(values.iter().flatten().map(|values| values.slice(first, len)));
            out.push(Batch::new(self.schema.clone(), columns, len)?);
            first += len;
        }
        Ok((out, memory))
    }

    /// The first window of each arrangement.
    pub(super) fn firsts(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|at| self.items[*at].like == *at).collect()
    }

    /// The windows that have the arrangement of one.
    pub(super) fn alike(&self, first: usize) -> Vec<usize> {
        (first..self.items.len()).filter(|at| self.items[*at].like == first).collect()
    }
}

impl Item {
    /// How each key of the order orders.
    pub(super) fn orders(&self) -> impl Iterator<Item = Order> + '_ {
        self.window.order.iter().map(|(_, descending, nulls_first)| Order { descending: *descending, nulls_first: *nulls_first })
    }
}

/// The values of a window, in the order of the arrangement, and the memory that they take.
pub(super) fn values_of(
    window: &BoundWindow,
    arguments: &[ArrayRef],
    range: &[ArrayRef],
    arrangement: &Arrangement,
    scheduler: &Scheduler,
    cx: &Context,
) -> Result<(ArrayRef, Vec<Reservation>)> {
    let pieces = arrangement.pieces(window.reach());
    let parts = scheduler.map(pieces.len(), |at| {
        cx.cancel.check()?;
        let piece = &pieces[at];
        let taken = |columns: &[ArrayRef]| columns.iter().map(|column| arrangement.taken(column, &piece.seen)).collect::<Result<Vec<_>>>();
        let range: Option<[ArrayRef; 2]> = taken(range)?.try_into().ok();
        let found = window.evaluate(&taken(arguments)?, range.as_ref(), &mut arrangement.stretch(piece))?;
        let mut held = cx.budget.reserve("window");
        // Lists and texts may be far longer than what they are made of.
        held.require(if window.output().is_primitive() { 0 } else { 2 * memory_bytes(&found) })?;
        Ok((found, held))
    })?;
    let (parts, held): (Vec<ArrayRef>, Vec<Reservation>) = parts.into_iter().unzip();
    Ok((whole(parts.iter(), window.output())?, held))
}
