//! Constant folding: what can be computed before any row is read.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Schema;
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalUnit, IntervalYearMonthType, TimeUnit,
    TimestampMicrosecondType,
};
use frame_core::Scalar;

use crate::bind::bind;
use crate::expr::{BinaryOp, Expr, Node};

/// The expression with its constant parts computed. A part that would fail is left, so that it fails when it is run.
pub fn fold(mut expr: Expr) -> Expr {
    for child in expr.children_mut() {
        let taken = std::mem::replace(child, Expr::literal(Scalar::Null));
        *child = fold(taken);
    }
    let is_literal = |expr: &Expr| matches!(expr.node, Node::Literal(_));
    let has_parts = !expr.children().is_empty();
    if has_parts
        && expr.children().into_iter().all(is_literal)
        && let Some(value) = constant(&expr)
    {
        return Expr { node: Node::Literal(value), span: expr.span };
    }
    simplified(expr)
}

/// The value of an expression without columns, if it has one of a type that literals have.
fn constant(expr: &Expr) -> Option<Scalar> {
    let bound = bind(expr, &Schema::empty()).ok()?;
    let value = bound.evaluate(&[], 1).ok()?;
    if value.is_null(0) {
        // A null of another type than null must keep it.
        return None;
    }
    Some(match bound.data_type() {
        DataType::Boolean => Scalar::Bool(value.as_boolean().value(0)),
        DataType::Int64 => Scalar::Int(value.as_primitive::<Int64Type>().value(0)),
        DataType::Float64 => Scalar::Float(value.as_primitive::<Float64Type>().value(0)),
        DataType::Utf8View => Scalar::Text(value.as_string_view().value(0).to_owned()),
        DataType::Date32 => Scalar::Date(value.as_primitive::<Date32Type>().value(0)),
        DataType::Timestamp(TimeUnit::Microsecond, None) => Scalar::Timestamp(value.as_primitive::<TimestampMicrosecondType>().value(0)),
        DataType::Duration(TimeUnit::Microsecond) => Scalar::Duration(value.as_primitive::<DurationMicrosecondType>().value(0)),
        DataType::Interval(IntervalUnit::YearMonth) => Scalar::Months(value.as_primitive::<IntervalYearMonthType>().value(0)),
        _ => return None,
    })
}

/// `true and x` is x, `false or x` is x, unless x is a constant that may be no truth value.
fn simplified(expr: Expr) -> Expr {
    let Node::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } = &expr.node else { return expr };
    let neutral = Node::Literal(Scalar::Bool(*op == BinaryOp::And));
    let is_truth = |other: &Expr| matches!(other.node, Node::Literal(Scalar::Bool(_))) || !matches!(other.node, Node::Literal(_));
    match (left.node == neutral && is_truth(right), right.node == neutral && is_truth(left)) {
        (true, _) => right.as_ref().clone(),
        (_, true) => left.as_ref().clone(),
        _ => expr,
    }
}
