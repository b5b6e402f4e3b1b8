//! Four fields at once of up to eight digits: each in a lane of eight bytes.
//!
//! Of a field the eight bytes that end with it are loaded, and those that end one byte earlier: digits behind a point come from the former, digits before
//! it from the latter, and so the point is gone.

use std::arch::x86_64::{
    __m256d, __m256i, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256, _mm256_castps256_ps128, _mm256_castsi256_pd,
    _mm256_cmpeq_epi8, _mm256_cmpeq_epi64, _mm256_cmpgt_epi64, _mm256_cvtps_pd, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_epi32,
    _mm256_min_epu8, _mm256_mul_epu32, _mm256_or_si256, _mm256_permutevar8x32_epi32, _mm256_permutevar8x32_ps, _mm256_sad_epu8,
    _mm256_set_epi64x, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_setr_epi32,
    _mm256_setr_ps, _mm256_setzero_si256, _mm256_slli_epi64, _mm256_sllv_epi64, _mm256_srli_epi64, _mm256_srlv_epi64, _mm256_sub_epi64,
    _mm256_sub_pd, _mm256_xor_si256,
};

use super::{Avx2, Eight, PADDING, Rows};

/// Four fields.
pub(super) struct Short {
    /// All digits of each, as a number below 10⁸.
    pub(super) mantissas: __m256i,
    /// Digits behind the point.
    pub(super) decimals: __m256i,
    /// All ones where there is a minus.
    pub(super) negative: __m256i,
    /// Bit i: field i has a point.
    pub(super) pointed: u8,
    /// Which were read; the others' digits mean nothing.
    pub(super) four: Eight,
}

impl Avx2 {
    /// Field `column` of the records from `first` to `first + 3`, if none of them is too long.
    #[inline(always)]
    pub(super) fn short(self, rows: &Rows<'_>, first: usize, column: usize) -> Option<Short> {
        let (bytes, bounds, width) = (rows.bytes(), rows.bounds_of(first, 4, column), rows.fields());
        // SAFETY: `self` proves the features. `bounds` has four records of `width` bounds, the last of them two, so each pair lies in it. Bytes are read where
        // every field has sixteen before its start, and so before its end, and as many behind its end: eight from its start on, nine in front of its end.
        unsafe {
            let pair = |at: usize| bounds.as_ptr().add(at * width).cast::<i64>().read_unaligned();
            let pairs = [pair(0), pair(1), pair(2), pair(3)];
            let lanes = |values: [i64; 4]| _mm256_set_epi64x(values[3], values[2], values[1], values[0]);
            let one = _mm256_set1_epi64x(1);
            let zero = _mm256_setzero_si256();
            let starts = _mm256_and_si256(lanes(pairs), _mm256_set1_epi64x(0xffff_ffff));
            let nexts = _mm256_srli_epi64::<32>(lanes(pairs));
            let last_next = bytes.len().saturating_sub(PADDING) as i64;
            let within = _mm256_and_si256(
                _mm256_and_si256(
                    _mm256_cmpgt_epi64(starts, _mm256_set1_epi64x(PADDING as i64 - 1)),
                    _mm256_cmpgt_epi64(_mm256_set1_epi64x(last_next + 1), nexts),
                ),
                _mm256_cmpgt_epi64(nexts, starts),
            );
            if self.bit_of_each_lane(within) != 0xf {
                return None;
            }
            let start_of = |at: usize| (pairs[at] & 0xffff_ffff) as usize;
            let mut ends = [0, 1, 2, 3].map(|at: usize| ((pairs[at] as u64) >> 32) as usize - 1);
            let mut len = _mm256_sub_epi64(_mm256_sub_epi64(nexts, starts), one);
            if rows.is_last(column) {
                let mut returns = [0; 4];
                for at in 0..4 {
                    let has_return = ends[at] > start_of(at) && *bytes.get_unchecked(ends[at] - 1) == b'\r';
                    returns[at] = i64::from(has_return);
                    ends[at] -= usize::from(has_return);
                }
                len = _mm256_sub_epi64(len, lanes(returns));
            }
            let word = |at: usize| bytes.as_ptr().add(at).cast::<i64>().read_unaligned();
            let leading = lanes([0, 1, 2, 3].map(|at: usize| word(start_of(at))));
            let empty = self.bit_of_each_lane(_mm256_cmpeq_epi64(len, zero));
            let byte = |of: __m256i| _mm256_and_si256(of, _mm256_set1_epi64x(0xff));
            let letter = |letter: u8| _mm256_set1_epi64x(i64::from(letter));
            let negative = _mm256_and_si256(_mm256_cmpeq_epi64(byte(leading), letter(b'-')), _mm256_cmpgt_epi64(len, zero));
            // All ones are minus one.
            let len = _mm256_add_epi64(len, negative);
            let leading = _mm256_srlv_epi64(leading, _mm256_and_si256(negative, _mm256_set1_epi64x(8)));
            // A leading zero must stand alone or before the point; of a lone minus or point nothing is left.
            let several = _mm256_cmpgt_epi64(len, one);
            let second_is_point = _mm256_cmpeq_epi64(byte(_mm256_srli_epi64::<8>(leading)), letter(b'.'));
            let zero_first = _mm256_andnot_si256(second_is_point, _mm256_cmpeq_epi64(byte(leading), letter(b'0')));
            let lone_point = _mm256_andnot_si256(several, _mm256_cmpeq_epi64(byte(leading), letter(b'.')));
            let odd = _mm256_or_si256(_mm256_and_si256(several, zero_first), lone_point);

            let zeros = _mm256_set1_epi8(b'0' as i8);
            let ones = _mm256_set1_epi64x(-1);
            // Bits in front of the field in its word: none are left of nine bytes, whose first is not in it.
            let in_front = _mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64::<3>(len));
            let last = lanes([0, 1, 2, 3].map(|at: usize| word(ends[at] - 8)));
            let last = _mm256_and_si256(_mm256_xor_si256(last, zeros), _mm256_sllv_epi64(ones, _mm256_max_epi32(in_front, zero)));
            let early = lanes([0, 1, 2, 3].map(|at: usize| word(ends[at] - 9)));
            let early_bits = _mm256_sllv_epi64(ones, _mm256_add_epi64(in_front, _mm256_set1_epi64x(8)));
            let early = _mm256_and_si256(_mm256_xor_si256(early, zeros), early_bits);
            let points = _mm256_cmpeq_epi8(last, _mm256_set1_epi8((b'.' ^ b'0') as i8));
            // The lowest bit of the first point.
            let point = _mm256_and_si256(points, _mm256_sub_epi64(zero, points));
            let whole = _mm256_cmpeq_epi64(point, zero);
            // Nine bytes can be eight digits and a point.
            if self.bit_of_each_lane(_mm256_cmpgt_epi64(len, _mm256_add_epi64(_mm256_set1_epi64x(9), whole))) != 0 {
                return None;
            }
            let behind = _mm256_slli_epi64::<8>(point);
            let before = _mm256_andnot_si256(whole, _mm256_sub_epi64(behind, one));
            let digits = _mm256_or_si256(_mm256_and_si256(before, early), _mm256_andnot_si256(before, last));
            let are_digits = _mm256_cmpeq_epi64(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits);
            let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
            let quads = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064));
            let mantissas = _mm256_add_epi64(_mm256_mul_epu32(quads, _mm256_set1_epi64x(10_000)), _mm256_srli_epi64::<32>(quads));
            // The byte of the point picks how many are behind it.
            let of_point = _mm256_and_si256(_mm256_sub_epi64(behind, point), _mm256_set1_epi64x(0x0001_0203_0405_0607));
            Some(Short {
                mantissas,
                decimals: _mm256_sad_epu8(of_point, zero),
                negative,
                pointed: !self.bit_of_each_lane(whole) & 0xf,
                four: Eight {
                    read: self.bit_of_each_lane(_mm256_andnot_si256(odd, _mm256_and_si256(are_digits, _mm256_cmpgt_epi64(len, zero)))),
                    empty,
                },
            })
        }
    }

    /// Numbers below 2⁵² as floats.
    #[inline(always)]
    pub(super) fn small_floats(self, numbers: __m256i) -> __m256d {
        const SHIFT: f64 = (1_u64 << 52) as f64;
        // SAFETY: `self` proves the features.
        unsafe {
            // Of a float from 2⁵² to 2⁵³ the lowest bits count ones.
            let shifted = _mm256_castsi256_pd(_mm256_or_si256(numbers, _mm256_set1_epi64x(SHIFT.to_bits() as i64)));
            _mm256_sub_pd(shifted, _mm256_set1_pd(SHIFT))
        }
    }

    /// Ten to the power of each lane, which is at most seven.
    #[inline(always)]
    pub(super) fn powers_of_ten(self, exponents: __m256i) -> __m256d {
        // SAFETY: `self` proves the features.
        unsafe {
            // So many zeros fit a float of 32 bits, too.
            let powers = _mm256_setr_ps(1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7);
            let low = _mm256_permutevar8x32_epi32(exponents, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
            _mm256_cvtps_pd(_mm256_castps256_ps128(_mm256_permutevar8x32_ps(powers, low)))
        }
    }
}
