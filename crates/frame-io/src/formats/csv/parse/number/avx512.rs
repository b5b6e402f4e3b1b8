//! Eight fields at once with AVX-512: each 64-bit lane holds the last bytes of a field, a second vector the eight bytes before those.
//!
//! What is plain digits with at most one point and a sign is read here; every other field is left to the reader of single fields.

use std::arch::x86_64::{
    __m256i, __m512i, __mmask8, _mm256_add_epi32, _mm256_and_si256, _mm256_cmpeq_epi32_mask, _mm256_cmpge_epu32_mask,
    _mm256_cmpgt_epu32_mask, _mm256_cmple_epu32_mask, _mm256_cmpneq_epi32_mask, _mm256_i32gather_epi32, _mm256_mask_srli_epi32,
    _mm256_mask_sub_epi32, _mm256_max_epi32, _mm256_min_epi32, _mm256_mmask_i32gather_epi32, _mm256_mullo_epi32, _mm256_set1_epi32,
    _mm256_setr_epi32, _mm256_setzero_si256, _mm256_srli_epi32, _mm256_sub_epi32, _mm512_add_epi64, _mm512_and_si512, _mm512_andnot_si512,
    _mm512_castpd_si512, _mm512_castsi512_pd, _mm512_cmpeq_epi8_mask, _mm512_cmpeq_epi64_mask, _mm512_cmple_epu64_mask, _mm512_cvtepi64_pd,
    _mm512_cvtepu32_epi64, _mm512_div_pd, _mm512_loadu_pd, _mm512_lzcnt_epi64, _mm512_madd_epi16, _mm512_maddubs_epi16,
    _mm512_mask_i32gather_epi64, _mm512_mask_sub_epi64, _mm512_mask_xor_epi64, _mm512_maskz_mov_epi64, _mm512_min_epu8, _mm512_movm_epi8,
    _mm512_mul_epu32, _mm512_or_si512, _mm512_permutex2var_pd, _mm512_set1_epi8, _mm512_set1_epi16, _mm512_set1_epi32, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_sllv_epi64, _mm512_srli_epi64, _mm512_storeu_pd, _mm512_storeu_si512, _mm512_sub_epi64,
    _mm512_test_epi64_mask, _mm512_xor_si512,
};

use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type};

use super::sse41::Sse41;
use super::{Eight, Field, FieldParser, PADDING, POWERS_OF_TEN, Parsed, Rows, primitive};
use crate::formats::csv::class::{Class, EXACT_INT_MAX};

/// Proof that the processor has AVX2, AVX-512 F, BW, CD, DQ and VL.
#[derive(Clone, Copy)]
struct Avx512 {
    /// For single fields.
    sse41: Sse41,
}

/// The digits of eight fields.
struct Digits {
    /// All digits, the point left out.
    mantissas: __m512i,
    /// Digits behind the point, or 16 if there is none.
    decimals: __m512i,
    negative: __mmask8,
    /// The fields that were read; the others' digits mean nothing.
    read: __mmask8,
}

/// See [`super::floats`]; `None` if the processor cannot.
pub(super) fn floats(rows: &Rows<'_>, column: usize, class: Class) -> Option<Parsed> {
    // SAFETY: the processor has every feature of the function.
    Avx512::available().map(|isa| unsafe { parsed::<Float64Type, _>(rows, column, class, Floats(isa)) })
}

/// See [`super::ints`]; `None` if the processor cannot.
pub(super) fn ints(rows: &Rows<'_>, column: usize, class: Class) -> Option<Parsed> {
    // SAFETY: the processor has every feature of the function.
    Avx512::available().map(|isa| unsafe { parsed::<Int64Type, _>(rows, column, class, Ints(isa)) })
}

/// [`primitive`], compiled for these instructions.
#[target_feature(enable = "ssse3,sse4.1,bmi1,avx2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
fn parsed<T: ArrowPrimitiveType, P: FieldParser<Value = T::Native>>(rows: &Rows<'_>, column: usize, class: Class, parser: P) -> Parsed {
    primitive::<T, _>(rows, column, class, parser)
}

struct Floats(Avx512);

impl FieldParser for Floats {
    type Value = f64;

    #[inline(always)]
    fn parse(&self, field: Field<'_>) -> Option<f64> {
        super::Floats(self.0.sse41).parse(field)
    }

    #[inline(always)]
    fn eight(&self, rows: &Rows<'_>, first: usize, column: usize, values: &mut [f64; 8]) -> Eight {
        let digits = self.0.digits(rows, first, column);
        // SAFETY: `self.0` proves the features; the store is of eight values, the loads are of the sixteen powers.
        unsafe {
            let powers = POWERS_OF_TEN.as_ptr();
            let (low, high) = (_mm512_loadu_pd(powers), _mm512_loadu_pd(powers.add(8)));
            // Place 16 counts as 0, and 10⁰ changes nothing.
            let scale = _mm512_permutex2var_pd(low, digits.decimals, high);
            let quotients = _mm512_castpd_si512(_mm512_div_pd(_mm512_cvtepi64_pd(digits.mantissas), scale));
            let signed = _mm512_mask_xor_epi64(quotients, digits.negative, quotients, _mm512_set1_epi64(i64::MIN));
            _mm512_storeu_pd(values.as_mut_ptr(), _mm512_castsi512_pd(signed));
        }
        Eight { read: digits.read, empty: 0 }
    }
}

struct Ints(Avx512);

impl FieldParser for Ints {
    type Value = i64;

    #[inline(always)]
    fn parse(&self, field: Field<'_>) -> Option<i64> {
        super::Ints(self.0.sse41).parse(field)
    }

    #[inline(always)]
    fn eight(&self, rows: &Rows<'_>, first: usize, column: usize, values: &mut [i64; 8]) -> Eight {
        let digits = self.0.digits(rows, first, column);
        // SAFETY: `self.0` proves the features; the store is of eight values.
        unsafe {
            let zero = _mm512_setzero_si512();
            let signed = _mm512_mask_sub_epi64(digits.mantissas, digits.negative, zero, digits.mantissas);
            _mm512_storeu_si512(values.as_mut_ptr().cast::<__m512i>(), signed);
            // A point is the mark of a float, and so is a minus zero.
            let whole = _mm512_cmpeq_epi64_mask(digits.decimals, _mm512_set1_epi64(16));
            let minus_zero = digits.negative & _mm512_cmpeq_epi64_mask(digits.mantissas, zero);
            Eight { read: digits.read & whole & !minus_zero, empty: 0 }
        }
    }
}

impl Avx512 {
    /// The proof, if it holds.
    fn available() -> Option<Self> {
        let can = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        Sse41::available().filter(|_| can).map(|sse41| Self { sse41 })
    }

    /// The digits of field `column` of the records from `first` to `first + 7`.
    #[inline(always)]
    fn digits(self, rows: &Rows<'_>, first: usize, column: usize) -> Digits {
        let (bytes, bounds, at) = (rows.bytes(), rows.bounds_of(first, 8, column), rows.fields());
        // SAFETY: `self` proves the features. `bounds` has eight records of `at` bounds and one bound more, so each index of the first two
        // gathers lies in it. Bytes are gathered for `within` lanes only: they have sixteen before their start, and so before their end too,
        // and sixteen behind their end, of which four are read from the start on.
        unsafe {
            let index = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(at as i32));
            let bound = bounds.as_ptr().cast::<i32>();
            let starts = _mm256_i32gather_epi32::<4>(bound, index);
            let nexts = _mm256_i32gather_epi32::<4>(bound, _mm256_add_epi32(index, _mm256_set1_epi32(1)));
            let mut ends = _mm256_sub_epi32(nexts, _mm256_set1_epi32(1));
            let end_max = bytes.len().saturating_sub(PADDING).min(i32::MAX as usize);
            let within = _mm256_cmpge_epu32_mask(starts, _mm256_set1_epi32(PADDING as i32))
                & _mm256_cmple_epu32_mask(ends, _mm256_set1_epi32(end_max as i32))
                & _mm256_cmple_epu32_mask(starts, ends);
            let mut last = self.eight_bytes(bytes, _mm256_sub_epi32(ends, _mm256_set1_epi32(8)), within);
            if rows.is_last(column) {
                let returns = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64::<56>(last), _mm512_set1_epi64(i64::from(b'\r')));
                if returns != 0 {
                    ends = _mm256_mask_sub_epi32(ends, returns & !_mm256_cmpeq_epi32_mask(starts, ends), ends, _mm256_set1_epi32(1));
                    last = self.eight_bytes(bytes, _mm256_sub_epi32(ends, _mm256_set1_epi32(8)), within);
                }
            }
            let leading = _mm256_mmask_i32gather_epi32::<1>(_mm256_setzero_si256(), within, starts, bytes.as_ptr().cast());
            let len = _mm256_sub_epi32(ends, starts);
            let negative = self.begins(leading, b'-') & _mm256_cmpneq_epi32_mask(len, _mm256_setzero_si256());
            let one = _mm256_set1_epi32(1);
            let len = _mm256_mask_sub_epi32(len, negative, len, one);
            let leading = _mm256_mask_srli_epi32::<8>(leading, negative, leading);
            let several = _mm256_cmpgt_epu32_mask(len, one);
            // A leading zero must stand alone or before the point; of a lone minus or point nothing is left.
            let zero_first = self.begins(leading, b'0') & several & !self.begins(_mm256_srli_epi32::<8>(leading), b'.');
            let lone_point = self.begins(leading, b'.') & !several;
            let in_eight = _mm256_cmple_epu32_mask(_mm256_sub_epi32(len, one), _mm256_set1_epi32(7));
            let in_sixteen = _mm256_cmple_epu32_mask(_mm256_sub_epi32(len, one), _mm256_set1_epi32(15));
            let read = within & in_sixteen & !zero_first & !lone_point;
            if in_eight == 0xff {
                self.short(last, len, Digits { mantissas: last, decimals: last, negative, read })
            } else {
                let first = self.eight_bytes(bytes, _mm256_sub_epi32(ends, _mm256_set1_epi32(16)), within);
                self.long(first, last, len, Digits { mantissas: last, decimals: last, negative, read })
            }
        }
    }

    /// Eight bytes from each of these places on, which must be within `bytes` for the lanes of `within`; the others get zeros.
    ///
    /// # Safety
    /// `within` must say so.
    #[inline(always)]
    unsafe fn eight_bytes(self, bytes: &[u8], places: __m256i, within: __mmask8) -> __m512i {
        // SAFETY: `self` proves the features, the caller the places.
        unsafe { _mm512_mask_i32gather_epi64::<1>(_mm512_setzero_si512(), within, places, bytes.as_ptr().cast()) }
    }

    /// The lanes whose lowest byte is `letter`.
    #[inline(always)]
    fn begins(self, leading: __m256i, letter: u8) -> __mmask8 {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_cmpeq_epi32_mask(_mm256_and_si256(leading, _mm256_set1_epi32(0xff)), _mm256_set1_epi32(i32::from(letter))) }
    }

    /// Fields of up to eight bytes behind the sign.
    #[inline(always)]
    fn short(self, last: __m512i, len: __m256i, found: Digits) -> Digits {
        // SAFETY: `self` proves the features.
        unsafe {
            let digits = _mm512_and_si512(_mm512_xor_si512(last, _mm512_set1_epi8(b'0' as i8)), self.last_bytes(len));
            let point = self.first_point(digits);
            let has_point = _mm512_test_epi64_mask(point, point);
            let (before, behind) = self.parts(digits, point);
            let moved = _mm512_or_si512(behind, _mm512_slli_epi64::<8>(before));
            let digits = _mm512_or_si512(_mm512_maskz_mov_epi64(has_point, moved), _mm512_maskz_mov_epi64(!has_point, digits));
            // A point in byte i has 63 - 8i zeros above it.
            let decimals = _mm512_srli_epi64::<3>(_mm512_lzcnt_epi64(point));
            let none = _mm512_maskz_mov_epi64(!has_point, _mm512_set1_epi64(8));
            Digits {
                mantissas: self.eight_digits(digits),
                decimals: _mm512_add_epi64(decimals, none),
                read: found.read & self.are_digits(digits),
                ..found
            }
        }
    }

    /// Fields of up to sixteen bytes behind the sign: `first` are the eight before the last eight.
    #[inline(always)]
    fn long(self, first: __m512i, last: __m512i, len: __m256i, found: Digits) -> Digits {
        // SAFETY: `self` proves the features.
        unsafe {
            let eight = _mm256_set1_epi32(8);
            let zeros = _mm512_set1_epi8(b'0' as i8);
            let in_last = _mm256_min_epi32(len, eight);
            let in_first = _mm256_max_epi32(_mm256_sub_epi32(len, eight), _mm256_setzero_si256());
            let last = _mm512_and_si512(_mm512_xor_si512(last, zeros), self.last_bytes(in_last));
            let first = _mm512_and_si512(_mm512_xor_si512(first, zeros), self.last_bytes(in_first));
            let (point_last, point_first) = (self.first_point(last), self.first_point(first));
            let is_first = _mm512_test_epi64_mask(point_first, point_first);
            let is_last = _mm512_test_epi64_mask(point_last, point_last) & !is_first;
            let (before_last, behind_last) = self.parts(last, point_last);
            let (before_first, behind_first) = self.parts(first, point_first);
            // The digits before a point move up by one byte, from the first word into the last one too.
            let carried = _mm512_or_si512(_mm512_slli_epi64::<8>(before_last), _mm512_srli_epi64::<56>(first));
            let last = _mm512_or_si512(
                _mm512_maskz_mov_epi64(is_last, _mm512_or_si512(behind_last, carried)),
                _mm512_maskz_mov_epi64(!is_last, last),
            );
            let moved_first = _mm512_or_si512(behind_first, _mm512_slli_epi64::<8>(before_first));
            let first = _mm512_or_si512(
                _mm512_or_si512(
                    _mm512_maskz_mov_epi64(is_last, _mm512_slli_epi64::<8>(first)),
                    _mm512_maskz_mov_epi64(is_first, moved_first),
                ),
                _mm512_maskz_mov_epi64(!(is_last | is_first), first),
            );
            // A point in byte i has 63 - 8i zeros above it. Without one in the first word there are 8 whole bytes, and 8 more are 16.
            let of_last = _mm512_srli_epi64::<3>(_mm512_lzcnt_epi64(point_last));
            let of_first = _mm512_add_epi64(_mm512_srli_epi64::<3>(_mm512_lzcnt_epi64(point_first)), _mm512_set1_epi64(8));
            let decimals = _mm512_or_si512(_mm512_maskz_mov_epi64(is_last, of_last), _mm512_maskz_mov_epi64(!is_last, of_first));
            let high = _mm512_mul_epu32(self.eight_digits(first), _mm512_set1_epi64(100_000_000));
            let mantissas = _mm512_add_epi64(high, self.eight_digits(last));
            let exact = _mm512_cmple_epu64_mask(mantissas, _mm512_set1_epi64(EXACT_INT_MAX as i64));
            let read = found.read & self.are_digits(first) & self.are_digits(last) & exact;
            Digits { mantissas, decimals, read, ..found }
        }
    }

    /// Ones in the last `len` bytes, of 0 to 8, of each lane.
    #[inline(always)]
    fn last_bytes(self, len: __m256i) -> __m512i {
        // SAFETY: `self` proves the features.
        unsafe {
            let bits = _mm512_slli_epi64::<3>(_mm512_cvtepu32_epi64(len));
            _mm512_sllv_epi64(_mm512_set1_epi64(-1), _mm512_sub_epi64(_mm512_set1_epi64(64), bits))
        }
    }

    /// The lowest bit of the first byte that is a point, among bytes less `'0'`.
    #[inline(always)]
    fn first_point(self, digits: __m512i) -> __m512i {
        // SAFETY: `self` proves the features.
        unsafe {
            let points = _mm512_movm_epi8(_mm512_cmpeq_epi8_mask(digits, _mm512_set1_epi8((b'.' ^ b'0') as i8)));
            _mm512_and_si512(points, _mm512_sub_epi64(_mm512_setzero_si512(), points))
        }
    }

    /// The bytes before the point and those behind it; without a point, all are before it.
    #[inline(always)]
    fn parts(self, digits: __m512i, point: __m512i) -> (__m512i, __m512i) {
        // SAFETY: `self` proves the features.
        unsafe {
            let one = _mm512_set1_epi64(1);
            let before = _mm512_sub_epi64(point, one);
            let up_to = _mm512_sub_epi64(_mm512_slli_epi64::<8>(point), one);
            (_mm512_and_si512(digits, before), _mm512_andnot_si512(up_to, digits))
        }
    }

    /// The lanes in which every byte is at most nine.
    #[inline(always)]
    fn are_digits(self, digits: __m512i) -> __mmask8 {
        // SAFETY: `self` proves the features.
        unsafe { _mm512_cmpeq_epi64_mask(_mm512_min_epu8(digits, _mm512_set1_epi8(9)), digits) }
    }

    /// The eight digits of each lane, the first in the lowest byte, as a number.
    #[inline(always)]
    fn eight_digits(self, digits: __m512i) -> __m512i {
        // SAFETY: `self` proves the features.
        unsafe {
            let pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a));
            let quads = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_0064));
            _mm512_add_epi64(_mm512_mul_epu32(quads, _mm512_set1_epi64(10_000)), _mm512_srli_epi64::<32>(quads))
        }
    }
}
