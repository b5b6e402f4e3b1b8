//! The argument types of aggregates over numbers.

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result};

use super::BoundAggregate;
use crate::states::{DecimalTotal, Finish, FloatTotal, IntTotal, Moments, Statistic};
use crate::types::{DIGITS_MAX, computed, is_number};

/// The error for an argument that an aggregate does not take.
pub(super) fn wrong_argument(aggregate: &str, found: &DataType, wanted: &str) -> Error {
    Error::new(QueryError::Type { operation: format!("`{aggregate}`"), found: crate::type_name(found) }).hint(match wanted {
        "a number" => "it takes a number; convert with cast(x, float), or count with `count` and `nunique`".to_owned(),
        _ => format!("it takes {wanted}; convert with cast(x, type)"),
    })
}

/// Sums and means: exact, of integers in 128 bits, of floats in fixed point.
pub(super) fn total(finish: Finish, aggregate: &str, argument: &DataType) -> Result<BoundAggregate> {
    let input = computed(argument);
    let ints = |input: DataType, output: DataType| {
        let (of_states, of_frames) = (output.clone(), output.clone());
        BoundAggregate::new(vec![input], output, move || IntTotal::new(finish, of_states.clone()))
            .framed(move |arguments, frames| IntTotal::new(finish, of_frames.clone()).framed(arguments, frames))
            .with_states(IntTotal::STATES)
    };
    let output = |sum: DataType| if finish == Finish::Sum { sum } else { DataType::Float64 };
    let total = match input {
        _ if *argument == DataType::UInt64 => ints(DataType::UInt64, output(DataType::Int64)),
        DataType::Int64 | DataType::Boolean => ints(DataType::Int64, output(DataType::Int64)),
        DataType::Duration(_) => ints(input.clone(), input),
        DataType::Float64 => BoundAggregate::new(vec![input], DataType::Float64, move || FloatTotal::new(finish))
            .framed(move |arguments, frames| FloatTotal::new(finish).framed(arguments, frames))
            .with_states(FloatTotal::STATES),
        DataType::Decimal128(_, scale) => {
            BoundAggregate::new(vec![input], output(DataType::Decimal128(DIGITS_MAX, scale)), move || DecimalTotal::new(finish, scale))
                .with_states(DecimalTotal::STATES)
        }
        _ => return Err(wrong_argument(aggregate, argument, "a number, a duration or a truth value")),
    };
    // Floats become infinite, and a mean lies between its values.
    Ok(if finish == Finish::Sum && *total.output() != DataType::Float64 { total.overflowing() } else { total })
}

/// A statistic of numbers. Decimals are converted to the nearest floats; integers are exact.
pub(super) fn statistic<S: Statistic>(statistic: S, aggregate: &str, arguments: &[DataType]) -> Result<BoundAggregate> {
    let inputs = arguments.iter().map(|argument| number(aggregate, argument)).collect::<Result<Vec<_>>>()?;
    let types = inputs.clone();
    Ok(BoundAggregate::new(inputs, DataType::Float64, move || Moments::new(statistic, &types)))
}

/// The type of three that numbers of this type are computed with: `Int64`, `UInt64` or `Float64`.
pub(super) fn number(aggregate: &str, argument: &DataType) -> Result<DataType> {
    match argument {
        DataType::UInt64 => Ok(DataType::UInt64),
        ints if ints.is_integer() => Ok(DataType::Int64),
        other if is_number(other) => Ok(DataType::Float64),
        other => Err(wrong_argument(aggregate, other, "a number")),
    }
}
