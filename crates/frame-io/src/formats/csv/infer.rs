//! The classes of the columns, from samples spread over the file.

use frame_core::Result;

use super::class::Class;
use super::parse::{Rows, class_of};
use super::records;
use super::structure::PADDING;
use super::table::Opened;

/// Samples per file, and how many records each may hold.
const SAMPLES: u64 = 16;
const SAMPLE_RECORDS: usize = 64;
pub(super) const SAMPLE_BYTES: u64 = 32 << 10;

/// Where to look: the same places whatever the size of partitions.
pub(super) fn places(data_start: u64, len: u64) -> Vec<u64> {
    let step = (len - data_start) / SAMPLES;
    if step < SAMPLE_BYTES { vec![data_start] } else { (0..SAMPLES).map(|sample| data_start + sample * step).collect() }
}

/// Joins the classes of the sampled fields into the columns.
pub(super) fn classes(table: &mut Opened) -> Result<()> {
    let (mut bytes, mut bounds) = (Vec::new(), Vec::new());
    let fields = table.columns.len();
    for sample in table.samples.clone() {
        let rest = table.file.len() - sample;
        let size = rest.min(SAMPLE_BYTES) as usize;
        bytes.clear();
        bytes.resize(PADDING + size + 1 + PADDING + table.slack(), 0);
        table.file.read_exact_at(&mut bytes[PADDING..PADDING + size], sample)?;
        let is_last = size as u64 == rest;
        if is_last {
            bytes[PADDING + size] = b'\n';
        }
        let found = table.scanner.scan(&bytes, PADDING, PADDING + size + usize::from(is_last), &mut bounds);
        let records = records::split(&bytes, &mut bounds, found.newlines, fields, table.ragged);
        let mut left = SAMPLE_RECORDS;
        for stretch in records.stretches {
            let bounds = &bounds[stretch.bound..=stretch.bound + stretch.records.min(left) * fields];
            let rows = Rows::new(&bytes, bounds, fields).noted(table.notation);
            left -= rows.len();
            join_classes(table, &rows);
        }
    }
    Ok(())
}

fn join_classes(table: &mut Opened, rows: &Rows<'_>) {
    for (index, column) in table.columns.iter_mut().enumerate() {
        for row in 0..rows.len() {
            let field = rows.field(row, index);
            if !field.is_empty() && column.class != Class::Text {
                column.class = column.class.join(class_of(field, rows.notation()));
            }
        }
    }
}
