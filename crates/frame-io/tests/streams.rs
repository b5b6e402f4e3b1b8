//! Packed files, pipes, other encodings, JSON lines and Arrow files: whatever the way, the rows are those of the plain file.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::CancelToken;
use frame_io::formats::arrow::{ArrowStreamTable, ArrowTable};
use frame_io::formats::csv::{BadValues, CsvSettings, CsvTable, Learnt};
use frame_io::formats::ndjson::{NdjsonSettings, NdjsonTable, Shape};
use frame_io::formats::{self, Destination};
use frame_io::{Content, Lesson, MemoryFile, ReadAt, Restart, ScanRequest, Spool, Stop, Table};
use frame_memory::MemoryBudget;

fn request(table: &dyn Table, batch_rows: usize) -> Arc<ScanRequest> {
    let columns = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    let budget = MemoryBudget::new(256 << 20);
    Arc::new(ScanRequest { columns, spots: Vec::new(), checked: Vec::new(), filter: None, batch_rows, cancel: CancelToken::new(), budget })
}

/// All rows as one batch; the ledger must balance.
fn rows(table: &dyn Table, batch_rows: usize) -> Result<RecordBatch, Stop> {
    let request = request(table, batch_rows);
    let (mut batches, mut read) = (Vec::new(), 0);
    for partition in 0..table.partitions() {
        let mut reader = table.open(partition, &request)?;
        while let Some(batch) = reader.next()? {
            batches.push(batch.into_record_batch().expect("a batch"));
        }
        assert!(reader.ledger().is_balanced());
        read += reader.ledger().read;
    }
    table.close()?;
    let all = concat_batches(table.schema(), &batches).expect("one schema");
    assert_eq!(read as usize, all.num_rows());
    Ok(all)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).expect("memory");
    gzip.finish().expect("memory")
}

fn memory(bytes: impl Into<Vec<u8>>) -> Arc<dyn ReadAt> {
    Arc::new(MemoryFile::new("test", bytes))
}

fn csv(count: usize) -> String {
    let mut text = String::from("id,note,value\n");
    for row in 0..count {
        let note = match row % 5 {
            0 => "plain".to_owned(),
            1 => format!("\"a, b\nline {row}\""),
            2 => String::new(),
            3 => format!("\"say \"\"{row}\"\"\""),
            _ => "naïve".to_owned(),
        };
        text.push_str(&format!("{row},{note},{}.5\n", row * 7919 % 1000));
    }
    text
}

#[test]
fn a_packed_file_reads_like_the_plain_one() {
    let text = csv(3000);
    let plain = CsvTable::open(memory(text.clone()), &CsvSettings::default(), &Learnt::default()).expect("a table");
    let expected = rows(&plain, 8192).expect("rows");
    for partition_bytes in [64, 1000, 40_000, 16 << 20] {
        for bytes in [gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).expect("memory"), text.clone().into_bytes()] {
            let settings = CsvSettings { partition_bytes, chunk_bytes: 512, ..CsvSettings::default() };
            let content = Content::of(memory(bytes), None).expect("content");
            let table = CsvTable::open_stream(content, &settings, &Learnt::default()).expect("a table");
            assert_eq!(rows(&table, 100).expect("rows"), expected, "{partition_bytes}");
            // A second way through begins at the start.
            assert_eq!(rows(&table, 3000).expect("rows"), expected, "{partition_bytes}");
        }
    }
}

/// The last partition takes what has no number, and only that, though it may be read before the others are.
#[test]
fn partitions_may_be_read_in_any_order() {
    let text = csv(300);
    let plain = CsvTable::open(memory(text.clone()), &CsvSettings::default(), &Learnt::default()).expect("a table");
    let expected = rows(&plain, 8192).expect("rows");
    let settings = CsvSettings { partition_bytes: 500, chunk_bytes: 512, ..CsvSettings::default() };
    let content = Content::of(memory(gzip(text.as_bytes())), None).expect("content");
    let table = CsvTable::open_stream(content, &settings, &Learnt::default()).expect("a table");
    let last = table.partitions() - 1;
    assert!(last > 3, "several partitions");
    let request = request(&table, 100);
    let mut parts = vec![Vec::new(); last + 1];
    for partition in [2, last].into_iter().chain((0..last).filter(|partition| *partition != 2)) {
        let mut reader = table.open(partition, &request).expect("a partition");
        while let Some(batch) = reader.next().expect("rows") {
            parts[partition].push(batch.into_record_batch().expect("a batch"));
        }
    }
    assert_eq!(concat_batches(table.schema(), parts.iter().flatten()).expect("one schema"), expected);
}

#[test]
fn a_cut_file_is_damaged_wherever_it_is_cut() {
    let packed = gzip(csv(20_000).as_bytes());
    for cut in [packed.len() - 1, packed.len() / 2, packed.len() / 10, 12] {
        let content = Content::of(memory(&packed[..cut]), None);
        let table = content.and_then(|content| CsvTable::open_stream(content, &CsvSettings::default(), &Learnt::default()));
        let error = match table {
            Err(error) => error,
            Ok(table) => match rows(&table, 8192) {
                Err(Stop::Failed(error)) => error,
                other => panic!("{other:?}"),
            },
        };
        assert_eq!((error.code().0, error.exit_code()), ("E0412", 3), "{error}");
    }
    let mut bad = packed.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 0x55;
    let content = Content::of(memory(bad), None).expect("a beginning");
    let table = CsvTable::open_stream(content, &CsvSettings::default(), &Learnt::default());
    assert!(table.is_err() || matches!(table.map(|table| rows(&table, 8192)), Ok(Err(Stop::Failed(_) | Stop::Restart(_)))));
}

#[test]
fn errors_in_a_stream_know_their_line() {
    let mut text = csv(2000);
    text.push_str("1,2\n");
    let line = text.matches('\n').count() as u64;
    let byte = text.len() as u64 - 4;
    let settings = CsvSettings { partition_bytes: 2000, ..CsvSettings::default() };
    let content = Content::of(memory(gzip(text.as_bytes())), None).expect("content");
    let table = CsvTable::open_stream(content, &settings, &Learnt::default()).expect("a table");
    let Err(Stop::Failed(error)) = rows(&table, 8192) else { panic!("a ragged row") };
    let place = error.file_position().expect("a place");
    assert_eq!((place.line, place.byte), (Some(line), Some(byte)));
}

#[test]
fn a_pipe_and_utf_16_read_like_a_file() {
    let text = csv(2000);
    let plain = CsvTable::open(memory(text.clone()), &CsvSettings::default(), &Learnt::default()).expect("a table");
    let expected = rows(&plain, 8192).expect("rows");
    let settings = CsvSettings { partition_bytes: 5000, ..CsvSettings::default() };
    let pipe: Arc<dyn ReadAt> = Arc::new(Spool::new("-", Box::new(std::io::Cursor::new(text.clone())), &std::env::temp_dir()));
    for _ in 0..2 {
        let content = Content::of(pipe.clone(), None).expect("content");
        let table = CsvTable::open_stream(content, &settings, &Learnt::default()).expect("a table");
        assert_eq!(rows(&table, 500).expect("rows"), expected);
    }
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let content = Content::of(memory(wide), None).expect("content");
    let table = CsvTable::open_stream(content, &settings, &Learnt::default()).expect("a table");
    assert_eq!(rows(&table, 500).expect("rows"), expected);
}

/// Reads JSON lines, restarting as an engine would; gives the rows and the number of restarts.
fn ndjson(
    text: &str,
    partition_bytes: u64,
    chunk_bytes: usize,
    types: &[(String, DataType)],
) -> Result<(RecordBatch, usize), frame_core::Error> {
    let mut learnt: Vec<(String, Shape)> = Vec::new();
    for restarts in 0..20 {
        let settings =
            NdjsonSettings { types: types.to_vec(), bad_values: BadValues::default(), rejects: None, partition_bytes, chunk_bytes };
        let table = NdjsonTable::open(memory(text), &settings, &learnt)?;
        match rows(&table, 7) {
            Ok(rows) => return Ok((rows, restarts)),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Restart(Restart { lesson: Lesson::Reshape { column, shape, .. }, .. })) => {
                match learnt.iter_mut().find(|(known, _)| *known == column) {
                    Some((_, known)) => *known = known.clone().join(shape),
                    None => learnt.push((column, shape)),
                }
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("restarts without end");
}

#[test]
fn json_lines_become_typed_columns() {
    let text = "{\"a\": 1, \"b\": \"x\", \"t\": \"2024-01-31T10:00:00\", \"l\": [1, 2], \"s\": {\"p\": true}}\n\
                \n\
                {\"b\": \"a \\\"quoted\\\" \\u00e9\", \"a\": -2.5, \"l\": [], \"s\": {\"q\": null, \"p\": false}}\r\n\
                {\"a\": null, \"mixed\": [1], \"l\": null}\n\
                {\"mixed\": \"text\"}";
    for (partition_bytes, chunk_bytes) in [(1 << 20, 1 << 20), (1, 1), (50, 20), (97, 300)] {
        let (rows, _) = ndjson(text, partition_bytes, chunk_bytes, &[]).expect("rows");
        let types: Vec<String> = rows.schema().fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect();
        assert_eq!(
            types,
            ["a Float64", "b Utf8View", "t Timestamp(µs)", "l List(Int64)", "s Struct(\"p\": Boolean, \"q\": Utf8View)", "mixed Utf8View"]
        );
        let texts = |column: usize| -> Vec<Option<String>> {
            let column = cast(rows.column(column), &DataType::Utf8).expect("text");
            column.as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts(0), [some("1.0"), some("-2.5"), None, None]);
        assert_eq!(texts(1), [some("x"), some("a \"quoted\" é"), None, None]);
        assert_eq!(texts(5), [None, None, some("[1]"), some("text")]);
        let list = rows.column(3).as_list::<i32>();
        assert_eq!((list.value(0).as_primitive::<Int64Type>().values().to_vec(), list.value(1).len()), (vec![1, 2], 0));
    }
}

#[test]
fn json_types_do_not_depend_on_where_values_stand() {
    let mut text = String::new();
    for row in 0..30_000 {
        text.push_str(&format!("{{\"id\":{row},\"note\":\"row {row}\",\"padding\":\"{}\"}}\n", "x".repeat(90)));
    }
    let odd = "{\"id\":0.5,\"note\":7,\"late\":{\"k\":1}}\n";
    for at in [0, text.len()] {
        let mut text = text.clone();
        text.insert_str(at, odd);
        for partition_bytes in [100_000, 1 << 24] {
            let (rows, _) = ndjson(&text, partition_bytes, 1 << 16, &[]).expect("rows");
            let mut types: Vec<String> =
                rows.schema().fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect();
            types.sort();
            assert_eq!(types, ["id Float64", "late Struct(\"k\": Int64)", "note Utf8View", "padding Utf8View"]);
            assert_eq!(rows.num_rows(), 30_001);
        }
    }
}

#[test]
fn bad_json_has_a_line_and_a_reason() {
    for (line, reason) in [
        ("{\"a\": 1", "`,` or `}` was expected"),
        ("[1]", "each line must be an object"),
        ("{\"a\": 01}", "this is no number"),
        ("{\"a\": 1} x", "goes on behind"),
        ("{\"a\": 1, \"a\": 2}", "stands twice"),
        ("{\"a\": nul}", "`null` was expected"),
    ] {
        let text = format!("{{\"a\": 1}}\n{{\"a\": 2}}\n{line}\n{{\"a\": 3}}\n");
        let error = ndjson(&text, 1 << 20, 1 << 20, &[]).expect_err(line);
        assert!(error.to_string().contains(reason), "{line}: {error}");
        assert_eq!(error.file_position().and_then(|place| place.line), Some(3), "{line}");
    }
    let types = [("a".to_owned(), DataType::Int64)];
    let error = ndjson("{\"a\": 1}\n{\"a\": \"x\"}\n", 1 << 20, 1 << 20, &types).expect_err("a text");
    assert_eq!(error.code().0, "E0410");
    assert_eq!(ndjson("\n \n", 100, 100, &[]).expect_err("nothing").code().0, "E0411");
}

#[test]
fn arrow_files_and_streams_read_back() {
    let (table, _) = ndjson(
        "{\"a\":1,\"b\":\"x\",\"l\":[1]}\n{\"a\":2,\"b\":null,\"l\":[]}\n{\"a\":3,\"b\":\"a text longer than a view\"}\n",
        1 << 20,
        1 << 20,
        &[],
    )
    .expect("rows");
    for destination in [Destination::File, Destination::Stream] {
        let path = tempfile::NamedTempFile::new().expect("a file");
        let format = formats::by_name("arrow").expect("Arrow");
        let out = Box::new(path.reopen().expect("a file"));
        let mut writer = (format.open)(out, &table.schema(), destination).expect("a writer");
        writer.write(&table).expect("rows");
        writer.write(&table.slice(1, 2)).expect("rows");
        writer.finish().expect("a footer");
        let bytes = std::fs::read(path.path()).expect("bytes");
        let open = |bytes: Vec<u8>| -> frame_core::Result<Box<dyn Table>> {
            Ok(match destination {
                Destination::File => Box::new(ArrowTable::open(memory(bytes))?),
                Destination::Stream => Box::new(ArrowStreamTable::open(Content::of(memory(bytes), None)?)?),
            })
        };
        let read = rows(open(bytes.clone()).expect("a table").as_ref(), 2).expect("rows");
        assert_eq!(read, concat_batches(&table.schema(), &[table.clone(), table.slice(1, 2)]).expect("one schema"));
        // Whatever byte is wrong: an error or other values, never a panic.
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0xff;
            if let Ok(table) = open(bad) {
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rows(table.as_ref(), 2)));
            }
            if let Ok(table) = open(bytes[..at].to_vec()) {
                let _ = rows(table.as_ref(), 2);
            }
        }
    }
}
