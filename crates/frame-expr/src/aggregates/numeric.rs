//! The argument types of aggregates over numbers.

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result};

use super::GroupStates;
use crate::states::{Finish, FloatTotal, IntTotal};

/// The arithmetic that a number needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numeric {
    /// Integers of up to 64 bits, signed or not.
    Int,
    /// Floats.
    Float,
}

/// How `aggregate` computes with its argument, or an error that says why it cannot.
pub(super) fn needs_number(aggregate: &str, argument: Option<&DataType>) -> Result<Numeric> {
    match argument {
        Some(data_type) if data_type.is_integer() => Ok(Numeric::Int),
        Some(DataType::Float16 | DataType::Float32 | DataType::Float64) => Ok(Numeric::Float),
        _ => Err(wrong_argument(aggregate, argument, "a number")),
    }
}

/// The error for an argument that an aggregate does not take.
pub(super) fn wrong_argument(aggregate: &str, argument: Option<&DataType>, wanted: &str) -> Error {
    match argument {
        None => Error::new(QueryError::Arity { function: aggregate.to_owned(), expected: "one argument".to_owned(), found: 0 }),
        Some(found) => Error::new(QueryError::Type { operation: format!("`{aggregate}`"), found: crate::type_name(found) })
            .hint(format!("it takes {wanted}; convert with cast(x, type)")),
    }
}

impl Numeric {
    /// The type that the states compute with.
    pub(super) fn input_type(self, argument: &DataType) -> DataType {
        match (self, argument) {
            (Self::Int, DataType::UInt64) => DataType::UInt64,
            (Self::Int, _) => DataType::Int64,
            (Self::Float, _) => DataType::Float64,
        }
    }

    pub(super) fn total(self, finish: Finish) -> Box<dyn GroupStates> {
        match self {
            Self::Int => Box::new(IntTotal::new(finish)),
            Self::Float => Box::new(FloatTotal::new(finish)),
        }
    }
}
