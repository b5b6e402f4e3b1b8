//! The masks with AVX2: two comparisons of 32 bytes each. Bits are put to their places by BMI2.

use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_set1_epi8, _pdep_u64,
};

use super::blocks::{self, Instructions, Loops};
use super::bounds::write_bits;
use super::{Counted, Found, Marks};

/// Proof that the processor has AVX2, BMI1, BMI2 and carry-less multiplication.
#[derive(Clone, Copy)]
struct Avx2(());

/// The loops, if the processor can run them.
pub(super) fn available() -> Option<Loops> {
    let can = is_x86_feature_detected!("avx2")
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

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,pclmulqdq")]
fn scan(bytes: &[u8], start: usize, end: usize, marks: Marks, bounds: &mut Vec<u32>) -> Option<Found> {
    blocks::scan(Avx2(()), bytes, start, end, marks, bounds)
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,pclmulqdq")]
fn count(bytes: &[u8], start: usize, end: usize, marks: Marks, fields: usize) -> Option<Counted> {
    blocks::count(Avx2(()), bytes, start, end, marks, fields)
}

impl Instructions for Avx2 {
    #[inline(always)]
    fn masks(self, block: &[u8; 64], marks: Marks) -> (u64, u64, u64) {
        // SAFETY: `self` exists only inside `scan` and `count`, so the processor has AVX2; both loads lie in the block.
        unsafe {
            let low = _mm256_loadu_si256(block.as_ptr().cast::<__m256i>());
            let high = _mm256_loadu_si256(block.as_ptr().add(32).cast::<__m256i>());
            let equal = |byte: u8| {
                let wanted = _mm256_set1_epi8(byte as i8);
                let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) as u32;
                let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) as u32;
                u64::from(low) | u64::from(high) << 32
            };
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
        // SAFETY: the caller lends as many places.
        unsafe { write_bits::<USUAL>(bits, base, out) }
    }

    #[inline(always)]
    fn deposit(self, bits: u64, places: u64) -> u64 {
        // SAFETY: `self` exists only inside `scan` and `count`, so the processor has BMI2.
        unsafe { _pdep_u64(bits, places) }
    }
}
