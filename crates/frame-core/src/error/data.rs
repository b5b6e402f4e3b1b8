//! Mistakes in the data: each names the file and the place.

use super::{FilePosition, short};

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A record has another number of fields than the header.
    #[error("ragged row: {found} fields where the header has {expected}\n  {position}")]
    Ragged {
        /// The record.
        position: FilePosition,
        /// Fields in the header.
        expected: usize,
        /// Fields in the record.
        found: usize,
    },
    /// Text is not UTF-8.
    #[error("text is not valid UTF-8\n  {position}")]
    Encoding {
        /// The field.
        position: FilePosition,
    },
    /// A quoted field does not end.
    #[error("a quoted field never ends\n  {position}")]
    UnclosedQuote {
        /// Where the field begins.
        position: FilePosition,
    },
    /// One record is larger than the memory limit or the largest chunk allows.
    #[error("a single record is larger than {limit} bytes\n  {position}")]
    RecordTooLarge {
        /// Where the record begins.
        position: FilePosition,
        /// The largest record accepted.
        limit: u64,
    },
    /// A line of a file of JSON lines is no JSON object.
    #[error("bad JSON: {reason}\n  {position}")]
    Json {
        /// The place in the line.
        position: FilePosition,
        /// What is wrong there.
        reason: &'static str,
    },
    /// More rows were rejected than may be.
    #[error("more than {limit} of {file} were rejected")]
    Rejected {
        /// The file.
        file: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// A value cannot be converted.
    #[error("bad value: '{}' is not {expected}{}", short(.value), place(.position))]
    Value {
        /// The field, if it is known.
        position: Option<FilePosition>,
        /// The text found.
        value: String,
        /// The type wanted.
        expected: String,
    },
    /// A file is empty where a header is needed.
    #[error("the file is empty: {file}")]
    Empty {
        /// The file.
        file: String,
    },
    /// A file is damaged or not of its format.
    #[error("{file} is damaged or not {format}: {reason}")]
    Damaged {
        /// The file.
        file: String,
        /// The format it should have.
        format: &'static str,
        /// What was found.
        reason: String,
    },
    /// A key that must be there once in a side of a join is there again.
    #[error("the join expects {expected}, but {} is on the {side} side more than once", pairs(.columns, .values))]
    RepeatedKey {
        /// `left` or `right`.
        side: &'static str,
        /// What was expected, as it is written.
        expected: &'static str,
        /// The columns of the key.
        columns: Vec<String>,
        /// Their values.
        values: Vec<String>,
    },
    /// A file uses a feature that frame does not read.
    #[error("{file}: {what} is not supported")]
    Unsupported {
        /// The file.
        file: String,
        /// The feature.
        what: String,
    },
    /// A file changed while it was read.
    #[error("the file changed while it was read: {file} ({reason})")]
    Changed {
        /// The file.
        file: String,
        /// What gave it away.
        reason: String,
    },
}

/// `id` = 7, `day` = 2024-01-31
fn pairs(columns: &[String], values: &[String]) -> String {
    let pair = |(column, value): (&String, &String)| format!("`{}` = {}", short(column), short(value));
    columns.iter().zip(values).map(pair).collect::<Vec<_>>().join(", ")
}

fn place(position: &Option<FilePosition>) -> String {
    position.as_ref().map(|position| format!("\n  {position}")).unwrap_or_default()
}

impl DataError {
    pub(super) fn code(&self) -> (&'static str, &'static str) {
        match self {
            Self::Ragged { .. } => ("E0401", "ragged-row"),
            Self::Encoding { .. } => ("E0402", "bad-encoding"),
            Self::UnclosedQuote { .. } => ("E0403", "unclosed-quote"),
            Self::RecordTooLarge { .. } => ("E0404", "record-too-large"),
            Self::Json { .. } => ("E0405", "bad-json"),
            Self::Rejected { .. } => ("E0406", "too-many-rejects"),
            Self::Value { .. } => ("E0410", "bad-value"),
            Self::Empty { .. } => ("E0411", "empty-file"),
            Self::Damaged { .. } => ("E0412", "damaged-file"),
            Self::Unsupported { .. } => ("E0413", "unsupported"),
            Self::Changed { .. } => ("E0414", "file-changed"),
            Self::RepeatedKey { .. } => ("E0415", "repeated-key"),
        }
    }

    pub(super) fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::Ragged { position, .. }
            | Self::Encoding { position }
            | Self::UnclosedQuote { position }
            | Self::RecordTooLarge { position, .. }
            | Self::Json { position, .. } => Some(position),
            Self::Value { position, .. } => position.as_ref(),
            Self::Empty { .. } | Self::Rejected { .. } | Self::Damaged { .. } | Self::Unsupported { .. } => None,
            Self::Changed { .. } | Self::RepeatedKey { .. } => None,
        }
    }

    pub(super) fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::Ragged { .. } => {
                "check the delimiter (-d ';'); a field that holds the delimiter or a newline must be quoted; --ragged pad or reject reads on"
            }
            Self::Encoding { .. } => "name its encoding, for example --encoding latin1",
            Self::UnclosedQuote { .. } => "close the quote; a quote inside a quoted field is written twice",
            Self::RecordTooLarge { .. } => "look for a quote that is not closed near this place, or raise --memory",
            Self::Json { .. } => "each line must be one whole object: {\"a\": 1, \"b\": \"x\"}",
            Self::Value { .. } => "cast the column to text, or use `cast(column, type or null)`",
            Self::Rejected { .. } => "look at them with --rejects FILE, or raise --reject-limit",
            Self::Empty { .. } => "a CSV needs a header line; use --no-headers with --names for a file without one",
            Self::Damaged { .. } => "copy or download the file again; check its format with `frame schema`",
            Self::Unsupported { .. } => return None,
            Self::Changed { .. } => "run again when nothing writes to the file",
            Self::RepeatedKey { columns, .. } => {
                return Some(format!(
                    "keep one row of each key on that side first (`dedup {}`), or leave `expect` out",
                    columns.join(", ")
                ));
            }
        };
        Some(advice.to_owned())
    }
}
