//! Columns of rows of which some come from the input and some are new.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::DataType;
use frame_core::Result;

/// The rows of a column at their numbers, and in place of those without one the rows of `added`, one after the other; all as one type.
pub(crate) fn with_added(column: &ArrayRef, rows: &[Option<u32>], added: Option<&ArrayRef>, to: &DataType) -> Result<ArrayRef> {
    let taken = take(column, &UInt32Array::from(rows.to_vec()), None)?;
    let taken = if taken.data_type() == to { taken } else { cast(&taken, to)? };
    let Some(added) = added.filter(|added| !added.is_empty()) else { return Ok(taken) };
    let mut next = rows.len() as u32;
    let place = |(at, row): (u32, &Option<u32>)| match row {
        Some(_) => at,
        None => {
            next += 1;
            next - 1
        }
    };
    let places: UInt32Array = UInt32Array::from_iter_values((0..).zip(rows).map(place));
    let both = concat(&[taken.as_ref(), cast(added, to)?.as_ref()])?;
    Ok(take(&both, &places, None)?)
}
