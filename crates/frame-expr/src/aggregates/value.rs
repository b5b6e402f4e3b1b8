//! The argument types of aggregates over values of any type.

use arrow::datatypes::DataType;
use frame_core::Result;

use super::BoundAggregate;
use super::numeric::wrong_argument;
use crate::states::{End, Pick, Place, has_bytes, has_keys, plain};

/// The type that an argument is converted to: text and what is in a dictionary as such.
pub(super) fn value(aggregate: &str, argument: &DataType) -> Result<DataType> {
    let input = plain(argument);
    if has_keys(&input) || has_bytes(&input) { Ok(input) } else { Err(wrong_argument(aggregate, argument, "single values and lists")) }
}

/// The same for an argument whose values are compared: no lists.
pub(super) fn ordered_value(aggregate: &str, argument: &DataType) -> Result<DataType> {
    let input = plain(argument);
    if !input.is_nested() && (has_keys(&input) || has_bytes(&input)) {
        return Ok(input);
    }
    Err(wrong_argument(aggregate, argument, "a number, text, a date, a timestamp or another single value"))
}

/// The value of the row where another is at an end.
pub(super) fn by(aggregate: &str, end: End, arguments: &[DataType]) -> Result<BoundAggregate> {
    let (input, by) = (value(aggregate, &arguments[0])?, ordered_value(aggregate, &arguments[1])?);
    let (inputs, place) = (vec![input.clone(), by.clone()], Place::By(end, by));
    Ok(BoundAggregate::new(inputs, input.clone(), move || Pick::new(place.clone(), &input)).ordered())
}
