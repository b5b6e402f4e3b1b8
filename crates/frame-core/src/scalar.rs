//! One value outside any column: literals, statistics, bounds.

use std::fmt;

use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};

/// A single value of the everyday types.
///
/// Equality is structural (bits of floats), so that plans can be compared; the semantics of comparison in queries live with the expressions.
#[derive(Debug, Clone)]
pub enum Scalar {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// A 64-bit float.
    Float(f64),
    /// UTF-8 text.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00, without a zone.
    Timestamp(i64),
    /// A span of time in microseconds; a day has 24 hours.
    Duration(i64),
    /// A span of calendar months, whose length in days depends on where it begins.
    Months(i32),
}

impl Scalar {
    /// The type of the value; `DataType::Null` for null, `Utf8View` for text.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool(_) => DataType::Boolean,
            Self::Int(_) => DataType::Int64,
            Self::Float(_) => DataType::Float64,
            Self::Text(_) => DataType::Utf8View,
            Self::Date(_) => DataType::Date32,
            Self::Timestamp(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
            Self::Months(_) => DataType::Interval(IntervalUnit::YearMonth),
        }
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) | (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Months(a), Self::Months(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Scalar {}

/// Prints the value as the query language writes it: text in single quotes, dates behind `@`.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "'{}'", value.replace('\'', "''")),
            Self::Date(days) => write!(f, "@{}", crate::calendar::date_text(*days)),
            Self::Timestamp(micros) => write!(f, "@{}", crate::calendar::timestamp_text(*micros)),
            Self::Duration(micros) => f.write_str(&crate::duration::text(*micros)),
            Self::Months(months) => f.write_str(&crate::duration::months_text(*months)),
        }
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Scalar {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
