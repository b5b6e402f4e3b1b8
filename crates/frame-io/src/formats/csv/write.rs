//! Writing delimited text: what is written here is read back as it was. Nulls are unquoted and empty, empty text is quoted, floats keep
//! a point or an exponent.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use memchr::{memchr, memchr3};

use crate::formats::text::{RowWriter, Rows, Spelling};
use crate::formats::{self, Destination, Out, OutputFormat};

/// Comma-separated values.
pub(in crate::formats) const CSV: OutputFormat = OutputFormat {
    name: "csv",
    extensions: &["csv"],
    help: "comma-separated values",
    is_binary: false,
    open: |out, schema, destination| open(out, schema, b',', destination),
};

/// Tab-separated values.
pub(in crate::formats) const TSV: OutputFormat = OutputFormat {
    name: "tsv",
    extensions: &["tsv", "tab"],
    help: "tab-separated values, quoted as csv is",
    is_binary: false,
    open: |out, schema, destination| open(out, schema, b'\t', destination),
};

/// Texts up to this length are looked through byte by byte: a call would cost more.
const SHORT: usize = 16;

fn open(out: Out, schema: &SchemaRef, delimiter: u8, destination: Destination) -> io::Result<Box<dyn formats::Writer>> {
    let mut writer = Writer::new(out, delimiter);
    writer.header(schema)?;
    Ok(Box::new(Rows::new(writer.rows, b"", destination)))
}

/// Writes record batches as delimited text.
#[derive(Debug)]
pub struct Writer<W> {
    rows: RowWriter<W, Delimited>,
    delimiter: u8,
}

impl<W: io::Write> Writer<W> {
    /// A writer to `out`, which should be buffered if batches are small.
    pub fn new(out: W, delimiter: u8) -> Self {
        Self { rows: RowWriter::new(out, Delimited { delimiter }), delimiter }
    }

    /// Writes the names of the columns; comes before the first batch.
    ///
    /// # Errors
    /// Those of the underlying writer.
    pub fn header(&mut self, schema: &Schema) -> io::Result<()> {
        let mut text = Vec::new();
        for (at, field) in schema.fields().iter().enumerate() {
            if at > 0 {
                text.push(self.delimiter);
            }
            push_text(&mut text, field.name(), self.delimiter);
        }
        text.push(b'\n');
        let last = schema.fields().len().saturating_sub(1);
        let after = |at| vec![if at == last { b'\n' } else { self.delimiter }];
        self.rows.set_columns((0..schema.fields().len()).map(|at| (Vec::new(), after(at))));
        self.rows.push(&text)
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    /// Those of the underlying writer; one that holds a [`frame_core::Error`] for a value that has no text form.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.rows.write(batch)
    }

    /// Hands the underlying writer back.
    pub fn into_inner(self) -> W {
        self.rows.into_inner()
    }
}

/// The cells of delimited text: null is empty, empty text is two quotes.
#[derive(Debug)]
struct Delimited {
    delimiter: u8,
}

impl Spelling for Delimited {
    fn text(&self, out: &mut Vec<u8>, value: &str) {
        if value.is_empty() {
            return out.extend_from_slice(b"\"\"");
        }
        push_text(out, value, self.delimiter);
    }

    fn other(&self, out: &mut Vec<u8>, value: &str) {
        push_text(out, value, self.delimiter);
    }
}

/// Text, in quotes where it would be read as something else without them.
fn push_text(out: &mut Vec<u8>, value: &str, delimiter: u8) {
    let bytes = value.as_bytes();
    let is_special = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    let needs_quotes = match bytes.len() {
        0..=SHORT => bytes.iter().any(is_special),
        _ => memchr3(delimiter, b'"', b'\n', bytes).is_some() || memchr(b'\r', bytes).is_some(),
    };
    if !needs_quotes {
        return out.extend_from_slice(bytes);
    }
    out.push(b'"');
    for part in bytes.split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Date32Array, Float64Array, StringArray};

    use super::*;
    use crate::formats::csv::Class;

    #[test]
    fn what_is_written_reads_back() {
        let texts = StringArray::from(vec![Some("plain"), Some(""), None, Some("a,b \"c\"\nd"), Some("naïve")]);
        let floats = Float64Array::from(vec![Some(1200.0), Some(0.1), None, Some(f64::NAN), Some(-1e300)]);
        let days = Date32Array::from(vec![Some(0), Some(19_753), None, Some(-1), Some(1)]);
        let columns: Vec<(&str, ArrayRef)> = vec![("a b", Arc::new(texts)), ("x,y", Arc::new(floats)), ("day", Arc::new(days))];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).expect("a batch");
        let mut writer = Writer::new(Vec::new(), b',');
        writer.header(&batch.schema()).expect("memory");
        writer.write(&batch).expect("memory");
        let text = String::from_utf8(writer.into_inner()).expect("UTF-8");
        assert_eq!(
            text,
            "a b,\"x,y\",day\nplain,1200.0,1970-01-01\n\"\",0.1,2024-01-31\n,,\n\"a,b \"\"c\"\"\nd\",NaN,1969-12-31\nnaïve,-1e300,1970-01-02\n"
        );
        assert!(["1200.0", "0.1", "NaN", "-1e300"].map(|text| Class::of(text.as_bytes())).iter().all(|class| *class == Class::Float));
    }

    #[test]
    fn long_batches_read_back_in_whole() {
        let parts = [
            "",
            "plain",
            "a,b",
            "a\"b",
            "line\nbreak",
            "return\r",
            "tab\t",
            "a text of more than sixteen bytes",
            "another one, of more than sixteen",
        ];
        let texts: Vec<Option<String>> =
            (0..5_000_usize).map(|row| (row % 7 != 0).then(|| parts[row % parts.len()].repeat(1 + row % 3))).collect();
        let numbers: Vec<Option<i64>> = (0..5_000_i64).map(|row| (row % 11 != 0).then_some(row * row - 100_000)).collect();
        let columns: Vec<(&str, ArrayRef)> =
            vec![("t", Arc::new(StringArray::from(texts.clone()))), ("n", Arc::new(arrow::array::Int64Array::from(numbers.clone())))];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        for delimiter in [b',', b'\t', b';'] {
            let mut writer = Writer::new(Vec::new(), delimiter);
            writer.header(&batch.schema()).expect("memory");
            // Slices do not begin where their arrays do.
            writer.write(&batch.slice(0, 1_500)).expect("memory");
            writer.write(&batch.slice(1_500, 3_500)).expect("memory");
            let bytes = writer.into_inner();
            let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes.as_slice());
            let records: Vec<_> = reader.records().map(|record| record.expect("a record")).collect();
            assert_eq!(records.len(), 5_000);
            for ((record, text), number) in records.iter().zip(&texts).zip(&numbers) {
                assert_eq!(record.get(0), Some(text.as_deref().unwrap_or_default()));
                assert_eq!(record.get(1), Some(number.map(|number| number.to_string()).unwrap_or_default().as_str()));
            }
        }
    }
}
