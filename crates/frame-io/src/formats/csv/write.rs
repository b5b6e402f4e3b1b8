//! Writing delimited text: what is written here is read back as it was. Nulls are unquoted and empty, empty text is quoted, floats keep
//! a point or an exponent.

use std::fmt::Write as _;
use std::io;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType};
use frame_core::{Result, calendar};

/// Writes record batches as delimited text.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    delimiter: u8,
    /// Rows on their way out.
    text: String,
}

impl<W: io::Write> Writer<W> {
    /// A writer to `out`, which should be buffered or take large writes.
    pub fn new(out: W, delimiter: u8) -> Self {
        Self { out, delimiter, text: String::new() }
    }

    /// Writes the names of the columns.
    ///
    /// # Errors
    /// Those of the underlying writer.
    pub fn header(&mut self, schema: &Schema) -> io::Result<()> {
        for (at, field) in schema.fields().iter().enumerate() {
            self.separate(at);
            push_text(&mut self.text, field.name(), self.delimiter, false);
        }
        self.text.push('\n');
        self.flush_text()
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    /// Those of the underlying writer; an internal one for a type that has no text form.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let cells = batch.columns().iter().map(Cells::new).collect::<Result<Vec<_>>>().map_err(io::Error::other)?;
        for row in 0..batch.num_rows() {
            for (at, cells) in cells.iter().enumerate() {
                self.separate(at);
                cells.push(&mut self.text, row, self.delimiter);
            }
            self.text.push('\n');
        }
        self.flush_text()
    }

    /// Hands the underlying writer back.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn separate(&mut self, at: usize) {
        if at > 0 {
            self.text.push(char::from(self.delimiter));
        }
    }

    fn flush_text(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// A column in the type that it is written in.
struct Cells {
    array: ArrayRef,
    kind: Kind,
}

enum Kind {
    Bool,
    Int,
    Float,
    Float32,
    Date,
    Timestamp,
    Text,
    /// Whatever Arrow prints.
    Other,
}

impl Cells {
    fn new(column: &ArrayRef) -> Result<Self> {
        let text =
            |data_type: &DataType| matches!(data_type, DataType::Dictionary(_, values) if values.is_string()) || data_type.is_string();
        let (kind, to) = match column.data_type() {
            DataType::Boolean => (Kind::Bool, None),
            DataType::UInt64 => (Kind::Other, None),
            integer if integer.is_integer() => (Kind::Int, Some(DataType::Int64)),
            DataType::Float64 => (Kind::Float, None),
            DataType::Float32 => (Kind::Float32, None),
            DataType::Date32 => (Kind::Date, None),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => (Kind::Other, None),
            DataType::Timestamp(_, None) => (Kind::Timestamp, Some(DataType::Timestamp(TimeUnit::Microsecond, None))),
            other if text(other) => (Kind::Text, Some(DataType::Utf8View)),
            _ => (Kind::Other, None),
        };
        let array = to.map_or_else(|| Ok(column.clone()), |to| cast(column, &to))?;
        Ok(Self { array, kind })
    }

    fn push(&self, text: &mut String, row: usize, delimiter: u8) {
        if self.array.is_null(row) {
            return;
        }
        // Writing to a string cannot fail.
        let _ = match self.kind {
            Kind::Bool => write!(text, "{}", self.array.as_boolean().value(row)),
            Kind::Int => write!(text, "{}", self.array.as_primitive::<Int64Type>().value(row)),
            Kind::Float => write!(text, "{:?}", self.array.as_primitive::<Float64Type>().value(row)),
            Kind::Float32 => write!(text, "{:?}", self.array.as_primitive::<Float32Type>().value(row)),
            Kind::Date => write!(text, "{}", calendar::date_text(self.array.as_primitive::<Date32Type>().value(row))),
            Kind::Timestamp => {
                write!(text, "{}", calendar::timestamp_text(self.array.as_primitive::<TimestampMicrosecondType>().value(row)))
            }
            Kind::Text => {
                push_text(text, self.array.as_string_view().value(row), delimiter, true);
                Ok(())
            }
            Kind::Other => {
                let value = arrow::util::display::array_value_to_string(&self.array, row).unwrap_or_default();
                push_text(text, &value, delimiter, false);
                Ok(())
            }
        };
    }
}

/// Text, in quotes where it would be read as something else without them.
fn push_text(out: &mut String, value: &str, delimiter: u8, empty_is_text: bool) {
    let is_special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    let is_quoted = value.bytes().any(is_special) || value.is_empty() && empty_is_text;
    if !is_quoted {
        return out.push_str(value);
    }
    out.push('"');
    for part in value.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, Float64Array, StringArray};

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
}
