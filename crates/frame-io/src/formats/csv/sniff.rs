//! What delimited text looks like: the delimiter under which most records have the same number of fields, and whether they have names.
//!
//! Only `frame sniff` asks for it: a query reads what it is told to read, or commas.

use std::borrow::Cow;

use super::class::Class;
use super::notation::Notation;
use super::parse::unquoted;
use super::structure::{Marks, Meaning, State};

/// What the beginning of a text looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Sniffed {
    /// The likeliest delimiter.
    pub delimiter: u8,
    /// Records looked at.
    pub records: usize,
    /// Records of them that have the usual number of fields under that delimiter.
    pub agreeing: usize,
    /// The usual number of fields.
    pub fields: usize,
    /// Whether the first record names the columns.
    pub has_header: bool,
    /// Whether lines end with a carriage return and a newline.
    pub has_returns: bool,
    /// Whether some field stands in quotes.
    pub has_quotes: bool,
    /// How numbers are written; plainly, if that is not certain.
    pub notation: Notation,
    /// Words that stand for null in columns that would otherwise be no text.
    pub nulls: Vec<String>,
}

/// The delimiters that are tried, the likelier first.
const DELIMITERS: [u8; 6] = [b',', b';', b'\t', b'|', b':', b' '];
/// Records that are looked at.
const RECORDS_MAX: usize = 1000;

/// Looks at the beginning of a text; `is_all` if nothing follows it.
pub fn sniff(text: &[u8], is_all: bool) -> Sniffed {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut best: Option<(f64, Sniffed)> = None;
    for delimiter in DELIMITERS {
        let records = records(text, Marks { delimiter, quote: b'"' }, is_all);
        let (fields, agreeing) = usual(&records);
        // One field in every record agrees with everything and says nothing.
        let share = if fields < 2 { 0.0 } else { agreeing as f64 / records.len().max(1) as f64 };
        let score = share + 0.001 * fields.min(100) as f64;
        if best.as_ref().is_none_or(|(other, _)| share > 0.0 && score > *other + 0.01) {
            let has_header = has_header(&records, fields);
            let has_returns = text.windows(2).any(|pair| pair == b"\r\n");
            let has_quotes = records.iter().flatten().any(|field| field.first() == Some(&b'"'));
            let columns = columns(&records, fields, has_header);
            let notation = notation(&columns);
            let nulls = nulls(&columns, notation);
            let records = records.len();
            best = Some((score, Sniffed { delimiter, records, agreeing, fields, has_header, has_returns, has_quotes, notation, nulls }));
        }
    }
    best.map(|(_, sniffed)| sniffed).expect("there are delimiters to try")
}

/// The fields of the first records that are not blank.
fn records(text: &[u8], marks: Marks, is_all: bool) -> Vec<Vec<&[u8]>> {
    let mut records = Vec::new();
    let (mut state, mut start, mut fields) = (State::Start, 0, Vec::new());
    for (at, byte) in text.iter().enumerate() {
        let (meaning, next) = state.step(*byte, marks);
        state = next;
        if meaning == Meaning::Text {
            continue;
        }
        fields.push(&text[start..at]);
        start = at + 1;
        if meaning == Meaning::Newline {
            let record = std::mem::take(&mut fields);
            if !matches!(record.as_slice(), [b"" | b"\r"]) {
                records.push(record);
            }
            if records.len() == RECORDS_MAX {
                return records;
            }
        }
    }
    if is_all && (start < text.len() || !fields.is_empty()) {
        fields.push(&text[start..]);
        records.push(fields);
    }
    records
}

/// The most frequent number of fields, and how many records have it.
fn usual(records: &[Vec<&[u8]>]) -> (usize, usize) {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for record in records {
        match counts.iter_mut().find(|(fields, _)| *fields == record.len()) {
            Some((_, count)) => *count += 1,
            None => counts.push((record.len(), 1)),
        }
    }
    counts.into_iter().max_by_key(|(fields, count)| (*count, *fields)).unwrap_or((1, 0))
}

/// The values of each column: the fields of regular records that are not empty.
fn columns<'a>(records: &[Vec<&'a [u8]>], fields: usize, has_header: bool) -> Vec<Vec<Cow<'a, [u8]>>> {
    let rows = records.iter().skip(usize::from(has_header)).filter(|record| record.len() == fields);
    let mut columns = vec![Vec::new(); fields];
    for (column, field) in rows.flat_map(|record| record.iter().enumerate()) {
        let field: &'a [u8] = field.strip_suffix(b"\r").unwrap_or(field);
        let value = unquoted(field).unwrap_or(Cow::Borrowed(field));
        if !value.is_empty() {
            columns[column].push(value);
        }
    }
    columns
}

/// What numbers may look like elsewhere, those with fewer marks first.
const NOTATIONS: [Notation; 5] = [
    Notation { decimal: b',', thousands: None },
    Notation { decimal: b',', thousands: Some(b'.') },
    Notation { decimal: b',', thousands: Some(b' ') },
    Notation { decimal: b'.', thousands: Some(b',') },
    Notation { decimal: b'.', thousands: Some(b'\'') },
];

/// The way to write numbers under which most columns of texts are numbers, no column of numbers becomes text, and no other way says otherwise.
fn notation(columns: &[Vec<Cow<'_, [u8]>>]) -> Notation {
    let class = |notation: Notation, column: &[Cow<'_, [u8]>]| {
        column.iter().filter(|value| !is_null_word(value)).fold(Class::Null, |class, value| class.join(notation.class(value)))
    };
    let is_number = |class: Class| matches!(class, Class::SmallInt | Class::Int | Class::Float);
    let gained = |notation: Notation| {
        let classes = columns.iter().map(|column| (class(Notation::default(), column), class(notation, column)));
        let classes: Vec<_> = classes.collect();
        let loses = classes.iter().any(|(plain, other)| is_number(*plain) && !is_number(*other));
        if loses { 0 } else { classes.iter().filter(|(plain, other)| !is_number(*plain) && is_number(*other)).count() }
    };
    let gained: Vec<(usize, Notation)> = NOTATIONS.iter().map(|notation| (gained(*notation), *notation)).collect();
    let most = gained.iter().map(|(columns, _)| *columns).max().unwrap_or(0);
    let mut best = gained.iter().filter(|(columns, _)| *columns == most).map(|(_, notation)| *notation);
    match best.next() {
        Some(first) if most > 0 && best.all(|other| other.decimal == first.decimal) => first,
        _ => Notation::default(),
    }
}

/// How programs spell a missing value.
const NULL_WORDS: [&str; 12] = ["NA", "N/A", "n/a", "na", "null", "NULL", "Null", "None", "#N/A", "\\N", "-", "?"];

fn is_null_word(value: &[u8]) -> bool {
    NULL_WORDS.iter().any(|word| word.as_bytes() == value)
}

/// The words without which a column would be no text.
fn nulls(columns: &[Vec<Cow<'_, [u8]>>], notation: Notation) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for column in columns {
        let (missing, values): (Vec<_>, Vec<_>) = column.iter().partition(|value| is_null_word(value));
        let class = values.into_iter().fold(Class::Null, |class, value| class.join(notation.class(value)));
        if !matches!(class, Class::Null | Class::Text) {
            words.extend(missing.iter().map(|word| String::from_utf8_lossy(word).into_owned()));
        }
    }
    words.sort();
    words.dedup();
    words
}

/// Names are texts, and under some of them stand values that are none; where all is text, the first record is taken for names.
fn has_header(records: &[Vec<&[u8]>], fields: usize) -> bool {
    let class = |field: &[u8]| {
        let field = field.strip_suffix(b"\r").unwrap_or(field);
        unquoted(field).map_or_else(|| if field.is_empty() { Class::Null } else { Class::of(field) }, |inner| Class::of(&inner))
    };
    let Some((first, rest)) = records.split_first() else { return false };
    if first.len() != fields || first.iter().any(|field| !matches!(class(field), Class::Text | Class::Null)) {
        return false;
    }
    let mut names: Vec<&&[u8]> = first.iter().collect();
    names.sort();
    names.dedup();
    rest.is_empty() || names.len() == first.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_headers() {
        for (text, delimiter, fields, has_header) in [
            ("a,b\n1,2\n", b',', 2, true),
            ("a;b;c\n1,5;2,5;x\n2,5;3,5;y\n", b';', 3, true),
            ("1\t2\n3\t4\n", b'\t', 2, false),
            ("name|\"a|b\"\nx|y", b'|', 2, true),
            ("just words\nof text\n", b' ', 2, true),
            ("word\nother\n", b',', 1, true),
            ("", b',', 1, false),
        ] {
            let sniffed = sniff(text.as_bytes(), true);
            assert_eq!((sniffed.delimiter, sniffed.fields, sniffed.has_header), (delimiter, fields, has_header), "{text:?}");
        }
        for (text, decimal, thousands, nulls) in [
            ("a;b\n1,5;x\n2;y\n", b',', None, vec![]),
            ("a;b\n1.234,5;x\n-;y\n", b',', Some(b'.'), vec!["-"]),
            ("a;b\n1 234,5;x\n2;y\n", b',', Some(b' '), vec![]),
            ("a\tb\n1,234.5\tNA\n2\t7\nNA\t8\n", b'.', Some(b','), vec!["NA"]),
            // Either a fraction or a thousand.
            ("a;b\n1,234;x\n5,678;y\n", b'.', None, vec![]),
            // One column says that the point is one.
            ("a;b\n1,5;2.25\n2,5;3.5\n", b'.', None, vec![]),
            ("a,b\nNA,none\nx,NA\n", b'.', None, vec![]),
        ] {
            let sniffed = sniff(text.as_bytes(), true);
            assert_eq!(
                (sniffed.notation, sniffed.nulls),
                (Notation { decimal, thousands }, nulls.iter().map(|word| (*word).to_owned()).collect()),
                "{text:?}"
            );
        }
        let sniffed = sniff(b"a,b\r\n1,2\r\n3\r\n", true);
        assert_eq!((sniffed.records, sniffed.agreeing, sniffed.has_returns, sniffed.has_quotes), (3, 2, true, false));
    }
}
