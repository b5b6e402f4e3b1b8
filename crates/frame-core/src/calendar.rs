//! Dates and timestamps to and from ISO 8601 text, in the proleptic Gregorian calendar. No zones, no locales.
//!
//! Days-from-civil after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Years up to here, before and after 0, have days that fit 32 bits wherever they are computed with.
pub const YEARS_MAX: i64 = 5_800_000;

/// Days since 1970-01-01 of a calendar day; `None` if there is no such day.
#[inline]
pub fn days_from_civil(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The calendar day (year, month, day) of a number of days since 1970-01-01.
pub fn civil_from_days(days: i32) -> (i64, u32, u32) {
    let days = i64::from(days) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day so many calendar months later or, if negative, earlier; a month that is too short gives its last day. `None` out of range.
pub fn add_months(days: i32, months: i32) -> Option<i32> {
    let (year, month, day) = civil_from_days(days);
    let total = year * 12 + i64::from(month) - 1 + i64::from(months);
    let (year, month) = (i32::try_from(total.div_euclid(12)).ok()?, total.rem_euclid(12) as u32 + 1);
    let day = day.min(days_in_month(year, month));
    if i64::from(year).abs() > YEARS_MAX { None } else { days_from_civil(year, month, day) }
}

/// The year and week of ISO 8601 of a day: weeks begin on Monday, and the first of a year holds its first Thursday.
pub fn iso_week(days: i32) -> (i64, u32) {
    let thursday = i64::from(days) - i64::from(weekday(days)) + 4;
    let thursday = thursday.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    let (year, ..) = civil_from_days(thursday);
    (year, (day_of_year(thursday) - 1) / 7 + 1)
}

/// The day of the week, from 1 for Monday to 7 for Sunday.
pub fn weekday(days: i32) -> u32 {
    (i64::from(days) + 3).rem_euclid(7) as u32 + 1
}

/// The day of the year, from 1.
pub fn day_of_year(days: i32) -> u32 {
    let (year, month, day) = civil_from_days(days);
    (1..month).map(|month| days_in_month(year as i32, month)).sum::<u32>() + day
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2024-01-31` as days since 1970-01-01; `None` for anything else.
#[inline]
pub fn parse_date(text: &[u8]) -> Option<i32> {
    let text = <&[u8; 10]>::try_from(text).ok()?;
    let [y1, y2, y3, y4, _, m1, m2, _] = like(*text.first_chunk()?, *b"0000-00-")?;
    let (tens, ones) = (text[8].wrapping_sub(b'0'), text[9].wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return None;
    }
    days_of_year_0_on(two(y1, y2) * 100 + two(y3, y4), two(m1, m2), two(tens, ones))
}

/// What [`days_from_civil`] gives for years that are not negative, in fewer steps: that is most of what a date costs to read.
#[inline]
fn days_of_year_0_on(year: u32, month: u32, day: u32) -> Option<i32> {
    /// Days of each month, and days in front of it, of a year without a 29th of February. There is no month 0.
    const MONTHS: [(u8, u16); 16] = {
        let mut months = [(0, 0); 16];
        let lens = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let (mut month, mut before) = (0, 0);
        while month < 12 {
            months[month + 1] = (lens[month], before);
            before += lens[month] as u16;
            month += 1;
        }
        months
    };
    const TO_YEAR_0: i32 = 719_528;
    let (len, before) = *MONTHS.get(month as usize)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if day == 0 || day > u32::from(len) + u32::from(is_leap && month == 2) {
        return None;
    }
    // Leap days of the years in front, of which year 0 is one.
    let leap_days = if year == 0 { 0 } else { (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1 };
    let days = 365 * year + leap_days + u32::from(before) + u32::from(is_leap && month > 2) + day - 1;
    Some(days as i32 - TO_YEAR_0)
}

/// `2024-01-31T10:00`, `…:30`, `…:30.25` (up to six decimals; `T` or a blank between) as microseconds since
/// 1970-01-01T00:00:00; `None` for anything else, a zone included.
#[inline]
pub fn parse_timestamp(text: &[u8]) -> Option<i64> {
    if !matches!(text.get(10)?, b'T' | b' ') {
        return None;
    }
    let days = i64::from(parse_date(&text[..10])?);
    let (clock, fraction) = match &text[11..] {
        [h1, h2, colon, m1, m2] => ([*h1, *h2, *colon, *m1, *m2, b':', b'0', b'0'], &[][..]),
        clock => (*clock.first_chunk()?, &clock[8..]),
    };
    let [h1, h2, _, m1, m2, _, s1, s2] = like(clock, *b"00:00:00")?;
    let (hour, minute, second) = (two(h1, h2), two(m1, m2), two(s1, s2));
    let micros = match fraction {
        [] => 0,
        [b'.', decimals @ ..] if (1..=6).contains(&decimals.len()) => digits(decimals)? * 10_u32.pow(6 - decimals.len() as u32),
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days * 86_400 + i64::from(hour * 3_600 + minute * 60 + second);
    Some(seconds * 1_000_000 + i64::from(micros))
}

/// How far each byte of a text is from that of a pattern, in which `0` stands for any digit: the values of its digits. All bytes are looked at
/// at once.
#[inline]
fn like(text: [u8; 8], pattern: [u8; 8]) -> Option<[u8; 8]> {
    let far = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    // The high bit of a byte is set if it is more than 9 from `0`, or at all from anything else.
    let to_high = u64::from_le_bytes(pattern.map(|byte| if byte == b'0' { 0x80 - 10 } else { 0x7f }));
    let is_other = (far.wrapping_add(to_high) | far) & 0x8080_8080_8080_8080 != 0;
    (!is_other).then(|| far.to_le_bytes())
}

/// A number of two digits.
#[inline]
fn two(tens: u8, ones: u8) -> u32 {
    u32::from(tens) * 10 + u32::from(ones)
}

#[inline]
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |value, &byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

/// Days since 1970-01-01 as `2024-01-31`.
pub fn date_text(days: i32) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Microseconds since 1970-01-01T00:00:00 as `2024-01-31T10:00:00`, with as many decimals of the second as it has.
pub fn timestamp_text(micros: i64) -> String {
    let days = micros.div_euclid(MICROS_PER_DAY) as i32;
    let rest = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let decimals = if fraction == 0 { String::new() } else { format!(".{fraction:06}").trim_end_matches('0').to_owned() };
    format!("{}T{clock}{decimals}", date_text(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_round_trips() {
        for days in -140_000..160_000 {
            let text = date_text(days);
            assert_eq!(parse_date(text.as_bytes()), Some(days), "{text}");
        }
    }

    #[test]
    fn years_of_four_digits_are_counted_as_all_others_are() {
        for year in (0..10_000).step_by(7).chain([0, 1, 3, 4, 5, 99, 100, 101, 399, 400, 401, 9999]) {
            for month in 0..14 {
                for day in 0..33 {
                    let expected = days_from_civil(year, month, day);
                    assert_eq!(days_of_year_0_on(year as u32, month, day), expected, "{year}-{month}-{day}");
                }
            }
        }
    }

    #[test]
    fn a_byte_is_a_digit_or_what_stands_there() {
        let text = *b"2011-11-11T11:11:11.111111";
        for len in [10, 16, 19, 21, 26] {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut changed = text[..len].to_vec();
                    changed[at] = byte;
                    let expected = match text[at] {
                        // January to December, the 1st to the 31st, and so on.
                        b'1' | b'2' | b'0' => byte.is_ascii_digit() && !is_beyond(at, byte),
                        b'T' => matches!(byte, b'T' | b' '),
                        mark => byte == mark,
                    };
                    let found = if len == 10 { parse_date(&changed).is_some() } else { parse_timestamp(&changed).is_some() };
                    assert_eq!(found, expected, "{}", String::from_utf8_lossy(&changed));
                }
            }
        }
        for len in (0..10).chain(11..16).chain(17..19).chain([20]) {
            assert_eq!(parse_timestamp(&text[..len]), None, "{len}");
        }
        assert_eq!(parse_timestamp(b"2011-11-11T11:11:11.1111111"), None);
        assert_eq!(parse_timestamp(b"2011-11-11T11:11").zip(parse_timestamp(b"2011-11-11 11:11:00.0")).map(|(a, b)| a - b), Some(0));
    }

    /// Whether a digit at a place of `2011-11-11T11:11:11.111111` makes a month, day, hour, minute or second that there is not.
    fn is_beyond(at: usize, digit: u8) -> bool {
        match at {
            5 | 6 => !matches!((at, digit), (5, b'0' | b'1') | (6, b'0'..=b'2')),
            8 => digit > b'2',
            11 => digit > b'2',
            14 | 17 => digit > b'5',
            _ => false,
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-01", "20240101", "2024-01-0x"] {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
        assert!(parse_date(b"2000-02-29").is_some());
    }

    #[test]
    fn timestamps_round_trip_and_refuse() {
        for text in ["2024-01-31T10:00:00", "1969-12-31T23:59:59.5", "2024-02-29T00:00:00.000001"] {
            let micros = parse_timestamp(text.as_bytes()).expect("a timestamp");
            assert_eq!(timestamp_text(micros), text);
        }
        assert_eq!(parse_timestamp(b"2024-01-31 10:00"), parse_timestamp(b"2024-01-31T10:00:00"));
        for text in ["2024-01-31T24:00:00", "2024-01-31T10:60:00", "2024-01-31T10", "2024-01-31T10:00:00Z", "2024-01-31T10:00:00."] {
            assert_eq!(parse_timestamp(text.as_bytes()), None, "{text}");
        }
    }
}
