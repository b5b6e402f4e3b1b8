//! Typed parsing: a column of fields, straight from bytes to an Arrow array.
//!
//! A field that does not fit the class of its column ends the batch in front of its row: the rows before it still come out, so that
//! a reader that needs no more of them is not disturbed.

mod number;
mod rows;
mod text;

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, NullArray, PrimitiveArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::filter;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use frame_core::{Error, Result, calendar};

use rows::Field;
pub(super) use rows::{Rows, unquoted};
pub(super) use text::{Texts, invalid_utf8};

use super::class::Class;
use super::notation::Notation;

/// Bytes that must be readable before and behind every field.
const PADDING: usize = 16;

const _: () = assert!(PADDING <= super::structure::PADDING);

/// A field that does not fit the class of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The row within the batch.
    pub(super) row: usize,
    /// The class of the field itself.
    pub(super) class: Class,
}

/// The columns of a batch, up to the first misfit.
pub(super) type Parsed = (ArrayRef, Option<Misfit>);

/// Parses column `column` of every row; texts are not parsed here but by [`Texts`].
///
/// # Errors
/// An internal error for a text column.
pub(super) fn column(rows: &Rows<'_>, column: usize, class: Class) -> Result<Parsed> {
    let notation = rows.notation();
    match class {
        Class::SmallInt | Class::Int if !notation.is_plain() => {
            Ok(primitive::<Int64Type, _>(rows, column, class, Plain(|field: &[u8]| notation.int(field))))
        }
        Class::Float if !notation.is_plain() => {
            Ok(primitive::<Float64Type, _>(rows, column, class, Plain(|field: &[u8]| notation.float(field))))
        }
        Class::SmallInt | Class::Int => Ok(number::ints(rows, column, class)),
        Class::Float => Ok(number::floats(rows, column, class)),
        Class::Date => Ok(primitive::<Date32Type, _>(rows, column, class, Plain(calendar::parse_date))),
        Class::Timestamp => Ok(primitive::<TimestampMicrosecondType, _>(rows, column, class, Plain(timestamp))),
        Class::Bool => Ok(booleans(rows, column)),
        Class::Null => Ok(nulls(rows, column)),
        Class::Text => Err(Error::internal("a text column has no primitive values")),
    }
}

/// Timestamps, and dates as the midnight they begin with.
fn timestamp(field: &[u8]) -> Option<i64> {
    calendar::parse_timestamp(field).or_else(|| calendar::parse_date(field).map(|days| i64::from(days) * 86_400_000_000))
}

/// Applies a parser of plain bytes, behind quotes too.
fn plain<T>(field: Field<'_>, parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let bytes = field.bytes();
    match unquoted(bytes) {
        None => parse(bytes),
        Some(inner) => parse(&inner),
    }
}

/// The class of a field that a parser refused. It may still be the column's own class: then the parser was only too narrow, and a
/// wider look at the field decides.
pub(super) fn class_of(field: Field<'_>, notation: Notation) -> Class {
    let bytes = field.bytes();
    match unquoted(bytes) {
        None => notation.class(bytes),
        Some(inner) if inner.is_empty() => Class::Text,
        Some(inner) => notation.class(&inner),
    }
}

/// How one field becomes a value. A trait and no closure, so that `inline(always)` reaches through it: vector instructions are only
/// fast inside a function that is compiled for them.
trait FieldParser {
    type Value;

    /// The value of a field that is not empty, or `None` if it does not fit.
    fn parse(&self, field: Field<'_>) -> Option<Self::Value>;

    /// Reads field `column` of the records from `first` to `first + 7`, as far as that can be done for all of them at once. The others are left to
    /// [`FieldParser::parse`].
    #[inline(always)]
    fn eight(&self, _rows: &Rows<'_>, _first: usize, _column: usize, _values: &mut [Self::Value; 8]) -> Eight {
        Eight::default()
    }
}

/// What was read of eight fields: bit i tells of field i.
#[derive(Debug, Clone, Copy, Default)]
struct Eight {
    /// The value is right.
    read: u8,
    /// The field is empty, and the value is zero.
    empty: u8,
}

/// A parser of plain bytes.
struct Plain<F>(F);

impl<V, F: Fn(&[u8]) -> Option<V>> FieldParser for Plain<F> {
    type Value = V;

    fn parse(&self, field: Field<'_>) -> Option<V> {
        plain(field, &self.0)
    }
}

#[inline(always)]
fn primitive<T: ArrowPrimitiveType, P: FieldParser<Value = T::Native>>(rows: &Rows<'_>, column: usize, class: Class, parser: P) -> Parsed {
    let mut values: Vec<T::Native> = vec![T::Native::default(); rows.len()];
    let mut valid = vec![u64::MAX; rows.len().div_ceil(64)];
    let mut misfit = None;
    let mut nulls = 0;
    // Plain loops: a closure would be compiled without the instructions that the parser is for.
    'rows: for (nth, values) in values.chunks_mut(8).enumerate() {
        let first = 8 * nth;
        let mut left = match values.first_chunk_mut::<8>() {
            Some(values) => {
                let Eight { read, empty } = parser.eight(rows, first, column, values);
                valid[first / 64] ^= u64::from(empty) << (first % 64);
                nulls += empty.count_ones();
                !(read | empty)
            }
            None => u8::MAX >> (8 - values.len()),
        };
        while left != 0 {
            let (at, row) = (left.trailing_zeros() as usize, first + left.trailing_zeros() as usize);
            left &= left - 1;
            let field = rows.field(row, column);
            if field.is_empty() {
                values[at] = T::Native::default();
                valid[row / 64] ^= 1 << (row % 64);
                nulls += 1;
            } else if let Some(parsed) = parser.parse(field) {
                values[at] = parsed;
            } else {
                misfit = Some(Misfit { row, class: class_of(field, rows.notation()) });
                break 'rows;
            }
        }
    }
    let len = misfit.map_or(rows.len(), |misfit| misfit.row);
    debug_assert!(misfit.is_none_or(|misfit| class.join(misfit.class) != class), "a {class:?} field that the parser refuses");
    values.truncate(len);
    let nulls = (nulls > 0).then(|| {
        let bits = arrow::buffer::Buffer::from_vec(valid);
        NullBuffer::new(arrow::buffer::BooleanBuffer::new(bits, 0, len))
    });
    (Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls)), misfit)
}

fn booleans(rows: &Rows<'_>, column: usize) -> Parsed {
    let mut values = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let field = rows.field(row, column);
        let parsed = plain(field, |bytes| match bytes {
            b"true" | b"True" | b"TRUE" => Some(true),
            b"false" | b"False" | b"FALSE" => Some(false),
            _ => None,
        });
        if parsed.is_none() && !field.is_empty() {
            return (Arc::new(BooleanArray::from(values)), Some(Misfit { row, class: class_of(field, rows.notation()) }));
        }
        values.push(parsed);
    }
    (Arc::new(BooleanArray::from(values)), None)
}

/// A column in which only nulls were seen so far. It is text, as far as anyone can tell.
fn nulls(rows: &Rows<'_>, column: usize) -> Parsed {
    let misfit = (0..rows.len())
        .find(|row| !rows.field(*row, column).is_empty())
        .map(|row| Misfit { row, class: class_of(rows.field(row, column), rows.notation()) });
    let nulls = NullArray::new(misfit.map_or(rows.len(), |misfit| misfit.row));
    let texts = arrow::compute::cast(&nulls, &DataType::Utf8View).expect("nulls can be cast to every type");
    (texts, misfit)
}

/// Keeps the rows of `array` for which `keep` is true.
///
/// # Errors
/// An internal error if the lengths differ.
pub(super) fn kept(array: &ArrayRef, keep: Option<&BooleanArray>) -> Result<ArrayRef> {
    Ok(match keep {
        None => array.clone(),
        Some(keep) => filter(array, keep)?,
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use proptest::prelude::*;

    use super::*;

    /// Parses fields as one column; each field stands in a row of its own.
    fn parse(fields: &[String], class: Class) -> Parsed {
        parse_lines(fields, class, "\n")
    }

    fn parse_lines(fields: &[String], class: Class, line_end: &str) -> Parsed {
        let mut bytes = vec![b'9'; PADDING];
        let mut bounds = vec![PADDING as u32];
        for field in fields {
            bytes.extend(field.as_bytes());
            bytes.extend(line_end.as_bytes());
            bounds.push(bytes.len() as u32);
        }
        bytes.extend([b'7'; PADDING]);
        column(&Rows::new(&bytes, &bounds, 1), 0, class).expect("not a text column")
    }

    #[test]
    fn numbers_at_the_edges() {
        let fields: Vec<String> = [
            "0",
            "-1",
            "9007199254740992",
            "1.5",
            "-0",
            "-0.0",
            "1e300",
            ".5",
            "5.",
            "0.1",
            "\"2.5\"",
            "nan",
            "-inf",
            "123456789012345.6",
            "0.12345678901234567",
            "1e999",
            "-1e999",
            "-1e-999",
        ]
        .map(str::to_owned)
        .to_vec();
        let (array, misfit) = parse(&fields, Class::Float);
        assert_eq!(misfit, None);
        let values = array.as_primitive::<Float64Type>().values();
        let expected = [
            0.0,
            -1.0,
            9007199254740992.0,
            1.5,
            -0.0,
            -0.0,
            1e300,
            0.5,
            5.0,
            0.1,
            2.5,
            f64::NAN,
            f64::NEG_INFINITY,
            123456789012345.6,
            0.12345678901234567,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
        ];
        for (value, expected) in values.iter().zip(expected) {
            assert_eq!(value.to_bits(), expected.to_bits(), "{expected}");
        }
        for (text, class) in [
            ("9007199254740993", Class::Int),
            ("007", Class::Text),
            ("1.2.3", Class::Text),
            ("\"\"", Class::Text),
            ("-", Class::Text),
            ("--1", Class::Text),
            ("-007.5", Class::Text),
            ("1 ", Class::Text),
            ("2024-01-01", Class::Date),
        ] {
            let (array, misfit) = parse(&["1".to_owned(), text.to_owned()], Class::Float);
            assert_eq!((array.len(), misfit), (1, Some(Misfit { row: 1, class })), "{text}");
        }
        let (array, misfit) = parse(&["-9223372036854775808".into(), String::new(), "42".into(), "1.0".into()], Class::Int);
        assert_eq!(misfit, Some(Misfit { row: 3, class: Class::Float }));
        assert_eq!(array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(i64::MIN), None, Some(42)]);
    }

    /// Fields that are numbers, and some that are nearly numbers.
    const FIELD: &str = "-?[0-9]{0,19}(\\.[0-9]{0,17})?|-?[0-9]{1,7}\\.?[0-9]{0,8}|[-0-9.eE+]{1,8}|-?[0-9]{1,3}|\"-?[0-9]{1,3}\"";

    proptest! {
        #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::with_cases(10_000) })]
        #[test]
        fn a_field_fits_exactly_when_its_class_says_so(
            field in FIELD,
            (short, at, len, returns) in ("-?[0-9]{1,6}(\\.[0-9]{1,9})?", 0_usize..20, 0_usize..20, any::<bool>()),
            class in prop::sample::select(vec![Class::SmallInt, Class::Int, Class::Float]),
        ) {
            // A field alone, or among others that are read several at once.
            let mut fields = vec![if class.join(Class::of(short.as_bytes())).data_type() == class.data_type() { short } else { "7".into() }; len];
            fields.insert(at.min(len), field);
            let (array, misfit) = parse_lines(&fields, class, if returns { "\r\n" } else { "\n" });
            for (row, field) in fields.iter().enumerate() {
                let inner = field.trim_matches('"');
                let own = Class::of(inner.as_bytes());
                // A column of small integers takes any integer: both are int64.
                let fits = field.is_empty() || class.join(own).data_type() == class.data_type();
                if !fits {
                    prop_assert_eq!(misfit.map(|misfit| misfit.row), Some(row), "{} as {:?}, is {:?}", field, class, own);
                    prop_assert_eq!(array.len(), row);
                    return Ok(());
                }
                prop_assert_eq!(array.is_null(row), field.is_empty());
                if field.is_empty() {
                    continue;
                }
                if class == Class::Float {
                    let expected: f64 = inner.parse().expect("a float");
                    prop_assert_eq!(array.as_primitive::<Float64Type>().value(row).to_bits(), expected.to_bits(), "{}", field);
                } else {
                    prop_assert_eq!(Some(array.as_primitive::<Int64Type>().value(row)), inner.parse().ok());
                }
            }
            prop_assert_eq!(misfit, None);
        }
    }
}
