//! What it takes to write a format: a name, its extensions, and a way to open a [`Writer`].

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use frame_core::{Error, IoError};

use super::WRITTEN;

/// Endings of file names that promise a format which cannot be written.
const FOREIGN: [&str; 12] = ["json", "xlsx", "xls", "avro", "orc", "xml", "gz", "zst", "bz2", "xz", "zip", "sqlite"];

/// Where the bytes of an answer go.
pub type Out = Box<dyn io::Write + Send>;

/// What the bytes end up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A file, which is read when it is complete.
    File,
    /// A pipe or a terminal, which is read while it is written.
    Stream,
}

/// A format that answers can be written in.
#[derive(Debug, Clone, Copy)]
pub struct OutputFormat {
    /// The name on the command line.
    pub name: &'static str,
    /// The endings of file names that stand for it, without the point, in small letters.
    pub extensions: &'static [&'static str],
    /// What it is, in a few words.
    pub help: &'static str,
    /// Whether it is not for a terminal.
    pub is_binary: bool,
    /// Starts an answer of this schema: what comes before the rows is written.
    pub open: fn(Out, &SchemaRef, Destination) -> io::Result<Box<dyn Writer>>,
}

/// An answer being written.
pub trait Writer {
    /// From now on the writer may share its work. What it writes is the same.
    fn share(&mut self, _workers: Arc<dyn Workers>) {}

    /// Writes the rows of a batch, which has the schema that the writer was opened with.
    ///
    /// # Errors
    /// Those of what is written to; one that holds a [`frame_core::Error`] for what the format has no form for.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;

    /// Bytes of memory that hold rows which were not written yet; formats that keep none say 0.
    fn pending_bytes(&self) -> usize {
        0
    }

    /// Halves these bytes at least: rows are packed or written, even if more of them together would be better.
    ///
    /// # Errors
    /// Those of what is written to.
    fn shrink(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Writes what comes behind the rows.
    ///
    /// # Errors
    /// Those of what is written to.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The format of this name.
pub fn by_name(name: &str) -> Option<&'static OutputFormat> {
    WRITTEN.iter().find(|format| format.name == name)
}

/// The format that a file of this name is written in: by its ending, else CSV; `None` for an ending that promises a format which cannot
/// be written.
pub fn by_path(path: &str) -> Option<&'static OutputFormat> {
    let extension = Path::new(path).extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match WRITTEN.iter().find(|format| format.extensions.contains(&extension.as_str())) {
        None if FOREIGN.contains(&extension.as_str()) => None,
        found => found.or_else(|| WRITTEN.first()),
    }
}

/// The error for a write to `path` that failed.
pub fn failure(path: &str, error: &io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(inner) => inner.clone(),
        None => Error::new(IoError::new("write", path, error)),
    }
}

/// Those who take a part of a writer's work.
pub trait Workers: Send + Sync {
    /// Does `task` for each of `0 .. count`, several at once, and waits until all are done.
    fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync));
}

/// What `task` makes of each item, several at once; `None` where it has panicked.
pub(crate) fn each<T: Send, R: Send>(items: Vec<T>, workers: &dyn Workers, task: impl Fn(T) -> R + Sync) -> Vec<Option<R>> {
    let items: Vec<_> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let done: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    workers.each(items.len(), &|at| {
        let item = items[at].lock().unwrap_or_else(PoisonError::into_inner).take();
        *done[at].lock().unwrap_or_else(PoisonError::into_inner) = item.map(&task);
    });
    done.into_iter().map(|done| done.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// The thread that asks.
pub struct Alone;

impl Workers for Alone {
    fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_are_found_and_unique() {
        let mut seen = Vec::new();
        for format in WRITTEN {
            assert_eq!(by_name(format.name).map(|found| found.name), Some(format.name));
            for extension in format.extensions {
                let path = format!("folder.x/a.b.{}", extension.to_uppercase());
                assert_eq!(by_path(&path).map(|found| found.name), Some(format.name));
                assert!(!seen.contains(extension), "{extension}");
                seen.push(*extension);
            }
        }
        assert!(by_name("xml").is_none() && by_path("a.xml").is_none());
        for path in ["a", "a.txt", "a.parquet/b", ".csv"] {
            assert_eq!(by_path(path).map(|found| found.name), Some("csv"), "{path}");
        }
    }
}
