//! Types as users know them, and the few types that operators compute with.

use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};

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
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Duration(_) => "duration",
        DataType::Interval(IntervalUnit::YearMonth) => "months",
        DataType::Struct(_) => "struct",
        DataType::Timestamp(_, Some(zone)) => return format!("timestamp('{zone}')"),
        DataType::Decimal128(precision, scale) => return format!("decimal({precision}, {scale})"),
        DataType::Dictionary(_, values) => return type_name(values),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            return format!("list({})", type_name(item.data_type()));
        }
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

/// The calendar months of a duration such as `1mo`.
pub(crate) const MONTHS: DataType = DataType::Interval(IntervalUnit::YearMonth);

/// A duration in microseconds.
pub(crate) const DURATION: DataType = DataType::Duration(TimeUnit::Microsecond);

/// A timestamp in microseconds, without a zone.
pub(crate) const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The digits that a decimal can have.
pub(crate) const DIGITS_MAX: u8 = 38;

/// The type that operators compute with in place of this one, without loss.
pub(crate) fn computed(data_type: &DataType) -> DataType {
    match data_type {
        DataType::UInt64 => DataType::Decimal128(20, 0),
        integer if integer.is_integer() => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => DataType::Decimal128(*precision, *scale),
        text if is_text(text) => DataType::Utf8View,
        DataType::Dictionary(_, values) => computed(values),
        DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Duration(TimeUnit::Second | TimeUnit::Millisecond) => DURATION,
        DataType::Time32(_) => DataType::Time64(TimeUnit::Microsecond),
        other => other.clone(),
    }
}

/// The type that holds the values of two types, if there is one: their own if it is the same.
pub fn common_type(left: &DataType, right: &DataType) -> Option<DataType> {
    if left == right { Some(left.clone()) } else { shared(left, right) }
}

/// Precision and scale of a number that is a decimal or becomes one without loss.
pub(crate) fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal128(precision, scale) => Some((*precision, *scale)),
        DataType::UInt64 => Some((20, 0)),
        DataType::Int64 => Some((19, 0)),
        _ => None,
    }
}

/// The type in which values of two types are compared, if there is one. Integers and floats stay apart: they are compared exactly.
pub(crate) fn compared(left: &DataType, right: &DataType) -> Option<(DataType, DataType)> {
    use DataType::{Date32, Decimal128, Duration, Float64, Int64, Null, Time64, Timestamp};
    let (left, right) = (computed(left), computed(right));
    let both = |data_type: DataType| Some((data_type.clone(), data_type));
    match (&left, &right) {
        (a, b) if a.is_nested() || b.is_nested() => None,
        (Null, other) | (other, Null) => both(other.clone()),
        (a, b) if a == b => both(left),
        (Int64, Float64) | (Float64, Int64) => Some((left, right)),
        // 0.1 as a float and as a decimal are meant to be equal, so the decimal is rounded as the literal was.
        (Decimal128(..), Float64) | (Float64, Decimal128(..)) => both(Float64),
        (Decimal128(..), Int64) | (Int64, Decimal128(..)) | (Decimal128(..), Decimal128(..)) => {
            let ((precision, scale), (other_precision, other_scale)) = (digits(&left)?, digits(&right)?);
            let most = scale.max(other_scale);
            let whole = (i16::from(precision) - i16::from(scale)).max(i16::from(other_precision) - i16::from(other_scale));
            let needed = whole + i16::from(most);
            both(if needed <= i16::from(DIGITS_MAX) { Decimal128(DIGITS_MAX, most) } else { DataType::Decimal256(76, most) })
        }
        (Date32, Timestamp(unit, zone)) | (Timestamp(unit, zone), Date32) => both(Timestamp(*unit, zone.clone())),
        // A timestamp without a zone is read as the local time of the other one's zone.
        (Timestamp(a, zone), Timestamp(b, other)) => both(Timestamp(*a.max(b), zone.clone().or_else(|| other.clone()))),
        (Duration(a), Duration(b)) => both(Duration(*a.max(b))),
        (Time64(a), Time64(b)) => both(Time64(*a.max(b))),
        _ => None,
    }
}

/// The one type that holds the values of both, if there is one.
pub(crate) fn shared(left: &DataType, right: &DataType) -> Option<DataType> {
    let (left, right) = (computed(left), computed(right));
    match (&left, &right) {
        (a, b) if a == b => Some(left),
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => Some(DataType::Float64),
        (a, b) if !a.is_floating() && !b.is_floating() && digits(a).is_some() && digits(b).is_some() => {
            let ((precision, scale), (other_precision, other_scale)) = (digits(a)?, digits(b)?);
            let most = scale.max(other_scale);
            let whole = (i16::from(precision) - i16::from(scale)).max(i16::from(other_precision) - i16::from(other_scale));
            Some(DataType::Decimal128((whole + i16::from(most)).clamp(1, DIGITS_MAX.into()) as u8, most))
        }
        _ => compared(&left, &right).map(|(both, _)| both),
    }
}
