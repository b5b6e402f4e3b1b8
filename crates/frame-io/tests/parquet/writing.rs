//! What is written is read back, by the crate's reader and by our own, and what the footer and the page indexes say of it is true.

use std::io;
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::compute::{cast, concat_batches, kernels::cmp};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use frame_io::formats::parquet::ParquetOptions;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{BoundaryOrder, Encoding};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use proptest::prelude::*;

use crate::world::{Numbers, open, read, request, write};

/// Bytes that are looked at when the writer is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file of these rows, written in batches of so many.
fn written(rows: &RecordBatch, options: &str, batch_rows: usize) -> Vec<u8> {
    let out = Shared::default();
    let options = ParquetOptions::parse(options).expect("options");
    let mut writer = options.open(Box::new(out.clone()), &rows.schema()).expect("a file");
    for start in (0..rows.num_rows()).step_by(batch_rows) {
        writer.write(&rows.slice(start, batch_rows.min(rows.num_rows() - start))).expect("rows");
    }
    writer.finish().expect("a footer");
    out.0.lock().expect("nobody panicked").clone()
}

fn by_the_crate(bytes: &[u8], schema: &SchemaRef) -> (RecordBatch, ParquetMetaData) {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required).with_encoding_stats_as_mask(false);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::from(bytes.to_vec()), options).expect("a file");
    let metadata = reader.metadata().as_ref().clone();
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect();
    (concat_batches(schema, &batches).expect("the same columns"), metadata)
}

/// Rows of every type that our own code encodes, and of one that it leaves to the crate. `different` values in no order, or in stretches.
fn table(rows: usize, different: u64, stretch: u64, nulls_percent: u64, seed: u64) -> RecordBatch {
    let numbers = &mut Numbers(seed);
    let mut column = |is_last_null: bool| -> Vec<Option<u64>> {
        let shift = numbers.next();
        let value = |row: u64, drawn: u64| if stretch > 1 { row / stretch % different } else { drawn % different };
        let mut values: Vec<_> = (0..rows as u64)
            .map(|row| (numbers.next() % 100 >= nulls_percent).then(|| value(row, numbers.next()).wrapping_mul(shift | 1)))
            .collect();
        if is_last_null && rows > 25_000 {
            values[20_000..].fill(None);
        }
        values
    };
    let text = |value: u64| match value % 5 {
        0 => String::new(),
        1 => format!("{}", value % 1_000_000_007),
        2 => format!("é {value:x}"),
        3 => format!("the same beginning, and then {value}"),
        _ => format!("{}{value}", "long and longer, ".repeat((value % 11) as usize)),
    };
    let float = |value: u64| match value % 7 {
        0 => f64::NAN,
        1 => -0.0,
        2 => 0.0,
        _ => (value as i64 % 1_000_000) as f64 / 8.0,
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(StringViewArray::from_iter(column(false).into_iter().map(|value| value.map(text))))),
        ("late", Arc::new(StringViewArray::from_iter(column(true).into_iter().map(|value| value.map(text))))),
        ("int", Arc::new(Int64Array::from_iter(column(false).into_iter().map(|value| value.map(|value| value as i64))))),
        ("float", Arc::new(Float64Array::from_iter(column(true).into_iter().map(|value| value.map(float))))),
        ("day", Arc::new(Date32Array::from_iter(column(false).into_iter().map(|value| value.map(|value| value as i32))))),
        (
            "time",
            Arc::new(TimestampMicrosecondArray::from_iter(column(false).into_iter().map(|value| value.map(|value| value as i64 >> 12)))),
        ),
        ("flag", Arc::new(BooleanArray::from_iter(column(false).into_iter().map(|value| value.map(|value| value % 2 == 0))))),
    ];
    let fields: Vec<_> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), nulls_percent > 0)).collect();
    let nullable = Schema::new(
        fields
            .iter()
            .map(|field| field.clone().with_nullable(field.name() == "late" || field.name() == "float" || nulls_percent > 0))
            .collect::<Vec<_>>(),
    );
    RecordBatch::try_new(Arc::new(nullable), columns.into_iter().map(|(_, array)| array).collect()).expect("equal lengths")
}

/// The rows of a column between two bounds, as bits; a bound is a value as the index has it.
fn is_within(column: &ArrayRef, min: &ArrayRef, max: &ArrayRef) -> bool {
    let scalar = |array: &ArrayRef| arrow::array::Scalar::new(array.clone());
    let above = cmp::gt_eq(column, &scalar(min)).expect("the same type");
    let below = cmp::lt_eq(column, &scalar(max)).expect("the same type");
    // What is no number is outside of all bounds.
    let is_counted = |row: usize| match column.data_type() {
        DataType::Float64 => column.is_valid(row) && !column.as_primitive::<arrow::datatypes::Float64Type>().value(row).is_nan(),
        _ => column.is_valid(row),
    };
    (0..column.len()).filter(|row| is_counted(*row)).all(|row| above.value(row) && below.value(row))
}

/// The bounds of a page as arrays of one value; `None` for a page without values.
fn page_bounds(index: &ColumnIndexMetaData, page: usize, data_type: &DataType) -> Option<(ArrayRef, ArrayRef)> {
    let typed = |min: ArrayRef, max: ArrayRef| (cast(&min, data_type).expect("a type"), cast(&max, data_type).expect("a type"));
    if index.is_null_page(page) {
        return None;
    }
    Some(match index {
        ColumnIndexMetaData::INT32(index) => typed(
            Arc::new(arrow::array::Int32Array::from_iter([index.min_value(page).copied()])),
            Arc::new(arrow::array::Int32Array::from_iter([index.max_value(page).copied()])),
        ),
        ColumnIndexMetaData::INT64(index) => typed(
            Arc::new(Int64Array::from_iter([index.min_value(page).copied()])),
            Arc::new(Int64Array::from_iter([index.max_value(page).copied()])),
        ),
        ColumnIndexMetaData::DOUBLE(index) => typed(
            Arc::new(Float64Array::from_iter([index.min_value(page).copied()])),
            Arc::new(Float64Array::from_iter([index.max_value(page).copied()])),
        ),
        ColumnIndexMetaData::BYTE_ARRAY(index) => {
            let text = |bytes: Option<&[u8]>| -> ArrayRef {
                let text = str::from_utf8(bytes.expect("a bound")).expect("UTF-8");
                assert!(text.len() <= 64, "{text}");
                Arc::new(StringViewArray::from_iter_values([text]))
            };
            (text(index.min_value(page)), text(index.max_value(page)))
        }
        _ => return None,
    })
}

/// Checks what the footer and the indexes say of each page.
fn check_pages(rows: &RecordBatch, metadata: &ParquetMetaData) {
    let (columns, offsets) = (metadata.column_index().expect("indexes"), metadata.offset_index().expect("indexes"));
    let mut first = 0;
    for (group, info) in metadata.row_groups().iter().enumerate() {
        let group_rows = info.num_rows() as usize;
        for (at, column) in rows.columns().iter().enumerate() {
            let name = rows.schema().field(at).name().clone();
            let chunk = info.column(at);
            let values = column.slice(first, group_rows);
            assert_eq!(chunk.num_values(), group_rows as i64, "{name}");
            assert_eq!(chunk.statistics().and_then(Statistics::null_count_opt), Some(values.null_count() as u64), "{name}");
            let locations = offsets[group][at].page_locations();
            let starts: Vec<usize> = locations.iter().map(|page| page.first_row_index as usize).collect();
            assert!(starts.is_sorted_by(|a, b| a < b) && starts[0] == 0 && locations[0].offset == chunk.data_page_offset(), "{name}");
            let bytes: i64 = locations.iter().map(|page| i64::from(page.compressed_page_size)).sum();
            let dictionary = chunk.dictionary_page_offset().map_or(0, |offset| chunk.data_page_offset() - offset);
            assert_eq!(bytes + dictionary, chunk.compressed_size(), "{name}");
            if let Some(encodings) = chunk.page_encoding_stats() {
                let pages: i32 =
                    encodings.iter().filter(|pages| pages.encoding != Encoding::PLAIN || dictionary == 0).map(|pages| pages.count).sum();
                assert!(pages as usize <= starts.len(), "{name}");
            }
            for (page, start) in starts.iter().enumerate() {
                let end = starts.get(page + 1).copied().unwrap_or(group_rows);
                assert!(end - start <= 20_000 || values.data_type() == &DataType::Boolean, "{name}");
                let values = values.slice(*start, end - start);
                let index = &columns[group][at];
                if matches!(index, ColumnIndexMetaData::NONE) {
                    assert_eq!(*values.data_type(), DataType::Float64, "{name}: pages of what is no number alone");
                    continue;
                }
                assert_eq!(index.null_count(page), Some(values.null_count() as i64), "{name}");
                match page_bounds(index, page, values.data_type()) {
                    Some((min, max)) => assert!(is_within(&values, &min, &max), "{name}, page {page}"),
                    None => assert!(values.null_count() == values.len() || values.data_type() == &DataType::Boolean, "{name}"),
                }
            }
        }
        first += group_rows;
    }
    assert_eq!(first, rows.num_rows());
}

/// Checks that chunks are described as the crate describes them.
fn check_chunks(metadata: &ParquetMetaData, by_the_crate: &ParquetMetaData) {
    assert_eq!(metadata.num_row_groups(), by_the_crate.num_row_groups());
    for (ours, other) in metadata.row_groups().iter().zip(by_the_crate.row_groups()) {
        for (ours, other) in ours.columns().iter().zip(other.columns()) {
            let name = ours.column_path().string();
            assert_eq!(ours.statistics(), other.statistics(), "{name}");
            assert_eq!(ours.unencoded_byte_array_data_bytes(), other.unencoded_byte_array_data_bytes(), "{name}");
            assert_eq!(ours.definition_level_histogram(), other.definition_level_histogram(), "{name}");
            assert_eq!(ours.compression(), other.compression(), "{name}");
        }
    }
}

fn check(rows: &RecordBatch, options: &str) {
    // Where the crate ends its pages depends on the batches.
    let own: Vec<usize> = (0..rows.num_columns()).filter(|at| rows.column(*at).data_type() != &DataType::Boolean).collect();
    let own = rows.project(&own).expect("columns");
    for batch_rows in [999, rows.num_rows().max(1)] {
        assert!(written(&own, options, 8192) == written(&own, options, batch_rows), "batches of {batch_rows} rows make another file");
    }
    let bytes = written(rows, options, 8192);
    let (back, metadata) = by_the_crate(&bytes, &rows.schema());
    assert_eq!(&back, rows);
    let names: Vec<&str> = rows.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    let (columns, _) = read(&open(&bytes).expect("a table"), request(&names, None)).expect("rows");
    for (column, want) in columns.iter().zip(rows.columns()) {
        assert_eq!(column, want);
    }
    check_pages(rows, &metadata);
    let group_rows = metadata.row_groups().iter().map(|group| group.num_rows() as usize).max();
    let codec = if options.contains("none") { parquet::basic::Compression::UNCOMPRESSED } else { parquet::basic::Compression::SNAPPY };
    let properties = WriterProperties::builder().set_compression(codec).set_max_row_group_row_count(group_rows.filter(|rows| *rows > 0));
    check_chunks(&metadata, &by_the_crate_of(rows, properties.build()));
}

fn by_the_crate_of(rows: &RecordBatch, properties: WriterProperties) -> ParquetMetaData {
    by_the_crate(&write(rows, properties), &rows.schema()).1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tables_come_back_and_are_described_as_the_crate_does(
        rows in prop_oneof![1_usize..40, 19_990_usize..20_010, 40_000_usize..70_000],
        different in prop_oneof![Just(1_u64), 2_u64..20, Just(3_000), Just(u64::MAX)],
        stretch in prop_oneof![Just(1_u64), 2_u64..9, Just(5_000)],
        nulls in prop_oneof![Just(0_u64), Just(3), Just(50), Just(100)],
        options in prop_oneof![Just(""), Just("codec=none"), Just("rows=25000"), Just("dictionary=no")],
        seed: u64,
    ) {
        check(&table(rows, different, stretch, nulls, seed), options);
    }
}

/// The encodings of a column's data pages in the first row group.
fn encodings(rows: &RecordBatch, column: usize) -> Vec<Encoding> {
    let (_, metadata) = by_the_crate(&written(rows, "", 5_000), &rows.schema());
    let pages = metadata.row_group(0).column(column).page_encoding_stats().expect("what encodings there are").clone();
    pages.iter().map(|pages| pages.encoding).collect()
}

#[test]
fn a_dictionary_that_grows_too_large_is_left() {
    // Every sampled text occurs often, but the second half of the rows has texts of its own.
    let text = |row: usize| {
        if row < 60_000 { format!("text {}", row % 10) } else { format!("a text that comes once, and that is long enough: {row}") }
    };
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..110_000).map(text)));
    let float = |row: usize| if row < 150_000 { (row % 10) as f64 } else { row as f64 / 3.0 };
    let floats: ArrayRef = Arc::new(Float64Array::from_iter_values((0..249_000).map(float)));
    for column in [texts, floats] {
        let rows = RecordBatch::try_from_iter([("column", column)]).expect("rows");
        let encodings = encodings(&rows, 0);
        assert_eq!(encodings[..2], [Encoding::PLAIN, Encoding::RLE_DICTIONARY]);
        check(&rows, "");
    }
}

#[test]
fn large_texts_are_cut_into_pages_of_a_megabyte() {
    let texts = StringViewArray::from_iter_values((0..300).map(|row| format!("{row}{}", "x".repeat(50_000))));
    let rows = RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).expect("rows");
    let (_, metadata) = by_the_crate(&written(&rows, "", 100), &rows.schema());
    let pages = metadata.offset_index().expect("indexes")[0][0].page_locations().len();
    assert_eq!(pages, 300_usize.div_ceil(21));
    check(&rows, "codec=none");
}

#[test]
fn pages_that_ascend_are_marked() {
    let ints = Int64Array::from_iter_values(0..50_000);
    let rows = RecordBatch::try_from_iter([("int", Arc::new(ints) as ArrayRef)]).expect("rows");
    let (_, metadata) = by_the_crate(&written(&rows, "", 4_000), &rows.schema());
    let index = &metadata.column_index().expect("indexes")[0][0];
    assert_eq!(index.get_boundary_order(), Some(BoundaryOrder::ASCENDING));
    assert!(metadata.row_group(0).column(0).encodings().any(|encoding| encoding == Encoding::DELTA_BINARY_PACKED));
}
