//! What `min` and `max` share: which types they take, and the states for each.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::BoundAggregate;
use super::numeric::wrong_argument;
use crate::states::{DecimalExtreme, End, Extreme, TextExtreme};
use crate::types::{computed, is_text};

pub(super) fn bind(end: End, aggregate: &str, argument: &DataType) -> Result<BoundAggregate> {
    if is_text(argument) {
        return Ok(BoundAggregate::new(vec![DataType::Utf8View], DataType::Utf8View, move || TextExtreme::new(end))
            .with_states([DataType::Utf8View]));
    }
    let output = match argument {
        DataType::Dictionary(_, values) => return bind(end, aggregate, values),
        DataType::Time32(_) | DataType::Decimal32(..) | DataType::Decimal64(..) => computed(argument),
        other => other.clone(),
    };
    if let DataType::Decimal128(precision, scale) = output {
        let states = [output.clone()];
        let extreme = BoundAggregate::new(vec![output.clone()], output, move || DecimalExtreme::new(end, precision, scale));
        return Ok(extreme.with_states(states));
    }
    if !Extreme::takes(&output) {
        return Err(wrong_argument(aggregate, argument, "a number, text, a date, a time, a duration or a truth value"));
    }
    let input = if output == DataType::Float32 { DataType::Float64 } else { output.clone() };
    let extreme = BoundAggregate::new(vec![input], output.clone(), move || Extreme::new(end, &output));
    Ok(extreme.with_states([DataType::Int64]))
}

/// The same for truth values alone.
pub(super) fn of_truth(end: End, aggregate: &str, argument: &DataType) -> Result<BoundAggregate> {
    match argument {
        DataType::Boolean | DataType::Null => bind(end, aggregate, &DataType::Boolean),
        other => Err(wrong_argument(aggregate, other, "a truth value")),
    }
}
