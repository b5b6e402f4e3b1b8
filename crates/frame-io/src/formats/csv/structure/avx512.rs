//! The masks with AVX-512: one comparison of 64 bytes each, and the positions of set bits by compressing a list of indices.

use std::arch::x86_64::{
    __m512i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm512_add_epi32, _mm512_castsi512_si128,
    _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_maskz_compress_epi8,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512, _pdep_u64,
};

use super::blocks::{self, Instructions, Loops};
use super::{Counted, Found, Marks};

/// Proof that the processor has AVX-512 BW and VBMI2, BMI2 and carry-less multiplication.
#[derive(Clone, Copy)]
struct Avx512(());

/// The index of each byte.
const NUMBERS: [u8; 64] = {
    let mut numbers = [0; 64];
    let mut at = 0;
    while at < 64 {
        numbers[at] = at as u8;
        at += 1;
    }
    numbers
};

/// The loops, if the processor can run them.
pub(super) fn available() -> Option<Loops> {
    let can = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("pclmulqdq");
    can.then_some(Loops {
        // SAFETY: the processor has every feature of `scan`.
        scan: |bytes, start, end, marks, bounds| unsafe { scan(bytes, start, end, marks, bounds) },
        // SAFETY: the processor has every feature of `count`.
        count: |bytes, start, end, marks, fields| unsafe { count(bytes, start, end, marks, fields) },
    })
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,popcnt,pclmulqdq")]
fn scan(bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found> {
    blocks::scan(Avx512(()), bytes, start, end, marks, bounds)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,popcnt,pclmulqdq")]
fn count(bytes: &[u8], start: usize, end: usize, marks: Marks, fields: usize) -> Option<Counted> {
    blocks::count(Avx512(()), bytes, start, end, marks, fields)
}

impl Instructions for Avx512 {
    #[inline(always)]
    fn masks(self, block: &[u8; 64], marks: Marks) -> (u64, u64, u64) {
        // SAFETY: `self` exists only inside `scan` and `count`, so the processor has AVX-512 BW; the load lies in the block.
        unsafe {
            let bytes = _mm512_loadu_si512(block.as_ptr().cast::<__m512i>());
            let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
            (equal(marks.quote), equal(marks.delimiter), equal(b'\n'))
        }
    }

    #[inline(always)]
    fn prefix_xor(self, bits: u64) -> u64 {
        // SAFETY: `self` exists only inside `scan` and `count`, so the processor multiplies without carry.
        unsafe { _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1))) as u64 }
    }

    #[inline(always)]
    unsafe fn write_bounds<const USUAL: usize>(self, bits: u64, base: u32, out: *mut u32) {
        // SAFETY: `self` exists only inside `scan` and `count`, so the processor has VBMI2; the caller lends 64 places, four stores of sixteen.
        unsafe {
            let numbers = _mm512_loadu_si512(NUMBERS.as_ptr().cast::<__m512i>());
            let places = _mm512_maskz_compress_epi8(bits, numbers);
            let base = _mm512_set1_epi32(base as i32);
            let store = |at: usize, bytes| {
                _mm512_storeu_si512(out.add(at).cast::<__m512i>(), _mm512_add_epi32(_mm512_cvtepu8_epi32(bytes), base));
            };
            store(0, _mm512_castsi512_si128(places));
            if bits.count_ones() > 16 {
                store(16, _mm512_extracti32x4_epi32::<1>(places));
                store(32, _mm512_extracti32x4_epi32::<2>(places));
                store(48, _mm512_extracti32x4_epi32::<3>(places));
            }
        }
    }

    #[inline(always)]
    fn deposit(self, bits: u64, places: u64) -> u64 {
        // SAFETY: `self` exists only inside `scan` and `count`, so the processor has BMI2.
        unsafe { _pdep_u64(bits, places) }
    }
}
