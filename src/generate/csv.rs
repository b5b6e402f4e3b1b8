//! Sales as CSV.

use std::io::{self, Write};

use frame_core::calendar;

use super::{Sale, Sales};

/// About how long a row is.
pub(crate) const BYTES_PER_ROW: u64 = 77;

/// Writes every sale to `out`.
pub(crate) fn write(mut sales: Sales, mut out: impl Write) -> io::Result<()> {
    out.write_all(b"id,ts,category,value,note\n")?;
    let mut sale = Sale::default();
    while sales.next_into(&mut sale) {
        write!(out, "{},", sale.id)?;
        if let Some(second) = sale.second {
            out.write_all(calendar::timestamp_text(second * 1_000_000).as_bytes())?;
        }
        match sale.category {
            Some(category) => write!(out, ",category_{category:03},")?,
            None => out.write_all(b",,")?,
        }
        if let Some(value) = sale.value {
            out.write_all(decimal(value).as_bytes())?;
        }
        out.write_all(b",")?;
        if sale.note.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n')) {
            write!(out, "\"{}\"", sale.note.replace('"', "\"\""))?;
        } else {
            out.write_all(sale.note.as_bytes())?;
        }
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Ten-thousandths as a decimal, without zeros at the end but with a point.
fn decimal(value: i64) -> String {
    let text = format!("{}{}.{:04}", if value < 0 { "-" } else { "" }, value.abs() / 10_000, value.abs() % 10_000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let bytes = |seed, rows| {
            let mut out = Vec::new();
            write(Sales::new(seed, rows), &mut out).expect("memory");
            out
        };
        assert_eq!(bytes(42, 500), bytes(42, 500));
        assert_ne!(bytes(42, 500), bytes(43, 500));
        assert!(bytes(42, 500).starts_with(&bytes(42, 100)));
        let rows: Vec<_> = csv::Reader::from_reader(bytes(42, 2000).as_slice()).into_records().collect();
        assert_eq!(rows.len(), 2000);
        assert!(rows.iter().all(|row| row.as_ref().is_ok_and(|row| row.len() == 5)));
    }

    #[test]
    fn decimals() {
        assert_eq!([10_000_000, 12_345, -5, 0].map(decimal), ["1000.0", "1.2345", "-0.0005", "0.0"]);
    }
}
