//! What delimited text looks like: the delimiter under which most records have the same number of fields, and whether they have names.
//!
//! Only `frame sniff` asks for it: a query reads what it is told to read, or commas.

use super::class::Class;
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
            best = Some((score, Sniffed { delimiter, records: records.len(), agreeing, fields, has_header, has_returns, has_quotes }));
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
        let sniffed = sniff(b"a,b\r\n1,2\r\n3\r\n", true);
        assert_eq!((sniffed.records, sniffed.agreeing, sniffed.has_returns, sniffed.has_quotes), (3, 2, true, false));
    }
}
