//! What it takes to write a format: a name, its extensions, and a way to open a [`Writer`].

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::WRITTEN;

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
    /// Writes the rows of a batch, which has the schema that the writer was opened with.
    ///
    /// # Errors
    /// Those of what is written to; one that holds a [`frame_core::Error`] for what the format has no form for.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;

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

/// The format that a file of this ending (without the point) is written in.
pub fn by_extension(extension: &str) -> Option<&'static OutputFormat> {
    let extension = extension.to_ascii_lowercase();
    WRITTEN.iter().find(|format| format.extensions.contains(&extension.as_str()))
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
                assert_eq!(by_extension(&extension.to_uppercase()).map(|found| found.name), Some(format.name));
                assert!(!seen.contains(extension), "{extension}");
                seen.push(*extension);
            }
        }
        assert!(by_name("xml").is_none() && by_extension("xml").is_none());
    }
}
