//! Partitions: runs of neighbouring row groups. They depend on the file alone, never on threads or memory.

use std::ops::Range;

use parquet::file::metadata::ParquetMetaData;

/// Small row groups are put together until a partition has so many rows …
const ROWS_MAX: u64 = 250_000;
/// … or so many bytes in the file.
const BYTES_MAX: u64 = 16 << 20;

/// A run of row groups.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub groups: Range<usize>,
    /// Bytes of their columns in the file.
    pub bytes: u64,
}

/// Cuts the row groups of a file into partitions. A row group is never cut, however large.
pub(super) fn split(metadata: &ParquetMetaData) -> Vec<Partition> {
    let mut partitions: Vec<Partition> = Vec::new();
    let mut rows_in_last = 0;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows().max(0) as u64;
        // Sizes are checked where a chunk is read; here a wrong one only makes an odd partition.
        let bytes = group.columns().iter().fold(0_u64, |sum, chunk| sum.saturating_add(chunk.compressed_size().max(0) as u64));
        match partitions.last_mut() {
            Some(last) if rows_in_last + rows <= ROWS_MAX && last.bytes.saturating_add(bytes) <= BYTES_MAX => {
                last.groups.end = index + 1;
                last.bytes += bytes;
                rows_in_last += rows;
            }
            _ => {
                partitions.push(Partition { groups: index..index + 1, bytes });
                rows_in_last = rows;
            }
        }
    }
    partitions
}
