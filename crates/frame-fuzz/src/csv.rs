//! CSV: sizes of batches, chunks and partitions change nothing; the order of the rows does not change types.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_io::formats::csv::{BadValues, CsvSettings, CsvTable, Learnt, Notation, RaggedRows};
use frame_io::{Lesson, MemoryFile, Stop, Table};

use crate::reading::{Reading, read, request};

fn reading(bytes: &[u8], settings: &CsvSettings, batch_rows: usize) -> Reading {
    let open = |learnt: &Learnt| CsvTable::open(Arc::new(MemoryFile::new("a.csv", bytes)), settings, learnt);
    let learn = |learnt: &mut Learnt, lesson| match lesson {
        Lesson::Splits => {
            assert!(!learnt.exact_splits, "exact splits were disproved");
            learnt.exact_splits = true;
        }
        Lesson::Widen { column, class, .. } => {
            let before = learnt.classes.insert(column, class);
            assert_ne!(before, Some(class), "nothing was learnt");
        }
        Lesson::Reshape { .. } => panic!("a CSV has no shapes"),
    };
    read(open, learn, batch_rows)
}

/// The settings that the first byte chooses.
fn settings(choice: u8) -> CsvSettings {
    CsvSettings {
        delimiter: [b',', b';', b'\t', b'|'][usize::from(choice & 3)],
        has_header: choice & 4 == 0,
        ragged: [RaggedRows::Fail, RaggedRows::Pad, RaggedRows::Fail, RaggedRows::Pad][usize::from(choice >> 3 & 3)],
        bad_values: [BadValues::Widen, BadValues::Null][usize::from(choice >> 5 & 1)],
        notation: if choice >> 6 & 1 == 1 { Notation { decimal: b',', thousands: Some(b'.') } } else { Notation::default() },
        ..CsvSettings::default()
    }
}

/// The rows of a file in one partition, none of whose columns is asked for.
fn counted(bytes: &[u8], settings: &CsvSettings) -> Result<u64, Stop> {
    let table = CsvTable::open(Arc::new(MemoryFile::new("a.csv", bytes)), settings, &Learnt::default())?;
    let mut reader = table.open(0, &request(&[], 8192))?;
    while reader.next()?.is_some() {}
    Ok(reader.ledger().kept)
}

/// Any file in tiny chunks and batches gives the rows, or the error, that it gives whole; and as many rows without a column.
pub(crate) fn scan(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let settings = settings(*choice);
    let whole = reading(text, &settings, 8192);
    let tiny = CsvSettings { chunk_bytes: 1 + usize::from(choice >> 4), ..settings };
    assert_eq!(reading(text, &tiny, 1 + usize::from(choice & 3)), whole);
    if let Reading::Rows(_, rows) = whole {
        assert_eq!(counted(text, &tiny).ok(), Some(rows), "rows without a column");
    }
}

/// Any split gives the rows, or the error, of the serial reading.
pub(crate) fn split(bytes: &[u8]) {
    let [choice, partition, text @ ..] = bytes else { return };
    let settings = settings(*choice);
    let whole = reading(text, &settings, 8192);
    let cut = CsvSettings { partition_bytes: u64::from(*partition) + 1, ..settings };
    assert_eq!(reading(text, &cut, 8192), whole);
}

/// The lines of any text as fields of one column: their order changes neither type nor values.
pub(crate) fn infer(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let fields: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let file = |fields: &mut dyn Iterator<Item = &&[u8]>| {
        let mut file = b"a,b\n".to_vec();
        for field in fields {
            // Bare where it can be, so that numbers and nulls are met; quotes around what would end the field.
            if field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r')) {
                file.push(b'"');
                field.iter().for_each(|byte| file.extend(if *byte == b'"' { &b"\"\""[..] } else { std::slice::from_ref(byte) }));
                file.push(b'"');
            } else {
                file.extend(*field);
            }
            file.extend(b",x\n");
        }
        file
    };
    let tiny = CsvSettings { partition_bytes: u64::from(*choice) + 1, chunk_bytes: 16, ..CsvSettings::default() };
    let forward = reading(&file(&mut fields.iter()), &CsvSettings::default(), 8192);
    let backward = reading(&file(&mut fields.iter().rev()), &tiny, 3);
    match (forward, backward) {
        (Reading::Rows(forward, _), Reading::Rows(backward, _)) => {
            let (forward, backward) = (&forward[0].1, &backward[0].1);
            assert_eq!(forward.data_type(), backward.data_type());
            assert_eq!(forward.len(), fields.len());
            let text = |array: &Arc<dyn Array>| cast(array, &DataType::Utf8View).expect("everything is text");
            let (forward, backward) = (text(forward), text(backward));
            assert!(forward.as_string_view().iter().eq(backward.as_string_view().iter().rev()), "values depend on their order");
        }
        (Reading::Error(_), Reading::Error(_)) => {}
        (forward, backward) => panic!("{forward:?} and {backward:?}"),
    }
}
