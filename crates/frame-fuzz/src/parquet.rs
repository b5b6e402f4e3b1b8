//! Parquet: a footer of any bytes, and pages of any bytes behind a footer that is right, give rows or an error that says so.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, RecordBatch,
    StringArray, StringViewArray, TimestampNanosecondArray, UInt64Array,
};
use frame_core::ErrorKind;
use frame_io::formats::parquet::ParquetTable;
use frame_io::{MemoryFile, Stop, Table};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::hook::keep_quiet;
use crate::reading::{columns_of, once};

const ROWS: usize = 40;

/// Reads every column on its own: what is wrong with one must not hide another.
fn read(bytes: Vec<u8>) {
    keep_quiet();
    let table = match ParquetTable::open(Arc::new(MemoryFile::new("a.parquet", bytes))) {
        Ok(table) => table,
        Err(error) => return assert_refused(&error),
    };
    let mut names = columns_of(&table);
    let schema = Arc::clone(table.schema());
    names.dedup();
    names.truncate(40);
    for name in names {
        if schema.fields().iter().filter(|field| *field.name() == name).count() > 1 {
            continue;
        }
        match once(&table, &[name], 16) {
            Ok(_) => {}
            Err(Stop::Failed(error)) => assert_refused(&error),
            Err(Stop::Restart(restart)) => panic!("{restart:?}"),
        }
    }
}

fn assert_refused(error: &frame_core::Error) {
    assert!(matches!(error.kind(), ErrorKind::Data(_) | ErrorKind::Memory(_)), "{error}");
}

/// Any bytes as the footer of a file whose pages are right.
pub(crate) fn footer(bytes: &[u8]) {
    let mut file = EVERY_TYPE.bytes[..EVERY_TYPE.data_end].to_vec();
    file.extend(bytes);
    file.extend((bytes.len() as u32).to_le_bytes());
    file.extend(b"PAR1");
    read(file);
}

/// Any bytes instead of pages: the first one chooses the file, the next two where they are put.
pub(crate) fn page(bytes: &[u8]) {
    let [choice, low, high, page @ ..] = bytes else { return };
    let template = &PAGES[usize::from(*choice) % PAGES.len()];
    let mut file = template.bytes.clone();
    let pages = &mut file[4..template.data_end];
    let at = usize::from(u16::from_le_bytes([*low, *high])) % pages.len();
    let len = page.len().min(pages.len() - at);
    pages[at..at + len].copy_from_slice(&page[..len]);
    read(file);
}

/// Inputs to begin with: the footer that is right.
pub(crate) fn footers() -> Vec<Vec<u8>> {
    vec![EVERY_TYPE.bytes[EVERY_TYPE.data_end..EVERY_TYPE.bytes.len() - 8].to_vec()]
}

/// Inputs to begin with: the pages that are right.
pub(crate) fn pages() -> Vec<Vec<u8>> {
    let pages = |(at, template): (usize, &Template)| [&[at as u8, 0, 0], &template.bytes[4..template.data_end]].concat();
    PAGES.iter().enumerate().map(pages).collect()
}

/// A file that is right.
struct Template {
    bytes: Vec<u8>,
    /// Where its footer begins.
    data_end: usize,
}

impl Template {
    fn new(columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) -> Self {
        let columns = columns.into_iter().map(|(name, array)| (name, array, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("equal lengths");
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a schema");
        writer.write(&batch).expect("rows");
        writer.close().expect("a footer");
        let tail = bytes.len() - 8;
        let footer_len = u32::from_le_bytes([bytes[tail], bytes[tail + 1], bytes[tail + 2], bytes[tail + 3]]);
        Self { data_end: tail - footer_len as usize, bytes }
    }
}

static EVERY_TYPE: LazyLock<Template> = LazyLock::new(|| Template::new(every_type(), properties(WriterVersion::PARQUET_1_0).build()));

/// A file for each way in which a column of each type is stored.
static PAGES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let mut files = Vec::new();
    for (name, array) in every_type() {
        for (version, dictionary, codec) in [
            (WriterVersion::PARQUET_1_0, true, Compression::UNCOMPRESSED),
            (WriterVersion::PARQUET_1_0, false, Compression::UNCOMPRESSED),
            (WriterVersion::PARQUET_2_0, true, Compression::UNCOMPRESSED),
            (WriterVersion::PARQUET_2_0, false, Compression::SNAPPY),
        ] {
            let properties = properties(version).set_dictionary_enabled(dictionary).set_compression(codec).build();
            files.push(Template::new(vec![(name, Arc::clone(&array))], properties));
        }
        let others: &[Encoding] = match name {
            "text" | "view" => &[Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY],
            "i32" | "i64" => &[Encoding::DELTA_BINARY_PACKED, Encoding::BYTE_STREAM_SPLIT],
            "f32" | "f64" => &[Encoding::BYTE_STREAM_SPLIT],
            _ => &[],
        };
        for encoding in others {
            let properties = properties(WriterVersion::PARQUET_1_0).set_dictionary_enabled(false).set_encoding(*encoding).build();
            files.push(Template::new(vec![(name, Arc::clone(&array))], properties));
        }
    }
    files
});

fn properties(version: WriterVersion) -> parquet::file::properties::WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_writer_version(version)
        .set_data_page_row_count_limit(25)
        .set_write_batch_size(5)
        .set_statistics_enabled(EnabledStatistics::None)
}

/// A column of each type, every seventh value null.
fn every_type() -> Vec<(&'static str, ArrayRef)> {
    fn column<T>(value: impl Fn(usize) -> T) -> Vec<Option<T>> {
        (0..ROWS).map(|row| (row % 7 != 3).then(|| value(row))).collect()
    }
    let decimal = |precision| {
        let values = Decimal128Array::from(column(|n| n as i128 * 11 - 50));
        Arc::new(values.with_precision_and_scale(precision, 2).expect("a precision")) as ArrayRef
    };
    vec![
        ("bool", Arc::new(BooleanArray::from(column(|n| n % 3 == 0)))),
        ("i8", Arc::new(Int8Array::from(column(|n| n as i8)))),
        ("i32", Arc::new(Int32Array::from(column(|n| n as i32 * 7 - 100)))),
        ("i64", Arc::new(Int64Array::from(column(|n| n as i64 % 5)))),
        ("u64", Arc::new(UInt64Array::from(column(|n| u64::MAX - n as u64)))),
        ("f32", Arc::new(Float32Array::from(column(|n| n as f32 / 4.0)))),
        ("f64", Arc::new(Float64Array::from(column(|n| (n % 4) as f64)))),
        ("date", Arc::new(Date32Array::from(column(|n| n as i32)))),
        ("ns", Arc::new(TimestampNanosecondArray::from(column(|n| n as i64)))),
        ("text", Arc::new(StringArray::from(column(|n| format!("text {}", n % 6))))),
        ("view", Arc::new(StringViewArray::from(column(|n| format!("more than twelve bytes {n}"))))),
        ("dec9", decimal(9)),
        ("dec18", decimal(18)),
        ("dec38", decimal(38)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target whose files cannot be read as they are would find nothing.
    #[test]
    fn templates_are_right() {
        for template in PAGES.iter().chain([&*EVERY_TYPE]) {
            let table = ParquetTable::open(Arc::new(MemoryFile::new("a.parquet", template.bytes.clone()))).expect("a table");
            let reading = once(&table, &columns_of(&table), 16).expect("rows");
            assert!(matches!(reading, crate::reading::Reading::Rows(_, 40)));
        }
    }
}
