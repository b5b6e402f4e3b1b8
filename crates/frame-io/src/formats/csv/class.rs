//! The classes of CSV fields and their lattice: the type of a column is the join of the classes of its fields.
//!
//! The join never rounds: a column with integers beyond 2⁵³ and with fractions is text, not float.

use arrow::datatypes::{DataType, TimeUnit};
use frame_core::{Error, QueryError, Result, calendar};

/// What a field can be read as. [`Class::join`] makes a lattice of them with `Text` on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Only nulls so far.
    Null,
    /// `true`, `false` (also `True`, `TRUE`, …).
    Bool,
    /// An integer that a float holds exactly: |x| ≤ 2⁵³.
    SmallInt,
    /// Any other integer of 64 bits.
    Int,
    /// A decimal fraction, an exponent, `nan`, `inf`.
    Float,
    /// `2024-01-31`
    Date,
    /// `2024-01-31T10:00:00`
    Timestamp,
    /// Anything.
    Text,
}

/// The largest integer below which every integer is a float.
pub(super) const EXACT_INT_MAX: u64 = 1 << 53;

impl Class {
    /// The smallest class that holds the values of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        use Class::{Date, Float, Int, Null, SmallInt, Text, Timestamp};
        match (self, other) {
            (a, b) if a == b => a,
            (Null, a) | (a, Null) => a,
            (SmallInt, Int) | (Int, SmallInt) => Int,
            (SmallInt, Float) | (Float, SmallInt) => Float,
            (Date, Timestamp) | (Timestamp, Date) => Timestamp,
            _ => Text,
        }
    }

    /// The type of a column of this class. A column of nothing but nulls is text.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::SmallInt | Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Null | Self::Text => DataType::Utf8View,
        }
    }

    /// The class that holds the values of a type given for a column with `--types`.
    ///
    /// # Errors
    /// A usage error for types that are not read from text.
    pub fn given(column: &str, data_type: &DataType) -> Result<Self> {
        match data_type {
            DataType::Boolean => Ok(Self::Bool),
            DataType::Int64 => Ok(Self::Int),
            DataType::Float64 => Ok(Self::Float),
            DataType::Date32 => Ok(Self::Date),
            DataType::Timestamp(_, None) => Ok(Self::Timestamp),
            DataType::Utf8View | DataType::Utf8 => Ok(Self::Text),
            other => Err(Error::new(QueryError::Usage(format!("column `{column}` of a text file cannot be read as {other}")))
                .hint("bool, int, float, date, timestamp or text; cast in the query for other types")),
        }
    }

    /// What its values are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null | Self::Text => "text",
            Self::Bool => "bool",
            Self::SmallInt | Self::Int => "int",
            Self::Float => "float",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }

    /// The class of the bytes of an unquoted field that is not empty.
    pub fn of(field: &[u8]) -> Self {
        match field {
            b"true" | b"false" | b"True" | b"False" | b"TRUE" | b"FALSE" => Self::Bool,
            _ => Self::of_number(field)
                .or_else(|| calendar::parse_date(field).map(|_| Self::Date))
                .or_else(|| calendar::parse_timestamp(field).map(|_| Self::Timestamp))
                .unwrap_or(Self::Text),
        }
    }

    /// The class of a number, as programs write it.
    pub(super) fn of_number(field: &[u8]) -> Option<Self> {
        let digits = field.strip_prefix(b"-").unwrap_or(field);
        let (first, rest) = digits.split_first()?;
        if digits.iter().all(u8::is_ascii_digit) {
            // A code such as 007 is not a number; a minus zero is, but only floats have it.
            return match (first, rest.is_empty(), digits.len() < field.len()) {
                (b'0', true, false) => Some(Self::SmallInt),
                (b'0', true, true) => Some(Self::Float),
                (b'0', false, _) => None,
                _ => int_class(field),
            };
        }
        is_float(digits).then_some(Self::Float)
    }
}

fn int_class(field: &[u8]) -> Option<Class> {
    let value: i64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    Some(if value.unsigned_abs() <= EXACT_INT_MAX { Class::SmallInt } else { Class::Int })
}

/// Whether unsigned text is a float: `1.5`, `.5`, `1.`, `1e9`, `0.5E-3`, `nan`, `inf`, `infinity` in any case; no leading zeros before a digit.
///
/// The value is the nearest float; what is beyond the largest, such as `1e999`, is an infinity, as it is for pandas and Polars.
pub(super) fn is_float(digits: &[u8]) -> bool {
    if digits.first().is_some_and(u8::is_ascii_alphabetic) {
        return [&b"nan"[..], b"inf", b"infinity"].iter().any(|word| digits.eq_ignore_ascii_case(word));
    }
    let leading_zero = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    let begins = matches!(digits.first(), Some(b'0'..=b'9' | b'.'));
    let known = begins && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    known && !leading_zero && fast_float2::parse::<f64, _>(digits).is_ok()
}

#[cfg(test)]
mod tests {
    use super::Class::{self, Bool, Date, Float, Int, Null, SmallInt, Text, Timestamp};

    const EVERY: [Class; 8] = [Null, Bool, SmallInt, Int, Float, Date, Timestamp, Text];

    #[test]
    fn joins_form_a_semilattice() {
        for a in EVERY {
            assert_eq!((a.join(a), a.join(Text), a.join(Null)), (a, Text, a));
            for b in EVERY {
                assert_eq!(a.join(b), b.join(a), "{a:?} {b:?}");
                for c in EVERY {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }

    #[test]
    fn fields_have_the_class_a_reader_expects() {
        let cases: [(&str, Class); 36] = [
            ("true", Bool),
            ("TRUE", Bool),
            ("0", SmallInt),
            ("-7", SmallInt),
            ("9007199254740992", SmallInt),
            ("9007199254740993", Int),
            ("-9223372036854775808", Int),
            ("9223372036854775808", Text),
            ("-0", Float),
            ("007", Text),
            ("00.5", Text),
            ("1.5", Float),
            ("-1.50", Float),
            (".5", Float),
            ("1.", Float),
            ("1e9", Float),
            ("1e999", Float),
            ("-1e-999", Float),
            ("1E-9", Float),
            ("nan", Float),
            ("NaN", Float),
            ("-inf", Float),
            ("Infinity", Float),
            ("+5", Text),
            ("1_000", Text),
            ("1,5", Text),
            ("0x10", Text),
            ("--1", Text),
            ("-", Text),
            (".", Text),
            ("e5", Text),
            ("2024-01-31", Date),
            ("2024-02-30", Text),
            ("2024-01-31T10:00:00", Timestamp),
            ("2024-01-31 10:00", Timestamp),
            (" 1", Text),
        ];
        for (field, class) in cases {
            assert_eq!(Class::of(field.as_bytes()), class, "{field}");
        }
    }
}
