//! Parquet files of other writers: each `tests/parquet/NAME.parquet` has beside it, in `NAME.txt`, its types, a query with a filter and a
//! projection, and the rows of both readings, or why they are refused. `tests/parquet/make.py` has made them from the values that it gave
//! to the writers; what is expected was never read by frame, so there is nothing to bless here.
//!
//! Files of the `parquet` crate are made anew in each run, one for each way to store a column.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray, UInt16Array,
};
use frame::{Session, SessionBuilder};
use frame_expr::type_name;
use frame_io::formats::{self, Destination};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet")
}

fn worlds() -> Vec<(&'static str, SessionBuilder)> {
    let world = || Session::builder().memory_bytes(256 << 20);
    vec![
        ("1 thread, small batches", world().threads(1).batch_rows(3)),
        ("2 threads", world().threads(2)),
        ("2 threads, unoptimized", world().threads(2).batch_rows(7).optimize(false)),
    ]
}

/// The answer as lines of JSON, or the message.
fn answer(session: &Session, query: &str, file: &Path, scratch: &Path) -> String {
    let read = || -> frame::Result<()> {
        let run = session.query(query).input(file.display().to_string()).start()?;
        let format = formats::by_name("ndjson").expect("NDJSON");
        let out = Box::new(fs::File::create(scratch).expect("a file"));
        let mut writer = (format.open)(out, &run.schema(), Destination::File).expect("every type is written");
        for batch in run {
            writer.write(&batch?).expect("rows");
        }
        writer.finish().expect("an end");
        Ok(())
    };
    match read() {
        Ok(()) => fs::read_to_string(scratch).expect("the answer"),
        Err(error) => {
            assert_eq!(error.exit_code(), 3, "{query}: {error}");
            format!("refused {}", error.render(None))
        }
    }
}

fn types(session: &Session, file: &Path) -> Vec<(String, String)> {
    let input = frame_plan::Input { path: file.display().to_string(), ..Default::default() };
    let schema = session.schema(&input).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    schema.fields().iter().map(|field| (field.name().replace('\n', "␊"), type_name(field.data_type()))).collect()
}

/// What must be read of a file.
struct Expectation {
    /// Names, with `␊` for a line break, and types; a type that no query can have is `-`. None for a file that cannot be opened.
    types: Vec<(String, String)>,
    query: String,
    whole: String,
    picked: String,
}

impl Expectation {
    fn read(name: &str) -> Self {
        let text = fs::read_to_string(folder().join(format!("{name}.txt"))).expect("an expectation beside the file");
        if let Some(other) = text.strip_prefix("as ") {
            return Self::read(other.trim_end());
        }
        let mut parts = text.splitn(4, "\n\n");
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (types, query, whole, picked) = (part(), part(), part(), part());
        let types = types.lines().filter_map(|line| line.split_once('\t'));
        let types = types.map(|(name, data_type)| (name.to_owned(), data_type.to_owned())).collect();
        Self { types, query, whole, picked }
    }
}

/// Whether an answer is the expected one; a refusal needs the code and the words behind it.
fn agrees(found: &str, expected: &str) -> bool {
    match expected.trim_end().strip_prefix("refused ").map(|refusal| refusal.split_once(' ').unwrap_or((refusal, ""))) {
        Some((code, words)) => found.starts_with("refused") && found.contains(code) && found.contains(words),
        None => found.trim_end() == expected.trim_end(),
    }
}

#[test]
fn every_file_of_other_writers_is_read_or_refused_as_it_should_be() {
    let scratch = tempfile::tempdir().expect("a folder");
    let scratch = scratch.path().join("answer.ndjson");
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the folder")
        .filter_map(|entry| entry.expect("an entry").file_name().to_string_lossy().strip_suffix(".parquet").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 100, "{}", names.len());
    let worlds: Vec<_> = worlds().into_iter().map(|(name, builder)| (name, builder.build().expect("a session"))).collect();
    let mut wrong = Vec::new();
    for name in &names {
        let file = folder().join(format!("{name}.parquet"));
        let expected = Expectation::read(name);
        // Unoptimized, a scan reads all columns, and what is not read is refused.
        let worlds = &worlds[..if expected.whole.starts_with("refused") { 2 } else { 3 }];
        for (world, session) in worlds {
            if !expected.types.is_empty() {
                let found = types(session, &file);
                let is_right = |((name, data_type), expected): (&(String, String), &(String, String))| {
                    *name == expected.0 && (expected.1 == "-" || *data_type == expected.1)
                };
                if found.len() != expected.types.len() || !found.iter().zip(&expected.types).all(is_right) {
                    wrong.push(format!("{name}: types\n{found:?}\ninstead of\n{:?}", expected.types));
                }
            }
            for (query, rows) in [("", &expected.whole), (expected.query.as_str(), &expected.picked)] {
                let found = answer(session, query, &file, &scratch);
                if !agrees(&found, rows) {
                    wrong.push(format!("{name}, {world}: `{query}`\n{found}\ninstead of\n{rows}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

const ROWS: i64 = 40;

/// How the cell of a row is spelled.
type Spelling = Box<dyn Fn(i64) -> String>;

/// Columns of the crate's files, and how each cell is spelled. Every fifth value is null, but for `id`.
fn columns() -> Vec<(&'static str, ArrayRef, Spelling)> {
    fn some<T>(value: impl Fn(i64) -> T) -> Vec<Option<T>> {
        (0..ROWS).map(|row| (row % 5 != 2).then(|| value(row))).collect()
    }
    let decimals = |precision| {
        let values = Decimal128Array::from(some(|row| i128::from(row * 125 - 1000))).with_precision_and_scale(precision, 2);
        Arc::new(values.expect("a precision")) as ArrayRef
    };
    let cents = |row: i64| {
        let cents = row * 125 - 1000;
        format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
    };
    let day = |row: i64| format!("\"2000-01-{:02}\"", row % 28 + 1);
    vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..ROWS)), Box::new(|row| row.to_string())),
        ("bool", Arc::new(BooleanArray::from(some(|row| row % 3 == 0))), Box::new(|row| (row % 3 == 0).to_string())),
        ("i32", Arc::new(Int32Array::from(some(|row| row as i32 * 1000 - 7))), Box::new(|row| (row * 1000 - 7).to_string())),
        ("i64", Arc::new(Int64Array::from(some(|row| i64::MAX - row))), Box::new(|row| (i64::MAX - row).to_string())),
        ("u16", Arc::new(UInt16Array::from(some(|row| u16::MAX - row as u16 % 3))), Box::new(|row| (65535 - row % 3).to_string())),
        ("f32", Arc::new(Float32Array::from(some(|row| row as f32 / 2.0))), Box::new(|row| format!("{:.1}", row as f64 / 2.0))),
        ("f64", Arc::new(Float64Array::from(some(|row| row as f64 * 0.5 - 3.0))), Box::new(|row| format!("{:.1}", row as f64 * 0.5 - 3.0))),
        ("text", Arc::new(StringArray::from(some(|row| format!("é {}", row % 4)))), Box::new(|row| format!("\"é {}\"", row % 4))),
        (
            "long",
            Arc::new(StringArray::from(some(|row| format!("a common beginning, then {row}")))),
            Box::new(|row| format!("\"a common beginning, then {row}\"")),
        ),
        ("date", Arc::new(Date32Array::from(some(|row| 10_957 + row as i32 % 28))), Box::new(day)),
        (
            "ms",
            Arc::new(TimestampMillisecondArray::from(some(|row| row * 1000 + 250))),
            Box::new(|row| format!("\"1970-01-01T00:00:{row:02}.25\"")),
        ),
        ("dec9", decimals(9), Box::new(cents)),
        ("dec18", decimals(18), Box::new(cents)),
        ("dec38", decimals(38), Box::new(cents)),
    ]
}

/// The lines of JSON of `names`, for the rows that `keep` keeps.
fn spelled(names: &[&str], keep: impl Fn(i64) -> bool) -> String {
    let columns = columns();
    let mut text = String::new();
    for row in (0..ROWS).filter(|row| keep(*row)) {
        let cells = names.iter().map(|name| {
            let (_, _, spell) = columns.iter().find(|(known, _, _)| known == name).expect("a column");
            let cell = if row % 5 == 2 && *name != "id" { "null".to_owned() } else { spell(row) };
            format!("\"{name}\":{cell}")
        });
        text.push_str(&format!("{{{}}}\n", cells.collect::<Vec<_>>().join(",")));
    }
    text
}

#[test]
fn every_way_of_the_crate_to_store_columns_is_read() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (file, answers) = (scratch.path().join("a.parquet"), scratch.path().join("answer.ndjson"));
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
        Compression::BROTLI(BrotliLevel::default()),
    ];
    let names: Vec<&str> = columns().iter().map(|(name, _, _)| *name).collect();
    let batch = RecordBatch::try_from_iter_with_nullable(columns().into_iter().map(|(name, array, _)| (name, array, name != "id")));
    let batch = batch.expect("equal lengths");
    let (whole, picked) = (spelled(&names, |_| true), spelled(&["long", "id", "dec38"], |row| row % 5 != 2 && row * 1000 - 7 > 20_000));
    let worlds: Vec<_> = worlds().into_iter().map(|(name, builder)| (name, builder.build().expect("a session"))).collect();
    let mut files = 0;
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for (at, codec) in codecs.iter().enumerate() {
            for storage in 0..6 {
                let statistics = [EnabledStatistics::None, EnabledStatistics::Chunk, EnabledStatistics::Page][(at + storage) % 3];
                let mut properties = WriterProperties::builder()
                    .set_writer_version(version)
                    .set_compression(*codec)
                    .set_statistics_enabled(statistics)
                    .set_bloom_filter_enabled(storage == 1)
                    .set_dictionary_enabled(storage == 0 || storage == 5)
                    .set_statistics_truncate_length(Some(5))
                    .set_column_index_truncate_length(Some(5));
                if storage > 3 {
                    properties = properties.set_max_row_group_row_count(Some(7)).set_data_page_row_count_limit(3).set_write_batch_size(1);
                }
                for name in &names {
                    let encoding = match (storage, *name) {
                        (2, "i32" | "i64" | "u16" | "id" | "date" | "ms") => Encoding::DELTA_BINARY_PACKED,
                        (2, "text" | "long") => Encoding::DELTA_LENGTH_BYTE_ARRAY,
                        (2, "bool") => Encoding::RLE,
                        (3, "f32" | "f64" | "i32" | "i64" | "dec38") => Encoding::BYTE_STREAM_SPLIT,
                        (3, "text" | "long") => Encoding::DELTA_BYTE_ARRAY,
                        _ => continue,
                    };
                    properties = properties.set_column_encoding((*name).into(), encoding);
                }
                let out = fs::File::create(&file).expect("a file");
                let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties.build())).expect("a schema");
                writer.write(&batch).expect("rows");
                writer.close().expect("a footer");
                files += 1;
                for (world, session) in &worlds {
                    let what = format!("{version:?} {codec:?} storage {storage}, {world}");
                    assert_eq!(answer(session, "", &file, &answers), whole, "{what}");
                    let query = "where i32 > 20000 | select long, id, dec38";
                    assert_eq!(answer(session, query, &file, &answers), picked, "{what}");
                }
            }
        }
    }
    assert_eq!(files, 84);
}
