//! What `min` and `max` share: which types they take, and the states for each.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::GroupStates;
use super::numeric::wrong_argument;
use crate::states::{End, Extreme, TextExtreme};

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => other.is_string(),
    }
}

pub(super) fn output_type(aggregate: &str, argument: Option<&DataType>) -> Result<DataType> {
    match argument {
        Some(data_type) if Extreme::takes(data_type) => Ok(data_type.clone()),
        Some(data_type) if is_text(data_type) => Ok(DataType::Utf8View),
        _ => Err(wrong_argument(aggregate, argument, "a number, text, a date, a timestamp or a truth value")),
    }
}

pub(super) fn input_type(aggregate: &str, argument: &DataType) -> Result<DataType> {
    output_type(aggregate, Some(argument)).map(|data_type| match data_type {
        DataType::Float32 => DataType::Float64,
        other => other,
    })
}

pub(super) fn start(end: End, aggregate: &str, argument: Option<&DataType>) -> Result<Box<dyn GroupStates>> {
    let data_type = output_type(aggregate, argument)?;
    Ok(if is_text(&data_type) { Box::new(TextExtreme::new(end)) } else { Box::new(Extreme::new(end, &data_type)) })
}
