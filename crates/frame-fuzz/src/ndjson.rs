//! JSON lines: sizes of batches, chunks and partitions change nothing.

use std::sync::Arc;

use frame_io::formats::csv::BadValues;
use frame_io::formats::ndjson::{NdjsonSettings, NdjsonTable, Shape};
use frame_io::{Lesson, MemoryFile};

use crate::reading::{Reading, read};

fn reading(bytes: &[u8], partition_bytes: u64, chunk_bytes: usize, batch_rows: usize) -> Reading {
    let settings = NdjsonSettings { types: Vec::new(), bad_values: BadValues::default(), rejects: None, partition_bytes, chunk_bytes };
    let open = |learnt: &Vec<(String, Shape)>| NdjsonTable::open(Arc::new(MemoryFile::new("a.ndjson", bytes)), &settings, learnt);
    let learn = |learnt: &mut Vec<(String, Shape)>, lesson| {
        let Lesson::Reshape { column, shape, .. } = lesson else { panic!("{lesson:?} of a file of JSON lines") };
        match learnt.iter_mut().find(|(known, _)| *known == column) {
            Some((_, known)) => {
                let joined = known.clone().join(shape);
                assert_ne!(joined, *known, "nothing was learnt");
                *known = joined;
            }
            None => learnt.push((column, shape)),
        }
    };
    read(open, learn, batch_rows)
}

/// Any file in tiny pieces gives the rows, or the error, that it gives whole.
pub(crate) fn scan(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let whole = reading(text, 16 << 20, 1 << 16, 8192);
    let tiny = reading(text, u64::from(*choice) + 1, 1 + usize::from(choice >> 3), 1 + usize::from(choice & 3));
    assert_eq!(tiny, whole);
}
