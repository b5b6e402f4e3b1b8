//! Four fields at once with AVX2: one vector where all of them are short (`short.rs`), else two vectors of two fields each, every field in the sixteen
//! bytes that end with it.
//!
//! The bytes are compared with the letters that matter, and the comparisons become words in which each field has sixteen bits: what
//! is no plain number is told for four fields by a few operations on such words, without a branch on signs or lengths, which would be
//! guessed wrong. Every other field is left to the reader of single fields.

mod short;

use std::arch::x86_64::{
    __m256i, _CMP_GE_OQ, _mm_loadu_si128, _mm_setzero_si128, _mm256_add_epi64, _mm256_add_pd, _mm256_and_si256, _mm256_andnot_si256,
    _mm256_castsi256_pd, _mm256_castsi256_si128, _mm256_cmp_pd, _mm256_cmpeq_epi8, _mm256_cmpeq_epi64, _mm256_cvtepi32_pd,
    _mm256_cvtepu32_epi64, _mm256_div_pd, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_min_epu8, _mm256_movemask_epi8, _mm256_movemask_pd, _mm256_mul_epu32, _mm256_mul_pd, _mm256_or_pd, _mm256_packus_epi32,
    _mm256_permutevar8x32_epi32, _mm256_set_m128i, _mm256_set_pd, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_set1_epi64x, _mm256_set1_pd, _mm256_setr_epi32, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_storeu_pd,
    _mm256_storeu_si256, _mm256_sub_epi64, _mm256_xor_si256, _pext_u64,
};

use std::cell::Cell;

use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type};

use short::Short;

use super::sse41::{SQUEEZE, Sse41};
use super::{Eight, Field, FieldParser, PADDING, POWERS_OF_TEN, Parsed, Rows, primitive};
use crate::formats::csv::class::{Class, EXACT_INT_MAX};

/// Proof that the processor has AVX2, BMI 1 and BMI 2.
#[derive(Clone, Copy)]
struct Avx2 {
    /// For single fields.
    sse41: Sse41,
}

/// Bytes that are looked at, and bits that a field has in a word.
const WIDTH: usize = 16;

/// The last bit of each field.
const LAST: u64 = 0x8000_8000_8000_8000;

/// Row n keeps the last n bytes of a field; one that is too long is as good as none.
const KEEP_LAST: [[u8; WIDTH]; WIDTH + 2] = {
    let mut table = [[0; WIDTH]; WIDTH + 2];
    let mut len = 1;
    while len <= WIDTH {
        table[len] = table[len - 1];
        table[len][WIDTH - len] = 0xff;
        len += 1;
    }
    table
};

/// What to divide by for a point at each of the places, or nowhere.
const SCALES: [f64; WIDTH + 1] = {
    let mut table = [1.0; WIDTH + 1];
    let mut point = 0;
    while point < WIDTH {
        table[point] = POWERS_OF_TEN[WIDTH - 1 - point];
        point += 1;
    }
    table
};

/// All ones in lane i for bit i of the row's number.
const LANES: [[u64; 4]; 16] = {
    let mut table = [[0; 4]; 16];
    let mut at = 0;
    while at < 64 {
        table[at / 4][at % 4] = if ((at / 4) >> (at % 4)) & 1 == 1 { u64::MAX } else { 0 };
        at += 1;
    }
    table
};

/// The digits of four fields.
struct Digits {
    /// The numbers that the first eight of sixteen digits make, of each field, then those of the last eight.
    octets: __m256i,
    /// Where the points are, or 16.
    points: [usize; 4],
    /// All ones where there is a minus.
    negative: __m256i,
    /// Bit i: field i has a point.
    pointed: u8,
    /// Which were read; the others' digits mean nothing.
    four: Eight,
}

/// See [`super::floats`]; `None` if the processor cannot.
pub(super) fn floats(rows: &Rows<'_>, column: usize, class: Class) -> Option<Parsed> {
    // SAFETY: the processor has every feature of the function.
    Avx2::available().map(|isa| unsafe { parsed::<Float64Type, _>(rows, column, class, Floats(Fours::new(isa))) })
}

/// See [`super::ints`]; `None` if the processor cannot.
pub(super) fn ints(rows: &Rows<'_>, column: usize, class: Class) -> Option<Parsed> {
    // SAFETY: the processor has every feature of the function.
    Avx2::available().map(|isa| unsafe { parsed::<Int64Type, _>(rows, column, class, Ints(Fours::new(isa))) })
}

/// [`primitive`], compiled for these instructions.
#[target_feature(enable = "ssse3,sse4.1,bmi1,bmi2,avx2")]
fn parsed<T: ArrowPrimitiveType, P: FieldParser<Value = T::Native>>(rows: &Rows<'_>, column: usize, class: Class, parser: P) -> Parsed {
    primitive::<T, _>(rows, column, class, parser)
}

/// How the fours of a column are read.
struct Fours {
    isa: Avx2,
    /// So many are taken for long ones without a look, as one was before them.
    long: Cell<u8>,
}

impl Fours {
    /// Fours that are taken for long ones behind one that is.
    const LONG_IN_A_ROW: u8 = 15;

    fn new(isa: Avx2) -> Self {
        Self { isa, long: Cell::new(0) }
    }

    /// See [`Avx2::short`].
    #[inline(always)]
    fn short(&self, rows: &Rows<'_>, first: usize, column: usize) -> Option<Short> {
        if let Some(left) = self.long.get().checked_sub(1) {
            self.long.set(left);
            return None;
        }
        let short = self.isa.short(rows, first, column);
        if short.is_none() {
            self.long.set(Self::LONG_IN_A_ROW);
        }
        short
    }
}

impl Eight {
    /// What was read of these four and of four more.
    #[inline(always)]
    fn and(self, more: Self) -> Self {
        Self { read: self.read | more.read << 4, empty: self.empty | more.empty << 4 }
    }
}

/// The first four values and the others.
#[inline(always)]
fn halves<T>(values: &mut [T; 8]) -> (&mut [T; 4], &mut [T; 4]) {
    let (low, high) = values.split_first_chunk_mut().expect("four are fewer than eight");
    (low, high.first_chunk_mut().expect("eight less four are four"))
}

struct Floats(Fours);

impl FieldParser for Floats {
    type Value = f64;

    #[inline(always)]
    fn parse(&self, field: Field<'_>) -> Option<f64> {
        super::Floats(self.0.isa.sse41).parse(field)
    }

    #[inline(always)]
    fn eight(&self, rows: &Rows<'_>, first: usize, column: usize, values: &mut [f64; 8]) -> Eight {
        let (low, high) = halves(values);
        self.four(rows, first, column, low).and(self.four(rows, first + 4, column, high))
    }
}

impl Floats {
    /// See [`FieldParser::eight`].
    #[inline(always)]
    fn four(&self, rows: &Rows<'_>, first: usize, column: usize, values: &mut [f64; 4]) -> Eight {
        let isa = self.0.isa;
        let (mantissas, scales, negative, four) = match self.0.short(rows, first, column) {
            Some(short) => (isa.small_floats(short.mantissas), isa.powers_of_ten(short.decimals), short.negative, short.four),
            None => {
                let digits = isa.digits(rows, first, column);
                // SAFETY: `isa` proves the features.
                let (mantissas, scales, too_large) = unsafe {
                    let high = _mm256_cvtepi32_pd(_mm256_castsi256_si128(digits.octets));
                    let low = _mm256_cvtepi32_pd(_mm256_extracti128_si256::<1>(digits.octets));
                    // Below 2⁵³ nothing is rounded; what is not, does not come out below it.
                    let mantissas = _mm256_add_pd(_mm256_mul_pd(high, _mm256_set1_pd(1e8)), low);
                    let too_large = _mm256_cmp_pd::<_CMP_GE_OQ>(mantissas, _mm256_set1_pd(EXACT_INT_MAX as f64));
                    let [a, b, c, d] = digits.points.map(|point| SCALES[point]);
                    (mantissas, _mm256_set_pd(d, c, b, a), _mm256_movemask_pd(too_large) as u8)
                };
                (mantissas, scales, digits.negative, Eight { read: digits.four.read & !too_large, ..digits.four })
            }
        };
        // SAFETY: `isa` proves the features; the store is of four values.
        unsafe {
            let sign = _mm256_and_si256(negative, _mm256_set1_epi64x(i64::MIN));
            _mm256_storeu_pd(values.as_mut_ptr(), _mm256_or_pd(_mm256_div_pd(mantissas, scales), _mm256_castsi256_pd(sign)));
        }
        four
    }
}

struct Ints(Fours);

impl FieldParser for Ints {
    type Value = i64;

    #[inline(always)]
    fn parse(&self, field: Field<'_>) -> Option<i64> {
        super::Ints(self.0.isa.sse41).parse(field)
    }

    #[inline(always)]
    fn eight(&self, rows: &Rows<'_>, first: usize, column: usize, values: &mut [i64; 8]) -> Eight {
        let (low, high) = halves(values);
        self.four(rows, first, column, low).and(self.four(rows, first + 4, column, high))
    }
}

impl Ints {
    /// See [`FieldParser::eight`].
    #[inline(always)]
    fn four(&self, rows: &Rows<'_>, first: usize, column: usize, values: &mut [i64; 4]) -> Eight {
        let isa = self.0.isa;
        let (numbers, negative, pointed, four) = match self.0.short(rows, first, column) {
            Some(short) => (short.mantissas, short.negative, short.pointed, short.four),
            None => {
                let digits = isa.digits(rows, first, column);
                // SAFETY: `isa` proves the features.
                let numbers = unsafe {
                    let high = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(digits.octets));
                    let low = _mm256_cvtepu32_epi64(_mm256_extracti128_si256::<1>(digits.octets));
                    _mm256_add_epi64(_mm256_mul_epu32(high, _mm256_set1_epi64x(100_000_000)), low)
                };
                (numbers, digits.negative, digits.pointed, digits.four)
            }
        };
        // SAFETY: `isa` proves the features; the store is of four values.
        let minus_zero = unsafe {
            let signed = _mm256_sub_epi64(_mm256_xor_si256(numbers, negative), negative);
            _mm256_storeu_si256(values.as_mut_ptr().cast::<__m256i>(), signed);
            isa.bit_of_each_lane(_mm256_and_si256(_mm256_cmpeq_epi64(numbers, _mm256_setzero_si256()), negative))
        };
        // A point is the mark of a float, and so is a minus zero.
        Eight { read: four.read & !pointed & !minus_zero, ..four }
    }
}

impl Avx2 {
    /// The proof, if it holds.
    fn available() -> Option<Self> {
        let can = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2");
        Sse41::available().filter(|_| can).map(|sse41| Self { sse41 })
    }

    /// The digits of field `column` of the records from `first` to `first + 3`.
    #[inline(always)]
    fn digits(self, rows: &Rows<'_>, first: usize, column: usize) -> Digits {
        // SAFETY: `self` proves the features. The loads read sixteen bytes of a field's own array and of rows of tables.
        unsafe {
            let (mut bytes, mut keep) = ([_mm_setzero_si128(); 4], [_mm_setzero_si128(); 4]);
            let mut empty = 0;
            for at in 0..4 {
                let field = rows.field(first + at, column);
                empty |= u8::from(field.is_empty()) << at;
                bytes[at] = _mm_loadu_si128(field.trailing().as_ptr().cast());
                keep[at] = _mm_loadu_si128(KEEP_LAST[field.len().min(WIDTH + 1)].as_ptr().cast());
            }
            let keep = [_mm256_set_m128i(keep[1], keep[0]), _mm256_set_m128i(keep[3], keep[2])];
            let bytes = [_mm256_set_m128i(bytes[1], bytes[0]), _mm256_set_m128i(bytes[3], bytes[2])];
            let digit = |at: usize| _mm256_and_si256(_mm256_xor_si256(bytes[at], _mm256_set1_epi8(b'0' as i8)), keep[at]);
            let digits = [digit(0), digit(1)];
            let is = |letter: u8| {
                let letter = _mm256_set1_epi8((letter ^ b'0') as i8);
                [_mm256_cmpeq_epi8(digits[0], letter), _mm256_cmpeq_epi8(digits[1], letter)]
            };
            let is_minus = is(b'-');
            let (field, minus, point, zero) = (self.word(keep), self.word(is_minus), self.word(is(b'.')), self.word(is(b'0')));
            let start = field & !next(field);
            let negative = minus & start;
            let lead = start & !negative | next(negative);
            // A leading zero must stand alone or before the point; there must be a digit besides sign and point.
            let zero_first = next(zero & lead & !LAST) & !point;
            let without = LAST & !any(field & !negative & !point);
            let points = [0, 1, 2, 3].map(|at| (point >> (WIDTH * at) | 1 << WIDTH).trailing_zeros() as usize);
            let squeeze = points.map(|point| _mm_loadu_si128(SQUEEZE[point].as_ptr().cast()));
            let squeeze = [_mm256_set_m128i(squeeze[1], squeeze[0]), _mm256_set_m128i(squeeze[3], squeeze[2])];
            let squeezed = |at: usize| _mm256_shuffle_epi8(_mm256_andnot_si256(is_minus[at], digits[at]), squeeze[at]);
            let digits = [squeezed(0), squeezed(1)];
            let at_most_nine = digits.map(|digits| _mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits));
            let odd = (minus & !negative) | zero_first | without | !self.word(at_most_nine);
            Digits {
                octets: self.octets(digits),
                points,
                negative: _mm256_loadu_si256(LANES[self.bit_of_each(negative)].as_ptr().cast()),
                pointed: self.bit_of_each(point) as u8,
                four: Eight { read: if odd == 0 { 0xf } else { !self.bit_of_each(odd) as u8 & 0xf }, empty },
            }
        }
    }

    /// The high bits of the bytes of four fields.
    #[inline(always)]
    fn word(self, fields: [__m256i; 2]) -> u64 {
        // SAFETY: `self` proves the features.
        let [low, high] = fields.map(|pair| unsafe { _mm256_movemask_epi8(pair) } as u32);
        u64::from(low) | u64::from(high) << 32
    }

    /// Bit i says whether field i has a bit in a word.
    #[inline(always)]
    fn bit_of_each(self, word: u64) -> usize {
        // SAFETY: `self` proves the features.
        unsafe { _pext_u64(any(word), LAST) as usize }
    }

    /// Bit i is the highest of lane i.
    #[inline(always)]
    fn bit_of_each_lane(self, lanes: __m256i) -> u8 {
        // SAFETY: `self` proves the features.
        unsafe { _mm256_movemask_pd(_mm256_castsi256_pd(lanes)) as u8 }
    }

    /// Sixteen digits of each field as two numbers; see [`Digits::octets`].
    #[inline(always)]
    fn octets(self, digits: [__m256i; 2]) -> __m256i {
        // SAFETY: `self` proves the features.
        unsafe {
            let pairs = digits.map(|digits| _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a)));
            let [low, high] = pairs.map(|pairs| _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064)));
            let octets = _mm256_madd_epi16(_mm256_packus_epi32(low, high), _mm256_set1_epi32(0x0001_2710));
            // They lie as fields 0, 2, 1, 3.
            _mm256_permutevar8x32_epi32(octets, _mm256_setr_epi32(0, 4, 2, 6, 1, 5, 3, 7))
        }
    }
}

/// The bits behind those of `word`, each within its field.
#[inline(always)]
fn next(word: u64) -> u64 {
    (word & !LAST) << 1
}

/// The last bit of each field that has a bit in `word`.
#[inline(always)]
fn any(word: u64) -> u64 {
    (((word & !LAST) + !LAST) | word) & LAST
}
