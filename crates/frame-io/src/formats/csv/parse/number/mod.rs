//! Integers and floats of up to sixteen bytes without a branch per digit; all others by library.
//!
//! The sixteen bytes that end with the field are loaded at once, the point is squeezed out, and a few multiplications turn all digits
//! into a number: with vector instructions where the processor has them, in 128-bit words elsewhere. A decimal below 2⁵³ with at most
//! fifteen decimals is then one exact division away from its float (Clinger, "How to read floating point numbers accurately", 1990).

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sse41;

use arrow::datatypes::{Float64Type, Int64Type};

use super::{Field, FieldParser, Parsed, Rows, class_of, primitive, unquoted};
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
    if let Some(parsed) = avx512::floats(rows, column, class).or_else(|| sse41::floats(rows, column, class)) {
        return parsed;
    }
    floats_with(portable::Words, rows, column, class)
}

/// Parses column `column` of every row as integers of 64 bits.
pub(super) fn ints(rows: &Rows<'_>, column: usize, class: Class) -> Parsed {
    #[cfg(target_arch = "x86_64")]
    if let Some(parsed) = avx512::ints(rows, column, class).or_else(|| sse41::ints(rows, column, class)) {
        return parsed;
    }
    ints_with(portable::Words, rows, column, class)
}

#[inline(always)]
fn floats_with<I: Instructions>(isa: I, rows: &Rows<'_>, column: usize, class: Class) -> Parsed {
    primitive::<Float64Type, _>(rows, column, class, Floats(isa))
}

#[inline(always)]
fn ints_with<I: Instructions>(isa: I, rows: &Rows<'_>, column: usize, class: Class) -> Parsed {
    primitive::<Int64Type, _>(rows, column, class, Ints(isa))
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
