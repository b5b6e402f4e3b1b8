//! Digits with SSE 4.1: the point is squeezed out by a shuffle, pairs, quads and octets of digits are joined by multiply-and-add.

use std::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16, _mm_min_epu8,
    _mm_movemask_epi8, _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_shuffle_epi8, _mm_sub_epi8,
};

use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type};

use super::{Digits, Field, FieldParser, Instructions, Parsed, Rows, primitive};
use crate::formats::csv::class::Class;

/// Proof that the processor has SSSE3, SSE 4.1 and BMI 1.
#[derive(Clone, Copy)]
pub(super) struct Sse41(());

/// Shuffle `p` moves the bytes before place p up by one, over the point there; shuffle 16 moves none.
pub(super) const SQUEEZE: [[u8; 16]; 17] = {
    let mut table = [[0; 16]; 17];
    let mut point = 0;
    while point <= 16 {
        let mut at = 0;
        while at < 16 {
            table[point][at] = if at > point || point == 16 { at as u8 } else { (at as u8).wrapping_sub(1) };
            at += 1;
        }
        point += 1;
    }
    table
};

/// The sixteen bytes from place n on keep the last n bytes of a vector.
const KEEP_LAST: [u8; 32] = {
    let mut table = [0; 32];
    let mut at = 16;
    while at < 32 {
        table[at] = 0xff;
        at += 1;
    }
    table
};

/// See [`super::floats`]; `None` if the processor cannot.
pub(super) fn floats(rows: &Rows<'_>, column: usize, class: Class) -> Option<Parsed> {
    // SAFETY: the processor has every feature of the function.
    Sse41::available().map(|isa| unsafe { parsed::<Float64Type, _>(rows, column, class, super::Floats(isa)) })
}

/// See [`super::ints`]; `None` if the processor cannot.
pub(super) fn ints(rows: &Rows<'_>, column: usize, class: Class) -> Option<Parsed> {
    // SAFETY: the processor has every feature of the function.
    Sse41::available().map(|isa| unsafe { parsed::<Int64Type, _>(rows, column, class, super::Ints(isa)) })
}

/// [`primitive`], compiled for these instructions.
#[target_feature(enable = "ssse3,sse4.1,bmi1")]
fn parsed<T: ArrowPrimitiveType, P: FieldParser<Value = T::Native>>(rows: &Rows<'_>, column: usize, class: Class, parser: P) -> Parsed {
    primitive::<T, _>(rows, column, class, parser)
}

impl Sse41 {
    /// The proof, if it holds.
    pub(super) fn available() -> Option<Self> {
        (is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("bmi1")).then_some(Self(()))
    }
}

impl Instructions for Sse41 {
    #[inline(always)]
    fn digits(self, field: Field<'_>, len: usize) -> Option<Digits> {
        // SAFETY: `self` proves the features. The loads read sixteen bytes of
        // the field's own array, of a row of `SQUEEZE` (the point is at most 16), and of `KEEP_LAST` (count is at most 16).
        unsafe {
            let bytes = _mm_loadu_si128(field.trailing().as_ptr().cast::<__m128i>());
            let points = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'.' as i8))) as u32;
            // The first point within the field, or 16.
            let point = ((points >> (16 - len) << (16 - len)) | 1 << 16).trailing_zeros() as usize;
            let count = len - usize::from(point < 16);
            let digits = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
            let digits = _mm_shuffle_epi8(digits, _mm_loadu_si128(SQUEEZE[point].as_ptr().cast::<__m128i>()));
            let digits = _mm_and_si128(digits, _mm_loadu_si128(KEEP_LAST.as_ptr().add(count).cast::<__m128i>()));
            if _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)) != 0xffff {
                return None;
            }
            let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
            let quads = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
            let octets = _mm_madd_epi16(_mm_packus_epi32(quads, quads), _mm_set1_epi32(0x0001_2710));
            let octets = _mm_cvtsi128_si64(octets) as u64;
            let mantissa = (octets & 0xffff_ffff) * 100_000_000 + (octets >> 32);
            Some(Digits { mantissa, decimals: 15_usize.saturating_sub(point) })
        }
    }
}
