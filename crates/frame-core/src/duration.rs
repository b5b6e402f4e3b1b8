//! Spans of time to and from text: `15m`, `1h30m`, `1.5s`, `2w`, `1mo`. Months have no fixed length and stay apart from the rest.

use crate::Scalar;

/// Units of fixed length, each with its nanoseconds.
const UNITS: [(&str, i128); 8] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of calendar months, each with its number of months.
const MONTHS: [(&str, i128); 3] = [("y", 12), ("q", 3), ("mo", 1)];

/// What [`parse`] reads, in words.
pub const EXPECTED: &str = "a duration such as 15m, 1h30m, 7d, 2w, 1mo or 1y (units: ns us ms s m h d w, or mo q y)";

/// A text of numbers, each with its unit behind it, as [`Scalar::Duration`] or [`Scalar::Months`]; a leading minus turns the whole.
///
/// `None` for anything else: months beside units of fixed length, parts of a microsecond or of a month, and what is out of range.
pub fn parse(text: &str) -> Option<Scalar> {
    match sum(text)? {
        Sum::Nanos(nanos) if nanos % 1_000 == 0 => i64::try_from(nanos / 1_000).ok().map(Scalar::Duration),
        Sum::Months(months) => i32::try_from(months).ok().map(Scalar::Months),
        Sum::Nanos(_) => None,
    }
}

/// Whether the text is written as a duration and only too long for one.
pub fn is_out_of_range(text: &str) -> bool {
    match sum(text) {
        Some(Sum::Nanos(nanos)) => i64::try_from(nanos / 1_000).is_err(),
        Some(Sum::Months(months)) => i32::try_from(months).is_err(),
        None => false,
    }
}

/// A span of time before it is known to fit.
enum Sum {
    Nanos(i128),
    Months(i128),
}

fn sum(text: &str) -> Option<Sum> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // Nanoseconds, and months.
    let mut total: [Option<i128>; 2] = [None, None];
    while !rest.is_empty() {
        let letters = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, tail) = rest.split_at(letters);
        let unit_len = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        rest = tail;
        let (kind, scale) = match UNITS.iter().find(|(name, _)| *name == unit) {
            Some((_, nanos)) => (0, *nanos),
            None => (1, MONTHS.iter().find(|(name, _)| *name == unit)?.1),
        };
        total[kind] = Some(total[kind].unwrap_or(0).checked_add(multiple(number, scale)?)?);
    }
    let signed = |value: i128| if is_negative { -value } else { value };
    match total {
        [Some(nanos), None] => Some(Sum::Nanos(signed(nanos))),
        [None, Some(months)] => Some(Sum::Months(signed(months))),
        _ => None,
    }
}

/// `number`, with or without decimals, times `scale`, if that is whole.
fn multiple(number: &str, scale: i128) -> Option<i128> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if number.len() > 24 || whole.is_empty() || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    let digits: i128 = format!("{whole}{decimals}").parse().ok()?;
    let power = 10_i128.pow(decimals.len() as u32);
    let product = digits.checked_mul(scale)?;
    (product % power == 0).then(|| product / power)
}

/// Microseconds as text, days first: `1d2h30m`, `1s500ms`, `-15m`, `0s`.
pub fn text(micros: i64) -> String {
    if micros == 0 {
        return "0s".to_owned();
    }
    let mut text = if micros < 0 { "-".to_owned() } else { String::new() };
    let mut rest = micros.unsigned_abs();
    for (unit, nanos) in UNITS.iter().filter(|(unit, _)| !matches!(*unit, "w" | "ns")) {
        let length = (nanos / 1_000) as u64;
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    text
}

/// Calendar months as text: `1y`, `1mo`, `-18mo`.
pub fn months_text(months: i32) -> String {
    if months != 0 && months % 12 == 0 { format!("{}y", months / 12) } else { format!("{months}mo") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_printed_in_one_spelling() {
        for (text, printed) in [
            ("15m", "15m"),
            ("90s", "1m30s"),
            ("1h30m", "1h30m"),
            ("1.5h", "1h30m"),
            ("2w", "14d"),
            ("36h", "1d12h"),
            ("1000ns", "1us"),
            ("0.25s", "250ms"),
            ("-7d", "-7d"),
            ("0d", "0s"),
            ("1mo", "1mo"),
            ("3q", "9mo"),
            ("1y", "1y"),
            ("1y6mo", "18mo"),
            ("24mo", "2y"),
        ] {
            let value = parse(text).unwrap_or_else(|| panic!("{text} is a duration"));
            assert_eq!(value.to_string(), printed, "{text}");
            assert_eq!(parse(printed), Some(value), "{printed}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "-", "15", "m", "1x", "1mo2d", "1ns", "0.5mo", "1.2.3s", "1 h", "h1", "99999999999y", "999999999999w", "+1d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_known_from_what_is_no_duration() {
        for text in ["999999999d", "-999999999d", "99999999999y", "999999999999w", "9223372036854775808us"] {
            assert!(is_out_of_range(text) && parse(text).is_none(), "{text}");
        }
        for text in ["1x", "", "-", "1mo2d", "1ns", "7d", "9223372036854775807us"] {
            assert!(!is_out_of_range(text), "{text}");
        }
    }

    #[test]
    fn the_largest_spans_round_trip() {
        for micros in [i64::MAX, -i64::MAX, 1, -1, 86_399_999_999] {
            assert_eq!(parse(&text(micros)), Some(Scalar::Duration(micros)));
        }
    }
}
