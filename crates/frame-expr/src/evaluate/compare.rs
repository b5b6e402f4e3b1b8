//! Comparisons. −0.0 equals 0.0, NaN equals NaN and is larger than every number, integers and floats compare exactly, text bytewise.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, Float64Array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use frame_core::{Error, Result};

use super::Value;
use crate::expr::BinaryOp;

pub(super) fn compare(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    let is_float = |value: &Value| *value.array.data_type() == DataType::Float64;
    let (left_float, right_float) = (is_float(right).then(|| as_float(left)).flatten(), is_float(left).then(|| as_float(right)).flatten());
    let (left, right) = (left_float.as_ref().unwrap_or(left), right_float.as_ref().unwrap_or(right));
    let result = match (is_float(left), is_float(right)) {
        (true, true) => floats(op, left, right),
        (false, true) => mixed(op, left, right),
        (true, false) => mixed(op.mirrored(), right, left),
        (false, false) => return others(op, left, right),
    };
    Ok(Value { array: Arc::new(result), is_scalar: left.is_scalar && right.is_scalar })
}

/// A single integer as the float that it is, if there is one: then nothing has to be compared exactly row by row.
fn as_float(value: &Value) -> Option<Value> {
    let int = value.array.as_primitive_opt::<Int64Type>().filter(|ints| value.is_scalar && ints.is_valid(0))?.value(0);
    (int.unsigned_abs() <= 1 << 53).then(|| Value::scalar(Arc::new(Float64Array::from(vec![int as f64]))))
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

#[inline(always)]
fn is_less(a: f64, b: f64) -> bool {
    a < b || (b.is_nan() && !a.is_nan())
}

#[inline(always)]
fn is_equal(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn floats(op: BinaryOp, left: &Value, right: &Value) -> BooleanArray {
    let (a, b) = (left.array.as_primitive::<Float64Type>().values(), right.array.as_primitive::<Float64Type>().values());
    let bits = match (left.is_scalar, right.is_scalar) {
        (false, true) if !b[0].is_nan() => with_number(op, a, b[0]),
        (true, false) if !a[0].is_nan() => with_number(op.mirrored(), b, a[0]),
        (is_left_scalar, is_right_scalar) => {
            let rows = if is_left_scalar { b.len() } else { a.len() };
            let at = |row: usize, is_scalar: bool| if is_scalar { 0 } else { row };
            BooleanBuffer::collect_bool(rows, |row| holds(op, a[at(row, is_left_scalar)], b[at(row, is_right_scalar)]))
        }
    };
    BooleanArray::new(bits, nulls(left, right))
}

#[inline(always)]
fn holds(op: BinaryOp, a: f64, b: f64) -> bool {
    match op {
        BinaryOp::Equal => is_equal(a, b),
        BinaryOp::NotEqual => !is_equal(a, b),
        BinaryOp::Less => is_less(a, b),
        BinaryOp::LessEqual => !is_less(b, a),
        BinaryOp::Greater => is_less(b, a),
        _ => !is_less(a, b),
    }
}

/// Compares a column with a number that is not NaN. One comparison of the processor does it: a NaN in the column makes each of them
/// false, and larger is what is not less or equal. The operator is chosen once; each gets a loop of its own.
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN is larger than every number, so the negation is meant")]
fn with_number(op: BinaryOp, values: &[f64], number: f64) -> BooleanBuffer {
    match op {
        BinaryOp::Equal => packed(values, |value| value == number),
        BinaryOp::NotEqual => packed(values, |value| value != number),
        BinaryOp::Less => packed(values, |value| value < number),
        BinaryOp::LessEqual => packed(values, |value| value <= number),
        BinaryOp::Greater => packed(values, |value| !(value <= number)),
        _ => packed(values, |value| !(value < number)),
    }
}

/// One bit per value.
#[inline(always)]
fn packed(values: &[f64], test: impl Fn(f64) -> bool) -> BooleanBuffer {
    let word = |chunk: &[f64]| chunk.iter().enumerate().fold(0_u64, |bits, (at, value)| bits | u64::from(test(*value)) << at);
    let (chunks, rest) = values.as_chunks::<64>();
    let mut words: Vec<u64> = chunks.iter().map(|chunk| word(chunk)).collect();
    words.push(word(rest));
    BooleanBuffer::new(Buffer::from_vec(words), 0, values.len())
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

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};
    use proptest::prelude::*;

    use super::*;

    const OPS: [BinaryOp; 6] =
        [BinaryOp::Equal, BinaryOp::NotEqual, BinaryOp::Less, BinaryOp::LessEqual, BinaryOp::Greater, BinaryOp::GreaterEqual];
    const EDGES: [f64; 9] = [0.0, -0.0, 1.0, -1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_992.0, 1e300];

    /// The order of floats, said plainly: NaN above all, zeros equal.
    fn plain(a: f64, b: f64) -> Ordering {
        match (a.is_nan(), b.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => a.partial_cmp(&b).expect("numbers"),
        }
    }

    fn expected(op: BinaryOp, order: Ordering) -> bool {
        match op {
            BinaryOp::Equal => order.is_eq(),
            BinaryOp::NotEqual => order.is_ne(),
            BinaryOp::Less => order.is_lt(),
            BinaryOp::LessEqual => order.is_le(),
            BinaryOp::Greater => order.is_gt(),
            _ => order.is_ge(),
        }
    }

    #[test]
    fn floats_in_every_form_follow_the_order() {
        let column: ArrayRef = Arc::new((0..200).map(|row| (row % 11 != 10).then(|| EDGES[row % 9])).collect::<Float64Array>());
        for op in OPS {
            for edge in EDGES {
                let number = Value::scalar(Arc::new(Float64Array::from(vec![edge])));
                let values = Value::column(column.clone());
                let right = compare(op, &values, &number).expect("floats");
                let left = compare(op, &number, &values).expect("floats");
                for (row, value) in column.as_primitive::<Float64Type>().iter().enumerate() {
                    let get = |result: &Value| result.array.is_valid(row).then(|| result.array.as_boolean().value(row));
                    assert_eq!(get(&right), value.map(|value| expected(op, plain(value, edge))), "{value:?} {op:?} {edge}");
                    assert_eq!(get(&left), value.map(|value| expected(op, plain(edge, value))), "{edge} {op:?} {value:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn integers_and_floats_compare_exactly(int: i64, nudge in -2_i64..3, float: f64) {
            let near = (int.wrapping_add(nudge)) as f64;
            for float in [float, near, near + 0.5, f64::NAN] {
                let exact = if float.is_nan() || float >= 9.3e18 {
                    Ordering::Less
                } else if float <= -9.3e18 {
                    Ordering::Greater
                } else {
                    i128::from(int).cmp(&(float.floor() as i128)).then(if float.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })
                };
                let (ints, floats) = (Value::column(Arc::new(Int64Array::from(vec![int]))), Value::column(Arc::new(Float64Array::from(vec![float]))));
                for op in OPS {
                    let result = compare(op, &ints, &floats).expect("numbers");
                    prop_assert_eq!(result.array.as_boolean().value(0), expected(op, exact), "{} {:?} {}", int, op, float);
                }
            }
        }
    }
}
