//! The sink of windows: gathers the rows, arranges those that the windows look at, and gives the rows back as they came, with more columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, QueryError, Result};
use frame_expr::{BoundExpr, BoundWindow};
use frame_graph::Scheduler;
use frame_memory::Reservation;

use super::arrangement::Arrangement;
use crate::compact::compacted;
use crate::context::Context;
use crate::gathered::{Gathered, whole};
use crate::graph::Sink;
use crate::sort::{Order, canonical};
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
    by: Vec<ArrayRef>,
    order: Vec<ArrayRef>,
    arguments: Vec<ArrayRef>,
    range: Vec<ArrayRef>,
}

/// What each window looks at, for the rows of a batch.
type Columns = Vec<Seen>;

impl Seen {
    fn new(item: &Item, is_first: bool, columns: &[ArrayRef], rows: usize) -> Result<Self> {
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
    batches: &[(Batch, Columns)],
    at: usize,
    exprs: impl Iterator<Item = &'a BoundExpr>,
    part: fn(&Seen) -> &Vec<ArrayRef>,
) -> Result<Vec<ArrayRef>> {
    let column = |(place, expr): (usize, &BoundExpr)| whole(batches.iter().map(|(_, seen)| &part(&seen[at])[place]), expr.data_type());
    exprs.enumerate().map(column).collect()
}

impl Sink for Windows {
    type Share = Gathered<Columns>;

    fn start(&self, cx: &Context) -> Result<Gathered<Columns>> {
        Ok(Gathered::new(cx.budget.reserve("window")))
    }

    fn push(&self, share: &mut Gathered<Columns>, batch: Batch, _: &Context) -> Result<()> {
        let batch = compacted(batch)?;
        let seen = |(at, item): (usize, &Item)| Seen::new(item, item.like == at, batch.columns(), batch.len());
        let seen = self.items.iter().enumerate().map(seen).collect::<Result<Columns>>()?;
        // What the windows look at, side by side and in their order; keys as bytes; places; and the values.
        let bytes = batch.memory_bytes() + 3 * seen.iter().map(Seen::bytes).sum::<usize>() + batch.len() * self.items.len() * 64;
        share.push(batch, seen, bytes)
    }

    fn finish(&self, shares: Vec<Gathered<Columns>>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let (batches, mut memory) = Gathered::merged(shares);
        let rows: usize = batches.iter().map(|(batch, _)| batch.len()).sum();
        let rows = u32::try_from(rows).ok().filter(|rows| *rows < u32::MAX).ok_or_else(|| {
            Error::new(QueryError::Usage(format!("{rows} rows are too many for a window"))).hint("filter or aggregate first")
        })?;
        let mut values: Vec<Option<ArrayRef>> = self.items.iter().map(|_| None).collect();
        for first in (0..self.items.len()).filter(|at| self.items[*at].like == *at) {
            let alike: Vec<usize> = (first..self.items.len()).filter(|at| self.items[*at].like == first).collect();
            let window = &self.items[first].window;
            let by = merged(&batches, first, window.by.iter(), |seen| &seen.by)?;
            let order = merged(&batches, first, window.order.iter().map(|(expr, ..)| expr), |seen| &seen.order)?;
            let orders =
                window.order.iter().map(|(_, descending, nulls_first)| Order { descending: *descending, nulls_first: *nulls_first });
            let order: Vec<(ArrayRef, Order)> = order.into_iter().zip(orders).collect();
            let arrangement = Arrangement::new(&by, &order, rows, scheduler, cx.batch_rows)?;
            drop((by, order));
            let inverse = arrangement.inverse();
            for at in alike {
                cx.cancel.check()?;
                let (found, held) = self.values(at, &batches, &arrangement, scheduler, cx)?;
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
        Ok(Arc::new(Batches::new(out, memory)))
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

impl Windows {
    /// The values of a window, in the order of the arrangement, and the memory that they take.
    fn values(
        &self,
        at: usize,
        batches: &[(Batch, Columns)],
        arrangement: &Arrangement,
        scheduler: &Scheduler,
        cx: &Context,
    ) -> Result<(ArrayRef, Vec<Reservation>)> {
        let window = &self.items[at].window;
        let arguments = merged(batches, at, window.arguments.iter(), |seen| &seen.arguments)?;
        let range = merged(batches, at, window.range.iter().flatten(), |seen| &seen.range)?;
        let pieces = arrangement.pieces(window.reach());
        let parts = scheduler.map(pieces.len(), |at| {
            cx.cancel.check()?;
            let piece = &pieces[at];
            let taken =
                |columns: &[ArrayRef]| columns.iter().map(|column| arrangement.taken(column, &piece.seen)).collect::<Result<Vec<_>>>();
            let range: Option<[ArrayRef; 2]> = taken(&range)?.try_into().ok();
            let found = window.evaluate(&taken(&arguments)?, range.as_ref(), &mut arrangement.stretch(piece))?;
            let mut held = cx.budget.reserve("window");
            // Lists and texts may be far longer than what they are made of.
            held.require(if window.output().is_primitive() { 0 } else { 2 * found.get_array_memory_size() })?;
            Ok((found, held))
        })?;
        let (parts, held): (Vec<ArrayRef>, Vec<Reservation>) = parts.into_iter().unzip();
        Ok((whole(parts.iter(), window.output())?, held))
    }
}
