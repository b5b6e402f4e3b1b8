//! What functions take: a number of arguments, of text or of numbers.

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use crate::bind::{BoundExpr, widen};
use crate::types::{computed, is_number, is_text, type_name};

/// Checks the number of arguments.
pub(super) fn arity<const N: usize>(name: &str, arguments: Vec<(BoundExpr, Span)>) -> Result<[(BoundExpr, Span); N]> {
    let found = arguments.len();
    let plural = if N == 1 { "" } else { "s" };
    arguments
        .try_into()
        .map_err(|_| Error::new(QueryError::Arity { function: name.to_owned(), expected: format!("{N} argument{plural}"), found }))
}

/// An argument that must be text.
pub(super) fn text(name: &str, (argument, span): (BoundExpr, Span)) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null => Ok(widen(argument, DataType::Utf8View)),
        data_type if is_text(data_type) => Ok(widen(argument, DataType::Utf8View)),
        other => Err(wrong(name, other, "text; convert with cast(x, text)", span)),
    }
}

/// An argument that must be a number: int or float.
pub(super) fn number(name: &str, (argument, span): (BoundExpr, Span)) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null | DataType::UInt64 | DataType::Decimal128(..) => Ok(widen(argument, DataType::Float64)),
        data_type if is_number(data_type) => {
            let to = computed(data_type);
            Ok(widen(argument, to))
        }
        other => Err(wrong(name, other, "a number; convert with cast(x, float)", span)),
    }
}

/// An argument that must be an integer.
pub(super) fn int(name: &str, (argument, span): (BoundExpr, Span)) -> Result<BoundExpr> {
    match argument.data_type() {
        DataType::Null => Ok(widen(argument, DataType::Int64)),
        data_type if data_type.is_integer() && *data_type != DataType::UInt64 => Ok(widen(argument, DataType::Int64)),
        other => Err(wrong(name, other, "an int; convert with cast(x, int)", span)),
    }
}

fn wrong(name: &str, found: &DataType, wanted: &str, span: Span) -> Error {
    let error = QueryError::Type { operation: format!("`{name}`"), found: type_name(found) };
    Error::new(error).at(span).hint(format!("it takes {wanted}"))
}
