//! JSON, read from front to back: the values of one line.

use std::borrow::Cow;

/// How deeply values may stand in each other.
const DEPTH_MAX: usize = 100;

/// What is no JSON: where, and what was wanted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte of the text.
    pub(super) at: usize,
    /// What is wrong.
    pub(super) reason: &'static str,
}

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

/// A place in JSON text that is UTF-8.
#[derive(Debug, Clone)]
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Json<'a> {
    /// The start of a text.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// The byte that comes next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` up to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    fn fault<T>(&self, reason: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, reason })
    }

    #[inline]
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// What the next value is.
    pub(super) fn kind(&mut self) -> Result<Kind, Fault> {
        match self.peek() {
            Some(b'n') => Ok(Kind::Null),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'"') => Ok(Kind::Text),
            Some(b'[') => Ok(Kind::List),
            Some(b'{') => Ok(Kind::Object),
            _ => self.fault("a value was expected"),
        }
    }

    fn word(&mut self, word: &'static [u8], reason: &'static str) -> Result<(), Fault> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.fault(reason)
    }

    /// Takes `null`.
    pub(super) fn null(&mut self) -> Result<(), Fault> {
        self.word(b"null", "`null` was expected")
    }

    /// Takes `true` or `false`.
    pub(super) fn bool(&mut self) -> Result<bool, Fault> {
        if self.bytes[self.at..].starts_with(b"true") {
            self.at += 4;
            return Ok(true);
        }
        self.word(b"false", "`true` or `false` was expected").map(|()| false)
    }

    /// Takes a number; gives its text.
    pub(super) fn number(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        let digits = |json: &mut Self| {
            let from = json.at;
            while json.bytes.get(json.at).is_some_and(u8::is_ascii_digit) {
                json.at += 1;
            }
            json.at > from
        };
        self.at += usize::from(self.bytes.get(self.at) == Some(&b'-'));
        let first = self.at;
        if !digits(self) || (self.bytes[first] == b'0' && self.at > first + 1) {
            self.at = start;
            return self.fault("this is no number");
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !digits(self) {
                return self.fault("a digit was expected behind the point");
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            if !digits(self) {
                return self.fault("an exponent was expected");
            }
        }
        Ok(self.since(start))
    }

    /// Takes a text in quotes, its escapes resolved.
    pub(super) fn text(&mut self) -> Result<Cow<'a, [u8]>, Fault> {
        self.at += 1;
        let start = self.at;
        let rest = &self.bytes[start..];
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(end) if rest[end] == b'"' => {
                self.at = start + end + 1;
                // Control characters must be escaped.
                match rest[..end].iter().position(|byte| *byte < b' ') {
                    Some(bad) => Err(Fault { at: start + bad, reason: "a control character must be escaped" }),
                    None => Ok(Cow::Borrowed(&rest[..end])),
                }
            }
            Some(_) => self.escaped(start).map(Cow::Owned),
            None => {
                self.at = self.bytes.len();
                self.fault("the text has no closing quote")
            }
        }
    }

    fn escaped(&mut self, start: usize) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        self.at = start;
        loop {
            let rest = &self.bytes[self.at..];
            let Some(next) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.bytes.len();
                return self.fault("the text has no closing quote");
            };
            text.extend_from_slice(&rest[..next]);
            self.at += next + 1;
            if rest[next] == b'"' {
                return Ok(text);
            }
            let escape = self.bytes.get(self.at).copied();
            self.at += 1;
            match escape {
                Some(byte @ (b'"' | b'\\' | b'/')) => text.push(byte),
                Some(b'b') => text.push(8),
                Some(b'f') => text.push(12),
                Some(b'n') => text.push(b'\n'),
                Some(b'r') => text.push(b'\r'),
                Some(b't') => text.push(b'\t'),
                Some(b'u') => {
                    let letter = self.letter()?;
                    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => {
                    self.at -= 1;
                    return self.fault("this escape is unknown");
                }
            }
        }
    }

    /// The letter behind `\u`, of one or two units of UTF-16.
    fn letter(&mut self) -> Result<char, Fault> {
        let first = self.unit()?;
        let mut units = [first, 0];
        let mut len = 1;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 2;
            units[1] = self.unit()?;
            len = 2;
        }
        match char::decode_utf16(units[..len].iter().copied()).next() {
            Some(Ok(letter)) => Ok(letter),
            _ => self.fault("half of a surrogate pair is no letter"),
        }
    }

    fn unit(&mut self) -> Result<u16, Fault> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let unit = digits.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => self.fault("four hexadecimal digits were expected"),
        }
    }

    /// Takes a list and hands each item to `item`, which must take it.
    pub(super) fn list<E: From<Fault>>(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.open()?;
        if self.peek() == Some(b']') {
            self.close();
            return Ok(());
        }
        loop {
            item(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Ok(self.fault("`,` or `]` was expected")?),
            }
        }
        self.close();
        Ok(())
    }

    /// Takes an object and hands each key to `value`, which must take the value.
    pub(super) fn object<E: From<Fault>>(&mut self, mut value: impl FnMut(&mut Self, Cow<'a, [u8]>) -> Result<(), E>) -> Result<(), E> {
        self.open()?;
        if self.peek() == Some(b'}') {
            self.close();
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Ok(self.fault("a key in quotes was expected")?);
            }
            let key = self.text()?;
            if self.peek() != Some(b':') {
                return Ok(self.fault("`:` was expected")?);
            }
            self.at += 1;
            value(self, key)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Ok(self.fault("`,` or `}` was expected")?),
            }
        }
        self.close();
        Ok(())
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX { self.fault("the values stand too deeply in each other") } else { Ok(()) }
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    /// Takes a value of any kind.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        match self.kind()? {
            Kind::Null => self.null(),
            Kind::Bool => self.bool().map(|_| ()),
            Kind::Number => self.number().map(|_| ()),
            Kind::Text => self.text().map(|_| ()),
            Kind::List => self.list(Self::skip),
            Kind::Object => self.object(|json, _| json.skip()),
        }
    }

    /// Only white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        if self.peek().is_some() { self.fault("the line goes on behind its object") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_and_what_is_not() {
        for good in ["null", " true ", "-0.5e+3", "\"a\\u00e9\\ud83d\\ude00\\n\"", "[]", "[1, [2], {}]", "{\"a\": {\"b\": [null]}}", "0"] {
            let mut json = Json::new(good.as_bytes());
            assert_eq!(json.skip().and_then(|()| json.end()), Ok(()), "{good}");
        }
        for (bad, at) in [
            ("", 0),
            ("nul", 0),
            ("01", 0),
            ("1.", 2),
            ("1e", 2),
            ("\"a", 2),
            ("\"\\x\"", 2),
            ("\"\\ud83d\"", 7),
            ("\"a\tb\"", 2),
            ("[1 2]", 3),
            ("{a: 1}", 1),
            ("{\"a\" 1}", 5),
            ("{\"a\": 1,}", 8),
            ("1 2", 2),
            ("NaN", 0),
        ] {
            let mut json = Json::new(bad.as_bytes());
            let fault = json.skip().and_then(|()| json.end()).expect_err(bad);
            assert_eq!(fault.at, at, "{bad}: {}", fault.reason);
        }
        let deep = "[".repeat(10_000);
        assert!(Json::new(deep.as_bytes()).skip().is_err());
        let mut json = Json::new("\"a\\u00e9\\ud83d\\ude00\\\"\"".as_bytes());
        assert_eq!(json.text().expect("text"), "aé😀\"".as_bytes());
    }
}
