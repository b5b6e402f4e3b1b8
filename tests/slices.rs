//! Files in the order of a key are grouped and joined slice by slice: the answers are those of a whole run.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray};
use frame::{Session, SessionBuilder};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// Enough for several partitions: small row groups are put together.
const ROWS: i64 = 1_300_000;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(60_000)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

fn ints(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// Events whose ids nearly count up and come back, people in the order of their ids, and the events in no order.
fn files(folder: &Path) {
    let id = |row: i64| row / 3 + row * 7919 % 40;
    let value = || -> ArrayRef { Arc::new(Float64Array::from_iter_values((0..ROWS).map(|row| (row * 31 % 1000) as f64 / 8.0))) };
    let part = || ints((0..ROWS).map(|row| row % 7));
    write(&folder.join("events.parquet"), vec![("id", ints((0..ROWS).map(id))), ("part", part()), ("value", value())]);
    let mixed = ints((0..ROWS).map(|row| id(row * 7919 % ROWS)));
    write(&folder.join("mixed.parquet"), vec![("id", mixed), ("part", part()), ("value", value())]);
    let (people, mut name) = (0..ROWS * 2 / 3, String::new());
    let names = people.clone().map(|row| {
        name = format!("somebody with number {}", row * 13 % 5000);
        name.clone()
    });
    let names: ArrayRef = Arc::new(StringViewArray::from_iter_values(names.collect::<Vec<_>>()));
    // Every third id is there twice, every third one is not.
    let person = people.map(|row| row / 2 + i64::from(row % 3 == 0));
    write(&folder.join("people.parquet"), vec![("person", ints(person)), ("name", names)]);
}

struct Sessions {
    whole: Session,
    sliced: Vec<Session>,
}

impl Sessions {
    fn new() -> Self {
        let session = |of: &dyn Fn(SessionBuilder) -> SessionBuilder| of(Session::builder().threads(2)).build().expect("a session");
        let sliced = vec![
            session(&|builder| builder.memory_bytes(1 << 30).slice_rows(60_000)),
            session(&|builder| builder.memory_bytes(1 << 30).slice_rows(60_000).threads(1).batch_rows(1000)),
            session(&|builder| builder.memory_bytes(24 << 20).slice_rows(60_000)),
        ];
        Self { whole: session(&|builder| builder.memory_bytes(1 << 30).slice_rows(u64::MAX)), sliced }
    }

    /// The answer of every session, and the plan's stages of the first one in slices.
    fn check(&self, query: &str, file: &str) -> String {
        let answer = |session: &Session| {
            let mut run = session.query(query).input(file).start().unwrap_or_else(|error| panic!("{query}: {error}"));
            let batches = run.by_ref().collect::<Result<Vec<_>, _>>().unwrap_or_else(|error| panic!("{query}: {error}"));
            let rows = arrow::compute::concat_batches(&run.schema(), &batches).expect("one schema");
            (rows, run.finish().expect("a report"))
        };
        let explained = self.sliced[0].query(query).input(file).explain().expect("a plan");
        let (expected, of_whole) = answer(&self.whole);
        assert!(expected.num_rows() > 0, "{query}: no rows");
        for session in &self.sliced {
            let (rows, report) = answer(session);
            assert!(rows == expected, "{query}: {} rows instead of {}", rows.num_rows(), expected.num_rows());
            let of = |report: &frame::Report| (report.rows_read, report.rows_kept, report.rows_filtered, report.bytes_read);
            assert_eq!(of(&report), of(&of_whole), "{query}: read, kept and filtered");
        }
        explained.split_once("\nstage 1").or(explained.split_once("\nanswer")).map_or(String::new(), |(_, stages)| stages.to_owned())
    }
}

#[test]
fn answers_in_slices_are_those_of_a_whole_run() {
    let folder = tempfile::tempdir().expect("a folder");
    files(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (events, people) = (path("events.parquet"), path("people.parquet"));
    let sessions = Sessions::new();
    for query in [
        "groupby id sum value, count, min part, first part as f, last value as l",
        "groupby id, part mean value | where id % 100 < 3",
        "where part > 2 and id > 100000 | groupby id count as n, max value as m",
        "groupby part, id sum value as s | groupby s count as n",
        "groupby id list value as v | where id < 2000",
        "groupby id count as n | groupby n count as times",
    ] {
        let stages = sessions.check(query, &events);
        assert!(stages.contains("slices by id"), "{query}: {stages}");
    }
    for (join, then) in [("join", "name"), ("join left", "name"), ("join semi", ""), ("join anti", "")] {
        let name = if then.is_empty() { "part" } else { then };
        let query = format!("{join} '{people}' on id = person | groupby {name} count as n, sum value as s");
        let stages = sessions.check(&query, &events);
        assert!(stages.contains("slices by id"), "{query}: {stages}");
    }
    // In no order, in an order that must be kept, with too few values, or with rows that are wanted twice: as a whole.
    for (query, file) in [
        ("groupby id sum value", path("mixed.parquet")),
        ("groupby part sum value", events.clone()),
        ("groupby part, id count as n", events.clone()),
        (&format!("join '{people}' on id = person | tail 900"), events.clone()),
        ("let n = groupby id count as n | unordered; join n on id | join n as m on id | groupby part sum n", events.clone()),
    ] {
        let stages = sessions.check(query, &file);
        assert!(!stages.contains("slices by"), "{query}: {stages}");
    }
}
