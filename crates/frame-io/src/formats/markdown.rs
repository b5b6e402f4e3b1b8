//! Markdown tables, as GitHub and others show them: numbers on the right, null an empty cell. Characters that Markdown would act on are
//! escaped.

use std::io;

use arrow::datatypes::SchemaRef;

use super::text::{RowWriter, Rows, Spelling};
use super::{Destination, Out, OutputFormat, Writer};

/// A table to paste into a document.
pub(super) const MARKDOWN: OutputFormat =
    OutputFormat { name: "markdown", extensions: &["md", "markdown"], help: "a table for documents", is_binary: false, open };

fn open(out: Out, schema: &SchemaRef, destination: Destination) -> io::Result<Box<dyn Writer>> {
    let mut rows = RowWriter::new(out, Escaped);
    let last = schema.fields().len().saturating_sub(1);
    let mut header = Vec::new();
    let mut rule = Vec::new();
    for field in schema.fields() {
        header.extend_from_slice(b"| ");
        push_text(&mut header, field.name());
        header.push(b' ');
        rule.extend_from_slice(if field.data_type().is_numeric() { b"| ---: " } else { b"| --- " });
    }
    header.extend_from_slice(b"|\n");
    header.append(&mut rule);
    header.extend_from_slice(b"|\n");
    rows.set_columns((0..=last).map(|at| {
        let before = if at == 0 { b"| ".to_vec() } else { b" | ".to_vec() };
        (before, if at == last { b" |\n".to_vec() } else { Vec::new() })
    }));
    rows.push(&header)?;
    Ok(Box::new(Rows::new(rows, b"", destination)))
}

struct Escaped;

impl Spelling for Escaped {
    fn text(&self, out: &mut Vec<u8>, value: &str) {
        push_text(out, value);
    }
}

fn push_text(out: &mut Vec<u8>, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'|' | b'\\' | b'`' | b'*' | b'_' | b'[' | b']' | b'~' => out.extend_from_slice(&[b'\\', byte]),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'\n' => out.extend_from_slice(b"<br>"),
            b'\r' => {}
            _ => out.push(byte),
        }
    }
}
