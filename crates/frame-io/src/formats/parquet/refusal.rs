//! How this format says no: damage, features that are not read, and panics of the `parquet` crate turned into errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_core::{DataError, Error, ErrorKind, Result};
use parquet::errors::ParquetError;

const FORMAT: &str = "Parquet";

/// The error for a file that contradicts itself.
pub(super) fn damaged(file: &str, reason: impl Into<String>) -> Error {
    Error::new(DataError::Damaged { file: file.to_owned(), format: FORMAT, reason: reason.into() })
}

/// The error for a feature that is not read.
pub(super) fn unsupported(file: &str, what: impl Into<String>) -> Error {
    Error::new(DataError::Unsupported { file: file.to_owned(), what: what.into() })
}

/// The same error, if it tells of damage, with the column that it was found in.
pub(super) fn in_column(error: Error, column: &str) -> Error {
    match error.kind() {
        ErrorKind::Data(DataError::Damaged { file, reason, .. }) => damaged(file, format!("column `{column}`: {reason}")),
        ErrorKind::Data(DataError::Unsupported { file, what }) => unsupported(file, format!("column `{column}`: {what}")),
        _ => error,
    }
}

/// Runs code of the `parquet` crate on bytes of `file`: its errors and its panics both mean that the file is damaged.
pub(super) fn guard<T>(file: &str, decode: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T> {
    // What `decode` touched is dropped by the caller after an error, so a state broken by unwinding is never seen.
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(refused(file, error)),
        Err(panic) => Err(damaged(file, format!("decoding stopped: {}", panic_text(panic.as_ref())))),
    }
}

fn refused(file: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::NYI(what) => unsupported(file, what),
        ParquetError::General(reason) | ParquetError::EOF(reason) | ParquetError::ArrowError(reason) => damaged(file, reason),
        other => damaged(file, other.to_string()),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a broken invariant")
}
