//! Expressions, a row at a time. Every part is evaluated, whether or not it matters, but for the branches of an `if`.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use frame_core::Scalar;
use frame_expr::{BinaryOp, Expr, Node, UnaryOp};

use super::{Columns, Failure, Kind, Result, functions, order};

/// The kind of an expression's values.
///
/// # Errors
/// A column, a function or a combination of kinds that the model does not know.
pub fn kind(expr: &Expr, columns: &Columns) -> Result<Kind> {
    let of = |part: &Expr| kind(part, columns);
    match &expr.node {
        Node::Column(name) => Ok(columns[place(name, columns)?].1),
        Node::Literal(value) => Kind::of(value),
        Node::Unary { op: UnaryOp::Negate, operand } => Ok(if of(operand)? == Kind::Int { Kind::Int } else { Kind::Float }),
        Node::Unary { op: UnaryOp::Not, .. } | Node::IsNull { .. } | Node::In { .. } | Node::Between { .. } => Ok(Kind::Bool),
        Node::Binary { op, left, right } => match op {
            BinaryOp::Divide => Ok(Kind::Float),
            BinaryOp::Coalesce => of(left)?.common(of(right)?),
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::FloorDivide | BinaryOp::Modulo => {
                Ok(if (of(left)?, of(right)?) == (Kind::Int, Kind::Int) { Kind::Int } else { Kind::Float })
            }
            _ => Ok(Kind::Bool),
        },
        Node::Cast { to, .. } => {
            Kind::OF_COLUMNS.into_iter().find(|kind| kind.data_type() == *to).ok_or_else(|| Failure::Unknown(format!("a cast to {to}")))
        }
        Node::Case { branches, otherwise } => branches.iter().try_fold(of(otherwise)?, |common, (_, then)| common.common(of(then)?)),
        Node::Call { function, arguments } => functions::kind(function, &arguments.iter().map(of).collect::<Result<Vec<_>>>()?),
        Node::Window(window) => Err(Failure::Unknown(window.to_string())),
    }
}

/// The place of a column.
pub(super) fn place(name: &str, columns: &Columns) -> Result<usize> {
    columns.iter().position(|(known, _)| known == name).ok_or_else(|| Failure::Unknown(format!("the column {name}")))
}

/// The value of an expression for one row.
pub(super) fn evaluate(expr: &Expr, columns: &Columns, row: &[Scalar]) -> Result<Scalar> {
    let of = |part: &Expr| evaluate(part, columns, row);
    Ok(match &expr.node {
        Node::Column(name) => row[place(name, columns)?].clone(),
        Node::Literal(value) => value.clone(),
        Node::Unary { op: UnaryOp::Not, operand } => truth(not(known(&of(operand)?)?)),
        Node::Unary { op: UnaryOp::Negate, operand } => negated(of(operand)?)?,
        Node::Binary { op: BinaryOp::Coalesce, left, right } => {
            kind(expr, columns)?.hold(functions::call("coalesce", &[of(left)?, of(right)?])?)
        }
        Node::Binary { op: BinaryOp::And, left, right } => truth(both(known(&of(left)?)?, known(&of(right)?)?)),
        Node::Binary { op: BinaryOp::Or, left, right } => truth(either(known(&of(left)?)?, known(&of(right)?)?)),
        Node::Binary { op, left, right } if op.is_comparison() => truth(compared(*op, &of(left)?, &of(right)?)?),
        Node::Binary { op, left, right } => arithmetic(*op, kind(expr, columns)?, of(left)?, of(right)?)?,
        Node::IsNull { operand, negated } => Scalar::Bool((of(operand)? == Scalar::Null) != *negated),
        Node::In { operand, list, negated } => {
            let operand = of(operand)?;
            let is_equal = |item: &Expr| compared(BinaryOp::Equal, &operand, &of(item)?);
            let found = list.iter().try_fold(Some(false), |found, item| Ok(either(found, is_equal(item)?)))?;
            truth(if *negated { not(found) } else { found })
        }
        Node::Between { operand, low, high, negated } => {
            let operand = of(operand)?;
            let above = compared(BinaryOp::GreaterEqual, &operand, &of(low)?)?;
            let inside = both(above, compared(BinaryOp::LessEqual, &operand, &of(high)?)?);
            truth(if *negated { not(inside) } else { inside })
        }
        Node::Cast { operand, to, .. } => cast(of(operand)?, to)?,
        Node::Case { branches, otherwise } => {
            for (when, then) in branches {
                if of(when)? == Scalar::Bool(true) {
                    return Ok(kind(expr, columns)?.hold(of(then)?));
                }
            }
            kind(expr, columns)?.hold(of(otherwise)?)
        }
        Node::Window(window) => return Err(Failure::Unknown(window.to_string())),
        Node::Call { function, arguments } => {
            let values = arguments.iter().map(of).collect::<Result<Vec<_>>>()?;
            kind(expr, columns)?.hold(functions::call(function, &values)?)
        }
    })
}

/// A truth value, or nothing if it is not known.
fn known(value: &Scalar) -> Result<Option<bool>> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Bool(value) => Ok(Some(*value)),
        other => Err(Failure::Unknown(format!("{other} as a truth value"))),
    }
}

fn truth(value: Option<bool>) -> Scalar {
    value.map_or(Scalar::Null, Scalar::Bool)
}

fn not(value: Option<bool>) -> Option<bool> {
    value.map(|value| !value)
}

fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn either(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    not(both(not(left), not(right)))
}

fn compared(op: BinaryOp, left: &Scalar, right: &Scalar) -> Result<Option<bool>> {
    if *left == Scalar::Null || *right == Scalar::Null {
        return Ok(None);
    }
    let order = order::compare(left, right)?;
    Ok(Some(match op {
        BinaryOp::Equal => order == Ordering::Equal,
        BinaryOp::NotEqual => order != Ordering::Equal,
        BinaryOp::Less => order == Ordering::Less,
        BinaryOp::LessEqual => order != Ordering::Greater,
        BinaryOp::Greater => order == Ordering::Greater,
        BinaryOp::GreaterEqual => order != Ordering::Less,
        other => return Err(Failure::Unknown(format!("comparing with {}", other.symbol()))),
    }))
}

fn negated(value: Scalar) -> Result<Scalar> {
    match value {
        Scalar::Null => Ok(Scalar::Null),
        Scalar::Float(value) => Ok(Scalar::Float(-value)),
        Scalar::Int(value) => value.checked_neg().map(Scalar::Int).ok_or_else(|| Failure::Arithmetic(format!("-{value}"))),
        other => Err(Failure::Unknown(format!("-{other}"))),
    }
}

fn arithmetic(op: BinaryOp, kind: Kind, left: Scalar, right: Scalar) -> Result<Scalar> {
    match (kind, Kind::Float.hold(left.clone()), Kind::Float.hold(right.clone())) {
        (_, Scalar::Null, _) | (_, _, Scalar::Null) => Ok(Scalar::Null),
        (Kind::Float, Scalar::Float(a), Scalar::Float(b)) => of_floats(op, a, b).map(Scalar::Float),
        _ => match (left, right) {
            (Scalar::Int(a), Scalar::Int(b)) => of_ints(op, a, b),
            (a, b) => Err(Failure::Unknown(format!("{a} {} {b}", op.symbol()))),
        },
    }
}

/// In 128 bits nothing overflows; a division by zero is null.
fn of_ints(op: BinaryOp, a: i64, b: i64) -> Result<Scalar> {
    let (wide, other) = (i128::from(a), i128::from(b));
    let floor = |a: i128, b: i128| if b < 0 { (-a).div_euclid(-b) } else { a.div_euclid(b) };
    let value = match op {
        BinaryOp::Add => wide + other,
        BinaryOp::Subtract => wide - other,
        BinaryOp::Multiply => wide * other,
        BinaryOp::FloorDivide | BinaryOp::Modulo if b == 0 => return Ok(Scalar::Null),
        BinaryOp::FloorDivide => floor(wide, other),
        BinaryOp::Modulo => wide - floor(wide, other) * other,
        other => return Err(Failure::Unknown(format!("{} of integers", other.symbol()))),
    };
    i64::try_from(value).map(Scalar::Int).map_err(|_| Failure::Arithmetic(format!("{a} {} {b}", op.symbol())))
}

fn of_floats(op: BinaryOp, a: f64, b: f64) -> Result<f64> {
    Ok(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::FloorDivide => (a / b).floor(),
        // With the sign of the divisor.
        BinaryOp::Modulo if a % b != 0.0 && (a % b < 0.0) != (b < 0.0) => a % b + b,
        BinaryOp::Modulo => a % b,
        other => return Err(Failure::Unknown(format!("{} of floats", other.symbol()))),
    })
}

fn cast(value: Scalar, to: &DataType) -> Result<Scalar> {
    Ok(match (value, to) {
        (Scalar::Null, _) => Scalar::Null,
        (Scalar::Int(value), DataType::Float64) => Scalar::Float(value as f64),
        (Scalar::Int(value), DataType::Utf8View) => Scalar::Text(value.to_string()),
        (value, to) => return Err(Failure::Unknown(format!("a cast of {value} to {to}"))),
    })
}
