//! Delimited text in other dialects, turned into the plain one while it is read: commas, double quotes, newlines.
//!
//! A field is written anew only as far as it must be: quotes around what needs them, nothing for a word that means null. A quoted field
//! that is empty stays quoted, so that empty text and null stay apart.

use std::io::{self, Read};
use std::sync::{Arc, Mutex};

/// What differs from plain CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields; one byte or several.
    pub delimiter: Vec<u8>,
    /// Around fields; `None` if quotes are letters.
    pub quote: Option<u8>,
    /// Before a letter that is to be taken as it is.
    pub escape: Option<u8>,
    /// Lines that begin so are left out.
    pub comment: Option<Vec<u8>>,
    /// Unquoted fields that mean null.
    pub nulls: Vec<String>,
    /// Lines before the header that are left out.
    pub skip: u64,
    /// Lines end with a carriage return alone.
    pub returns: bool,
    /// The first record has names, among which a word for null is a name.
    pub has_header: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        let (nulls, delimiter) = (Vec::new(), b",".to_vec());
        Self { delimiter, quote: Some(b'"'), escape: None, comment: None, nulls, skip: 0, returns: false, has_header: true }
    }
}

impl Dialect {
    /// Whether text in it is to be turned: everything else is read as it is, with one byte between fields.
    pub fn is_turned(&self) -> bool {
        let plain = Self { delimiter: self.delimiter.clone(), has_header: self.has_header, ..Self::default() };
        *self != plain || self.delimiter.len() != 1
    }

    /// The byte between the fields of what is read.
    pub fn delimiter_read(&self) -> u8 {
        if self.is_turned() { b',' } else { self.delimiter[0] }
    }
}

/// Where a record of the plain text stood before it was turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turned {
    /// The byte of the plain text at which it begins.
    pub plain: u64,
    /// The byte at which it began.
    pub start: u64,
    /// The byte behind its line end.
    pub end: u64,
    /// How many lines were in front of it.
    pub lines: u64,
}

/// The records that were turned and that nobody has taken yet.
pub(crate) type Records = Arc<Mutex<Vec<Turned>>>;

/// Bytes of the input that are taken at a time.
const RAW_BYTES: usize = 64 << 10;

/// A reader that turns a dialect into plain CSV.
pub(super) struct Plain {
    input: Box<dyn Read + Send>,
    dialect: Dialect,
    /// Bytes taken and not looked at; the first `at` of them are done with.
    raw: Vec<u8>,
    at: usize,
    is_over: bool,
    /// Plain text that was not given out; the first `given` bytes of it were.
    plain: Vec<u8>,
    given: usize,
    field: Vec<u8>,
    place: Place,
    is_quoted: bool,
    /// Bytes of the input in front of those in hand, and of the plain text in front of what was not given out.
    before: (u64, u64),
    /// Lines of the input that are done with.
    lines: u64,
    /// The record in hand.
    record: Turned,
    /// Where records are noted, if anyone asks.
    records: Option<Records>,
    /// Lines before the first record that were left out.
    skipped: u64,
    has_begun: bool,
    /// The first record, of names, is not over.
    is_header: bool,
}

/// Where in the text the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the start of a line.
    Line,
    /// At the start of a field.
    Field,
    /// In a field, outside quotes.
    Inside,
    /// Inside quotes.
    Quoted,
    /// In a line that is left out.
    Comment,
}

impl Plain {
    pub(super) fn new(input: Box<dyn Read + Send>, dialect: Dialect, records: Option<Records>) -> Self {
        let place = if dialect.skip > 0 { Place::Comment } else { Place::Line };
        Self {
            input,
            is_header: dialect.has_header,
            dialect,
            raw: Vec::new(),
            at: 0,
            is_over: false,
            plain: Vec::new(),
            given: 0,
            field: Vec::new(),
            place,
            is_quoted: false,
            before: (0, 0),
            lines: 0,
            record: Turned::default(),
            records,
            skipped: 0,
            has_begun: false,
        }
    }

    /// Whether the bytes in hand may be the beginning of something longer.
    fn needs_more(&self) -> bool {
        let longest = self.dialect.delimiter.len().max(self.dialect.comment.as_ref().map_or(0, Vec::len)).max(3);
        !self.is_over && self.raw.len() - self.at < longest
    }

    /// Takes more of the input.
    fn fill(&mut self) -> io::Result<()> {
        self.raw.drain(..self.at);
        self.before.0 += self.at as u64;
        self.at = 0;
        let len = self.raw.len();
        self.raw.resize(len + RAW_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.raw[len..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.raw.truncate(len + *read.as_ref().unwrap_or(&0));
        self.is_over = matches!(read, Ok(0));
        read.map(|_| ())
    }

    /// Bytes of the line end that comes next, if one does.
    fn line_end(&self) -> usize {
        match &self.raw[self.at..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            [b'\r', ..] if self.dialect.returns => 1,
            _ => 0,
        }
    }

    fn end_field(&mut self, end: u8) {
        let is_null = !self.is_header && !self.is_quoted && self.dialect.nulls.iter().any(|word| word.as_bytes() == self.field);
        let needs_quotes =
            self.field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) || (self.is_quoted && self.field.is_empty());
        if is_null {
            // Nothing is written for a null.
        } else if needs_quotes {
            self.plain.push(b'"');
            for byte in &self.field {
                self.plain.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
            }
            self.plain.push(b'"');
        } else {
            self.plain.extend_from_slice(&self.field);
        }
        self.plain.push(end);
        if end == b'\n' {
            self.note();
        }
        self.is_header &= end != b'\n';
        self.field.clear();
        self.is_quoted = false;
        self.has_begun = true;
    }

    /// Notes the record that ends in front of the next byte.
    fn note(&mut self) {
        if let Some(records) = &self.records {
            let record = Turned { end: self.before.0 + self.at as u64, ..self.record };
            records.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(record);
        }
    }

    /// Looks at the next byte or bytes.
    fn step(&mut self) {
        let byte = self.raw[self.at];
        // A line end of two bytes counts once, with its newline.
        let next = self.raw.get(self.at + 1);
        let lines = self.lines + u64::from(byte == b'\n' || self.dialect.returns && byte == b'\r' && next != Some(&b'\n'));
        let at = self.at;
        self.step_on(byte);
        // A step over an escape, or over the two bytes of a line end, may take a newline along.
        let taken = &self.raw[at + 1..self.at.max(at + 1)];
        self.lines = if self.at == at { self.lines } else { lines + taken.iter().filter(|byte| **byte == b'\n').count() as u64 };
    }

    fn step_on(&mut self, byte: u8) {
        if self.place == Place::Quoted {
            return self.step_quoted(byte);
        }
        let line_end = self.line_end();
        if self.place == Place::Comment {
            self.at += line_end.max(1);
            if line_end > 0 {
                self.skipped += u64::from(!self.has_begun);
                self.place = if !self.has_begun && self.skipped < self.dialect.skip { Place::Comment } else { Place::Line };
            }
            return;
        }
        let rest = &self.raw[self.at..];
        if self.place == Place::Line && self.dialect.comment.as_ref().is_some_and(|comment| rest.starts_with(comment)) {
            self.place = Place::Comment;
            return;
        }
        if self.place == Place::Line {
            let plain = self.before.1 + self.plain.len() as u64;
            self.record = Turned { plain, start: self.before.0 + self.at as u64, end: 0, lines: self.lines };
        }
        if line_end > 0 {
            self.at += line_end;
            self.end_field(b'\n');
            self.place = Place::Line;
        } else if rest.starts_with(&self.dialect.delimiter) {
            self.at += self.dialect.delimiter.len();
            self.end_field(b',');
            self.place = Place::Field;
        } else if Some(byte) == self.dialect.escape && rest.len() > 1 {
            self.field.push(rest[1]);
            self.at += 2;
            self.place = Place::Inside;
        } else if Some(byte) == self.dialect.quote && matches!(self.place, Place::Line | Place::Field) {
            self.at += 1;
            self.is_quoted = true;
            self.place = Place::Quoted;
        } else {
            self.field.push(byte);
            self.at += 1;
            self.place = Place::Inside;
        }
    }

    fn step_quoted(&mut self, byte: u8) {
        let next = self.raw.get(self.at + 1).copied();
        match next {
            Some(next) if Some(byte) == self.dialect.escape && Some(byte) != self.dialect.quote => {
                self.field.push(next);
                self.at += 2;
            }
            Some(next) if Some(byte) == self.dialect.quote && next == byte => {
                self.field.push(byte);
                self.at += 2;
            }
            _ => {
                if Some(byte) == self.dialect.quote {
                    self.place = Place::Inside
                } else {
                    self.field.push(byte)
                }
                self.at += 1;
            }
        }
    }

    /// What is left at the end: a last field without a line end, or quotes that never closed.
    fn end(&mut self) {
        match self.place {
            Place::Line | Place::Comment => {}
            // Left open for the reader, which tells of it.
            Place::Quoted => {
                self.plain.push(b'"');
                for byte in std::mem::take(&mut self.field) {
                    self.plain.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
                }
                self.note();
            }
            Place::Field | Place::Inside => self.end_field(b'\n'),
        }
        self.place = Place::Line;
    }
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() {
            self.before.1 += self.plain.len() as u64;
            self.plain.clear();
            self.given = 0;
            if self.at == self.raw.len() && self.is_over {
                self.end();
                if self.plain.is_empty() {
                    return Ok(0);
                }
                break;
            }
            if self.needs_more() {
                self.fill()?;
            }
            while self.at < self.raw.len() && self.plain.len() < RAW_BYTES && !self.needs_more() {
                self.step();
            }
        }
        let read = buffer.len().min(self.plain.len() - self.given);
        buffer[..read].copy_from_slice(&self.plain[self.given..self.given + read]);
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives a few bytes at a time.
    struct Slow(Vec<u8>, usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.1.min(self.0.len()).min(buffer.len());
            buffer[..read].copy_from_slice(&self.0[..read]);
            self.0.drain(..read);
            Ok(read)
        }
    }

    fn plain(text: &str, dialect: &Dialect) -> (String, Vec<Turned>) {
        let mut results = Vec::new();
        for size in [1, 2, 3, 7, 1000] {
            let records = Records::default();
            let mut reader = Plain::new(Box::new(Slow(text.as_bytes().to_vec(), size)), dialect.clone(), Some(records.clone()));
            let mut out = String::new();
            reader.read_to_string(&mut out).expect("text");
            let records = records.lock().expect("nobody has panicked").clone();
            results.push((out, records));
        }
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
        results.swap_remove(0)
    }

    #[test]
    fn dialects_become_plain() {
        let standard = Dialect::default;
        let cases = [
            (Dialect { delimiter: b"||".to_vec(), ..standard() }, "a||b|c\n1||\"x||y\"\n", "a,b|c\n1,x||y\n"),
            (Dialect { quote: Some(b'\''), ..standard() }, "a,'b,''c'\n'',\"x\"\n", "a,\"b,'c\"\n\"\",\"\"\"x\"\"\"\n"),
            (Dialect { quote: None, ..standard() }, "\"a,b\"\n", "\"\"\"a\",\"b\"\"\"\n"),
            (Dialect { escape: Some(b'\\'), ..standard() }, "a\\,b,\"c\\\"d\"\nx\\\ny,z\n", "\"a,b\",\"c\"\"d\"\n\"x\ny\",z\n"),
            (Dialect { comment: Some(b"#".to_vec()), ..standard() }, "# one\n#two,\"\na,b\n# three\n1,#2\n", "a,b\n1,#2\n"),
            (Dialect { nulls: vec!["NA".to_owned(), "-".to_owned()], ..standard() }, "a,b\nNA,\"NA\"\n-,-1\n", "a,b\n,NA\n,-1\n"),
            (Dialect { returns: true, ..standard() }, "a,b\r1,\"x\ry\"\r", "a,b\n1,\"x\ry\"\n"),
            (Dialect { skip: 2, ..standard() }, "title \"\n\na,b\n1,2", "a,b\n1,2\n"),
        ];
        for (dialect, text, expected) in cases {
            assert!(dialect.is_turned());
            assert_eq!(plain(text, &dialect).0, expected, "{text:?}");
        }
        let (text, dialect) =
            ("# x\r\na;'b\n;'\n# y\n\n1;NA", Dialect { comment: Some(b"#".to_vec()), delimiter: b";".to_vec(), ..standard() });
        let dialect = Dialect { quote: Some(b'\''), nulls: vec!["NA".to_owned()], ..dialect };
        let (turned, records) = plain(text, &dialect);
        assert_eq!(turned, "a,\"b\n;\"\n\n1,\n");
        let places: Vec<_> =
            records.iter().map(|record| (record.plain, &text[record.start as usize..record.end as usize], record.lines)).collect();
        assert_eq!(places, [(0, "a;'b\n;'\n", 1), (8, "\n", 4), (9, "1;NA", 5)]);
        assert_eq!(plain("a,\"b\n", &Dialect { quote: Some(b'"'), returns: true, ..standard() }).0, "a,\"b\n");
        assert!(!standard().is_turned() && !Dialect { delimiter: b";".to_vec(), ..standard() }.is_turned());
    }
}
