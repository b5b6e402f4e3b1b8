//! An HTML page with one table, to look at in a browser. Everything is escaped; numbers stand on the right; null is an empty cell.

use std::io;

use arrow::datatypes::SchemaRef;

use super::text::{RowWriter, Rows, Spelling};
use super::{Destination, Out, OutputFormat, Writer};

/// A page for a browser.
pub(super) const HTML: OutputFormat =
    OutputFormat { name: "html", extensions: &["html", "htm"], help: "a page with a table", is_binary: false, open };

const START: &[u8] = b"<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<style>\n\
    table { border-collapse: collapse; font-family: sans-serif }\nth, td { border-bottom: 1px solid #ccc; padding: 2px 8px; text-align: left }\n\
    th.n, td.n { text-align: right; font-variant-numeric: tabular-nums }\n</style>\n</head>\n<body>\n<table>\n<thead>\n<tr>";

fn open(out: Out, schema: &SchemaRef, destination: Destination) -> io::Result<Box<dyn Writer>> {
    let mut rows = RowWriter::new(out, Escaped);
    let last = schema.fields().len().saturating_sub(1);
    let mut header = START.to_vec();
    for field in schema.fields() {
        header.extend_from_slice(if field.data_type().is_numeric() { b"<th class=\"n\">" } else { b"<th>" });
        push_text(&mut header, field.name());
        header.extend_from_slice(b"</th>");
    }
    header.extend_from_slice(b"</tr>\n</thead>\n<tbody>\n");
    rows.set_columns(schema.fields().iter().enumerate().map(|(at, field)| {
        let mut before = if at == 0 { b"<tr>".to_vec() } else { Vec::new() };
        before.extend_from_slice(if field.data_type().is_numeric() { b"<td class=\"n\">" } else { b"<td>" });
        (before, if at == last { b"</td></tr>\n".to_vec() } else { b"</td>".to_vec() })
    }));
    rows.push(&header)?;
    Ok(Box::new(Rows::new(rows, b"</tbody>\n</table>\n</body>\n</html>\n", destination)))
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
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            _ => out.push(byte),
        }
    }
}
