//! The head of a file: byte order mark, names of the columns, where the data begins.

use frame_core::{DataError, Error, FilePosition, QueryError, Result};

use super::parse::unquoted;
use super::refusal;
use super::structure::{Marks, Meaning, State};
use super::table::CsvSettings;
use crate::ReadAt;
use crate::formats::columns::distinct_names;

pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) data_start: u64,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The largest first record that is accepted.
const FIRST_RECORD_MAX: u64 = 64 << 20;

/// Reads the first record and settles the names.
pub(super) fn read(file: &dyn ReadAt, marks: Marks, settings: &CsvSettings) -> Result<Header> {
    let (skip, record, len) = first_record(file, marks)?;
    let fields = fields(&record, marks);
    let is_empty = record.is_empty();
    if is_empty && (settings.has_header || settings.names.is_empty()) {
        return Err(Error::new(DataError::Empty { file: file.path().to_owned() }));
    }
    let names = if !settings.names.is_empty() {
        if !is_empty && fields.len() != settings.names.len() {
            let names = settings.names.len();
            return Err(Error::new(QueryError::Usage(format!(
                "{names} names were given for the {} columns of {}",
                fields.len(),
                file.path()
            )))
            .hint("give each column a name, or leave --names out"));
        }
        settings.names.clone()
    } else if settings.has_header {
        fields.iter().enumerate().map(|(at, field)| name(field, at, file.path())).collect::<Result<_>>()?
    } else {
        vec![String::new(); fields.len()]
    };
    Ok(Header { names: distinct_names(names), data_start: if settings.has_header { skip + len } else { skip } })
}

/// Bytes before the first record, the record without its line end, and its length with it.
fn first_record(file: &dyn ReadAt, marks: Marks) -> Result<(u64, Vec<u8>, u64)> {
    let mut size = file.len().min(16 << 10);
    loop {
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, 0)?;
        refusal::check(&bytes, file.path())?;
        let skip = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        bytes.drain(..skip);
        let mut state = State::Start;
        let newline = bytes.iter().position(|byte| {
            let (meaning, next) = state.step(*byte, marks);
            state = next;
            meaning == Meaning::Newline
        });
        match newline {
            Some(at) => {
                bytes.truncate(at);
                return Ok((skip as u64, bytes, at as u64 + 1));
            }
            None if size == file.len() && state == State::Quoted => return Err(unclosed(file, skip)),
            None if size == file.len() => {
                let len = bytes.len() as u64;
                return Ok((skip as u64, bytes, len));
            }
            None if size >= FIRST_RECORD_MAX => {
                let position = FilePosition { file: file.path().to_owned(), byte: Some(skip as u64), line: Some(1), column: None };
                return Err(Error::new(DataError::RecordTooLarge { position, limit: FIRST_RECORD_MAX }));
            }
            None => size = (size * 8).min(file.len()).min(FIRST_RECORD_MAX),
        }
    }
}

/// Bytes of the first record of a text, with its line end; all of them if it has no other.
pub fn header_len(text: &[u8], delimiter: u8) -> usize {
    let mut state = State::Start;
    let newline = text.iter().position(|byte| {
        let (meaning, next) = state.step(*byte, Marks { delimiter, quote: b'"' });
        state = next;
        meaning == Meaning::Newline
    });
    newline.map_or(text.len(), |at| at + 1)
}

fn unclosed(file: &dyn ReadAt, skip: usize) -> Error {
    let position = FilePosition { file: file.path().to_owned(), byte: Some(skip as u64), line: Some(1), column: None };
    Error::new(DataError::UnclosedQuote { position })
}

/// The raw fields of a record without its newline.
fn fields(record: &[u8], marks: Marks) -> Vec<Vec<u8>> {
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let mut state = State::Start;
    let mut fields = vec![Vec::new()];
    for byte in record {
        let (meaning, next) = state.step(*byte, marks);
        state = next;
        match (meaning, fields.last_mut()) {
            (Meaning::Text, Some(field)) => field.push(*byte),
            _ => fields.push(Vec::new()),
        }
    }
    fields
}

fn name(field: &[u8], at: usize, file: &str) -> Result<String> {
    let bytes = unquoted(field).map_or_else(|| field.to_vec(), |inner| inner.into_owned());
    String::from_utf8(bytes).map_err(|error| {
        let name = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let position = FilePosition { file: file.to_owned(), byte: None, line: Some(1), column: Some((at + 1, name)) };
        Error::new(DataError::Encoding { position })
    })
}
