//! Arithmetic on points in time and durations. Out of range is an error; months are clamped to the last day of a month.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, PrimitiveArray};
use arrow::compute::cast;
use arrow::compute::kernels::arity::try_binary;
use arrow::datatypes::{DataType, Date32Type, DurationMicrosecondType, Float64Type, Int32Type, Int64Type, IntervalYearMonthType};
use arrow::error::ArrowError;
use frame_core::{Error, QueryError, Result, calendar};

use super::arithmetic::floored_ints;
use crate::expr::BinaryOp;
use crate::time;
use crate::types::{MONTHS, type_name};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// An operation whose operands have the types that binding gave them.
pub(super) fn arithmetic(op: BinaryOp, left: &ArrayRef, right: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let is_months = |array: &ArrayRef| *array.data_type() == MONTHS;
    match (left.data_type(), right.data_type()) {
        (DataType::Interval(_), _) => months(op, left, right),
        (DataType::Date32, _) if is_months(right) => date_and_months(op, left, right),
        (_, DataType::Interval(_)) => {
            let months = right.as_primitive::<IntervalYearMonthType>();
            time::add_months(left, &turned(op, months)?)
        }
        (DataType::Date32, _) => date_and_days(op, left, right),
        (DataType::Duration(_), DataType::Float64) => scaled(op, left, right, to),
        (DataType::Duration(_), DataType::Duration(_)) if op == BinaryOp::Divide => {
            let ratio = |a: i64, b: i64| Ok(a as f64 / b as f64);
            Ok(Arc::new(try_binary::<_, _, _, Float64Type>(&numbers(left)?, &numbers(right)?, ratio)?))
        }
        (DataType::Duration(_), DataType::Duration(_)) if matches!(op, BinaryOp::FloorDivide | BinaryOp::Modulo) => {
            let result = floored_ints(op == BinaryOp::FloorDivide, &numbers(left)?, &numbers(right)?)?;
            Ok(cast(&result, to)?)
        }
        _ => whole(op, left, right, to),
    }
}

/// The values as their number of units.
fn numbers(array: &ArrayRef) -> Result<Int64Array> {
    Ok(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn out_of_range(to: &DataType) -> Error {
    Error::new(QueryError::Arithmetic(format!("a {} is out of range", type_name(to))))
        .hint("times are counted in microseconds, about 292 000 years around 1970")
}

/// Sums, differences and products by whole numbers.
fn whole(op: BinaryOp, left: &ArrayRef, right: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let (a, b) = (numbers(left)?, numbers(right)?);
    let compute = match op {
        BinaryOp::Add => i64::checked_add,
        BinaryOp::Subtract => i64::checked_sub,
        BinaryOp::Multiply => i64::checked_mul,
        _ => return Err(Error::internal(format!("{op:?} on {}", left.data_type()))),
    };
    let overflow = || ArrowError::ArithmeticOverflow(String::new());
    let result = try_binary::<_, _, _, Int64Type>(&a, &b, |a, b| compute(a, b).ok_or_else(overflow)).map_err(|_| out_of_range(to))?;
    let result = match to {
        // The clock goes round.
        DataType::Time64(unit) => {
            let day = if *unit == arrow::datatypes::TimeUnit::Nanosecond { MICROS_PER_DAY * 1_000 } else { MICROS_PER_DAY };
            result.unary::<_, Int64Type>(|value| value.rem_euclid(day))
        }
        _ => result,
    };
    Ok(cast(&result, to)?)
}

/// A duration times or divided by a float, rounded to its unit; null where it is divided by zero.
fn scaled(op: BinaryOp, left: &ArrayRef, right: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let spans = numbers(left)?;
    let values = spans.iter().zip(right.as_primitive::<Float64Type>()).map(|(span, factor)| {
        let (Some(span), Some(factor)) = (span, factor) else { return Ok(None) };
        if op == BinaryOp::Divide && factor == 0.0 {
            return Ok(None);
        }
        let value = if op == BinaryOp::Divide { span as f64 / factor } else { span as f64 * factor }.round();
        if (-TWO_TO_63..TWO_TO_63).contains(&value) { Ok(Some(value as i64)) } else { Err(out_of_range(to)) }
    });
    Ok(cast(&values.collect::<Result<Int64Array>>()?, to)?)
}

/// The months, or minus them for a difference.
fn turned(op: BinaryOp, months: &PrimitiveArray<IntervalYearMonthType>) -> Result<PrimitiveArray<IntervalYearMonthType>> {
    if op == BinaryOp::Add {
        return Ok(months.clone());
    }
    let overflow = |_| out_of_range(&MONTHS);
    months.try_unary(|months| months.checked_neg().ok_or_else(|| ArrowError::ArithmeticOverflow(String::new()))).map_err(overflow)
}

fn date_and_months(op: BinaryOp, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let months = turned(op, right.as_primitive())?;
    let moved = |days, months| calendar::add_months(days, months).ok_or_else(|| ArrowError::ArithmeticOverflow(String::new()));
    let dates = try_binary::<_, _, _, Date32Type>(left.as_primitive::<Date32Type>(), &months, moved);
    Ok(Arc::new(dates.map_err(|_| out_of_range(&DataType::Date32))?))
}

/// A date and a duration of whole days.
fn date_and_days(op: BinaryOp, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let moved = |day: i32, micros: i64| {
        let days = micros / MICROS_PER_DAY;
        let day = if op == BinaryOp::Add { i64::from(day) + days } else { i64::from(day) - days };
        i32::try_from(day).map_err(|_| ArrowError::ArithmeticOverflow(String::new()))
    };
    let dates =
        try_binary::<_, _, _, Date32Type>(left.as_primitive::<Date32Type>(), right.as_primitive::<DurationMicrosecondType>(), moved);
    Ok(Arc::new(dates.map_err(|_| out_of_range(&DataType::Date32))?))
}

/// Months with months, or times an int.
fn months(op: BinaryOp, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let left = left.as_primitive::<IntervalYearMonthType>().reinterpret_cast::<Int32Type>();
    let right = match right.data_type() {
        DataType::Int64 => right.as_primitive::<Int64Type>().clone(),
        _ => right.as_primitive::<IntervalYearMonthType>().unary::<_, Int64Type>(i64::from),
    };
    let compute = |a: i32, b: i64| {
        let result = match op {
            BinaryOp::Add => i64::from(a).checked_add(b),
            BinaryOp::Subtract => i64::from(a).checked_sub(b),
            _ => i64::from(a).checked_mul(b),
        };
        result.and_then(|months| i32::try_from(months).ok()).ok_or_else(|| ArrowError::ArithmeticOverflow(String::new()))
    };
    let result = try_binary::<_, _, _, IntervalYearMonthType>(&left, &right, compute).map_err(|_| out_of_range(&MONTHS))?;
    Ok(Arc::new(result))
}
