//! How numbers are written where the decimal point is none: `1.234,50` or `1 234,50`.
//!
//! Only numbers are read so: a text stays as it is, whatever marks are in it.

use super::class::Class;

/// The marks in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notation {
    /// In front of the fraction.
    pub decimal: u8,
    /// Between groups of three digits, if they are grouped.
    pub thousands: Option<u8>,
}

impl Default for Notation {
    fn default() -> Self {
        Self { decimal: b'.', thousands: None }
    }
}

/// The longest number that is looked at; a longer one is text.
const LEN_MAX: usize = 64;

impl Notation {
    /// Whether numbers are written as everywhere in programs.
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }

    /// The class of the bytes of a field that is not empty.
    pub(super) fn class(self, field: &[u8]) -> Class {
        if self.is_plain() {
            return Class::of(field);
        }
        match self.number(field, |_, class| Some(class)) {
            Some(class) => class,
            // What is a number elsewhere is none here.
            None => match Class::of(field) {
                Class::SmallInt | Class::Int | Class::Float => Class::Text,
                other => other,
            },
        }
    }

    /// The integer that a field is.
    pub(super) fn int(self, field: &[u8]) -> Option<i64> {
        self.number(field, |text, class| matches!(class, Class::SmallInt | Class::Int).then(|| text.parse().ok())?)
    }

    /// The float that a field is.
    pub(super) fn float(self, field: &[u8]) -> Option<f64> {
        self.number(field, |text, class| matches!(class, Class::SmallInt | Class::Float).then(|| fast_float2::parse(text).ok())?)
    }

    /// What `read` makes of a number as programs write it, and of its class.
    fn number<T>(self, field: &[u8], read: impl FnOnce(&str, Class) -> Option<T>) -> Option<T> {
        let mut plain = [0; LEN_MAX];
        let len = self.plain(field, &mut plain)?;
        let text = std::str::from_utf8(&plain[..len]).ok()?;
        let class = Class::of_number(text.as_bytes())?;
        read(text, class)
    }

    /// Writes a number with a point and without groups; gives its length.
    fn plain(self, field: &[u8], plain: &mut [u8; LEN_MAX]) -> Option<usize> {
        if field.len() > LEN_MAX {
            return None;
        }
        let (mut len, mut is_whole) = (0, true);
        // Digits since the last mark between groups, and whether there was one.
        let (mut digits, mut is_grouped) = (0, false);
        for byte in field {
            if Some(*byte) == self.thousands {
                if !is_whole || digits == 0 || digits > 3 || is_grouped && digits != 3 {
                    return None;
                }
                (digits, is_grouped) = (0, true);
                continue;
            }
            let ends_whole = is_whole && !byte.is_ascii_digit() && *byte != b'-';
            if ends_whole {
                is_whole = false;
                if is_grouped && digits != 3 {
                    return None;
                }
            }
            plain[len] = match *byte {
                mark if mark == self.decimal => b'.',
                b'.' => return None,
                other => other,
            };
            digits += usize::from(byte.is_ascii_digit());
            len += 1;
        }
        (!is_whole || !is_grouped || digits == 3).then_some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_countries() {
        let comma = Notation { decimal: b',', thousands: None };
        let german = Notation { decimal: b',', thousands: Some(b'.') };
        let english = Notation { decimal: b'.', thousands: Some(b',') };
        let french = Notation { decimal: b',', thousands: Some(b' ') };
        for (notation, field, value) in [
            (comma, "1,5", Some(1.5)),
            (comma, "-0,25", Some(-0.25)),
            (comma, "12", Some(12.0)),
            (comma, "1,5e3", Some(1500.0)),
            (comma, "inf", Some(f64::INFINITY)),
            (comma, "1.5", None),
            (comma, "1,2,3", None),
            (german, "1.234.567,89", Some(1_234_567.89)),
            (german, "-12.345", Some(-12345.0)),
            (german, "1234,5", Some(1234.5)),
            (german, "1.23", None),
            (german, "1234.567", None),
            (german, "1.234,5.6", None),
            (german, ".123", None),
            (german, "1.2345", None),
            (german, "1..234", None),
            (english, "1,234.5", Some(1234.5)),
            (english, "12,34", None),
            (french, "1 234,5", Some(1234.5)),
            (french, " 1", None),
            (french, "1 ", None),
        ] {
            assert_eq!(notation.float(field.as_bytes()), value, "{field}");
            assert_eq!(value.is_some(), matches!(notation.class(field.as_bytes()), Class::Float | Class::SmallInt), "{field}");
        }
        assert_eq!(
            (german.int(b"9.007.199.254.740.993"), german.int(b"1,0"), german.float(b"9.007.199.254.740.993")),
            (Some(9_007_199_254_740_993), None, None)
        );
        assert_eq!(
            (german.class(b"2024-01-31"), german.class(b"007"), german.class(b"1.5"), german.class(b"true")),
            (Class::Date, Class::Text, Class::Text, Class::Bool)
        );
    }
}
