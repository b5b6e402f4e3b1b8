//! Types as users know them, and the few types that operators compute with.

use arrow::datatypes::{DataType, TimeUnit};

/// The name of a type in the query language and in messages.
pub fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Null => "null",
        DataType::Boolean => "bool",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float32 => "float32",
        DataType::Float64 => "float",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Date32 => "date",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Timestamp(_, Some(zone)) => return format!("timestamp('{zone}')"),
        DataType::Decimal128(precision, scale) => return format!("decimal({precision}, {scale})"),
        DataType::Dictionary(_, values) => return type_name(values),
        other => return other.to_string().to_lowercase(),
    };
    name.to_owned()
}

/// Whether values of this type are text, dictionary-encoded or not.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => other.is_string(),
    }
}

/// Whether values of this type are numbers.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating() || matches!(data_type, DataType::Decimal128(..))
}

/// The type that operators compute with in place of this one, without loss.
pub(crate) fn computed(data_type: &DataType) -> DataType {
    match data_type {
        DataType::UInt64 => DataType::Decimal128(20, 0),
        integer if integer.is_integer() => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        text if is_text(text) => DataType::Utf8View,
        DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        other => other.clone(),
    }
}

/// The type that holds the values of two types, if there is one.
pub fn common_type(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Float64, Int64};
    match (computed(left), computed(right)) {
        _ if left == right => Some(left.clone()),
        (Int64, Float64) | (Float64, Int64) => Some(Float64),
        (left, right) => compared(&left, &right).map(|(both, _)| both),
    }
}

/// The type in which values of two types are compared, if there is one. Integers and floats stay apart: they are compared exactly.
pub(crate) fn compared(left: &DataType, right: &DataType) -> Option<(DataType, DataType)> {
    use DataType::{Date32, Decimal128, Float64, Int64, Null, Timestamp};
    let (left, right) = (computed(left), computed(right));
    let both = |data_type: DataType| Some((data_type.clone(), data_type));
    match (&left, &right) {
        (Null, other) | (other, Null) => both(other.clone()),
        (a, b) if a == b => both(left),
        (Int64, Float64) | (Float64, Int64) => Some((left, right)),
        (Decimal128(..), Float64) | (Float64, Decimal128(..)) => both(Float64),
        (Decimal128(..), Int64) | (Int64, Decimal128(..)) | (Decimal128(..), Decimal128(..)) => {
            let scale = |data_type: &DataType| if let Decimal128(_, scale) = data_type { *scale } else { 0 };
            both(Decimal128(38, scale(&left).max(scale(&right))))
        }
        (Date32, Timestamp(unit, _)) | (Timestamp(unit, _), Date32) => both(Timestamp(*unit, None)),
        (Timestamp(a, zone), Timestamp(b, other)) if zone.is_some() == other.is_some() => both(Timestamp(*a.max(b), zone.clone())),
        _ => None,
    }
}
