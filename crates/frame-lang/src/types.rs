//! Names of types to Arrow types.

use arrow::datatypes::{DataType, TimeUnit};
use frame_core::{Error, QueryError, Result};

use crate::parser::Parser;

/// A type by its name in the language; `None` for one with parameters or an unknown one.
pub(crate) fn plain(name: &str) -> Option<DataType> {
    Some(match name {
        "bool" => DataType::Boolean,
        "int" | "int64" => DataType::Int64,
        "int8" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "uint8" => DataType::UInt8,
        "uint16" => DataType::UInt16,
        "uint32" => DataType::UInt32,
        "uint64" => DataType::UInt64,
        "float" | "float64" => DataType::Float64,
        "float32" => DataType::Float32,
        "text" => DataType::Utf8View,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => return None,
    })
}

const NAMES: [&str; 14] =
    ["bool", "int", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "float", "float32", "text", "date", "timestamp"];

impl Parser<'_> {
    /// A type.
    pub(crate) fn data_type(&mut self) -> Result<DataType> {
        let (name, span) = self.name()?;
        named(&name).map_err(|error| error.at(span))
    }
}

/// A type by its name.
///
/// # Errors
/// `QueryError` with the names there are.
pub fn named(name: &str) -> Result<DataType> {
    plain(name).ok_or_else(|| {
        let nearest = frame_core::error::nearest(name, NAMES).map(|name| format!("did you mean `{name}`?   ")).unwrap_or_default();
        let error = QueryError::Syntax { expected: "a type".to_owned(), found: format!("`{name}`") };
        Error::new(error).hint(format!("{nearest}(types: {})", NAMES.join(", ")))
    })
}
