//! Reading and writing files and streams.

use std::io;

/// A failed operation of the system. `std::io::Error` is kept as its kind and text, so that errors stay comparable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation} {path}: {reason}")]
pub struct IoError {
    /// What was tried: `open`, `read`, `write` …
    pub operation: &'static str,
    /// The path as the user gave it.
    pub path: String,
    /// What the system said.
    pub reason: String,
    /// The class of the failure.
    pub kind: io::ErrorKind,
    /// Whether the process or the system ran out of file handles.
    pub handles_exhausted: bool,
}

impl IoError {
    /// What the system answered to `operation` on `path`.
    pub fn new(operation: &'static str, path: impl Into<String>, error: &io::Error) -> Self {
        const ENFILE: i32 = 23;
        const EMFILE: i32 = 24;
        Self {
            operation,
            path: path.into(),
            reason: error.to_string(),
            kind: error.kind(),
            handles_exhausted: matches!(error.raw_os_error(), Some(ENFILE | EMFILE)),
        }
    }

    pub(super) fn code(&self) -> (&'static str, &'static str) {
        match self.kind {
            _ if self.handles_exhausted => ("E0703", "file-handles-exhausted"),
            io::ErrorKind::NotFound => ("E0701", "file-not-found"),
            _ => ("E0702", "io"),
        }
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self.kind {
            _ if self.handles_exhausted => 7,
            io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory if self.operation != "write" => 2,
            _ => 1,
        }
    }

    pub(super) fn advice(&self) -> Option<String> {
        let advice = match self.kind {
            _ if self.handles_exhausted => "raise the limit with `ulimit -n`, or use fewer threads (-j)",
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "check the path; relative paths start at the current folder",
            io::ErrorKind::IsADirectory => "name a file inside it",
            io::ErrorKind::PermissionDenied => "check who may read or write it",
            io::ErrorKind::StorageFull => "make room there, or name another place",
            _ => return None,
        };
        Some(advice.to_owned())
    }
}
