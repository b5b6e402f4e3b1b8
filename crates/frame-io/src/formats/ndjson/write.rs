//! Newline-delimited JSON: an object per row. Null, and floats that JSON has no number for (NaN and the infinities), are `null`; dates and
//! timestamps are ISO 8601 text.

use std::io;

use arrow::datatypes::SchemaRef;

use crate::formats::text::{RowWriter, Rows, Spelling};
use crate::formats::{Destination, Out, OutputFormat, Writer};

/// An object per line.
pub(in crate::formats) const NDJSON: OutputFormat =
    OutputFormat { name: "ndjson", extensions: &["ndjson", "jsonl"], help: "a JSON object per line", is_binary: false, open };

fn open(out: Out, schema: &SchemaRef, destination: Destination) -> io::Result<Box<dyn Writer>> {
    let mut rows = RowWriter::new(out, Json);
    let last = schema.fields().len().saturating_sub(1);
    rows.set_columns(schema.fields().iter().enumerate().map(|(at, field)| {
        let mut before = vec![if at == 0 { b'{' } else { b',' }];
        push_text(&mut before, field.name());
        before.push(b':');
        (before, if at == last { b"}\n".to_vec() } else { Vec::new() })
    }));
    Ok(Box::new(Rows::new(rows, b"", destination)))
}

struct Json;

impl Spelling for Json {
    const NULL: &'static [u8] = b"null";
    const QUOTE: &'static [u8] = b"\"";
    const IS_FINITE: bool = true;

    fn text(&self, out: &mut Vec<u8>, value: &str) {
        push_text(out, value);
    }
}

/// A JSON string.
fn push_text(out: &mut Vec<u8>, value: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = value.as_bytes();
    let mut done = 0;
    // Everything that is escaped is ASCII, so the stretches between are whole characters.
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        done = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}
