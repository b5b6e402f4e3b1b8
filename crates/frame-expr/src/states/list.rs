//! Every value of every group in the order of the rows: the states of `list` and `concat`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, LargeBinaryArray, LargeListArray, ListArray, StringViewBuilder, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, UInt64Type};
use frame_core::{Error, QueryError, Result};

use super::arena::Arena;
use super::log::{Grouped, Log, flatten};
use super::state;
use super::values::{self, Coder};
use crate::aggregates::GroupStates;

/// A row: its rank or the address of its order key, and its key or the address of its bytes.
type Row = (u64, u64);

pub(crate) struct List {
    data_type: DataType,
    /// What texts are joined with; none if a list is made.
    separator: Option<String>,
    rows: Log<Row>,
    arena: Arena,
    /// Whether the order is keys, not ranks; it shows with the first row.
    has_order_keys: bool,
}

/// The type of a list of values.
pub(crate) fn list_of(data_type: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(data_type.clone(), true)))
}

impl List {
    /// States for values of a type with keys or bytes; texts are joined if there is a separator.
    pub(crate) fn new(data_type: &DataType, separator: Option<String>) -> Self {
        Self { data_type: data_type.clone(), separator, rows: Log::default(), arena: Arena::default(), has_order_keys: false }
    }

    /// Adds rows whose values and orders are of one of two kinds each.
    fn add(&mut self, groups: &[u32], values: &ArrayRef, nulls: Option<&NullBuffer>, orders: &ArrayRef) -> Result<()> {
        let (keys, bytes) = (values.as_primitive_opt::<UInt64Type>(), values.as_binary_view_opt());
        let orders = if orders.data_type() == &DataType::UInt64 { Arc::clone(orders) } else { cast(orders, &DataType::BinaryView)? };
        let (ranks, order_keys) = (orders.as_primitive_opt::<UInt64Type>(), orders.as_binary_view_opt());
        self.has_order_keys |= !groups.is_empty() && order_keys.is_some();
        let mut push = |row: usize| {
            let order = match (ranks, order_keys) {
                (Some(ranks), _) => ranks.value(row),
                (_, Some(keys)) => self.arena.push(keys.value(row)),
                _ => return Err(Error::internal("an order that is neither ranks nor keys")),
            };
            let value = match (keys, bytes) {
                (Some(keys), _) => keys.value(row),
                (_, Some(bytes)) => self.arena.push(bytes.value(row)),
                _ => return Err(Error::internal("values that are neither keys nor bytes")),
            };
            self.rows.push(groups[row], (order, value));
            Ok(())
        };
        match nulls.filter(|nulls| nulls.null_count() > 0) {
            None => (0..groups.len()).try_for_each(push),
            Some(nulls) => nulls.valid_indices().try_for_each(&mut push),
        }
    }

    /// The rows by group, each group in its order, and the bytes they point to.
    fn take_sorted(&mut self) -> (Grouped<Row>, Arena) {
        let mut grouped = self.rows.take();
        let arena = std::mem::take(&mut self.arena);
        if self.has_order_keys {
            grouped.for_each_mut(|rows| rows.sort_unstable_by(|a, b| arena.get(a.0).cmp(arena.get(b.0))));
        } else {
            grouped.for_each_mut(|rows| rows.sort_unstable());
        }
        (grouped, arena)
    }

    fn joined(grouped: &Grouped<Row>, arena: &Arena, separator: &str) -> Result<ArrayRef> {
        let mut builder = StringViewBuilder::new();
        let mut text = Vec::new();
        for rows in grouped.slices() {
            text.clear();
            for (at, (_, address)) in rows.iter().enumerate() {
                text.extend_from_slice(if at == 0 { b"" } else { separator.as_bytes() });
                text.extend_from_slice(arena.get(*address));
            }
            if i32::try_from(text.len()).is_err() {
                let error = QueryError::Arithmetic(format!("a text of {} bytes is longer than 2 GiB", text.len()));
                return Err(Error::new(error).hint("join fewer values: group by more columns, or filter first"));
            }
            let text = std::str::from_utf8(&text).map_err(|_| Error::internal("text that is not UTF-8"))?;
            builder.append_option((!rows.is_empty()).then_some(text));
        }
        Ok(Arc::new(builder.finish()))
    }
}

/// Lists of these items; a group without any has no list.
pub(crate) fn lists(lengths: impl Iterator<Item = usize>, items: ArrayRef) -> Result<ArrayRef> {
    let (mut offsets, mut end, mut valid) = (vec![0], 0, Vec::new());
    for len in lengths {
        end += len;
        valid.push(len > 0);
        offsets.push(i32::try_from(end).map_err(|_| {
            Error::new(QueryError::Arithmetic("lists of more than 2147483647 values in all".to_owned())).hint("filter first")
        })?);
    }
    let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    let nulls = NullBuffer::from(valid);
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::new(ScalarBuffer::from(offsets)), items, Some(nulls))?))
}

impl GroupStates for List {
    fn resize(&mut self, groups: usize) {
        self.rows.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let [column, order] = arguments else { return Err(Error::internal("an aggregate without its order")) };
        let values: ArrayRef = if values::has_keys(&self.data_type) {
            Arc::new(UInt64Array::from(values::keys(column)?))
        } else {
            Arc::new(Coder::new(&self.data_type)?.encode(column)?)
        };
        self.add(groups, &values, column.logical_nulls().as_ref(), order)
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let (grouped, arena) = (self.rows.take(), std::mem::take(&mut self.arena));
        let column = |is_bytes: bool, part: fn(&Row) -> u64| -> ArrayRef {
            let parts = grouped.values().iter().map(part);
            match is_bytes {
                true => Arc::new(LargeBinaryArray::from_iter_values(parts.map(|address| arena.get(address)))),
                false => Arc::new(UInt64Array::from_iter_values(parts)),
            }
        };
        let orders = column(std::mem::take(&mut self.has_order_keys), |row| row.0);
        let values = column(!values::has_keys(&self.data_type), |row| row.1);
        Ok(vec![grouped.lists(orders)?, grouped.lists(values)?])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let (orders, values): (&LargeListArray, &LargeListArray) = (state(states, 0)?, state(states, 1)?);
        let (of_items, orders) = flatten(groups, orders);
        let (_, values) = flatten(groups, values);
        let values = if values.data_type() == &DataType::UInt64 { values } else { cast(&values, &DataType::BinaryView)? };
        self.add(&of_items, &values, None, &orders)
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let (grouped, arena) = self.take_sorted();
        self.has_order_keys = false;
        if let Some(separator) = &self.separator {
            return Self::joined(&grouped, &arena, separator);
        }
        let values = grouped.values().iter().map(|(_, value)| *value);
        let items = if values::has_keys(&self.data_type) {
            values::column_of_keys(&UInt64Array::from_iter_values(values), &self.data_type)?
        } else {
            let bytes: BinaryViewArray = values.map(|address| Some(arena.get(address))).collect();
            Coder::new(&self.data_type)?.decode(&bytes)?
        };
        lists(grouped.lengths(), items)
    }

    fn bytes(&self) -> usize {
        self.rows.bytes() + self.arena.bytes()
    }
}
