//! Order: what makes rows come first, and the order of few rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, UInt32Array};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float64Type};
use arrow::row::{RowConverter, SortField};
use frame_core::{CancelToken, Error, QueryError, Result};
use frame_graph::Scheduler;

use super::ordering::ordered;

/// How one key orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Order {
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl Order {
    /// The order as arrow-row knows it.
    pub(crate) fn field(self, data_type: &DataType) -> SortField {
        let options = SortOptions { descending: self.descending, nulls_first: self.nulls_first };
        SortField::new_with_options(data_type.clone(), options)
    }
}

/// A column whose equal values have equal bits: one NaN, which sorts last, and no negative zero.
pub(crate) fn canonical(column: ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Float64 => {
            // Adding zero turns a negative zero into a positive one.
            let floats = column.as_primitive::<Float64Type>();
            Ok(Arc::new(floats.unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN.abs() } else { value + 0.0 })))
        }
        DataType::Float32 => {
            let floats = column.as_primitive::<arrow::datatypes::Float32Type>();
            Ok(Arc::new(
                floats.unary::<_, arrow::datatypes::Float32Type>(|value| if value.is_nan() { f32::NAN.abs() } else { value + 0.0 }),
            ))
        }
        _ => Ok(column),
    }
}

/// The stable order of `rows` rows by `keys`; `None` if they need no ordering.
pub(crate) fn sorted_indices(
    keys: &[(ArrayRef, Order)],
    rows: usize,
    scheduler: &Scheduler,
    cancel: &CancelToken,
) -> Result<Option<UInt32Array>> {
    if keys.is_empty() || rows < 2 {
        return Ok(None);
    }
    if u32::try_from(rows).is_err() {
        let error = Error::new(QueryError::Usage(format!("{rows} rows are too many to sort in memory")));
        return Err(error.hint("filter or aggregate first"));
    }
    let fields = keys.iter().map(|(column, order)| order.field(column.data_type()));
    let converter = RowConverter::new(fields.collect())?;
    let columns = keys.iter().map(|(column, _)| canonical(column.clone())).collect::<Result<Vec<_>>>()?;
    let packed = converter.convert_columns(&columns)?;
    let order = ordered(&[&packed], scheduler, cancel)?;
    Ok(Some(UInt32Array::from_iter_values(order.into_iter().map(|(_, row)| row))))
}
