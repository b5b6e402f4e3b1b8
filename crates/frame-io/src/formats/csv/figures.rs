//! What the samples that types are inferred from say of all rows.

use std::sync::Arc;

use frame_core::{Result, TableFigures};

use super::infer::SAMPLE_BYTES;
use super::partition::PartitionReader;
use super::stream::Records;
use super::structure::PADDING;
use super::table::Opened;
use crate::MemoryFile;
use crate::sample::Sample;
use crate::streams::Cutter;

/// A sample that holds no whole record is read again, larger, up to this.
const RECORD_BYTES_MAX: u64 = 4 << 20;

/// A chunk is in memory with the one before it, and with its bounds of four bytes each.
const CHUNK_COPIES: usize = 6;

/// Looks at the samples once more, and at all records in them.
pub(super) fn figures(table: &Opened) -> Result<TableFigures> {
    let mut sample = Sample::new(&table.schema);
    for start in &table.samples {
        let Some(records) = records(table, *start)? else { continue };
        let bytes = records.len();
        let file = Arc::new(MemoryFile::new(table.file.path(), records));
        let mut piece = table.piece(file, false);
        // The run tells what is wrong with a row.
        piece.rejects = None;
        sample.add(bytes, usize::MAX, |request| Ok(Box::new(PartitionReader::new(Arc::new(piece), 0, request.clone())?)));
    }
    let bytes = table.file.len() - table.data_start;
    let rows = sample.rows_of(bytes as f64).unwrap_or_default();
    let reading_bytes = (CHUNK_COPIES * table.chunk_bytes).min(CHUNK_COPIES * (bytes as usize + PADDING)) as f64;
    Ok(TableFigures { bytes, partitions: table.partitions(), reading_bytes, ..sample.figures(rows) })
}

/// The whole records from a place on.
fn records(table: &Opened, start: u64) -> Result<Option<Vec<u8>>> {
    let rest = table.file.len() - start;
    let mut size = SAMPLE_BYTES.min(rest);
    loop {
        let mut bytes = vec![0; size as usize + PADDING];
        table.file.read_exact_at(&mut bytes[..size as usize], start)?;
        let end = if size == rest { Some(size as usize) } else { Records(table.scanner).cut(&bytes, size as usize) };
        match end {
            Some(end) => {
                bytes.truncate(end);
                return Ok((end > 0).then_some(bytes));
            }
            None if size >= RECORD_BYTES_MAX => return Ok(None),
            None => size = (4 * size).min(rest),
        }
    }
}
