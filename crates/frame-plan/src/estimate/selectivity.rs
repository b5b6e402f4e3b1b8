//! Which part of the rows passes a condition: a guess.
//!
//! A comparison with a constant goes by the smallest and the largest value, as if the others were spread evenly between them, and an
//! equality by the number of different values. Where these are not known a tenth of the rows is equal, and a third passes anything else.
//! Conditions are taken to have nothing to do with each other.

use frame_core::Scalar;
use frame_expr::{BinaryOp, Expr, Node, UnaryOp};

use super::columns::column_of;
use super::rows::{Rows, number};

/// The part that is equal to a value of which nothing is known.
const EQUAL: f64 = 0.1;
/// The part that passes any other condition.
const OTHER: f64 = 1.0 / 3.0;

/// The rows for which a condition is true. A column that is compared with a constant keeps only values on one side of it.
pub(super) fn passing(condition: &Expr, rows: Rows) -> Rows {
    let mut narrowed = Vec::new();
    narrow(condition, &rows, &mut narrowed);
    let part = selectivity(condition, &rows);
    let mut rows = rows.part(part);
    for (name, distinct) in narrowed {
        let column = rows.columns.iter_mut().find(|column| column.name == name);
        if let Some(column) = column {
            column.distinct = Some(column.distinct.map_or(distinct, |known| known.min(distinct)).max(1.0));
        }
    }
    rows
}

/// Columns of which a condition leaves so many different values at most.
fn narrow(condition: &Expr, rows: &Rows, narrowed: &mut Vec<(String, f64)>) {
    let operand = match &condition.node {
        Node::Binary { op: BinaryOp::And, left, right } => {
            narrow(left, rows, narrowed);
            return narrow(right, rows, narrowed);
        }
        Node::Binary { op: BinaryOp::Or, .. } => return,
        Node::Binary { left, right, .. } => match (literal(left), literal(right)) {
            (None, Some(_)) => left,
            (Some(_), None) => right,
            _ => return,
        },
        Node::Between { operand, negated: false, .. } | Node::In { operand, negated: false, .. } => operand,
        _ => return,
    };
    let Some(column) = column_of(operand).and_then(|name| rows.find(name)) else { return };
    let known = (1.0 - column.nulls).max(f64::MIN_POSITIVE);
    narrowed.push((column.name.clone(), rows.distinct_of(column) * (selectivity(condition, rows) / known).min(1.0)));
}

/// The part of the rows for which a condition is true, from 0 to 1.
pub(crate) fn selectivity(condition: &Expr, rows: &Rows) -> f64 {
    let of = |expr: &Expr| selectivity(expr, rows);
    let part = match &condition.node {
        Node::Literal(Scalar::Bool(value)) => f64::from(u8::from(*value)),
        Node::Literal(Scalar::Null) => 0.0,
        Node::Unary { op: UnaryOp::Not, operand } => 1.0 - of(operand) - unknown(operand, rows),
        Node::Binary { op: BinaryOp::And, left, right } => of(left) * of(right),
        Node::Binary { op: BinaryOp::Or, left, right } => 1.0 - (1.0 - of(left)) * (1.0 - of(right)),
        Node::Binary { op, left, right } => compared(*op, left, right, rows),
        Node::IsNull { operand, negated } => {
            let nulls = column_of(operand).and_then(|name| rows.find(name)).map_or(EQUAL, |column| column.nulls);
            if *negated { 1.0 - nulls } else { nulls }
        }
        Node::In { operand, list, negated } => {
            let part = list.iter().map(|item| compared(BinaryOp::Equal, operand, item, rows)).sum::<f64>().min(1.0);
            if *negated { 1.0 - part - unknown(operand, rows) } else { part }
        }
        Node::Between { operand, low, high, negated } => {
            let (above, below) = (compared(BinaryOp::GreaterEqual, operand, low, rows), compared(BinaryOp::LessEqual, operand, high, rows));
            let known = 1.0 - unknown(operand, rows);
            let part = if is_bounded(operand, rows) { (above + below - known).max(0.0) } else { OTHER };
            if *negated { known - part } else { part }
        }
        Node::Column(name) => rows.find(name).map_or(OTHER, |column| (1.0 - column.nulls) / 2.0),
        _ => OTHER,
    };
    part.clamp(0.0, 1.0)
}

/// The part of the rows for which an expression has no value.
fn unknown(expr: &Expr, rows: &Rows) -> f64 {
    let mut names = Vec::new();
    expr.collect_columns(&mut names);
    names.iter().filter_map(|name| rows.find(name)).map(|column| column.nulls).fold(0.0, f64::max)
}

fn is_bounded(expr: &Expr, rows: &Rows) -> bool {
    let column = column_of(expr).and_then(|name| rows.find(name));
    column.is_some_and(|column| column.min.as_ref().and_then(number).is_some() && column.max.as_ref().and_then(number).is_some())
}

fn compared(op: BinaryOp, left: &Expr, right: &Expr, rows: &Rows) -> f64 {
    match (column_of(left), literal(right), literal(left), column_of(right)) {
        (Some(column), Some(value), ..) => with_constant(op, column, value, rows),
        (_, _, Some(value), Some(column)) => with_constant(op.mirrored(), column, value, rows),
        _ => match op {
            BinaryOp::Equal => 1.0 / rows.distinct(left).max(rows.distinct(right)).max(1.0),
            BinaryOp::NotEqual => 1.0 - 1.0 / rows.distinct(left).max(rows.distinct(right)).max(1.0),
            _ => OTHER,
        },
    }
}

/// `column op value`
fn with_constant(op: BinaryOp, column: &str, value: &Scalar, rows: &Rows) -> f64 {
    let Some(column) = rows.find(column) else { return if op == BinaryOp::Equal { EQUAL } else { OTHER } };
    let known = 1.0 - column.nulls;
    let equal = column.distinct.map_or(EQUAL, |distinct| if distinct >= 1.0 { 1.0 / distinct } else { 0.0 });
    let value = number(value);
    let bounds = column.min.as_ref().and_then(number).zip(column.max.as_ref().and_then(number));
    // The part of the values below the constant.
    let below = value.zip(bounds).map(|(value, (min, max))| match max > min {
        true => ((value - min) / (max - min)).clamp(0.0, 1.0),
        false => f64::from(u8::from(value > min)),
    });
    let is_outside = value.zip(bounds).is_some_and(|(value, (min, max))| value < min || value > max);
    let part = match op {
        BinaryOp::Equal if is_outside => 0.0,
        BinaryOp::Equal => equal,
        BinaryOp::NotEqual if is_outside => 1.0,
        BinaryOp::NotEqual => 1.0 - equal,
        BinaryOp::Less => below.unwrap_or(OTHER),
        BinaryOp::LessEqual if is_outside => below.unwrap_or(OTHER),
        BinaryOp::LessEqual => below.map_or(OTHER, |below| (below + equal).min(1.0)),
        BinaryOp::Greater if is_outside => below.map_or(OTHER, |below| 1.0 - below),
        BinaryOp::Greater => below.map_or(OTHER, |below| (1.0 - below - equal).max(0.0)),
        BinaryOp::GreaterEqual => below.map_or(OTHER, |below| 1.0 - below),
        _ => OTHER,
    };
    known * part
}

fn literal(expr: &Expr) -> Option<&Scalar> {
    match &expr.node {
        Node::Literal(value) => Some(value),
        Node::Cast { operand, .. } => literal(operand),
        _ => None,
    }
}
