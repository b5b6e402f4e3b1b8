//! Columns of dates and timestamps as local time: microseconds and days as a clock and a calendar on the wall show them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use frame_core::{Error, QueryError, Result};

use super::Zone;

const MICROS_PER_DAY: i64 = 86_400_000_000;

pub(super) fn out_of_range() -> ArrowError {
    ArrowError::ArithmeticOverflow("time".to_owned())
}

pub(super) fn failed(_: ArrowError) -> Error {
    Error::new(QueryError::Arithmetic("a timestamp is out of range".to_owned()))
        .hint("zones are known for about 262 000 years around 1970, timestamps without one for 292 000")
}

/// The zone of a timestamp type.
fn zone(data_type: &DataType) -> Result<Option<Zone>> {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => Zone::named(zone).map(Some),
        _ => Ok(None),
    }
}

/// Dates or timestamps as microseconds since 1970-01-01T00:00:00 of their local time; parts of a microsecond are dropped.
pub(crate) fn local_micros(array: &ArrayRef) -> Result<Int64Array> {
    let micros = universal_micros(array)?;
    let Some(zone) = zone(array.data_type())? else { return Ok(micros) };
    let local = |micros: i64| zone.offset(micros).and_then(|offset| micros.checked_add(offset)).ok_or_else(out_of_range);
    micros.try_unary(local).map_err(failed)
}

/// Dates or timestamps as microseconds since 1970-01-01T00:00:00 UTC, which is the local time of those without a zone.
pub(crate) fn universal_micros(array: &ArrayRef) -> Result<Int64Array> {
    let times = |array: &Int64Array, factor: i64| {
        array.try_unary::<_, Int64Type, _>(|value| value.checked_mul(factor).ok_or_else(out_of_range)).map_err(failed)
    };
    match array.data_type() {
        DataType::Date32 => times(&array.as_primitive::<Date32Type>().unary(i64::from), MICROS_PER_DAY),
        DataType::Timestamp(unit, _) => {
            let values = cast(array, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            match unit {
                TimeUnit::Microsecond => Ok(values.clone()),
                TimeUnit::Nanosecond => Ok(values.unary(|nanos| nanos.div_euclid(1_000))),
                TimeUnit::Millisecond => times(values, 1_000),
                TimeUnit::Second => times(values, 1_000_000),
            }
        }
        other => Err(Error::internal(format!("{other} is no point in time"))),
    }
}

/// Local microseconds as timestamps of a type: in microseconds, with or without a zone.
pub(crate) fn instants(local: &Int64Array, to: &DataType) -> Result<ArrayRef> {
    let micros = match zone(to)? {
        None => local.clone(),
        Some(zone) => local.try_unary(|micros| zone.instant(micros).ok_or_else(out_of_range)).map_err(failed)?,
    };
    let array = micros.reinterpret_cast::<TimestampMicrosecondType>();
    let DataType::Timestamp(_, zone) = to else { return Err(Error::internal(format!("{to} is no timestamp"))) };
    Ok(Arc::new(array.with_timezone_opt(zone.clone())))
}

/// Dates or timestamps as local days since 1970-01-01.
pub(crate) fn days(array: &ArrayRef) -> Result<Int32Array> {
    if let Some(dates) = array.as_primitive_opt::<Date32Type>() {
        return Ok(dates.reinterpret_cast::<Int32Type>());
    }
    // Days of 64-bit microseconds fit 32 bits.
    Ok(local_micros(array)?.unary(|micros| micros.div_euclid(MICROS_PER_DAY) as i32))
}

/// Times, dates or timestamps as microseconds since local midnight.
pub(crate) fn micros_of_day(array: &ArrayRef) -> Result<Int64Array> {
    match array.data_type() {
        DataType::Date32 => Ok(array.as_primitive::<Date32Type>().unary(|_| 0)),
        DataType::Time64(unit) => {
            let values = cast(array, &DataType::Int64)?;
            let divisor = if *unit == TimeUnit::Nanosecond { 1_000 } else { 1 };
            Ok(values.as_primitive::<Int64Type>().unary(|value| value / divisor))
        }
        _ => Ok(local_micros(array)?.unary(|micros| micros.rem_euclid(MICROS_PER_DAY))),
    }
}
