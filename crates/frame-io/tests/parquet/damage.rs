//! Files that are cut or flipped give errors or rows: no panic, no huge allocation, no endless loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use bytes::Bytes;
use frame_core::{DataError, ErrorKind};
use frame_io::Table;
use parquet::basic::Compression;
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::world::{Numbers, every_type, is_damage, open, read, request, write};

fn small() -> RecordBatch {
    every_type(120, 20)
}

/// Reads everything; whether there was an answer.
fn try_read(bytes: &[u8], what: &str) -> bool {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let table = open(bytes)?;
        let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut failed = None;
        for name in &names {
            // One column at a time: the damage of one must not hide another's.
            match read(&table, request(&[name], None)) {
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }));
    match outcome {
        Err(_) => panic!("a panic escaped: {what}"),
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            assert!(is_damage(&error) || error.exit_code() == 4, "{what}: {error}");
            false
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let bytes = write(&small(), WriterProperties::default());
    for len in (0..bytes.len()).step_by(1 + bytes.len() / 400).chain(bytes.len() - 12..bytes.len()) {
        assert!(!try_read(&bytes[..len], &format!("cut at {len}")), "cut at {len}");
    }
    assert!(try_read(&bytes, "whole"));
}

#[test]
fn flipped_bytes_never_panic() {
    let numbers = &mut Numbers(42);
    for (version, codec, dictionary) in [
        (WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED, true),
        (WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED, false),
        (WriterVersion::PARQUET_2_0, Compression::SNAPPY, true),
        (WriterVersion::PARQUET_2_0, Compression::UNCOMPRESSED, false),
        (WriterVersion::PARQUET_1_0, Compression::LZ4_RAW, true),
    ] {
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(codec)
            .set_dictionary_enabled(dictionary)
            .set_data_page_row_count_limit(50)
            .build();
        let bytes = write(&small(), properties);
        for round in 0..300 {
            let mut flipped = bytes.clone();
            let flips = 1 + numbers.next() % 3;
            for _ in 0..flips {
                // Half of the flips hit the footer, where the sizes are.
                let at = numbers.next() as usize;
                let at = if round % 2 == 0 { at % bytes.len() } else { bytes.len() - 1 - at % (bytes.len() / 2) };
                flipped[at] ^= 1 << (numbers.next() % 8);
            }
            try_read(&flipped, &format!("{version:?} {codec:?} round {round}"));
        }
    }
}

#[test]
fn other_files_are_not_parquet() {
    for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"id,value\n1,2\n3,4\n", b"PAR1\xff\xff\xff\x7fPAR1", b"PAR1\0\0\0\0PAR1"] {
        let error = open(bytes).expect_err("not Parquet");
        assert!(matches!(error.kind(), ErrorKind::Data(DataError::Damaged { .. })), "{error}");
        assert_eq!(error.exit_code(), 3);
    }
    let error = open(b"PAR1....\x04\0\0\0PARE").expect_err("encrypted");
    assert!(matches!(error.kind(), ErrorKind::Data(DataError::Unsupported { .. })), "{error}");
}

#[test]
fn checksums_are_verified() {
    let bytes = with_checksum(|crc| crc);
    let batch = read(&open(&bytes).expect("a table"), request(&["n"], None)).expect("rows").0;
    assert_eq!(batch[0].len(), 50);
    let wrong = with_checksum(|crc| crc ^ 1);
    let error = read(&open(&wrong).expect("a table"), request(&["n"], None)).expect_err("a wrong checksum");
    assert!(is_damage(&error) && error.to_string().contains("CRC"), "{error}");
    let mut flipped = bytes;
    flipped[100] ^= 4;
    let error = read(&open(&flipped).expect("a table"), request(&["n"], None)).expect_err("a flipped bit");
    assert!(error.to_string().contains("column `n`") && error.to_string().contains("CRC"), "{error}");
}

/// A file of one page with a checksum, which the crate's writer does not write: put into the header by hand.
fn with_checksum(change: impl Fn(u32) -> u32) -> Vec<u8> {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..50));
    let batch = RecordBatch::try_from_iter([("n", column)]).expect("a batch");
    let properties = WriterProperties::builder().set_dictionary_enabled(false).set_statistics_enabled(EnabledStatistics::None).build();
    let bytes = Bytes::from(write(&batch, properties));
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes).expect("a footer");
    let chunk = metadata.row_group(0).column(0).clone();
    let (start, len) = chunk.byte_range();
    let page = &bytes[start as usize..(start + len) as usize];
    // Three fields of a byte and a number each, then the struct of the data page: field 5, two after field 3.
    let mut at = 0;
    for _ in 0..3 {
        assert_eq!(page[at], 0x15);
        at += 1 + page[at + 1..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    }
    assert_eq!(page[at], 0x2c);
    let data = &page[page.len() - 50 * 8..];
    let crc = change(crc32(data)) as i32;
    let mut zigzag = ((crc << 1) ^ (crc >> 31)) as u32;
    let mut field = vec![0x15];
    while zigzag >= 0x80 {
        field.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    field.extend([zigzag as u8, 0x1c]);
    let mut file = [&bytes[..start as usize], &page[..at], &field, &page[at + 1..]].concat();
    let longer = field.len() as i64 - 1;
    let chunk =
        chunk.clone().into_builder().set_total_compressed_size(len as i64 + longer).set_total_uncompressed_size(len as i64 + longer);
    let group = metadata.row_group(0).clone().into_builder().set_column_metadata(vec![chunk.build().expect("a chunk")]);
    let metadata = metadata.into_builder().set_row_groups(vec![group.build().expect("a group")]).build();
    ParquetMetaDataWriter::new(&mut file, &metadata).finish().expect("a footer");
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
