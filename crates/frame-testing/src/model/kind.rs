//! The kinds of values that the model knows.

use arrow::datatypes::DataType;
use frame_core::Scalar;

use super::{Failure, Result};

/// The kind of a value or of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of a null that belongs to no column.
    Null,
    /// A truth value.
    Bool,
    /// A 64-bit signed integer.
    Int,
    /// A 64-bit float.
    Float,
    /// UTF-8 text.
    Text,
    /// A day.
    Date,
}

impl Kind {
    /// The kinds that a column can have.
    pub const OF_COLUMNS: [Self; 5] = [Self::Int, Self::Float, Self::Text, Self::Bool, Self::Date];

    /// The kind of a scalar.
    ///
    /// # Errors
    /// An unknown kind.
    pub fn of(value: &Scalar) -> Result<Self> {
        Ok(match value {
            Scalar::Null => Self::Null,
            Scalar::Bool(_) => Self::Bool,
            Scalar::Int(_) => Self::Int,
            Scalar::Float(_) => Self::Float,
            Scalar::Text(_) => Self::Text,
            Scalar::Date(_) => Self::Date,
            other => return Err(Failure::Unknown(format!("the value {other}"))),
        })
    }

    /// The kind that holds the values of both.
    ///
    /// # Errors
    /// Kinds without one.
    pub fn common(self, other: Self) -> Result<Self> {
        match (self, other) {
            (a, b) if a == b => Ok(a),
            (Self::Null, a) | (a, Self::Null) => Ok(a),
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Ok(Self::Float),
            (a, b) => Err(Failure::Unknown(format!("values of {a:?} and {b:?} together"))),
        }
    }

    /// The value as one of this kind: an int becomes the nearest float.
    pub(super) fn hold(self, value: Scalar) -> Scalar {
        match (self, value) {
            (Self::Float, Scalar::Int(int)) => Scalar::Float(int as f64),
            (_, value) => value,
        }
    }

    /// The Arrow type of columns of this kind.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8View,
            Self::Date => DataType::Date32,
        }
    }

    /// Whether values are numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }
}
