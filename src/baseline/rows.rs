//! Conditions, one row at a time.

use frame::{Expr, Scalar};
use frame_expr::{BinaryOp, Node, UnaryOp};

use super::columns::{Cell, Columns};

/// The column that an expression is, if it is nothing else.
pub(super) fn column(expr: &Expr) -> Option<&str> {
    if let Node::Column(name) = &expr.node { Some(name) } else { None }
}

/// Whether [`is_true`] can decide a condition.
pub(super) fn is_known(condition: &Expr) -> bool {
    let is_cell = |expr: &Expr| {
        matches!(expr.node, Node::Column(_) | Node::Literal(Scalar::Int(_) | Scalar::Float(_) | Scalar::Text(_) | Scalar::Null))
    };
    match &condition.node {
        Node::Literal(Scalar::Bool(_)) => true,
        Node::Unary { op: UnaryOp::Not, operand } => is_known(operand),
        Node::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => is_known(left) && is_known(right),
        Node::Binary { op, left, right } => op.is_comparison() && is_cell(left) && is_cell(right),
        Node::IsNull { operand, .. } => is_cell(operand),
        _ => false,
    }
}

/// Whether a condition is true for a row; anything that it does not know is not.
pub(super) fn is_true(condition: &Expr, columns: &Columns, row: usize) -> bool {
    truth(condition, columns, row) == Some(true)
}

fn truth(condition: &Expr, columns: &Columns, row: usize) -> Option<bool> {
    let value = |expr: &Expr| truth(expr, columns, row);
    match &condition.node {
        Node::Literal(Scalar::Bool(value)) => Some(*value),
        Node::Unary { op: UnaryOp::Not, operand } => value(operand).map(|truth| !truth),
        Node::Binary { op: BinaryOp::And, left, right } => match (value(left), value(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Node::Binary { op: BinaryOp::Or, left, right } => match (value(left), value(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Node::Binary { op, left, right } => compare(*op, cell(left, columns, row), cell(right, columns, row)),
        Node::IsNull { operand, negated } => Some((cell(operand, columns, row) == Cell::Null) != *negated),
        _ => None,
    }
}

fn cell<'a>(expr: &'a Expr, columns: &'a Columns, row: usize) -> Cell<'a> {
    match &expr.node {
        Node::Column(name) => columns.index(name).map_or(Cell::Null, |index| columns.cell(index, row)),
        Node::Literal(Scalar::Int(value)) => Cell::Number(*value as f64),
        Node::Literal(Scalar::Float(value)) => Cell::Number(*value),
        Node::Literal(Scalar::Text(text)) => Cell::Text(text),
        _ => Cell::Null,
    }
}

fn compare(op: BinaryOp, left: Cell<'_>, right: Cell<'_>) -> Option<bool> {
    let order = match (left, right) {
        (Cell::Number(a), Cell::Number(b)) => a.partial_cmp(&b)?,
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        _ => return None,
    };
    Some(match op {
        BinaryOp::Equal => order.is_eq(),
        BinaryOp::NotEqual => order.is_ne(),
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        BinaryOp::GreaterEqual => order.is_ge(),
        _ => return None,
    })
}
