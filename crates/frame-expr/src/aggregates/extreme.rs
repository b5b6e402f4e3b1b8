//! What `min` and `max` share: which types they take, and the states for each.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::BoundAggregate;
use super::numeric::wrong_argument;
use crate::states::{End, Extreme, TextExtreme};
use crate::types::is_text;

pub(super) fn bind(end: End, aggregate: &str, argument: &DataType) -> Result<BoundAggregate> {
    if is_text(argument) {
        return Ok(BoundAggregate::new(vec![DataType::Utf8View], DataType::Utf8View, move || TextExtreme::new(end)));
    }
    if !Extreme::takes(argument) {
        return Err(wrong_argument(aggregate, argument, "a number, text, a date, a timestamp or a truth value"));
    }
    let input = if *argument == DataType::Float32 { DataType::Float64 } else { argument.clone() };
    let output = argument.clone();
    Ok(BoundAggregate::new(vec![input], output.clone(), move || Extreme::new(end, &output)))
}
