//! Values on the line between two known ones, by the number of rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBufferBuilder, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, i256};
use frame_core::{Error, QueryError, Result};

use super::survey::{Neighbour, Neighbours};

/// Whole numbers from here on may have no float of their own.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The column in the type of values between its values: whole numbers become floats.
pub(super) fn comparable(column: &ArrayRef) -> Result<ArrayRef> {
    if !column.data_type().is_integer() {
        return Ok(Arc::clone(column));
    }
    let floats = cast(column, &DataType::Float64)?;
    let is_wide = matches!(column.data_type(), DataType::Int64 | DataType::UInt64);
    if is_wide && floats.as_primitive::<Float64Type>().iter().flatten().any(|value| value.abs() >= EXACT_MAX) {
        let error = QueryError::Arithmetic("fill linear: a whole number beyond 2^53 has no exact float".to_owned());
        return Err(Error::new(error).hint("cast the column to decimal(38, 6), or to float if rounding is fine, first"));
    }
    Ok(floats)
}

/// The column with each null between two known values replaced.
pub(super) fn between(column: &ArrayRef, neighbours: &Neighbours) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        _ if column.null_count() == 0 => Arc::clone(column),
        DataType::Float64 => Arc::new(filled::<Float64Type>(column, neighbours, float)),
        DataType::Float32 => {
            Arc::new(filled::<Float32Type>(column, neighbours, |from, to, step, steps| float(from.into(), to.into(), step, steps) as f32))
        }
        DataType::Decimal128(precision, scale) => {
            let filled = filled::<Decimal128Type>(column, neighbours, decimal);
            Arc::new(filled.with_precision_and_scale(*precision, *scale)?)
        }
        // A column of nulls has nothing to be filled from.
        DataType::Null => Arc::clone(column),
        other => return Err(Error::internal(format!("fill linear over {other}"))),
    })
}

/// Fills each stretch of nulls that has a known value at both ends.
fn filled<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    neighbours: &Neighbours,
    at: impl Fn(T::Native, T::Native, u64, u64) -> T::Native,
) -> PrimitiveArray<T> {
    let column = column.as_primitive::<T>();
    let Some(nulls) = column.nulls() else { return column.clone() };
    let outside =
        |neighbour: &Option<Neighbour>| neighbour.as_ref().map(|found| (found.distance, found.value.as_primitive::<T>().value(0)));
    let mut values = column.values().to_vec();
    let mut known = BooleanBufferBuilder::new(column.len());
    known.append_buffer(nulls.inner());
    for (start, end) in (!nulls.inner()).set_slices() {
        let above = if start > 0 { Some((1, column.value(start - 1))) } else { outside(&neighbours.above) };
        let below = if end < column.len() { Some((1, column.value(end))) } else { outside(&neighbours.below) };
        let (Some((before, from)), Some((behind, to))) = (above, below) else { continue };
        let steps = before + (end - start - 1) as u64 + behind;
        for (place, value) in values[start..end].iter_mut().enumerate() {
            *value = at(from, to, before + place as u64, steps);
        }
        (start..end).for_each(|row| known.set_bit(row, true));
    }
    PrimitiveArray::new(values.into(), Some(NullBuffer::new(known.finish())))
}

fn float(from: f64, to: f64, step: u64, steps: u64) -> f64 {
    let (step, steps) = (step as f64, steps as f64);
    let value = from + (to - from) * step / steps;
    // The way between two large numbers may be longer than any number.
    if value.is_finite() { value } else { from * (1.0 - step / steps) + to * (step / steps) }
}

/// Rounded to the decimals of the column, halves away from zero.
fn decimal(from: i128, to: i128, step: u64, steps: u64) -> i128 {
    let whole = |number: u64| i256::from_i128(i128::from(number));
    let (from, two) = (i256::from_i128(from), whole(2));
    let way = (i256::from_i128(to) - from) * whole(step) * two;
    let half = if way < i256::ZERO { -whole(steps) } else { whole(steps) };
    let value = from + (way + half) / (whole(steps) * two);
    value.to_i128().expect("a number between two decimals is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_a_line() {
        assert_eq!(float(0.0, 10.0, 2, 3), 20.0 / 3.0);
        assert_eq!(float(-1.7e308, 1.7e308, 1, 2), 0.0);
        assert_eq!(float(f64::INFINITY, f64::INFINITY, 1, 2), f64::INFINITY);
        assert_eq!(decimal(100, 200, 1, 3), 133);
        assert_eq!(decimal(100, 200, 2, 3), 167);
        assert_eq!(decimal(0, -5, 1, 2), -3);
        let large = 10_i128.pow(38) - 1;
        assert_eq!(decimal(-large, large, 1, 2), 0);
    }
}
