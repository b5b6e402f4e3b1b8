//! A folder with one file for each combination of values of some columns: `day=2024-01-31/part-0.parquet`, as Hive names them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use frame_core::{Batch, Error, QueryError, Result, Span};
use frame_expr::BoundExpr;
use frame_io::Pending;
use frame_io::formats::{Destination, OutputFormat, Writer, failure};

use super::sink::buffered;
use crate::compact::compacted;

/// The most partitions of a folder: each keeps a file open.
const PARTITIONS_MAX: usize = 1000;
/// The bytes of rows that all writers together keep before they have to write them.
const KEPT_BYTES: usize = 64 << 20;
/// What stands for a null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// What the rows of a folder are told apart by.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The columns, and their values as texts.
    pub(crate) columns: Vec<(String, BoundExpr)>,
    /// Where the path stands in the query text.
    pub(crate) span: Span,
}

/// A folder being written.
pub(super) struct Folder<'a> {
    path: &'a str,
    format: &'static OutputFormat,
    keys: &'a Keys,
    /// The columns that are no keys: those of the files.
    rest: Vec<usize>,
    schema: SchemaRef,
    pending: Pending,
    converter: RowConverter,
    /// The number of each partition by its packed values.
    known: HashMap<Box<[u8]>, usize>,
    parts: Vec<Part>,
}

struct Part {
    writer: Box<dyn Writer>,
    /// The rows of the batch in hand.
    rows: Vec<u32>,
}

impl<'a> Folder<'a> {
    pub(super) fn create(path: &'a str, format: &'static OutputFormat, keys: &'a Keys, schema: &SchemaRef) -> Result<Self> {
        let is_key = |at: &usize| keys.columns.iter().any(|(name, _)| name == schema.field(*at).name());
        let rest: Vec<usize> = (0..schema.fields().len()).filter(|at| !is_key(at)).collect();
        let texts = keys.columns.iter().map(|_| SortField::new(DataType::Utf8View)).collect();
        Ok(Self {
            schema: Arc::new(Schema::new(rest.iter().map(|at| schema.field(*at).clone()).collect::<Vec<_>>())),
            pending: Pending::folder(path).map_err(|error| failure(path, &error))?,
            converter: RowConverter::new(texts)?,
            known: HashMap::new(),
            parts: Vec::new(),
            path,
            format,
            keys,
            rest,
        })
    }

    /// Writes the rows of a dense batch, each into the file of its partition.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<()> {
        let texts = self.keys.columns.iter().map(|(_, text)| text.evaluate(batch.columns(), batch.len())).collect::<Result<Vec<_>>>()?;
        let packed = self.converter.convert_columns(&texts)?;
        let mut touched = Vec::new();
        for (row, key) in packed.iter().enumerate() {
            let part = match self.known.get(key.as_ref()) {
                Some(part) => *part,
                None => self.begin(key.as_ref(), &texts, row)?,
            };
            let rows = &mut self.parts[part].rows;
            if rows.is_empty() {
                touched.push(part);
            }
            rows.push(row as u32);
        }
        for part in touched {
            let Part { writer, rows } = &mut self.parts[part];
            let rows = UInt32Array::from(std::mem::take(rows));
            let column = |at: &usize| -> Result<ArrayRef> {
                let column = &batch.columns()[*at];
                Ok(if rows.len() == batch.len() { column.clone() } else { take(column, &rows, None)? })
            };
            let columns = self.rest.iter().map(column).collect::<Result<_>>()?;
            let part = compacted(Batch::new(self.schema.clone(), columns, rows.len())?)?;
            writer.write(&part.into_record_batch()?).map_err(|error| failure(self.path, &error))?;
        }
        if self.pending_bytes() > KEPT_BYTES {
            self.shrink()?;
        }
        Ok(())
    }

    /// Opens the file of the partition that `row` is the first of.
    fn begin(&mut self, key: &[u8], texts: &[ArrayRef], row: usize) -> Result<usize> {
        if self.parts.len() == PARTITIONS_MAX {
            let error = QueryError::TooLarge { what: "the number of different partitions", limit: PARTITIONS_MAX };
            let hint = "partition by a column with fewer values, for example a month or a year instead of a time";
            return Err(Error::new(error).at(self.keys.span).hint(hint));
        }
        let folders = self.keys.columns.iter().zip(texts).map(|((name, _), texts)| {
            let texts = texts.as_string_view();
            let value = if texts.is_null(row) { NULL.to_owned() } else { value(texts.value(row)) };
            format!("{}={value}", encoded(name))
        });
        let failed = |error| failure(self.path, &error);
        let extension = self.format.extensions.first().unwrap_or(&self.format.name);
        let file = self.pending.file_within(folders, &format!("part-0.{extension}")).map_err(failed)?;
        let writer = (self.format.open)(buffered(file), &self.schema, Destination::File).map_err(failed)?;
        self.parts.push(Part { writer, rows: Vec::new() });
        self.known.insert(key.into(), self.parts.len() - 1);
        Ok(self.parts.len() - 1)
    }

    pub(super) fn pending_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.writer.pending_bytes()).sum()
    }

    /// Halves these bytes at least.
    pub(super) fn shrink(&mut self) -> Result<()> {
        self.parts.iter_mut().try_for_each(|part| part.writer.shrink()).map_err(|error| failure(self.path, &error))
    }

    pub(super) fn finish(self) -> Result<Pending> {
        for part in self.parts {
            part.writer.finish().map_err(|error| failure(self.path, &error))?;
        }
        Ok(self.pending)
    }
}

/// A value as part of a name; a text that looks like a null does not become one.
fn value(text: &str) -> String {
    if text == NULL { encoded(text).replacen('_', "%5F", 1) } else { encoded(text) }
}

/// A text with every byte but ASCII letters, digits and `-_.~` as a percent sign and two digits.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_names_of_folders() {
        for (text, name) in [
            ("2024-01-31", "2024-01-31"),
            ("a/b", "a%2Fb"),
            ("é =", "%C3%A9%20%3D"),
            ("", ""),
            ("%41", "%2541"),
            (NULL, "%5F_HIVE_DEFAULT_PARTITION__"),
        ] {
            assert_eq!(value(text), name);
        }
    }
}
