//! Comparisons. −0.0 equals 0.0, NaN equals NaN and is larger than every number, integers and floats compare exactly, text bytewise.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use frame_core::{Error, Result};

use super::Value;
use crate::expr::BinaryOp;

pub(super) fn compare(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    let is_float = |value: &Value| *value.array.data_type() == DataType::Float64;
    let result = match (is_float(left), is_float(right)) {
        (true, true) => floats(op, left, right),
        (false, true) => mixed(op, left, right),
        (true, false) => mixed(swapped(op), right, left),
        (false, false) => return others(op, left, right),
    };
    Ok(Value { array: Arc::new(result), is_scalar: left.is_scalar && right.is_scalar })
}

fn others(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    let kernel = match op {
        BinaryOp::Equal => cmp::eq,
        BinaryOp::NotEqual => cmp::neq,
        BinaryOp::Less => cmp::lt,
        BinaryOp::LessEqual => cmp::lt_eq,
        BinaryOp::Greater => cmp::gt,
        BinaryOp::GreaterEqual => cmp::gt_eq,
        _ => return Err(Error::internal(format!("{op:?} is no comparison"))),
    };
    if left.array.data_type() == &DataType::Null {
        // Nothing but nulls on both sides.
        let rows = left.array.len().max(right.array.len());
        let nulls = BooleanArray::new(BooleanBuffer::new_unset(rows), Some(NullBuffer::new_null(rows)));
        return Ok(Value { array: Arc::new(nulls), is_scalar: left.is_scalar && right.is_scalar });
    }
    Ok(Value { array: Arc::new(kernel(left, right)?), is_scalar: left.is_scalar && right.is_scalar })
}

/// The comparison with its sides exchanged.
fn swapped(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        other => other,
    }
}

#[inline(always)]
fn is_less(a: f64, b: f64) -> bool {
    a < b || (b.is_nan() && !a.is_nan())
}

#[inline(always)]
fn is_equal(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn floats(op: BinaryOp, left: &Value, right: &Value) -> BooleanArray {
    // The operator is chosen once; each gets a loop of its own.
    match op {
        BinaryOp::Equal => float_loop(left, right, is_equal),
        BinaryOp::NotEqual => float_loop(left, right, |a, b| !is_equal(a, b)),
        BinaryOp::Less => float_loop(left, right, is_less),
        BinaryOp::LessEqual => float_loop(left, right, |a, b| !is_less(b, a)),
        BinaryOp::Greater => float_loop(left, right, |a, b| is_less(b, a)),
        _ => float_loop(left, right, |a, b| !is_less(a, b)),
    }
}

#[inline(always)]
fn float_loop(left: &Value, right: &Value, test: impl Fn(f64, f64) -> bool) -> BooleanArray {
    let (a, b) = (left.array.as_primitive::<Float64Type>().values(), right.array.as_primitive::<Float64Type>().values());
    let bits = match (left.is_scalar, right.is_scalar) {
        (false, true) => {
            let b = b[0];
            BooleanBuffer::collect_bool(a.len(), |row| test(a[row], b))
        }
        (true, false) => {
            let a = a[0];
            BooleanBuffer::collect_bool(b.len(), |row| test(a, b[row]))
        }
        _ => BooleanBuffer::collect_bool(a.len(), |row| test(a[row], b[row])),
    };
    BooleanArray::new(bits, nulls(left, right))
}

/// Where a comparison knows no answer.
fn nulls(left: &Value, right: &Value) -> Option<NullBuffer> {
    let rows = if left.is_scalar { right.array.len() } else { left.array.len() };
    let of = |value: &Value| match value.is_scalar && value.array.len() != rows {
        true => value.array.is_null(0).then(|| NullBuffer::new_null(rows)),
        false => value.array.logical_nulls(),
    };
    NullBuffer::union(of(left).as_ref(), of(right).as_ref())
}

/// Integers on the left, floats on the right.
fn mixed(op: BinaryOp, left: &Value, right: &Value) -> BooleanArray {
    let (ints, floats) = (left.array.as_primitive::<Int64Type>().values(), right.array.as_primitive::<Float64Type>().values());
    let rows = if left.is_scalar { floats.len() } else { ints.len() };
    let at = |row: usize, value: &Value| if value.is_scalar { 0 } else { row };
    let order = |row: usize| order(ints[at(row, left)], floats[at(row, right)]);
    let test: fn(Ordering) -> bool = match op {
        BinaryOp::Equal => Ordering::is_eq,
        BinaryOp::NotEqual => Ordering::is_ne,
        BinaryOp::Less => Ordering::is_lt,
        BinaryOp::LessEqual => Ordering::is_le,
        BinaryOp::Greater => Ordering::is_gt,
        _ => Ordering::is_ge,
    };
    BooleanArray::new(BooleanBuffer::collect_bool(rows, |row| test(order(row))), nulls(left, right))
}

/// How an integer compares with a float, without rounding either.
pub(crate) fn order(int: i64, float: f64) -> Ordering {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() || float >= TWO_TO_63 {
        return Ordering::Less;
    }
    if float < -TWO_TO_63 {
        return Ordering::Greater;
    }
    let whole = float.floor();
    int.cmp(&(whole as i64)).then(if float > whole { Ordering::Less } else { Ordering::Equal })
}
