//! Conversions: those that lose nothing, and casts, which say what becomes of a value without a counterpart.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast as arrow_cast, cast_with_options};
use arrow::datatypes::DataType;
use frame_core::{DataError, Error, Result};

use super::Value;
use crate::expr::BadCast;
use crate::types::{is_text, type_name};

/// A conversion that loses nothing.
pub(super) fn widen(operand: &Value, to: &DataType) -> Result<Value> {
    Ok(operand.with(arrow_cast(&operand.array, to)?))
}

/// A cast of the language: strict, so that blanks around a number, or a number out of range, are bad values.
pub(super) fn cast(operand: &Value, to: &DataType, bad: BadCast) -> Result<Value> {
    let from = &operand.array;
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let cast = if is_text(from.data_type()) && *to == DataType::Boolean { truth(from)? } else { cast_with_options(from, to, &options)? };
    if bad == BadCast::Fail && cast.logical_null_count() > from.logical_null_count() {
        let (before, after) = (from.logical_nulls(), cast.logical_nulls());
        let is_bad = |row: &usize| {
            before.as_ref().is_none_or(|nulls| nulls.is_valid(*row)) && after.as_ref().is_some_and(|nulls| nulls.is_null(*row))
        };
        let row = (0..from.len()).find(is_bad).unwrap_or(0);
        let value = arrow::util::display::array_value_to_string(from, row)?;
        return Err(Error::new(DataError::Value { position: None, value, expected: type_name(to) })
            .hint(format!("make bad values null with cast(x, {} or null), or drop them with `where` first", type_name(to))));
    }
    Ok(operand.with(cast))
}

/// `true` and `false` and nothing else.
fn truth(texts: &ArrayRef) -> Result<ArrayRef> {
    let texts = arrow_cast(texts, &DataType::Utf8View)?;
    let values = texts.as_string_view().iter().map(|text| match text {
        Some("true" | "True" | "TRUE") => Some(true),
        Some("false" | "False" | "FALSE") => Some(false),
        _ => None,
    });
    Ok(Arc::new(values.collect::<arrow::array::BooleanArray>()))
}
