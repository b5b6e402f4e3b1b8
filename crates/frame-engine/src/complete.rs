//! Rows for the combinations of keys that have none. Rows that do not fit into memory are sorted by their keys on disk and gone through;
//! the different values of each key stay in memory.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Error, QueryError, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;
use frame_memory::Reservation;

use crate::added::with_added;
use crate::compact::compacted;
use crate::context::Context;
use crate::gathered::{Gathered, Share, Whole, columns, in_batches, in_memory_or_sorted};
use crate::graph::Sink;
use crate::group_by::keys::{self, KeyTable};
use crate::kept::Keeper;
use crate::sort::{Order, SortKeys, SortedRows, canonical, sorted_indices};
use crate::source::Source;

/// The most rows that can be numbered.
const ROWS_MAX: u128 = 1 << 31;

/// Adds a row for each combination of keys that has none.
#[derive(Debug)]
pub(crate) struct Complete {
    /// The key columns.
    pub(crate) keys: Vec<usize>,
    /// What rows that do not fit into memory are sorted by: the keys.
    pub(crate) order: Arc<SortKeys>,
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
    type Share = Share;

    fn start(&self, cx: &Context) -> Result<Share> {
        Ok(Share::Held(Gathered::new(cx.budget.reserve("missing rows"))))
    }

    fn push(&self, share: &mut Share, batch: Batch, cx: &Context) -> Result<()> {
        // The columns, once more side by side, and the places of the keys.
        let batch = compacted(batch)?;
        let bytes = 2 * batch.memory_bytes() + batch.len() * (8 + 16 * self.keys.len());
        share.push(batch, bytes, &self.order, cx)
    }

    fn finish(&self, shares: Vec<Share>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        // There may be far more combinations than rows.
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

impl Complete {
    fn in_memory(&self, all: &[Gathered<()>], scheduler: &Scheduler, cx: &Context) -> Result<(Vec<Batch>, Vec<Reservation>)> {
        let (columns, rows) = columns(all, &self.input, scheduler)?;
        let mut axes = scheduler.map(self.keys.len(), |at| Axis::new(&columns[self.keys[at]], rows, scheduler, cx))?;
        let combinations = self.combinations(axes.iter().map(|axis| axis.len), rows)?;
        let mut held = cx.budget.reserve("missing rows");
        // The layout, and the columns of the result.
        let row_bytes = self.row_bytes(&columns, rows);
        held.require((combinations + rows) * (16 + row_bytes))?;
        axes.iter_mut().rev().fold(1, |stride, axis| {
            axis.stride = stride;
            stride * axis.len
        });
        let layout = Layout::new(&axes, rows, combinations);
        cx.cancel.check()?;
        let batches = in_batches(layout.rows.len(), scheduler, cx, |range| self.batch(&columns, &axes, &layout, range))?;
        Ok((batches, vec![held]))
    }

    /// Goes through sorted rows twice: for the different values of the keys, and to add rows between them.
    fn by_disk(&self, mut rows: SortedRows, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let mut values = self.keys.iter().map(|key| Values::new(self.input.field(*key).data_type())).collect::<Result<Vec<_>>>()?;
        let mut memory = cx.budget.reserve("missing rows");
        let mut count = 0;
        while let Some((batch, _memory)) = rows.next(scheduler, cx)? {
            count += batch.len();
            for (key, values) in self.keys.iter().zip(&mut values) {
                values.places(&batch.columns()[*key], batch.len())?;
            }
            memory.require(values.iter().map(Values::bytes).sum())?;
        }
        for values in &mut values {
            values.sort(scheduler, cx)?;
        }
        memory.require(values.iter().map(Values::bytes).sum())?;
        let combinations = self.combinations(values.iter().map(Values::len), count)?;
        let mut added =
            Added { complete: self, values, combinations, next: 0, layout: Layout::default(), keeper: Keeper::new("missing rows", cx) };
        rows.rewind();
        while let Some((batch, _memory)) = rows.next(scheduler, cx)? {
            rows.keep_room(0, || added.keeper.spill())?;
            added.rows(&batch, cx)?;
        }
        let none = self.input.fields().iter().map(|field| new_empty_array(field.data_type())).collect::<Vec<_>>();
        added.up_to(combinations, &none, cx)?;
        added.flush(&none, cx)?;
        Ok(Arc::new(added.keeper.into_source(&self.schema)))
    }

    fn combinations(&self, mut lengths: impl Iterator<Item = usize>, rows: usize) -> Result<usize> {
        let combinations = lengths.try_fold(1_u128, |product, len| product.checked_mul(len as u128));
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

/// The different values of a key column, found batch by batch.
struct Values {
    table: Box<dyn KeyTable>,
    places: Vec<u32>,
    /// Sorted, when all of them are known, and the place of each by its number in the table.
    sorted: ArrayRef,
    place_of: Vec<u32>,
}

impl Values {
    fn new(data_type: &DataType) -> Result<Self> {
        Ok(Self {
            table: keys::table(std::slice::from_ref(data_type))?,
            places: Vec::new(),
            sorted: new_empty_array(data_type),
            place_of: Vec::new(),
        })
    }

    /// The places of the values of some rows; their numbers as long as not all are known.
    fn places(&mut self, column: &ArrayRef, rows: usize) -> Result<&[u32]> {
        self.table.assign(&[canonical(column.clone())?], rows, &mut self.places)?;
        if !self.place_of.is_empty() {
            self.places.iter_mut().for_each(|place| *place = self.place_of[*place as usize]);
        }
        Ok(&self.places)
    }

    /// All values are known.
    fn sort(&mut self, scheduler: &Scheduler, cx: &Context) -> Result<()> {
        let types = [self.sorted.data_type().clone()];
        let values = self.table.take_keys_as(&types)?.pop().unwrap_or_else(|| new_empty_array(&types[0]));
        self.sorted = match sorted_indices(&[(values.clone(), Order::default())], values.len(), scheduler, &cx.cancel)? {
            None => values,
            Some(sorted) => take(&values, &sorted, None)?,
        };
        self.table = keys::table(&types)?;
        let (sorted, rows) = (self.sorted.clone(), self.sorted.len());
        if rows > 0 {
            // A table of a dictionary may number values in another order than it is shown them.
            let numbers = self.places(&sorted, rows)?.to_vec();
            self.place_of = vec![0; self.table.len()];
            (0..).zip(numbers).for_each(|(place, number)| self.place_of[number as usize] = place);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.sorted.len()
    }

    fn bytes(&self) -> usize {
        // The values are sorted and looked up anew.
        2 * self.table.bytes() + 4 * (self.places.capacity() + 2 * self.table.len()) + self.sorted.get_array_memory_size()
    }
}

/// Rows on their way out, with those that are missing between them.
struct Added<'a> {
    complete: &'a Complete,
    values: Vec<Values>,
    combinations: usize,
    /// The first combination that has not come yet.
    next: usize,
    /// Rows of the batch in hand, and new ones.
    layout: Layout,
    keeper: Keeper,
}

impl Added<'_> {
    /// Adds what is missing in front of each row of a batch.
    fn rows(&mut self, batch: &Batch, cx: &Context) -> Result<()> {
        let mut of_row = vec![0_usize; batch.len()];
        for (key, values) in self.complete.keys.iter().zip(&mut self.values) {
            let len = values.len();
            let places = values.places(&batch.columns()[*key], batch.len())?;
            of_row.iter_mut().zip(places).for_each(|(combination, place)| *combination = *combination * len + *place as usize);
        }
        for (row, combination) in (0..).zip(of_row) {
            self.up_to(combination, batch.columns(), cx)?;
            self.next = combination + 1;
            self.push(Some(row), combination, batch.columns(), cx)?;
        }
        self.flush(batch.columns(), cx)
    }

    /// Adds the combinations in front of one.
    fn up_to(&mut self, combination: usize, columns: &[ArrayRef], cx: &Context) -> Result<()> {
        while self.next < combination {
            self.next += 1;
            self.push(None, self.next - 1, columns, cx)?;
        }
        Ok(())
    }

    fn push(&mut self, row: Option<u32>, combination: usize, columns: &[ArrayRef], cx: &Context) -> Result<()> {
        self.layout.rows.push(row);
        self.layout.combinations.push(combination as u32);
        if self.layout.rows.len() >= cx.batch_rows { self.flush(columns, cx) } else { Ok(()) }
    }

    /// A batch of what is in hand.
    fn flush(&mut self, columns: &[ArrayRef], cx: &Context) -> Result<()> {
        cx.cancel.check()?;
        let Layout { rows, combinations } = std::mem::take(&mut self.layout);
        if rows.is_empty() {
            return Ok(());
        }
        let new: Vec<u32> = rows.iter().zip(combinations).filter(|(row, _)| row.is_none()).map(|(_, combination)| combination).collect();
        let mut stride = self.combinations;
        let mut keys = Vec::new();
        for values in &self.values {
            stride /= values.len().max(1);
            let places = new.iter().map(|combination| (*combination as usize / stride % values.len()) as u32);
            keys.push(take(&values.sorted, &UInt32Array::from_iter_values(places), None)?);
        }
        let complete = self.complete;
        let added = complete.value.as_ref().map(|value| value.evaluate(&keys, new.len())).transpose()?;
        let column = |(at, column): (usize, &ArrayRef)| {
            let of_key = complete.keys.iter().position(|key| *key == at).map(|key| &keys[key]);
            with_added(column, &rows, of_key.or(added.as_ref()), complete.schema.field(at).data_type())
        };
        let columns = columns[..complete.schema.fields().len()].iter().enumerate().map(column).collect::<Result<_>>()?;
        self.keeper.push(Batch::new(complete.schema.clone(), columns, rows.len())?)
    }
}

impl Axis {
    fn new(column: &ArrayRef, rows: usize, scheduler: &Scheduler, cx: &Context) -> Result<Self> {
        let types = [column.data_type().clone()];
        let mut table = keys::table(&types)?;
        let mut groups = Vec::new();
        if rows > 0 {
            table.assign(&[canonical(column.clone())?], rows, &mut groups)?;
        }
        let values = table.take_keys_as(&types)?.pop().unwrap_or_else(|| new_empty_array(&types[0]));
        let len = values.len();
        let mut place: Vec<u32> = (0..len as u32).collect();
        let values = match sorted_indices(&[(values.clone(), Order::default())], len, scheduler, &cx.cancel)? {
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
