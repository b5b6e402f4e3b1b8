//! Every place that reads an input meets a read that fails, in every format: a clear error, nothing left, and an engine that goes on.
//!
//! The places are counted: those in the source that call [`ReadAt`], against those that the reads of these runs came from.

#[path = "shared/left_behind.rs"]
mod left_behind;
#[path = "shared/sources.rs"]
mod sources;

use std::backtrace::Backtrace;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use frame::{ErrorKind, Progress, Result};
use frame_core::{Error, IoError};
use frame_engine::{Engine, Settings};
use frame_io::{FileAccess, MemoryFile, ReadAt};
use frame_plan::{CsvOptions, Input};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use left_behind::left_behind;
use sources::sources;

/// A query of a file.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    csv: CsvOptions,
    /// None for the estimate of a query that keeps all rows.
    query: Option<&'static str>,
}

/// The places that reads came from, as `file:line`; of the runs that look.
type Places = Arc<Mutex<BTreeSet<String>>>;

#[derive(Debug, Clone, Default)]
struct Reads {
    count: Arc<AtomicUsize>,
    /// The read that fails.
    fails_at: usize,
    seen: Option<Places>,
}

#[derive(Debug)]
struct Files {
    bytes: Vec<u8>,
    reads: Reads,
}

#[derive(Debug)]
struct Faulty {
    file: MemoryFile,
    reads: Reads,
}

impl FileAccess for Files {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(Faulty { file: MemoryFile::new(path, self.bytes.clone()), reads: self.reads.clone() }))
    }
}

impl ReadAt for Faulty {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if let Some(seen) = &self.reads.seen {
            let place = caller(&Backtrace::force_capture().to_string());
            seen.lock().expect("no panic").insert(place);
        }
        if self.reads.count.fetch_add(1, Ordering::Relaxed) + 1 == self.reads.fails_at {
            return Err(Error::new(IoError::new("read", self.path(), &std::io::Error::from_raw_os_error(5))));
        }
        self.file.read_at(buffer, offset)
    }

    fn len(&self) -> u64 {
        self.file.len()
    }

    fn path(&self) -> &str {
        self.file.path()
    }

    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }
}

/// The innermost place in the source of a crate, other than the trait itself.
fn caller(trace: &str) -> String {
    let places = trace.lines().filter_map(|line| line.trim().strip_prefix("at ")?.split_once("crates/frame-"));
    let place = places.map(|(_, place)| place).find(|place| place.contains("/src/") && !place.contains("/access.rs"));
    let place = place.unwrap_or_else(|| panic!("a read from nowhere:\n{trace}"));
    place.rsplit_once(':').expect("a column").0.to_owned()
}

/// The places in the source that call the trait. Inputs behind URLs are a feature with tests of its own; spill files are another trait.
fn places() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut files = Vec::new();
    for name in ["frame-io", "frame-engine"] {
        sources(&crates.join(name).join("src"), &mut files);
    }
    let mut places = BTreeSet::new();
    for path in files {
        let name = path.strip_prefix(&crates).expect("below it").display().to_string();
        if name.contains("/remote/") || name.ends_with("/access.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, text) in (1..).zip(code.lines()) {
            if text.contains(".read_exact_at(") || text.contains(".read_at(") {
                places.insert(format!("{}:{line}", name.trim_start_matches("frame-")));
            }
        }
    }
    places
}

fn engine(bytes: &[u8], reads: Reads) -> Engine {
    let settings = Settings { threads: 2, batch_rows: 100, partition_bytes: 3000, chunk_bytes: 1000, ..Settings::default() };
    Engine::with_files(settings, Arc::new(Files { bytes: bytes.to_vec(), reads })).expect("threads")
}

/// The answer as text, or the estimate.
fn answer(engine: &Engine, case: &Case) -> Result<String> {
    let input = Input { path: case.name.to_owned(), csv: case.csv.clone(), ..Input::default() };
    let text = case.query.unwrap_or("select *");
    let planner = move |tables: &frame_engine::Tables| frame_lang::parse(text, vec![input.clone()], tables);
    if case.query.is_none() {
        return engine.estimate(planner).map(|estimate| format!("{estimate:?}"));
    }
    let run = engine.start(planner, &Progress::default())?;
    let schema = run.schema().clone();
    let batches: Vec<RecordBatch> = run.collect::<Result<_>>()?;
    Ok(format!("{:?}", concat_batches(&schema, &batches)?.columns()))
}

/// A text of hexadecimal digits that hardly gets smaller.
fn noise(row: u64) -> String {
    let mut state = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    format!("{:016x}{:016x}{:016x}", word(), word(), word())
}

fn csv(rows: u64, note: impl Fn(u64) -> String) -> String {
    let rows = (0..rows).map(|row| format!("{row},{},{}\n", row % 7, note(row)));
    format!("id,kind,note\n{}", rows.collect::<String>())
}

fn batches(text: &str) -> (SchemaRef, Vec<RecordBatch>) {
    let engine = engine(text.as_bytes(), Reads::default());
    let input = Input { path: "all.csv".to_owned(), ..Input::default() };
    let run = engine.start(move |tables| frame_lang::parse("select *", vec![input.clone()], tables), &Progress::default()).expect("a run");
    let schema = run.schema().clone();
    (schema, run.collect::<Result<_>>().expect("rows"))
}

/// Row groups of several pages, with an index of the pages.
fn parquet(text: &str) -> Vec<u8> {
    let (schema, batches) = batches(text);
    let pages =
        WriterProperties::builder().set_max_row_group_row_count(Some(1000)).set_data_page_row_count_limit(100).set_write_batch_size(50);
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(pages.build())).expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("memory"));
    writer.into_inner().expect("memory")
}

fn arrow_file(text: &str) -> Vec<u8> {
    let (schema, batches) = batches(text);
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &schema).expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("memory"));
    writer.into_inner().expect("memory")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).expect("memory");
    gzip.finish().expect("memory")
}

/// A frame for every 50 KB.
fn zstd(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(50_000).flat_map(|part| zstd::bulk::compress(part, 1).expect("memory")).collect()
}

fn cases(folder: &Path) -> Vec<Case> {
    const GROUPS: Option<&str> = Some("where id > 3 | groupby kind sum id as s, max note as n | sort kind");
    let plain = csv(600, |row| format!("note {row}"));
    let wide = csv(6000, noise);
    // Lines in a text look like records, and no quote is in sight: whoever begins in the middle is wrong.
    let quoted = csv(12, |row| format!("\"{}\"", format!("x\n{row},1,y\n").repeat(if row == 5 { 20_000 } else { 10 })));
    let lines: String = (0..600).map(|row| format!("{{\"id\":{row},\"kind\":{},\"note\":\"note {row}\"}}\n", row % 7)).collect();
    let bad = plain.replace("\n400,1,", "\n400,what,");
    let rejecting = CsvOptions {
        bad_value: Some("reject".to_owned()),
        rejects: Some(folder.join("rejects.csv").display().to_string()),
        types: vec![("kind".to_owned(), DataType::Int64)],
        ..CsvOptions::default()
    };
    let typed = CsvOptions { bad_value: None, rejects: None, ..rejecting.clone() };
    let case = |name, bytes: &str, query| Case { name, bytes: bytes.as_bytes().to_vec(), csv: CsvOptions::default(), query };
    vec![
        case("a.csv", &plain, GROUPS),
        case("a.csv", &wide, None),
        case("a.csv", &plain, Some("where id in (3, 300, 590) | select id, _line, _byte")),
        case("quoted.csv", &quoted, GROUPS),
        Case { csv: typed, ..case("bad.csv", &bad, GROUPS) },
        Case { csv: rejecting, ..case("bad.csv", &bad, GROUPS) },
        Case { bytes: parquet(&wide), ..case("a.parquet", "", GROUPS) },
        Case { bytes: arrow_file(&plain), ..case("a.arrow", "", GROUPS) },
        case("a.ndjson", &lines, GROUPS),
        case("a.ndjson", &lines, None),
        case("a.ndjson", "1\n2\n", GROUPS),
        Case { bytes: gzip(&plain), ..case("a.csv.gz", "", GROUPS) },
        Case { bytes: zstd(&csv(12_000, noise)), ..case("a.csv.zst", "", GROUPS) },
    ]
}

#[test]
fn every_place_that_reads_may_fail() {
    let mut reached: BTreeMap<String, usize> = places().into_iter().map(|place| (place, 0)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    for case in cases(folder.path()) {
        let seen = Places::default();
        let looking = Reads { seen: Some(seen.clone()), ..Reads::default() };
        let sound = engine(&case.bytes, looking.clone());
        let expected = answer(&sound, &case);
        let all = looking.count.load(Ordering::Relaxed);
        for place in seen.lock().expect("no panic").iter() {
            let times = reached.get_mut(place).unwrap_or_else(|| panic!("{place} reads, but not by the trait's methods"));
            *times += 1;
        }
        // Many reads of one kind need not all fail.
        for fails_at in (1..=all).step_by(1 + all / 150) {
            let reads = Reads { fails_at, ..Reads::default() };
            let engine = engine(&case.bytes, reads.clone());
            match (answer(&engine, &case), &expected) {
                // It did not come to that read, or what it was for is not worth an error: the line of a rejected row, a look ahead.
                (Ok(text), Ok(expected)) => assert_eq!(text, *expected, "{}: read {fails_at} of {all}", case.name),
                (Err(error), Ok(_)) => {
                    assert!(matches!(error.kind(), ErrorKind::Io(_)), "{}: read {fails_at} of {all}: {error}", case.name);
                    assert!(error.to_string().contains(case.name), "{}: read {fails_at} of {all}: {error}", case.name);
                }
                // Where the line of a bad value cannot be counted any more its byte is told.
                (Err(_), Err(_)) => {}
                (Ok(text), Err(error)) => panic!("{}: read {fails_at} of {all}: {error} became {text}", case.name),
            }
            assert_eq!(left_behind(&engine), (0, 0), "{}: read {fails_at} of {all}", case.name);
            // If it was not met it must not come now.
            reads.count.fetch_max(fails_at, Ordering::Relaxed);
            let again = answer(&engine, &case);
            assert_eq!(again.as_ref().ok(), expected.as_ref().ok(), "{}: after read {fails_at} of {all}", case.name);
        }
    }
    let missed: Vec<_> = reached.iter().filter(|(_, times)| **times == 0).map(|(place, _)| place).collect();
    println!("{} of {} places that read were reached", reached.len() - missed.len(), reached.len());
    assert!(missed.is_empty(), "no read came from {missed:?}");
}
