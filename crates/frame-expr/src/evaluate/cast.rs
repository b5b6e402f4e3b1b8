//! Conversions: those that lose nothing, and casts, which say what becomes of a value without a counterpart.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, DurationMicrosecondArray};
use arrow::compute::{CastOptions, can_cast_types, cast as arrow_cast, cast_with_options};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, TimeUnit};
use frame_core::{DataError, Error, QueryError, Result, Scalar, duration};

use super::Value;
use crate::expr::BadCast;
use crate::types::{DIGITS_MAX, DURATION, TIMESTAMP, is_text, type_name};
use crate::{texts, time};

/// Whether values of one type can be cast to another.
pub(crate) fn can_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::{Duration, Interval};
    match (from, to) {
        (text, Duration(_)) if is_text(text) => true,
        (Duration(_), text) if is_text(text) => true,
        // Arrow casts booleans and points in time by their bits; nobody means that.
        (Interval(_), _) | (_, Interval(_)) => from == to,
        _ => can_cast_types(from, to),
    }
}

/// A conversion that loses nothing. Where the target has less room after all, a value without a counterpart is an error.
pub(super) fn widen(operand: &Value, to: &DataType) -> Result<Value> {
    if zoned_from_local(operand.array.data_type(), to) {
        return Ok(operand.with(localized(&operand.array, to)?));
    }
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let widened = cast_with_options(&operand.array, to, &strict).map_err(|_| {
        let error = QueryError::Arithmetic(format!("a {} is out of range for {}", type_name(operand.array.data_type()), type_name(to)));
        Error::new(error).hint("convert with cast(x, float) or to fewer decimals first")
    })?;
    if let DataType::Decimal128(precision, _) = to {
        let decimals = widened.as_primitive::<Decimal128Type>();
        decimals.validate_decimal_precision(*precision).map_err(|_| super::decimal::overflow(to))?;
    }
    Ok(operand.with(widened))
}

/// A cast of the language: strict, so that blanks around a number, or a number out of range, are bad values.
pub(super) fn cast(operand: &Value, to: &DataType, bad: BadCast) -> Result<Value> {
    let from = &operand.array;
    let cast = converted(from, to)?;
    if bad == BadCast::Fail && cast.logical_null_count() > from.logical_null_count() {
        let (before, after) = (from.logical_nulls(), cast.logical_nulls());
        let is_bad = |row: &usize| {
            before.as_ref().is_none_or(|nulls| nulls.is_valid(*row)) && after.as_ref().is_some_and(|nulls| nulls.is_null(*row))
        };
        let row = (0..from.len()).find(is_bad).unwrap_or(0);
        let value = arrow::util::display::array_value_to_string(from, row)?;
        return Err(Error::new(DataError::Value { position: None, value, expected: type_name(to) })
            .hint(format!("make bad values null with cast(x, {} or null), or drop them with `where` first", type_name(to))));
    }
    Ok(operand.with(cast))
}

/// The values in another type, null where there is no counterpart.
fn converted(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    use DataType::{Boolean, Date32, Decimal128, Duration, Time64, Timestamp, Utf8View};
    let plain = |from: &ArrayRef| Ok(cast_with_options(from, to, &CastOptions { safe: true, ..CastOptions::default() })?);
    match (from.data_type(), to) {
        (text, Boolean) if is_text(text) => truth(from),
        (text, Decimal128(precision, scale)) if is_text(text) => decimals(from, *precision, *scale),
        (text, Duration(_)) if is_text(text) => Ok(arrow_cast(&durations(from)?, to)?),
        // What has no colon would be read as a count of units since midnight.
        (text, Time64(_) | DataType::Time32(_)) if is_text(text) => plain(&with_colon(from)?),
        (Duration(_), text) if is_text(text) => duration_texts(from),
        (_, Decimal128(precision, scale)) => {
            let values = plain(from)?;
            let fitting = values.as_primitive::<Decimal128Type>().null_if_overflow_precision(*precision);
            Ok(Arc::new(fitting.with_precision_and_scale(*precision, *scale)?))
        }
        (a, b) if zoned_from_local(a, b) => localized(from, to),
        // Out of a zone values leave with what its clocks and calendars show.
        (Timestamp(_, Some(_)), Date32) => Ok(Arc::new(time::days(from)?.reinterpret_cast::<Date32Type>())),
        (Timestamp(_, Some(_)), Timestamp(_, None)) => Ok(arrow_cast(&time::instants(&time::local_micros(from)?, &TIMESTAMP)?, to)?),
        (Timestamp(..), Time64(TimeUnit::Microsecond)) => Ok(arrow_cast(&time::micros_of_day(from)?, &Time64(TimeUnit::Microsecond))?),
        (Timestamp(_, None), Date32) => Ok(Arc::new(time::days(from)?.reinterpret_cast::<Int32Type>().reinterpret_cast::<Date32Type>())),
        (DataType::Dictionary(_, values), _) if !is_text(values) => converted(&arrow_cast(from, values)?, to),
        (_, Utf8View) => plain(from),
        _ => plain(from),
    }
}

/// Whether dates or timestamps without a zone become timestamps in one: they are read as its local time.
fn zoned_from_local(from: &DataType, to: &DataType) -> bool {
    matches!((from, to), (DataType::Date32 | DataType::Timestamp(_, None), DataType::Timestamp(_, Some(_))))
}

fn localized(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let DataType::Timestamp(unit, zone) = to else { return Err(Error::internal(format!("{to} is no timestamp"))) };
    let micros = time::instants(&time::local_micros(from)?, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
    Ok(if *unit == TimeUnit::Microsecond { micros } else { arrow_cast(&micros, to)? })
}

/// `true` and `false` and nothing else.
fn truth(texts: &ArrayRef) -> Result<ArrayRef> {
    let texts = arrow_cast(texts, &DataType::Utf8View)?;
    let values = texts.as_string_view().iter().map(|text| match text {
        Some("true" | "True" | "TRUE") => Some(true),
        Some("false" | "False" | "FALSE") => Some(false),
        _ => None,
    });
    Ok(Arc::new(values.collect::<arrow::array::BooleanArray>()))
}

/// The texts that have a colon, the others null.
fn with_colon(texts: &ArrayRef) -> Result<ArrayRef> {
    let texts = arrow_cast(texts, &DataType::Utf8View)?;
    let clocks = texts.as_string_view().iter().map(|text| text.filter(|text| text.contains(':')));
    Ok(Arc::new(clocks.collect::<arrow::array::StringViewArray>()))
}

fn durations(texts: &ArrayRef) -> Result<ArrayRef> {
    let texts = arrow_cast(texts, &DataType::Utf8View)?;
    let values = texts.as_string_view().iter().map(|text| match duration::parse(text?) {
        Some(Scalar::Duration(micros)) => Some(micros),
        _ => None,
    });
    Ok(Arc::new(values.collect::<DurationMicrosecondArray>()))
}

/// Durations as the language writes them, parts of a microsecond dropped.
fn duration_texts(durations: &ArrayRef) -> Result<ArrayRef> {
    let micros = arrow_cast(&arrow_cast(durations, &DURATION)?, &DataType::Int64)?;
    let micros = micros.as_primitive::<Int64Type>();
    texts::build(micros.len(), |row, text| {
        text.push_str(&duration::text(micros.value(row)));
        Ok(micros.is_valid(row))
    })
}

/// Texts as decimals: digits, a point, an exponent. One with more decimals than the type, unless they are zeros, is a bad value.
fn decimals(texts: &ArrayRef, precision: u8, scale: i8) -> Result<ArrayRef> {
    let texts = arrow_cast(texts, &DataType::Utf8View)?;
    let values = texts.as_string_view().iter().map(|text| decimal(text?.as_bytes(), precision, scale.into()));
    let values: Decimal128Array = values.collect();
    Ok(Arc::new(values.with_precision_and_scale(precision, scale)?))
}

fn decimal(text: &[u8], precision: u8, scale: i32) -> Option<i128> {
    let (is_negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (digits, exponent) = match digits.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&digits[..at], std::str::from_utf8(&digits[at + 1..]).ok()?.parse::<i16>().ok()?),
        None => (digits, 0),
    };
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let decimals = digits.get(point + 1..).unwrap_or_default();
    if point + decimals.len() == 0 {
        return None;
    }
    let mut value: i128 = 0;
    // Zeros at the end wait until a digit follows them, so that any number of them fits.
    let mut zeros = 0_u32;
    for digit in digits[..point].iter().chain(decimals) {
        match digit {
            b'0' => zeros += 1,
            b'1'..=b'9' => {
                value = times_ten(value, zeros + 1)?.checked_add(i128::from(digit - b'0'))?;
                zeros = 0;
            }
            _ => return None,
        }
    }
    if value == 0 {
        return Some(0);
    }
    let shift = i64::from(zeros) + i64::from(exponent) - decimals.len() as i64 + i64::from(scale);
    let value = match u32::try_from(shift) {
        Ok(shift) => times_ten(value, shift)?,
        Err(_) => return None,
    };
    let limit = 10_i128.pow(u32::from(precision.min(DIGITS_MAX)));
    (value < limit).then_some(if is_negative { -value } else { value })
}

fn times_ten(value: i128, power: u32) -> Option<i128> {
    if value == 0 { Some(0) } else { value.checked_mul(10_i128.checked_pow(power)?) }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn texts_are_decimals_or_bad() {
        for (text, value) in [
            ("12.34", Some(1234)),
            ("-12.3", Some(-1230)),
            ("+7", Some(700)),
            (".5", Some(50)),
            ("5.", Some(500)),
            ("0.000000000000000000000000000000000000000000000", Some(0)),
            ("1.2300000000000000000000000000000000000000000000000", Some(123)),
            ("1e3", Some(100_000)),
            ("1.5E-1", Some(15)),
            ("99999999.99", Some(9_999_999_999)),
            ("100000000.00", None),
            ("0.001", None),
            ("1e-3", None),
            ("", None),
            (".", None),
            ("-", None),
            ("e5", None),
            (" 1", None),
            ("1 ", None),
            ("1,5", None),
            ("1e", None),
            ("1e99999", None),
            ("0x10", None),
            ("1.2.3", None),
        ] {
            assert_eq!(decimal(text.as_bytes(), 10, 2), value, "{text}");
        }
    }
}
