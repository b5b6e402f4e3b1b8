//! Integers and floats of up to sixteen bytes without a branch per digit; all others by library.
//!
//! The sixteen bytes that end with the field are loaded at once, the point is squeezed out, and a few multiplications turn all digits
//! into a number: with vector instructions where the processor has them, in 128-bit words elsewhere. A decimal below 2⁵³ with at most
//! fifteen decimals is then one exact division away from its float (Clinger, "How to read floating point numbers accurately", 1990).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sse41;

use arrow::datatypes::{Float64Type, Int64Type};

use super::{Eight, Field, FieldParser, PADDING, Parsed, Rows, class_of, primitive, unquoted};
use crate::formats::csv::Notation;
use crate::formats::csv::class::{Class, EXACT_INT_MAX, is_float};

const POWERS_OF_TEN: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The digits of a short decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Digits {
    /// All digits, the point left out.
    mantissa: u64,
    /// Digits behind the point, at most fifteen.
    decimals: usize,
}

/// How sixteen bytes become digits.
trait Instructions: Copy {
    /// Reads the last `len` (1 to 16) of the sixteen bytes that end with `field`; `None` if they are no digits with at most one point.
    fn digits(self, field: Field<'_>, len: usize) -> Option<Digits>;
}

/// Parses column `column` of every row as floats.
pub(super) fn floats(rows: &Rows<'_>, column: usize, class: Class) -> Parsed {
    #[cfg(target_arch = "x86_64")]
    {
        let parsed = avx512::floats(rows, column, class).or_else(|| avx2::floats(rows, column, class));
        if let Some(parsed) = parsed.or_else(|| sse41::floats(rows, column, class)) {
            return parsed;
        }
    }
    primitive::<Float64Type, _>(rows, column, class, Floats(portable::Words))
}

/// Parses column `column` of every row as integers of 64 bits.
pub(super) fn ints(rows: &Rows<'_>, column: usize, class: Class) -> Parsed {
    #[cfg(target_arch = "x86_64")]
    {
        let parsed = avx512::ints(rows, column, class).or_else(|| avx2::ints(rows, column, class));
        if let Some(parsed) = parsed.or_else(|| sse41::ints(rows, column, class)) {
            return parsed;
        }
    }
    primitive::<Int64Type, _>(rows, column, class, Ints(portable::Words))
}

struct Floats<I>(I);

impl<I: Instructions> FieldParser for Floats<I> {
    type Value = f64;

    #[inline(always)]
    fn parse(&self, field: Field<'_>) -> Option<f64> {
        match decimal(self.0, field) {
            Some((negative, Digits { mantissa, decimals })) => {
                let value = mantissa as f64 / POWERS_OF_TEN[decimals];
                // The sign is a bit: a branch on it would be guessed wrong half the time.
                Some(f64::from_bits(value.to_bits() | u64::from(negative) << 63))
            }
            None => any_float(field),
        }
    }
}

struct Ints<I>(I);

impl<I: Instructions> FieldParser for Ints<I> {
    type Value = i64;

    #[inline(always)]
    fn parse(&self, field: Field<'_>) -> Option<i64> {
        match decimal(self.0, field) {
            // A point is the mark of a float, and so is a minus zero.
            Some((negative, Digits { mantissa, decimals: 0 })) if !(field.last() == b'.' || negative && mantissa == 0) => {
                let value = mantissa as i64;
                Some(if negative { -value } else { value })
            }
            _ => any_int(field),
        }
    }
}

/// Sign and digits of a field of at most sixteen bytes behind the sign and at most 2⁵³; `None` for any other field.
#[inline(always)]
fn decimal<I: Instructions>(isa: I, field: Field<'_>) -> Option<(bool, Digits)> {
    let (first, second, third) = field.first_three();
    let negative = first == b'-';
    let len = field.len() - usize::from(negative);
    let (lead, next) = if negative { (second, third) } else { (first, second) };
    // A leading zero must stand alone or before the point; of a lone minus or point nothing is left.
    if len.wrapping_sub(1) > 15 || (lead == b'0' && len > 1 && next != b'.') || (lead == b'.' && len == 1) {
        return None;
    }
    let digits = isa.digits(field, len)?;
    (digits.mantissa <= EXACT_INT_MAX).then_some((negative, digits))
}

#[cold]
#[inline(never)]
fn any_float(field: Field<'_>) -> Option<f64> {
    if !matches!(class_of(field, Notation::default()), Class::Float | Class::SmallInt) {
        return None;
    }
    let bytes = field.bytes();
    let inner = unquoted(bytes);
    let text = inner.as_deref().unwrap_or(bytes);
    debug_assert!(is_float(text.strip_prefix(b"-").unwrap_or(text)));
    fast_float2::parse(text).ok()
}

#[cold]
#[inline(never)]
fn any_int(field: Field<'_>) -> Option<i64> {
    if !matches!(class_of(field, Notation::default()), Class::SmallInt | Class::Int) {
        return None;
    }
    let bytes = field.bytes();
    let inner = unquoted(bytes);
    atoi_simd::parse::<i64, false, false>(inner.as_deref().unwrap_or(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A way to parse a column, if the processor has it.
    type Reader = fn(&Rows<'_>, usize, Class) -> Option<Parsed>;

    fn readers() -> [(Vec<Reader>, Class, Reader); 2] {
        let floats: Reader = |rows, column, class| Some(primitive::<Float64Type, _>(rows, column, class, Floats(portable::Words)));
        let ints: Reader = |rows, column, class| Some(primitive::<Int64Type, _>(rows, column, class, Ints(portable::Words)));
        #[cfg(target_arch = "x86_64")]
        let vectors: [Vec<Reader>; 2] = [vec![sse41::floats, avx2::floats, avx512::floats], vec![sse41::ints, avx2::ints, avx512::ints]];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [Vec<Reader>; 2] = [Vec::new(), Vec::new()];
        let [of_floats, of_ints] = vectors;
        [(of_floats, Class::Float, floats), (of_ints, Class::SmallInt, ints)]
    }

    /// Numbers, and a few fields that are none or that only the library reads.
    const FIELD: &str =
        "-?[0-9]{1,3}\\.[0-9]|-?[0-9]{1,9}|-?[0-9]{0,8}\\.[0-9]{0,8}|-?[0-9]{14,18}|-?0{0,2}[0-9]?\\.?0{0,9}|[-.0]{0,3}[0-9-]{0,2}";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_reader_gives_what_the_portable_one_gives(
            (fields, around) in (prop::collection::vec(FIELD, 1..40), 0_usize..3),
            (odd, at) in (prop::option::of("[-+0-9.e\" ]{0,18}"), 0_usize..40),
            returns: bool,
        ) {
            let mut fields = fields;
            if let Some(odd) = odd {
                let at = at.min(fields.len());
                fields.insert(at, odd);
            }
            let mut bytes = vec![b'9'; PADDING];
            let mut bounds = vec![bytes.len() as u32];
            for field in &fields {
                // The column is the last one of `around + 1`.
                for text in std::iter::repeat_n("-1.5", around).chain([field.as_str()]) {
                    bytes.extend(text.as_bytes());
                    bytes.push(b',');
                    bounds.push(bytes.len() as u32);
                }
                if returns {
                    bytes.pop();
                    bytes.extend(b"\r\n");
                    bounds.pop();
                    bounds.push(bytes.len() as u32);
                }
            }
            bytes.extend([b'7'; PADDING]);
            let rows = Rows::new(&bytes, &bounds, around + 1);
            for (vectors, class, portable) in readers() {
                let (expected, misfit) = portable(&rows, around, class).expect("every processor has words");
                for (at, reader) in vectors.into_iter().enumerate() {
                    let Some((array, found)) = reader(&rows, around, class) else { continue };
                    prop_assert_eq!(array.to_data(), expected.to_data(), "reader {}, {:?}", at, &fields);
                    prop_assert_eq!(found, misfit, "reader {}, {:?}", at, &fields);
                }
            }
        }
    }
}
