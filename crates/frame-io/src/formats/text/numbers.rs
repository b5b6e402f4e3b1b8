//! Numbers, dates and timestamps as text, appended to bytes without an allocation. Floats are the shortest text that reads back as the
//! same float, with a point or an exponent, in the form of Rust's `{:?}`; of two shortest texts that are equally near it is the even one.

use std::io::Write;

use frame_core::calendar::civil_from_days;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Between these, floats have no exponent.
const PLAIN: std::ops::Range<f64> = 1e-4..1e16;
/// The part of [`PLAIN`] in which the 32-bit formatter has no exponent either.
const PLAIN32: std::ops::Range<f32> = 1e-4..1e12;

pub(super) fn push_int(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub(super) fn push_float(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value);
    if PLAIN.contains(&value.abs()) || value == 0.0 || !value.is_finite() {
        return out.extend_from_slice(text.as_bytes());
    }
    if let Some((digits, exponent)) = text.split_once("e+") {
        out.extend_from_slice(digits.as_bytes());
        out.push(b'e');
        return out.extend_from_slice(exponent.as_bytes());
    }
    // The formatter writes 0.000025 where `{:?}` has 2.5e-5.
    let Some((sign, digits)) = text.split_once("0.0000") else { return out.extend_from_slice(text.as_bytes()) };
    out.extend_from_slice(sign.as_bytes());
    let (first, rest) = digits.as_bytes().split_at(1);
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(b"e-5");
}

pub(super) fn push_float32(out: &mut Vec<u8>, value: f32) {
    if PLAIN32.contains(&value.abs()) {
        return out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }
    // Writing to memory cannot fail.
    let _ = write!(out, "{value:?}");
}

/// `2024-01-31`
pub(super) fn push_date(out: &mut Vec<u8>, days: i32) {
    let (year, month, day) = civil_from_days(days);
    match u32::try_from(year) {
        Ok(year @ 0..=9_999) => {
            out.extend_from_slice(&two_digits(year / 100));
            out.extend_from_slice(&two_digits(year % 100));
        }
        // Writing to memory cannot fail.
        _ => drop(write!(out, "{year:04}")),
    }
    let ([m1, m2], [d1, d2]) = (two_digits(month), two_digits(day));
    out.extend_from_slice(&[b'-', m1, m2, b'-', d1, d2]);
}

/// `2024-01-31T10:00:00`, with as many decimals of the second as it has.
pub(super) fn push_timestamp(out: &mut Vec<u8>, micros: i64) {
    let (days, rest) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    // 2⁶³ microseconds are fewer than 2³¹ days.
    push_date(out, days as i32);
    let (seconds, mut fraction) = ((rest / 1_000_000) as u32, (rest % 1_000_000) as u32);
    let [h1, h2] = two_digits(seconds / 3_600);
    let [m1, m2] = two_digits(seconds / 60 % 60);
    let [s1, s2] = two_digits(seconds % 60);
    out.extend_from_slice(&[b'T', h1, h2, b':', m1, m2, b':', s1, s2]);
    if fraction > 0 {
        out.push(b'.');
    }
    let mut unit = 100_000;
    while fraction > 0 {
        out.push(b'0' + (fraction / unit) as u8);
        fraction %= unit;
        unit /= 10;
    }
}

/// The digits of a number below 100.
fn two_digits(value: u32) -> [u8; 2] {
    [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]
}

#[cfg(test)]
mod tests {
    use frame_core::calendar::{date_text, timestamp_text};
    use proptest::prelude::*;

    use super::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("digits")
    }

    /// Whether a text is the expected one, or its last digit is the other one of two that are equally near.
    fn is_same(found: &str, expected: &str, reads_back: impl Fn(&str) -> bool) -> bool {
        let differing = found.bytes().zip(expected.bytes()).filter(|(a, b)| a != b).collect::<Vec<_>>();
        found.len() == expected.len()
            && match differing.as_slice() {
                [] => true,
                [(a, b)] => a.abs_diff(*b) == 1 && a % 2 == 0 && reads_back(found),
                _ => false,
            }
    }

    #[test]
    fn floats_at_the_borders() {
        let values = [
            0.0,
            -0.0,
            1.0,
            2.0,
            0.1,
            1e15,
            9_999_999_999_999_998.0,
            1e16,
            1.5e16,
            -1e17,
            1e-4,
            1.2e-4,
            9.9e-5,
            1e-5,
            -2.5e-5,
            1e-6,
            5e-324,
            f64::MAX,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            123_456_789.125,
        ];
        for value in values {
            assert_eq!(text(|out| push_float(out, value)), format!("{value:?}"));
            assert_eq!(text(|out| push_float32(out, value as f32)), format!("{:?}", value as f32));
        }
    }

    proptest! {
        #[test]
        fn floats_look_as_rust_has_them(bits in any::<u64>(), plain in -1e7..1e7_f64, small in -1e-3..1e-3_f64) {
            for value in [f64::from_bits(bits), plain, small] {
                let found = text(|out| push_float(out, value));
                prop_assert!(is_same(&found, &format!("{value:?}"), |text| text.parse() == Ok(value)), "{found} for {value:?}");
            }
            for value in [f32::from_bits(bits as u32), plain as f32, small as f32] {
                let found = text(|out| push_float32(out, value));
                prop_assert!(is_same(&found, &format!("{value:?}"), |text| text.parse() == Ok(value)), "{found} for {value:?}");
            }
        }

        #[test]
        fn days_and_instants_look_as_the_calendar_has_them(days in any::<i32>(), near in -800_000..3_000_000_i32, micros in any::<i64>()) {
            for days in [days, near] {
                prop_assert_eq!(text(|out| push_date(out, days)), date_text(days));
            }
            for micros in [micros, micros / 1_000_000 * 1_000_000, micros / 1_000] {
                prop_assert_eq!(text(|out| push_timestamp(out, micros)), timestamp_text(micros));
            }
        }
    }
}
