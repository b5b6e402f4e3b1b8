//! Timestamps moved by calendar months, in their local time.

use arrow::array::{Array, ArrayRef, Int64Array, PrimitiveArray};
use arrow::compute::kernels::arity::try_binary;
use arrow::compute::{cast, kernels::numeric};
use arrow::datatypes::{DataType, Int64Type, IntervalYearMonthType, TimeUnit};
use frame_core::{Result, calendar};

use super::local::{failed, out_of_range};
use super::{instants, local_micros};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Timestamps so many months later at the same time of day, on the last day of the month if it is too short.
pub(crate) fn add_months(timestamps: &ArrayRef, months: &PrimitiveArray<IntervalYearMonthType>) -> Result<ArrayRef> {
    let local = local_micros(timestamps)?;
    let moved = |micros: i64, months: i32| {
        let day = calendar::add_months(micros.div_euclid(MICROS_PER_DAY) as i32, months).ok_or_else(out_of_range)?;
        i64::from(day)
            .checked_mul(MICROS_PER_DAY)
            .and_then(|midnight| midnight.checked_add(micros.rem_euclid(MICROS_PER_DAY)))
            .ok_or_else(out_of_range)
    };
    let moved = try_binary::<_, _, _, Int64Type>(&local, months, moved).map_err(failed)?;
    let DataType::Timestamp(unit, zone) = timestamps.data_type() else { return instants(&moved, timestamps.data_type()) };
    let result = instants(&moved, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
    if *unit != TimeUnit::Nanosecond {
        return Ok(result);
    }
    // The part of a microsecond is added again.
    let nanos = cast(timestamps, &DataType::Int64)?;
    let rest: Int64Array = arrow::array::AsArray::as_primitive::<Int64Type>(&nanos).unary(|nanos| nanos.rem_euclid(1_000));
    let micros = cast(&result, &DataType::Int64)?;
    let thousand = Int64Array::new_scalar(1_000);
    let sum = numeric::mul(&micros, &thousand).and_then(|nanos| numeric::add(&nanos, &rest)).map_err(failed)?;
    Ok(cast(&sum, timestamps.data_type())?)
}
