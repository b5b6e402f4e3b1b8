//! Every type, null density, encoding, codec and page version comes out as it went in.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use frame_core::{DataError, ErrorKind};
use frame_io::Table;
use frame_memory::MemoryBudget;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::world::{every_type, open, plain, read, request, write};

fn check(batch: &RecordBatch, bytes: &[u8], what: &str) {
    let table = open(bytes).expect(what);
    let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    let (columns, ledger) = read(&table, request(&names, None)).expect(what);
    assert_eq!((ledger.read, ledger.kept), (batch.num_rows() as u64, batch.num_rows() as u64), "{what}");
    assert_eq!(table.rows(), Some(batch.num_rows() as u64));
    for (index, column) in columns.iter().enumerate() {
        let want = cast(batch.column(index), &plain(batch.column(index).data_type())).expect("text to views");
        assert_eq!(column, &want, "{what}: column {}", names[index]);
    }
}

#[test]
fn every_type_survives_nulls_dictionaries_page_versions_and_sizes() {
    for nulls in [0, 5, 60, 100] {
        let batch = every_type(1500, nulls);
        for dictionary in [false, true] {
            for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
                for (group_rows, page_rows) in [(10_000, 10_000), (640, 77), (97, 97)] {
                    let properties = WriterProperties::builder()
                        .set_dictionary_enabled(dictionary)
                        .set_writer_version(version)
                        .set_max_row_group_row_count(Some(group_rows))
                        .set_data_page_row_count_limit(page_rows)
                        .set_write_batch_size(7);
                    let what = format!("{nulls} % nulls, dictionary {dictionary}, {version:?}, {group_rows}/{page_rows}");
                    check(&batch, &write(&batch, properties.build()), &what);
                }
            }
        }
    }
}

#[test]
fn every_codec_is_read() {
    let batch = every_type(700, 10);
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
    ];
    for codec in codecs {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties =
                WriterProperties::builder().set_compression(codec).set_writer_version(version).set_max_row_group_row_count(Some(300));
            check(&batch, &write(&batch, properties.build()), &format!("{codec:?} {version:?}"));
        }
    }
}

#[test]
fn other_encodings_go_through_the_crate() {
    let batch = every_type(900, 20);
    let encodings = [
        ("i32", Encoding::DELTA_BINARY_PACKED),
        ("i64", Encoding::DELTA_BINARY_PACKED),
        ("f64", Encoding::BYTE_STREAM_SPLIT),
        ("text", Encoding::DELTA_BYTE_ARRAY),
        ("view", Encoding::DELTA_LENGTH_BYTE_ARRAY),
    ];
    let mut properties = WriterProperties::builder().set_dictionary_enabled(false).set_data_page_row_count_limit(130);
    for (column, encoding) in encodings {
        properties = properties.set_column_encoding(ColumnPath::from(column), encoding);
    }
    check(&batch, &write(&batch, properties.build()), "delta encodings");
}

#[test]
fn a_dictionary_that_overflows_goes_on_as_plain_text() {
    let batch = every_type(3000, 10);
    for limit in [60, 300, 2000] {
        let properties =
            WriterProperties::builder().set_dictionary_page_size_limit(limit).set_data_page_row_count_limit(90).set_write_batch_size(30);
        check(&batch, &write(&batch, properties.build()), &format!("dictionaries of {limit} bytes"));
    }
}

#[test]
fn text_with_few_values_stays_ids() {
    let text: ArrayRef = Arc::new(StringArray::from_iter((0..5000).map(|n| (n % 11 != 0).then(|| format!("value {}", n % 7)))));
    let batch = RecordBatch::try_from_iter_with_nullable([("text", text, true)]).expect("a batch");
    let table = open(&write(&batch, WriterProperties::default())).expect("a table");
    let ids = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_eq!(table.schema().field(0).data_type(), &ids);
    let request = Arc::new(request(&["text"], None));
    let mut reader = table.open(0, &request).expect("a reader");
    let first = reader.next().expect("a batch").expect("rows");
    let column = first.columns()[0].as_dictionary::<Int32Type>();
    assert_eq!((column.len(), column.values().len()), (100, 7));
    // The values are made once a chunk, so that what is learnt of them can be kept.
    let second = reader.next().expect("a batch").expect("rows");
    assert!(Arc::ptr_eq(column.values(), second.columns()[0].as_dictionary::<Int32Type>().values()));
    let plain = WriterProperties::builder().set_dictionary_enabled(false).build();
    assert_eq!(open(&write(&batch, plain)).expect("a table").schema().field(0).data_type(), &DataType::Utf8View);
}

#[test]
fn columns_come_in_the_order_asked_for_and_none_is_only_counted() {
    let batch = every_type(1000, 10);
    let bytes = write(&batch, WriterProperties::builder().set_max_row_group_row_count(Some(333)).build());
    let table = open(&bytes).expect("a table");
    let (columns, _) = read(&table, request(&["f64", "i32", "f64"], None)).expect("rows");
    let by_name = |name| batch.column_by_name(name).expect("a column").clone();
    assert_eq!(columns, [by_name("f64"), by_name("i32"), by_name("f64")]);
    let (columns, ledger) = read(&table, request(&[], None)).expect("rows");
    assert_eq!((columns.len(), ledger.read, ledger.kept), (0, 1000, 1000));
}

#[test]
fn empty_files_have_a_schema() {
    let batch = every_type(0, 10);
    let bytes = write(&batch, WriterProperties::default());
    let table = open(&bytes).expect("a table");
    assert_eq!((table.rows(), table.partitions(), table.schema().fields().len()), (Some(0), 0, batch.num_columns()));
    check(&batch, &bytes, "no rows");
}

#[test]
fn small_row_groups_share_a_partition() {
    let batch = every_type(1000, 0);
    let table = open(&write(&batch, WriterProperties::builder().set_max_row_group_row_count(Some(10)).build())).expect("a table");
    assert_eq!(table.partitions(), 1);
    assert!(table.partition_bytes(0) > 0);
}

#[test]
fn lists_are_read_and_what_is_not_read_is_refused_only_when_named() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
    let flat: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let decimal = arrow::array::Decimal128Array::from(vec![Some(1), None, Some(-3)]).with_precision_and_scale(30, 2);
    let decimal: ArrayRef = Arc::new(decimal.expect("a precision"));
    let binary: ArrayRef = Arc::new(arrow::array::BinaryArray::from(vec![&b"x"[..], b"y", b"z"]));
    let schema = Schema::new(vec![
        Field::new("list", list.data_type().clone(), true),
        Field::new("flat", DataType::Int32, false),
        Field::new("binary", DataType::Binary, false),
        Field::new("decimal", DataType::Decimal128(30, 2), true),
    ]);
    let batch =
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(list), Arc::clone(&flat), binary, Arc::clone(&decimal)]).expect("a batch");
    let table = open(&write(&batch, WriterProperties::default())).expect("a table");
    assert_eq!(table.schema().fields().len(), 4);
    // The decimal goes through the crate, which sees the list beside it.
    let columns = read(&table, request(&["flat", "list", "decimal"], None)).expect("rows").0;
    assert_eq!([&columns[0], &columns[2]], [&flat, &decimal]);
    assert_eq!(arrow::util::display::array_value_to_string(&columns[1], 0).expect("a value"), "[1, ]");
    assert!(columns[1].is_null(1) && columns[1].is_valid(2));
    let error = read_error(&table, request(&["binary"], None));
    assert!(matches!(error.kind(), ErrorKind::Data(DataError::Unsupported { what, .. }) if what.contains("binary")), "{error}");
    let mut checked = request(&["flat"], None);
    checked.checked.push("binary".to_owned());
    assert_eq!(read_error(&table, checked).exit_code(), 3);
}

fn read_error(table: &frame_io::formats::parquet::ParquetTable, request: frame_io::ScanRequest) -> frame_core::Error {
    match table.open(0, &Arc::new(request)).err() {
        Some(frame_io::Stop::Failed(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn memory_is_reserved_before_it_is_used_and_given_back() {
    let batch = every_type(5000, 0);
    let table = open(&write(&batch, WriterProperties::default())).expect("a table");
    let mut tight = request(&["i64", "view"], None);
    tight.budget = MemoryBudget::new(10_000);
    assert_eq!(read(&table, tight).expect_err("too little memory").exit_code(), 4);
    let ample = request(&["i64", "view"], None);
    let budget = ample.budget.clone();
    read(&table, ample).expect("rows");
    assert_eq!(budget.used_bytes(), 0);
    assert!(budget.peak_bytes() > 5000 * 8);
}

#[test]
fn a_cancelled_scan_stops() {
    let table = open(&write(&every_type(500, 0), WriterProperties::default())).expect("a table");
    let cancelled = request(&["i64"], None);
    cancelled.cancel.cancel();
    assert_eq!(read(&table, cancelled).expect_err("cancelled").exit_code(), 130);
}
