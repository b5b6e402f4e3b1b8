//! Whether a predicate can be true anywhere in a stretch of rows of which only bounds are known. In doubt it can.

use std::cmp::Ordering;

use frame_core::{ColumnRange, Scalar};

use crate::bind::{Bound, BoundExpr};
use crate::evaluate::order;
use crate::expr::BinaryOp;

type Ranges<'a> = &'a dyn Fn(usize) -> Option<ColumnRange>;

pub(crate) fn may_be_true(expr: &BoundExpr, range: Ranges<'_>) -> bool {
    match &expr.node {
        Bound::Literal(Scalar::Bool(value)) => *value,
        Bound::Literal(Scalar::Null) => false,
        Bound::Logic { is_and: true, left, right } => may_be_true(left, range) && may_be_true(right, range),
        Bound::Logic { is_and: false, left, right } => may_be_true(left, range) || may_be_true(right, range),
        Bound::In { list } => list.iter().any(|item| may_be_true(item, range)),
        Bound::IsNull { operand, negated } => match operand.as_column().and_then(range) {
            Some(ColumnRange { nulls: Some(nulls), rows, .. }) => {
                if *negated {
                    nulls < rows
                } else {
                    nulls > 0
                }
            }
            _ => true,
        },
        Bound::Compare { op, left, right } => match (column(left), literal(right), literal(left), column(right)) {
            (Some(column), Some(value), ..) => compare(*op, column, value, range),
            (_, _, Some(value), Some(column)) => compare(op.mirrored(), column, value, range),
            _ => true,
        },
        _ => true,
    }
}

/// A column, converted or not: conversions keep the order.
fn column(expr: &BoundExpr) -> Option<&BoundExpr> {
    match &expr.node {
        Bound::Column(_) => Some(expr),
        Bound::Widen(operand) => column(operand),
        _ => None,
    }
}

fn literal(expr: &BoundExpr) -> Option<&Scalar> {
    match &expr.node {
        Bound::Literal(value) => Some(value),
        Bound::Widen(operand) => literal(operand),
        _ => None,
    }
}

/// Whether `column op value` can be true.
fn compare(op: BinaryOp, column: &BoundExpr, value: &Scalar, range: Ranges<'_>) -> bool {
    let Some(range) = column.as_column().and_then(range) else { return true };
    if range.nulls == Some(range.rows) || matches!(value, Scalar::Null) {
        return false;
    }
    // NaNs lie outside the bounds of floats, above every number.
    let may_be_nan = column.data_type.is_floating();
    if matches!(value, Scalar::Float(value) if value.is_nan()) {
        return true;
    }
    let min = range.min.as_ref().and_then(|min| compared(min, value));
    let max = range.max.as_ref().and_then(|max| compared(max, value));
    match op {
        BinaryOp::Equal => min.is_none_or(Ordering::is_le) && max.is_none_or(Ordering::is_ge),
        BinaryOp::Less => min.is_none_or(Ordering::is_lt),
        BinaryOp::LessEqual => min.is_none_or(Ordering::is_le),
        BinaryOp::Greater => may_be_nan || max.is_none_or(Ordering::is_gt),
        BinaryOp::GreaterEqual => may_be_nan || max.is_none_or(Ordering::is_ge),
        BinaryOp::NotEqual => may_be_nan || !(min == Some(Ordering::Equal) && max == Some(Ordering::Equal)),
        _ => true,
    }
}

/// How a bound compares with a value of the query; `None` if they do not compare.
fn compared(bound: &Scalar, value: &Scalar) -> Option<Ordering> {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    match (bound, value) {
        (Scalar::Bool(a), Scalar::Bool(b)) => Some(a.cmp(b)),
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(b)),
        (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(b),
        (Scalar::Int(a), Scalar::Float(b)) => Some(order(*a, *b)),
        (Scalar::Float(a), Scalar::Int(b)) if !a.is_nan() => Some(order(*b, *a).reverse()),
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Scalar::Date(a), Scalar::Date(b)) => Some(a.cmp(b)),
        (Scalar::Timestamp(a), Scalar::Timestamp(b)) => Some(a.cmp(b)),
        (Scalar::Date(a), Scalar::Timestamp(b)) => Some((i64::from(*a) * MICROS_PER_DAY).cmp(b)),
        (Scalar::Timestamp(a), Scalar::Date(b)) => Some(a.cmp(&(i64::from(*b) * MICROS_PER_DAY))),
        _ => None,
    }
}
