//! Arithmetic on columns: here ints and floats, decimals and times beside it. Integers that overflow are an error; floats follow IEEE 754.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Float64Type, IntervalYearMonthType};
use arrow::error::ArrowError;
use frame_core::{Error, QueryError, Result};

use super::{Value, decimal, temporal};
use crate::expr::BinaryOp;
use crate::types::MONTHS;

pub(super) fn failed(error: ArrowError) -> Error {
    match error {
        ArrowError::ArithmeticOverflow(text) => {
            let text = text.trim_start_matches("Overflow happened on: ");
            Error::new(QueryError::Arithmetic(format!("integer overflow: {text}"))).hint("compute with floats: cast(x, float)")
        }
        other => Error::from(other),
    }
}

pub(super) fn negate(operand: &Value) -> Result<Value> {
    if *operand.array.data_type() == MONTHS {
        let overflow = |months: i32| ArrowError::ArithmeticOverflow(format!("- {months} months"));
        let months = operand.array.as_primitive::<IntervalYearMonthType>();
        let turned = months.try_unary::<_, IntervalYearMonthType, _>(|months| months.checked_neg().ok_or_else(|| overflow(months)));
        return Ok(operand.with(Arc::new(turned.map_err(failed)?)));
    }
    Ok(operand.with(numeric::neg(operand.array.as_ref()).map_err(failed)?))
}

pub(super) fn arithmetic(op: BinaryOp, left: &Value, right: &Value, to: &DataType, rows: usize) -> Result<Value> {
    let is_scalar = left.is_scalar && right.is_scalar;
    let rows = if is_scalar { 1 } else { rows };
    let array = match left.array.data_type() {
        DataType::Decimal128(..) => decimal::arithmetic(op, left, right, to, rows)?,
        time if time.is_temporal() => temporal::arithmetic(op, &left.clone().into_column(rows)?, &right.clone().into_column(rows)?, to)?,
        _ => match op {
            BinaryOp::Add => numeric::add(left, right).map_err(failed)?,
            BinaryOp::Subtract => numeric::sub(left, right).map_err(failed)?,
            BinaryOp::Multiply => numeric::mul(left, right).map_err(failed)?,
            BinaryOp::Divide => numeric::div(left, right).map_err(failed)?,
            _ => floored(op, &left.clone().into_column(rows)?, &right.clone().into_column(rows)?)?,
        },
    };
    Ok(Value { array, is_scalar })
}

/// `//` and `%`: the quotient is rounded down, the remainder has the sign of the divisor. An integer divided by zero is null.
fn floored(op: BinaryOp, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let is_quotient = op == BinaryOp::FloorDivide;
    if left.data_type() == &DataType::Float64 {
        let pairs = left.as_primitive::<Float64Type>().iter().zip(right.as_primitive::<Float64Type>());
        let floor = |a: f64, b: f64| if is_quotient { (a / b).floor() } else { float_remainder(a, b) };
        return Ok(Arc::new(pairs.map(|(a, b)| Some(floor(a?, b?))).collect::<Float64Array>()));
    }
    Ok(Arc::new(floored_ints(is_quotient, left.as_primitive(), right.as_primitive())?))
}

pub(super) fn floored_ints(is_quotient: bool, left: &Int64Array, right: &Int64Array) -> Result<Int64Array> {
    let pairs = left.iter().zip(right);
    let values = pairs.map(|(a, b)| match (a, b) {
        (Some(_), Some(0)) | (None, _) | (_, None) => Ok(None),
        (Some(i64::MIN), Some(-1)) if is_quotient => Err(failed(ArrowError::ArithmeticOverflow(format!("{} // -1", i64::MIN)))),
        (Some(a), Some(b)) => Ok(Some(int_floored(a, b, is_quotient))),
    });
    values.collect::<Result<Int64Array>>()
}

fn int_floored(a: i64, b: i64, is_quotient: bool) -> i64 {
    let (quotient, remainder) = (a.wrapping_div(b), a.wrapping_rem(b));
    let is_between = remainder != 0 && (remainder < 0) != (b < 0);
    match is_quotient {
        true => quotient - i64::from(is_between),
        false => remainder + if is_between { b } else { 0 },
    }
}

fn float_remainder(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder }
}
