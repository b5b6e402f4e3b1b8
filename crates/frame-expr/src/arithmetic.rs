//! The types of `+ - * / // %`: numbers, durations and points in time. What they compute stands with the evaluation.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, DurationMicrosecondType, TimeUnit};
use frame_core::{Error, QueryError, Result, Span};

use crate::bind::{Bound, BoundExpr, widen};
use crate::expr::BinaryOp;
use crate::types::{DIGITS_MAX, DURATION, MONTHS, computed, digits, is_number, type_name};

const MICROS_PER_DAY: i64 = 86_400_000_000;

type Operand = (BoundExpr, Span);

/// An arithmetic operation on bound operands.
pub(crate) fn arithmetic(op: BinaryOp, left: Operand, right: Operand) -> Result<BoundExpr> {
    if is_temporal(&left.0.data_type) || is_temporal(&right.0.data_type) {
        return temporal(op, left, right);
    }
    let (left, right) = (number(left.0, op.symbol(), left.1)?, number(right.0, op.symbol(), right.1)?);
    let data_type = match (digits(&left.data_type), digits(&right.data_type)) {
        _ if op == BinaryOp::Divide => DataType::Float64,
        (Some(_), Some(_)) if left.data_type == DataType::Int64 && right.data_type == DataType::Int64 => DataType::Int64,
        (Some(l), Some(r)) => return decimals(op, (left, l), (right, r)),
        _ => DataType::Float64,
    };
    Ok(operation(op, widen(left, data_type.clone()), widen(right, data_type.clone()), data_type))
}

/// An operand that must be a number, as int, float or decimal.
pub(crate) fn number(bound: BoundExpr, operation: &str, span: Span) -> Result<BoundExpr> {
    let to = match &bound.data_type {
        DataType::Null => DataType::Float64,
        number if is_number(number) => computed(number),
        other => {
            let hint = match other {
                DataType::Boolean => "it takes numbers; write if x then 1 else 0, or count with `count where x`",
                text if crate::types::is_text(text) => "it takes numbers; convert with cast(x, float), join texts with concat(x, y)",
                list if list.is_nested() => "it takes numbers; take a part with item(list, n) or field(struct, 'name')",
                _ => "it takes numbers; convert with cast(x, float)",
            };
            return Err(refused(operation, type_name(other), span, hint));
        }
    };
    Ok(widen(bound, to))
}

fn refused(operation: &str, found: String, span: Span, hint: &str) -> Error {
    Error::new(QueryError::Type { operation: format!("`{operation}`"), found }).at(span).hint(hint)
}

fn operation(op: BinaryOp, left: BoundExpr, right: BoundExpr, data_type: DataType) -> BoundExpr {
    BoundExpr { node: Bound::Arithmetic { op, left: Box::new(left), right: Box::new(right), span: Span::default() }, data_type }
}

/// Decimals keep their decimals: the rules of SQL, with at most 38 digits.
fn decimals(op: BinaryOp, left: (BoundExpr, (u8, i8)), right: (BoundExpr, (u8, i8))) -> Result<BoundExpr> {
    let ((left, (p1, s1)), (right, (p2, s2))) = (left, right);
    let (whole_left, whole_right) = (i16::from(p1) - i16::from(s1), i16::from(p2) - i16::from(s2));
    let scale = i16::from(s1.max(s2));
    let (precision, scale) = match op {
        BinaryOp::Add | BinaryOp::Subtract => (whole_left.max(whole_right) + scale + 1, scale),
        BinaryOp::Multiply => (i16::from(p1) + i16::from(p2), i16::from(s1) + i16::from(s2)),
        // The quotient is whole; dividing by 0.01 makes it longer.
        BinaryOp::FloorDivide => (whole_left + i16::from(s2) + 1, 0),
        _ => (whole_left.min(whole_right).max(0) + scale, scale),
    };
    if scale > i16::from(DIGITS_MAX) {
        let found = format!("{} and {}", type_name(&left.data_type), type_name(&right.data_type));
        let error = Error::new(QueryError::Type { operation: format!("`{}`", op.symbol()), found });
        return Err(
            error.hint("the result has more than 38 decimals; convert one side, for example cast(x, decimal(18, 4)) or cast(x, float)")
        );
    }
    let data_type = DataType::Decimal128(precision.clamp(1, DIGITS_MAX.into()) as u8, scale as i8);
    let decimal = |operand: BoundExpr, precision, scale| widen(operand, DataType::Decimal128(precision, scale));
    Ok(operation(op, decimal(left, p1, s1), decimal(right, p2, s2), data_type))
}

/// Whether values of this type are points in time or durations.
fn is_temporal(data_type: &DataType) -> bool {
    data_type.is_temporal()
}

/// Points in time and durations.
fn temporal(op: BinaryOp, left: Operand, right: Operand) -> Result<BoundExpr> {
    use BinaryOp::{Add, Divide, FloorDivide, Modulo, Multiply, Subtract};
    use DataType::{Date32, Duration, Float64, Int64, Null, Time64, Timestamp};
    let span = left.1.to(right.1);
    let ready = |(bound, _): Operand| {
        let to = computed(&bound.data_type);
        widen(bound, to)
    };
    let (left, right) = (ready(left), ready(right));
    let (l, r) = (left.data_type.clone(), right.data_type.clone());
    let finest = |a: &TimeUnit, b: &TimeUnit| *a.max(b);
    Ok(match (op, &l, &r) {
        (Add, Duration(_), Date32 | Timestamp(..) | Time64(_)) => temporal(op, (right, span), (left, span))?,
        (Add, months, Date32 | Timestamp(..)) if *months == MONTHS => temporal(op, (right, span), (left, span))?,
        (Multiply, Int64 | Float64, Duration(_)) => temporal(op, (right, span), (left, span))?,
        (Multiply, Int64, months) if *months == MONTHS => temporal(op, (right, span), (left, span))?,
        (Add | Subtract, Date32 | Timestamp(..), months) if *months == MONTHS => operation(op, left, right, l),
        (Add | Subtract, Date32, Duration(unit)) => {
            // A date moves by whole days to a date; what may be part of a day makes it a timestamp.
            let unit = *unit;
            match days(&right) {
                true => operation(op, left, right, l),
                false => {
                    let to = Timestamp(unit, None);
                    operation(op, widen(left, to.clone()), right, to)
                }
            }
        }
        (Add | Subtract, Timestamp(a, zone), Duration(b)) => {
            let unit = finest(a, b);
            let to = Timestamp(unit, zone.clone());
            operation(op, widen(left, to.clone()), widen(right, Duration(unit)), to)
        }
        (Add | Subtract, Time64(a), Duration(b)) => {
            let unit = finest(a, b);
            operation(op, widen(left, Time64(unit)), widen(right, Duration(unit)), Time64(unit))
        }
        (Subtract, Time64(a), Time64(b)) => {
            let unit = finest(a, b);
            operation(op, widen(left, Time64(unit)), widen(right, Time64(unit)), Duration(unit))
        }
        (Subtract, Date32, Date32) => {
            let to = Timestamp(TimeUnit::Microsecond, None);
            operation(op, widen(left, to.clone()), widen(right, to), DURATION)
        }
        (Subtract, Date32 | Timestamp(..), Date32 | Timestamp(..)) => {
            let parts = |data_type: &DataType| match data_type {
                Timestamp(unit, zone) => (*unit, zone.clone()),
                _ => (TimeUnit::Microsecond, None),
            };
            let ((a, zone), (b, other)) = (parts(&l), parts(&r));
            let unit = finest(&a, &b);
            // A side without a zone is read as the local time of the other's.
            let to = Timestamp(unit, zone.or(other));
            operation(op, widen(left, to.clone()), widen(right, to), Duration(unit))
        }
        (Add | Subtract | Divide | FloorDivide | Modulo, Duration(a), Duration(b)) => {
            let unit = finest(a, b);
            let to = match op {
                Divide => Float64,
                FloorDivide => Int64,
                _ => Duration(unit),
            };
            operation(op, widen(left, Duration(unit)), widen(right, Duration(unit)), to)
        }
        (Multiply, Duration(_), Int64 | Float64) => operation(op, left, right, l),
        (Divide, Duration(_), Int64 | Float64) => operation(op, left, widen(right, Float64), l),
        (Add | Subtract, a, b) if *a == MONTHS && *b == MONTHS => operation(op, left, right, l),
        (Multiply, months, Int64) if *months == MONTHS => operation(op, left, right, l),
        // A null has the type that makes the operation possible.
        (Add | Subtract, Date32 | Timestamp(..) | Time64(_), Null) => temporal(op, (left, span), (widen(right, DURATION), span))?,
        (Add | Subtract, Duration(_), Null) => temporal(op, (left, span), (widen(right, DURATION), span))?,
        (_, Duration(_), Null) => temporal(op, (left, span), (widen(right, Int64), span))?,
        _ => {
            let found = format!("{} and {}", type_name(&l), type_name(&r));
            return Err(refused(op.symbol(), found, span, advice(&l, &r)));
        }
    })
}

fn advice(left: &DataType, right: &DataType) -> &'static str {
    match (left, right) {
        (DataType::Date32 | DataType::Timestamp(..), number) | (number, DataType::Date32 | DataType::Timestamp(..))
            if is_number(number) =>
        {
            "say the unit: x + 7d, x - 1mo, x + n * 1d"
        }
        (a, b) if *a == MONTHS || *b == MONTHS => {
            "months have no fixed length: add them to a date or timestamp, or multiply them by an int"
        }
        (a, b) if crate::types::is_text(a) || crate::types::is_text(b) => {
            "convert the text with cast(x, date), cast(x, timestamp) or cast(x, duration)"
        }
        _ => "points in time take durations such as 15m, 7d or 1mo; their difference is a duration; d / 1h is a number of hours",
    }
}

/// Whether the duration is the same for all rows, and whole days.
fn days(bound: &BoundExpr) -> bool {
    let constant = bound.constant();
    constant.as_ref().and_then(|array| array.as_primitive_opt::<DurationMicrosecondType>()).is_some_and(|values| {
        // A null moves nothing anywhere.
        values.iter().all(|value| value.is_none_or(|micros| micros % MICROS_PER_DAY == 0))
    })
}
