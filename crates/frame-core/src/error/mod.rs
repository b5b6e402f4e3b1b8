//! Errors of frame: a closed set of kinds that carry data; the text is built when it is shown.

mod data;
mod disk;
mod io;
mod memory;
mod query;
mod secrets;
mod suggest;

use std::fmt;

use unicode_width::UnicodeWidthChar;

pub use data::DataError;
pub use disk::DiskError;
pub use io::IoError;
pub use memory::MemoryError;
pub use query::QueryError;
pub use secrets::without_secrets;
pub use suggest::nearest;

/// The result of everything in frame that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A stretch of the query text, in bytes: `start .. end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start .. end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place in an input file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePosition {
    /// The path as the user gave it.
    pub file: String,
    /// Byte offset, from 0.
    pub byte: Option<u64>,
    /// Line number, from 1, if it is known.
    pub line: Option<u64>,
    /// Column number (from 1) and name.
    pub column: Option<(usize, String)>,
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some((number, name)) = &self.column {
            write!(f, ", column {number} `{}`", short(name))?;
        }
        if let Some(byte) = self.byte {
            write!(f, ", byte {byte}")?;
        }
        Ok(())
    }
}

/// Text of a user's data as a message shows it: in one line, without control characters, and not longer than a line.
pub(crate) fn short(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Why a run stopped. The set is closed: callers can match it exhaustively.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The query or the command line is wrong (exit code 2).
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The data is wrong (exit code 3).
    #[error(transparent)]
    Data(#[from] DataError),
    /// The memory limit cannot be kept (exit code 4).
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The spill disk is full or failing (exit code 5).
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Reading or writing failed (exit code 1; 2 for a missing input, 7 for exhausted file handles).
    #[error(transparent)]
    Io(#[from] IoError),
    /// The run was cancelled (exit code 130).
    #[error("cancelled")]
    Cancelled,
    /// A promise of frame itself is broken (exit code 1).
    #[error("internal error: {0}; please report this")]
    Bug(String),
}

/// An error with everything that is known about its place and its cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    span: Option<Span>,
    hint: Option<String>,
}

impl Error {
    /// An error of a kind, without a place.
    pub fn new(kind: impl Into<ErrorKind>) -> Self {
        Self(Box::new(Inner { kind: kind.into(), span: None, hint: None }))
    }

    /// A broken promise of frame itself.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug(what.into()))
    }

    /// The run was cancelled.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled)
    }

    /// The same error at a place in the query text; a place it already has is kept, and no place (the default span) is none.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        if span != Span::default() {
            self.0.span.get_or_insert(span);
        }
        self
    }

    /// The same error with advice on what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Where in the query text.
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }

    /// Where in an input file.
    pub fn file_position(&self) -> Option<&FilePosition> {
        match self.kind() {
            ErrorKind::Data(error) => error.position(),
            _ => None,
        }
    }

    /// What to try: set with [`Error::hint`], or what the kind itself advises.
    pub fn advice(&self) -> Option<String> {
        self.0.hint.clone().or_else(|| match self.kind() {
            ErrorKind::Query(error) => error.advice(),
            ErrorKind::Data(error) => error.advice(),
            ErrorKind::Memory(error) => Some(error.advice()),
            ErrorKind::Disk(error) => Some(error.advice()),
            ErrorKind::Io(error) => error.advice(),
            ErrorKind::Cancelled | ErrorKind::Bug(_) => None,
        })
    }

    /// The stable code and name, such as `("E0203", "unknown-column")`.
    pub fn code(&self) -> (&'static str, &'static str) {
        match self.kind() {
            ErrorKind::Query(error) => error.code(),
            ErrorKind::Data(error) => error.code(),
            ErrorKind::Memory(error) => error.code(),
            ErrorKind::Disk(error) => error.code(),
            ErrorKind::Io(error) => error.code(),
            ErrorKind::Cancelled => ("E0801", "cancelled"),
            ErrorKind::Bug(_) => ("E0901", "internal"),
        }
    }

    /// The documented exit code of the command line for this error.
    pub fn exit_code(&self) -> u8 {
        match self.kind() {
            ErrorKind::Query(_) => 2,
            ErrorKind::Data(_) => 3,
            ErrorKind::Memory(_) => 4,
            ErrorKind::Disk(_) => 5,
            ErrorKind::Io(error) => error.exit_code(),
            ErrorKind::Cancelled => 130,
            ErrorKind::Bug(_) => 1,
        }
    }

    /// The error as a person reads it: code, message, the line of `query` it points at with a caret, what to try.
    pub fn render(&self, query: Option<&str>) -> String {
        let mut text = format!("error[{}]: {self}\n", self.code().0);
        let advice = self.advice();
        match (self.span(), query) {
            (Some(span), Some(query)) => text.push_str(&caret(query, span, advice.as_deref())),
            _ => text.extend(advice.map(|advice| format!("  try: {advice}\n"))),
        }
        text
    }
}

/// The line of `query` that holds `span`, and under it carets and the advice.
fn caret(query: &str, span: Span, advice: Option<&str>) -> String {
    let floor = |mut at: usize| {
        at = at.min(query.len());
        while !query.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(span.start), floor(span.end.max(span.start)));
    let line_start = query[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = query[start..].find('\n').map_or(query.len(), |at| start + at);
    // A long line is shown around the place only.
    let shown_start = floor(if start - line_start > 60 { start - 40 } else { line_start });
    let shown_end = floor(line_end.min(shown_start + 140));
    // Some letters are two cells wide, some none.
    let width = |text: &str| text.chars().map(|c| c.width().unwrap_or(1)).sum::<usize>();
    let indent: String = query[shown_start..start]
        .split_inclusive('\t')
        .map(|part| " ".repeat(width(part.trim_end_matches('\t'))) + &part[part.trim_end_matches('\t').len()..])
        .collect();
    let carets = "^".repeat(width(&query[start..end.min(shown_end).max(start)]).max(1));
    let advice = advice.map(|advice| format!(" {advice}")).unwrap_or_default();
    let secrets = secrets::secrets(query);
    let visible = query[shown_start..shown_end].char_indices().map(|(at, c)| match c {
        _ if secrets.iter().any(|secret| secret.contains(&(shown_start + at))) => '*',
        c if c.is_control() && c != '\t' => '\u{fffd}',
        c => c,
    });
    let visible: String = visible.collect();
    format!("  {visible}\n  {indent}{carets}{advice}\n")
}

impl fmt::Display for Error {
    /// What went wrong, without the secrets of URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_secrets(&self.0.kind.to_string()))
    }
}

impl std::error::Error for Error {}

impl<K: Into<ErrorKind>> From<K> for Error {
    fn from(kind: K) -> Self {
        Self::new(kind)
    }
}

/// Arrow's own errors reach a user only through a mistake of ours: inputs are checked before a kernel sees them.
impl From<arrow::error::ArrowError> for ErrorKind {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Bug(error.to_string())
    }
}
