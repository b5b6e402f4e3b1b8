//! What functions take: a number of arguments, of text, of numbers or of points in time.

use arrow::datatypes::{DataType, TimeUnit};
use frame_core::{Error, QueryError, Result, Scalar, Span};

use crate::bind::{Bound, BoundExpr, common, widen};
use crate::types::{TIMESTAMP, computed, is_number, is_text, type_name};

type Argument = (BoundExpr, Span);

fn wrong_arity(name: &str, expected: String, found: usize) -> Error {
    Error::new(QueryError::Arity { function: name.to_owned(), expected, found })
}

/// Checks the number of arguments.
pub(super) fn arity<const N: usize>(name: &str, arguments: Vec<Argument>) -> Result<[Argument; N]> {
    let found = arguments.len();
    let plural = if N == 1 { "" } else { "s" };
    arguments.try_into().map_err(|_| wrong_arity(name, format!("{N} argument{plural}"), found))
}

/// Checks the number of arguments, of which the last `D` may be missing; the defaults stand for them.
pub(super) fn optional<const N: usize, const D: usize>(
    name: &str,
    mut arguments: Vec<Argument>,
    defaults: [Scalar; D],
) -> Result<[Argument; N]> {
    let found = arguments.len();
    if found + D >= N && found <= N {
        let literal = |value: Scalar| (BoundExpr { data_type: value.data_type(), node: Bound::Literal(value) }, Span::default());
        arguments.extend(defaults.into_iter().skip(found + D - N).map(literal));
    }
    let between = if D == 1 { format!("{} or {N}", N - D) } else { format!("{} to {N}", N - D) };
    arguments.try_into().map_err(|_| wrong_arity(name, format!("{between} arguments"), found))
}

/// Checks that there is an argument.
pub(super) fn some(name: &str, arguments: Vec<Argument>) -> Result<Vec<Argument>> {
    if arguments.is_empty() { Err(wrong_arity(name, "at least 1 argument".to_owned(), 0)) } else { Ok(arguments) }
}

/// Arguments of one type whose values can be compared, at least one of them; the result has their type.
pub(super) fn comparable(name: &str, arguments: Vec<Argument>) -> Result<(Vec<BoundExpr>, DataType)> {
    let arguments = common(some(name, arguments)?, name)?;
    let data_type = arguments[0].data_type().clone();
    if data_type.is_nested() {
        return Err(wrong(name, &data_type, "values that can be compared: numbers, text, dates, times", Span::default()));
    }
    Ok((arguments, data_type))
}

/// A text and, if the caller wants, a set of characters; the result is text.
pub(super) fn text_and_set(name: &str, arguments: Vec<Argument>) -> Result<(Vec<BoundExpr>, DataType)> {
    if arguments.len() == 1 {
        let [operand] = arity(name, arguments)?;
        return Ok((vec![text(name, operand)?], DataType::Utf8View));
    }
    let [operand, set] = optional(name, arguments, [Scalar::Null])?;
    Ok((vec![text(name, operand)?, text(name, set)?], DataType::Utf8View))
}

/// A text and a number of characters; the result is text.
pub(super) fn text_and_count(name: &str, arguments: Vec<Argument>) -> Result<(Vec<BoundExpr>, DataType)> {
    let [operand, count] = arity(name, arguments)?;
    Ok((vec![text(name, operand)?, int(name, count)?], DataType::Utf8View))
}

/// An argument that must be text.
pub(super) fn text(name: &str, (argument, span): Argument) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null => Ok(widen(argument, DataType::Utf8View)),
        data_type if is_text(data_type) => Ok(widen(argument, DataType::Utf8View)),
        other => Err(wrong(name, other, "text; convert with cast(x, text)", span)),
    }
}

/// An argument that must be text and the same for every row, and that text.
pub(super) fn constant_text(name: &str, what: &str, (argument, span): Argument) -> Result<(BoundExpr, String)> {
    let argument = text(name, (argument, span))?;
    let value = argument.constant_text().ok_or_else(|| {
        let error =
            QueryError::Type { operation: format!("`{name}`"), found: "a value that changes from row to row, or null, here".to_owned() };
        Error::new(error).at(span).hint(format!("write {what} as text in single quotes"))
    })?;
    Ok((argument, value))
}

/// An argument that must be a number: it comes as int, float or decimal.
pub(super) fn number(name: &str, (argument, span): Argument) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null => Ok(widen(argument, DataType::Float64)),
        data_type if is_number(data_type) => {
            let to = computed(data_type);
            Ok(widen(argument, to))
        }
        other => Err(wrong(name, other, "a number; convert with cast(x, float)", span)),
    }
}

/// An argument that must be a number: it comes as float.
pub(super) fn float(name: &str, argument: Argument) -> Result<BoundExpr> {
    Ok(widen(number(name, argument)?, DataType::Float64))
}

/// An argument that must be an integer.
pub(super) fn int(name: &str, (argument, span): Argument) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null => Ok(widen(argument, DataType::Int64)),
        data_type if data_type.is_integer() && *data_type != DataType::UInt64 => Ok(widen(argument, DataType::Int64)),
        other => Err(wrong(name, other, "an int; convert with cast(x, int)", span)),
    }
}

/// An argument that must be a date or a timestamp.
pub(super) fn moment(name: &str, (argument, span): Argument) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null => Ok(widen(argument, TIMESTAMP)),
        DataType::Date32 | DataType::Timestamp(..) => {
            let to = computed(argument.data_type());
            Ok(widen(argument, to))
        }
        text if is_text(text) => {
            let wanted = "a date or timestamp; convert with cast(x, date), or parse_date(x, '%d.%m.%Y') for another format";
            Err(wrong(name, text, wanted, span))
        }
        number if is_number(number) => {
            Err(wrong(name, number, "a date or timestamp; seconds since 1970 become one with from_epoch(x)", span))
        }
        other => Err(wrong(name, other, "a date or timestamp", span)),
    }
}

/// An argument that must be a date, a timestamp or a time of day.
pub(super) fn clock(name: &str, (argument, span): Argument) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Time32(_) => Ok(widen(argument, DataType::Time64(TimeUnit::Microsecond))),
        DataType::Time64(_) => Ok(argument),
        _ => moment(name, (argument, span)),
    }
}

/// The error for an argument of a type that the function does not take.
pub(super) fn wrong(name: &str, found: &DataType, wanted: &str, span: Span) -> Error {
    let error = QueryError::Type { operation: format!("`{name}`"), found: type_name(found) };
    Error::new(error).at(span).hint(format!("it takes {wanted}"))
}
