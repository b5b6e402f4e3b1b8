//! Rows for the combinations of keys that have none, in memory, within the reservation.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array};
use arrow::compute::{concat, take};
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, QueryError, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;

use crate::added::with_added;
use crate::compact::compacted;
use crate::context::Context;
use crate::gathered::{Gathered, in_batches};
use crate::graph::Sink;
use crate::group_by::keys;
use crate::sort::{Order, canonical, sorted_indices};
use crate::source::{Batches, Source};

/// The most rows that can be numbered.
const ROWS_MAX: u128 = 1 << 31;

/// Adds a row for each combination of keys that has none.
#[derive(Debug)]
pub(crate) struct Complete {
    /// The key columns.
    pub(crate) keys: Vec<usize>,
    /// What the columns that are no keys have in a new row, computed of its keys; null without it.
    pub(crate) value: Option<BoundExpr>,
    /// The types of the input.
    pub(crate) input: SchemaRef,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

/// The different values of a key column, sorted.
struct Axis {
    /// The column, and behind its rows the different values.
    column: ArrayRef,
    /// Where the values begin.
    start: u32,
    /// The place of each row's value among them.
    places: Vec<u32>,
    len: usize,
    /// Combinations for each step along this axis.
    stride: usize,
}

/// The rows of the result: the number of the row of the input, if it is one, and the number of the combination.
#[derive(Default)]
struct Layout {
    rows: Vec<Option<u32>>,
    combinations: Vec<u32>,
}

impl Sink for Complete {
    type Share = Gathered<()>;

    fn start(&self, cx: &Context) -> Result<Gathered<()>> {
        Ok(Gathered::new(cx.budget.reserve("missing rows")))
    }

    fn push(&self, share: &mut Gathered<()>, batch: Batch, _: &Context) -> Result<()> {
        // The columns, once more side by side, and the places of the keys.
        let batch = compacted(batch)?;
        let bytes = 2 * batch.memory_bytes() + batch.len() * (8 + 16 * self.keys.len());
        share.push(batch, (), bytes)
    }

    fn finish(&self, shares: Vec<Gathered<()>>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let (columns, rows, mut memory) = Gathered::columns(shares, &self.input, scheduler)?;
        let mut axes = scheduler.map(self.keys.len(), |at| Axis::new(&columns[self.keys[at]], rows, scheduler))?;
        let combinations = self.combinations(&axes, rows)?;
        let mut held = cx.budget.reserve("missing rows");
        // The layout, and the columns of the result.
        let row_bytes = self.row_bytes(&columns, rows);
        held.require((combinations + rows) * (16 + row_bytes))?;
        memory.push(held);
        axes.iter_mut().rev().fold(1, |stride, axis| {
            axis.stride = stride;
            stride * axis.len
        });
        let layout = Layout::new(&axes, rows, combinations);
        cx.cancel.check()?;
        let batches = in_batches(layout.rows.len(), scheduler, cx, |range| self.batch(&columns, &axes, &layout, range))?;
        Ok(Arc::new(Batches::new(batches, memory)))
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

impl Complete {
    fn combinations(&self, axes: &[Axis], rows: usize) -> Result<usize> {
        let combinations = axes.iter().try_fold(1_u128, |product, axis| product.checked_mul(axis.len as u128));
        match combinations.filter(|combinations| combinations + rows as u128 <= ROWS_MAX) {
            Some(combinations) => Ok(combinations as usize),
            None => {
                let text = format!("`{}` would make more than {ROWS_MAX} rows", self.text);
                Err(Error::new(QueryError::Usage(text))
                    .hint("complete fewer keys, or round them first, for example with truncate(x, 'day')"))
            }
        }
    }

    /// About how many bytes a row of the result takes.
    fn row_bytes(&self, columns: &[ArrayRef], rows: usize) -> usize {
        let bytes: usize = columns.iter().map(|column| column.get_array_memory_size()).sum();
        bytes / rows.max(1) + columns.len()
    }

    fn batch(&self, columns: &[ArrayRef], axes: &[Axis], layout: &Layout, range: Range<usize>) -> Result<Batch> {
        let (rows, combinations) = (&layout.rows[range.clone()], &layout.combinations[range]);
        let new: Vec<u32> = rows.iter().zip(combinations).filter(|(row, _)| row.is_none()).map(|(_, combination)| *combination).collect();
        let added = match &self.value {
            Some(value) => {
                let keys =
                    axes.iter().map(|axis| axis.take(new.iter().map(|combination| (None, *combination)))).collect::<Result<Vec<_>>>()?;
                Some(value.evaluate(&keys, new.len())?)
            }
            None => None,
        };
        let column = |(at, column): (usize, &ArrayRef)| {
            if let Some(axis) = self.keys.iter().position(|key| *key == at) {
                return axes[axis].take(rows.iter().zip(combinations).map(|(row, combination)| (*row, *combination)));
            }
            with_added(column, rows, added.as_ref(), self.schema.field(at).data_type())
        };
        let columns = columns.iter().enumerate().map(column).collect::<Result<_>>()?;
        Batch::new(self.schema.clone(), columns, rows.len())
    }
}

impl Axis {
    fn new(column: &ArrayRef, rows: usize, scheduler: &Scheduler) -> Result<Self> {
        let types = [column.data_type().clone()];
        let mut table = keys::table(&types)?;
        let mut groups = Vec::new();
        if rows > 0 {
            table.assign(&[canonical(column.clone())?], rows, &mut groups)?;
        }
        let values = table.take_keys_as(&types)?.pop().unwrap_or_else(|| new_empty_array(&types[0]));
        let len = values.len();
        let mut place: Vec<u32> = (0..len as u32).collect();
        let values = match sorted_indices(&[(values.clone(), Order::default())], len, scheduler)? {
            None => values,
            Some(sorted) => {
                (0..).zip(sorted.values()).for_each(|(at, group)| place[*group as usize] = at);
                take(&values, &sorted, None)?
            }
        };
        groups.iter_mut().for_each(|group| *group = place[*group as usize]);
        Ok(Self { column: concat(&[column.as_ref(), values.as_ref()])?, start: rows as u32, places: groups, len, stride: 1 })
    }

    /// The keys of some rows of the result.
    fn take(&self, rows: impl Iterator<Item = (Option<u32>, u32)>) -> Result<ArrayRef> {
        let of_combination = |combination: u32| self.start + (combination as usize / self.stride % self.len) as u32;
        let places = rows.map(|(row, combination)| row.unwrap_or_else(|| of_combination(combination)));
        Ok(take(&self.column, &UInt32Array::from_iter_values(places), None)?)
    }
}

impl Layout {
    /// Rows by their combinations, and one for each combination without any.
    fn new(axes: &[Axis], rows: usize, combinations: usize) -> Self {
        let mut of_row = vec![0_u32; rows];
        for axis in axes {
            of_row.iter_mut().zip(&axis.places).for_each(|(combination, place)| *combination += place * axis.stride as u32);
        }
        let mut next = vec![0_u32; combinations];
        of_row.iter().for_each(|combination| next[*combination as usize] += 1);
        let mut total = 0;
        let mut layout = Self::default();
        for (combination, next) in (0..).zip(&mut next) {
            let count = (*next).max(1);
            layout.combinations.extend((0..count).map(|_| combination));
            (*next, total) = (total, total + count);
        }
        layout.rows = vec![None; total as usize];
        for (row, combination) in (0..).zip(&of_row) {
            let place = &mut next[*combination as usize];
            layout.rows[*place as usize] = Some(row);
            *place += 1;
        }
        layout
    }
}
