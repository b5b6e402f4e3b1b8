//! Rows for the points in time that have none. Rows that do not fit into memory are sorted by group and time on disk and gone through.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, QueryError, Result};
use frame_expr::{BoundExpr, Steps};
use frame_graph::Scheduler;
use frame_memory::Reservation;

use crate::added::with_added;
use crate::compact::compacted;
use crate::context::Context;
use crate::gathered::{Gathered, Share, Whole, columns, in_batches, in_memory_or_sorted};
use crate::graph::Sink;
use crate::group_by::keys;
use crate::kept::Keeper;
use crate::sort::{Order, SortKeys, SortedRows, canonical, comparable, sorted_indices};
use crate::source::Source;

/// The most rows that can be numbered.
const ROWS_MAX: usize = 1 << 31;

/// Rows for which memory is reserved ahead.
const RESERVED_ROWS: usize = 1 << 10;

/// Adds a row for each step of time that has none.
#[derive(Debug)]
pub(crate) struct Gaps {
    /// The column of time.
    pub(crate) column: usize,
    pub(crate) steps: Steps,
    /// The columns of the group.
    pub(crate) per: Vec<usize>,
    /// What rows that do not fit into memory are sorted by: group and time.
    pub(crate) order: Arc<SortKeys>,
    /// What the other columns of a new row have, computed of group and time; null without it.
    pub(crate) value: Option<BoundExpr>,
    /// The types of the input.
    pub(crate) input: SchemaRef,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

/// The rows of the result.
#[derive(Default)]
struct Layout {
    /// The row of the input, if it is one.
    rows: Vec<Option<u32>>,
    /// A row of the input of the same group.
    members: Vec<u32>,
    /// The time of a new row.
    times: Vec<i64>,
    /// The rows that there is memory for.
    reserved: usize,
}

impl Layout {
    fn push(&mut self, row: Option<u32>, member: u32, time: i64) {
        self.rows.push(row);
        self.members.push(member);
        self.times.push(time);
    }
}

impl Sink for Gaps {
    type Share = Share;

    fn start(&self, cx: &Context) -> Result<Share> {
        Ok(Share::Held(Gathered::new(cx.budget.reserve("missing rows"))))
    }

    fn push(&self, share: &mut Share, batch: Batch, cx: &Context) -> Result<()> {
        // The columns, once more side by side and once more sorted; keys as bytes, and places.
        let batch = compacted(batch)?;
        let bytes = 3 * batch.memory_bytes() + batch.len() * (48 + 24 * self.per.len());
        share.push(batch, bytes, &self.order, cx)
    }

    fn finish(&self, shares: Vec<Share>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        // There may be far more steps than rows.
        let gathered = in_memory_or_sorted(shares, (&self.order, &self.input), scheduler, cx, |all| self.in_memory(all, scheduler, cx))?;
        match gathered {
            Whole::InMemory(batches) => Ok(Arc::new(batches)),
            Whole::Sorted(rows) => self.by_disk(rows, scheduler, cx),
        }
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

impl Gaps {
    fn in_memory(&self, all: &[Gathered<()>], scheduler: &Scheduler, cx: &Context) -> Result<(Vec<Batch>, Vec<Reservation>)> {
        let (columns, rows) = columns(all, &self.input, scheduler)?;
        let mut held = cx.budget.reserve("missing rows");
        let layout = self.layout(&columns, rows, scheduler, &mut held, cx)?;
        let batches = in_batches(layout.rows.len(), scheduler, cx, |range| self.batch(&columns, &layout, range))?;
        Ok((batches, vec![held]))
    }

    /// Goes through rows that are sorted by group and time.
    fn by_disk(&self, mut rows: SortedRows, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let mut keeper = Keeper::new("missing rows", cx);
        let (mut layout, mut total) = (Layout::default(), 0_usize);
        let mut key: Option<Vec<u8>> = None;
        // Where the steps of the group in hand begin, and how many have been taken.
        let mut first: Option<(i64, i64)> = None;
        while let Some((batch, _memory)) = rows.next(scheduler, cx)? {
            rows.keep_room(0, || keeper.spill())?;
            let columns = &batch.columns()[..self.input.fields().len()];
            let per = self.per.iter().map(|at| canonical(columns[*at].clone())).collect::<Result<Vec<_>>>()?;
            let keys = comparable(&per)?;
            let times = self.steps.numbers(&columns[self.column])?;
            for row in 0..batch.len() as u32 {
                if let Some(keys) = &keys {
                    let own = keys.row(row as usize);
                    if key.as_deref() != Some(own.as_ref()) {
                        (key, first) = (Some(own.as_ref().to_vec()), None);
                    }
                }
                if times.is_valid(row as usize) {
                    let time = times.value(row as usize);
                    let (start, mut taken) = first.unwrap_or((time, 0));
                    let missing = self.steps.step(start, taken).map_or(0, |step| self.steps.count(step, time));
                    self.check(total.saturating_add(missing).saturating_add(1))?;
                    while let Some(step) = self.steps.step(start, taken).filter(|step| *step <= time) {
                        taken += 1;
                        if step == time {
                            break;
                        }
                        layout.push(None, row, step);
                        total += 1;
                        self.flush(columns, &mut layout, cx.batch_rows, &mut keeper, cx)?;
                    }
                    first = Some((start, taken));
                }
                layout.push(Some(row), row, 0);
                total += 1;
                self.check(total)?;
                self.flush(columns, &mut layout, cx.batch_rows, &mut keeper, cx)?;
            }
            self.flush(columns, &mut layout, 1, &mut keeper, cx)?;
        }
        Ok(Arc::new(keeper.into_source(&self.schema)))
    }

    /// A batch of the rows in hand if they are so many.
    fn flush(&self, columns: &[ArrayRef], layout: &mut Layout, rows_min: usize, keeper: &mut Keeper, cx: &Context) -> Result<()> {
        if layout.rows.len() < rows_min {
            return Ok(());
        }
        cx.cancel.check()?;
        let layout = std::mem::take(layout);
        keeper.push(self.batch(columns, &layout, 0..layout.rows.len())?)
    }

    /// Whether so many rows can be numbered.
    fn check(&self, rows: usize) -> Result<()> {
        if rows <= ROWS_MAX {
            return Ok(());
        }
        let error = Error::new(QueryError::Usage(format!("`{}` would make more than {ROWS_MAX} rows", self.text)));
        Err(error.hint("take longer steps, or filter the rows first"))
    }

    fn layout(&self, columns: &[ArrayRef], rows: usize, scheduler: &Scheduler, held: &mut Reservation, cx: &Context) -> Result<Layout> {
        let per = self.per.iter().map(|at| canonical(columns[*at].clone())).collect::<Result<Vec<_>>>()?;
        let mut groups = Vec::new();
        if rows > 0 {
            let types: Vec<_> = per.iter().map(|column| column.data_type().clone()).collect();
            keys::table(&types)?.assign(&per, rows, &mut groups)?;
        }
        let order: Vec<_> = per.into_iter().chain([columns[self.column].clone()]).map(|column| (column, Order::default())).collect();
        let order = sorted_indices(&order, rows, scheduler, &cx.cancel)?.unwrap_or_else(|| UInt32Array::from_iter_values(0..rows as u32));
        let times = self.steps.numbers(&columns[self.column])?;
        let row_bytes = columns.iter().map(|column| column.get_array_memory_size()).sum::<usize>() / rows.max(1) + 16 + 16 * columns.len();
        let mut layout = Layout::default();
        // Where the steps of the group in hand begin, and how many have been taken.
        let mut first: Option<(u32, i64, i64)> = None;
        for row in order.values() {
            let group = groups[*row as usize];
            if times.is_null(*row as usize) {
                self.reserve(&mut layout, 0, row_bytes, held, cx)?;
                layout.push(Some(*row), *row, 0);
                continue;
            }
            let time = times.value(*row as usize);
            let (start, taken) = match first {
                Some((known, start, taken)) if known == group => (start, taken),
                _ => (time, 0),
            };
            let mut taken = taken;
            let missing = self.steps.step(start, taken).map_or(0, |step| self.steps.count(step, time));
            self.reserve(&mut layout, missing, row_bytes, held, cx)?;
            while let Some(step) = self.steps.step(start, taken).filter(|step| *step <= time) {
                taken += 1;
                if step == time {
                    break;
                }
                layout.push(None, *row, step);
            }
            first = Some((group, start, taken));
            layout.push(Some(*row), *row, 0);
        }
        Ok(layout)
    }

    /// Makes sure that there is memory for so many rows more and the one behind them.
    fn reserve(&self, layout: &mut Layout, missing: usize, row_bytes: usize, held: &mut Reservation, cx: &Context) -> Result<()> {
        let rows = layout.rows.len().saturating_add(missing).saturating_add(1);
        if rows <= layout.reserved {
            return Ok(());
        }
        cx.cancel.check()?;
        self.check(rows)?;
        layout.reserved = rows + RESERVED_ROWS;
        held.require(layout.reserved.saturating_mul(row_bytes))
    }

    fn batch(&self, columns: &[ArrayRef], layout: &Layout, range: Range<usize>) -> Result<Batch> {
        let (rows, members, times) = (&layout.rows[range.clone()], &layout.members[range.clone()], &layout.times[range]);
        let new = |at: &usize| rows[*at].is_none();
        let numbers: Int64Array = (0..rows.len()).filter(new).map(|at| Some(times[at])).collect();
        let times = self.steps.times(&numbers)?;
        let added = match &self.value {
            None => None,
            Some(value) => {
                let of_new = UInt32Array::from_iter_values((0..rows.len()).filter(new).map(|at| members[at]));
                let mut keys = self.per.iter().map(|at| Ok(take(&columns[*at], &of_new, None)?)).collect::<Result<Vec<_>>>()?;
                keys.push(times.clone());
                Some(value.evaluate(&keys, of_new.len())?)
            }
        };
        let members: Vec<Option<u32>> = members.iter().copied().map(Some).collect();
        let column = |(at, column): (usize, &ArrayRef)| {
            let to = self.schema.field(at).data_type();
            if self.per.contains(&at) {
                return with_added(column, &members, None, to);
            }
            with_added(column, rows, if at == self.column { Some(&times) } else { added.as_ref() }, to)
        };
        let columns = columns.iter().enumerate().map(column).collect::<Result<_>>()?;
        Batch::new(self.schema.clone(), columns, rows.len())
    }
}
