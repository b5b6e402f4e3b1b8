//! Golden queries, each in every world: the same bytes for any number of threads, any sizes, optimized or not, from CSV and from Parquet.
//!
//! `FRAME_BLESS=1 cargo test --test worlds` writes the expected answers anew; read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use frame::{Session, SessionBuilder};
use frame_io::formats::{self, Destination, csv::Writer};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The answer as CSV, as the command line prints it.
fn answer(session: &Session, query: &str, file: &str) -> String {
    let run = session.query(query).input(path(file).display().to_string()).start();
    let run = run.unwrap_or_else(|error| panic!("{}", error.render(Some(query))));
    let mut writer = Writer::new(Vec::new(), b',');
    writer.header(&run.schema()).expect("memory");
    for batch in run {
        writer.write(&batch.unwrap_or_else(|error| panic!("{query}: {error}"))).expect("memory");
    }
    String::from_utf8(writer.into_inner()).expect("UTF-8")
}

/// Name and settings of each world; the first one is the plainest.
fn worlds() -> Vec<(&'static str, SessionBuilder)> {
    let world = || Session::builder().memory_bytes(256 << 20);
    vec![
        ("1 thread", world().threads(1)),
        ("2 threads", world().threads(2)),
        ("3 threads, small batches", world().threads(3).batch_rows(3).partition_bytes(10_000).table_groups(2)),
        ("8 threads, tiny partitions", world().threads(8).partition_bytes(501).chunk_bytes(97).table_groups(7)),
        ("1 thread, tiny partitions, unoptimized", world().threads(1).partition_bytes(777).batch_rows(50).table_groups(1).optimize(false)),
        ("4 threads, tiny chunks, unoptimized", world().threads(4).chunk_bytes(33).batch_rows(7).optimize(false)),
        ("partitions of a line", world().threads(2).partition_bytes(64)),
        ("2 threads, all on disk", world().threads(2).partition_bytes(900).batch_rows(11).gathered_bytes(0).piece_bytes(100)),
        ("1 thread, much on disk", world().threads(1).batch_rows(100).gathered_bytes(4_000).piece_bytes(1_000)),
        ("2 threads, little memory", little_memory(world().threads(2), 1 << 20)),
        ("1 thread, hardly any memory, unoptimized", little_memory(world().threads(1).optimize(false), 512 << 10)),
    ]
}

/// A limit that the rows of the golden files do not all fit into, and sizes that go with it.
fn little_memory(builder: SessionBuilder, bytes: usize) -> SessionBuilder {
    builder.memory_bytes(bytes).batch_rows(100).partition_bytes(8_000).chunk_bytes(2_000).piece_bytes(1_000)
}

#[test]
fn answers_are_the_same_bytes_in_every_world() {
    check("sales");
}

#[test]
fn the_language_answers_the_same_bytes_in_every_world() {
    check("language");
}

#[test]
fn the_shape_of_tables_is_the_same_in_every_world() {
    check("shape");
}

#[test]
fn windows_are_the_same_in_every_world() {
    check("windows");
}

#[test]
fn joins_answer_the_same_bytes_in_every_world() {
    check("joins");
}

/// The same rows as Parquet.
fn converted(session: &Session, file: &str, folder: &Path) -> String {
    let copy = folder.join(Path::new(file).with_extension("parquet").file_name().expect("a name")).display().to_string();
    let run = session.query("").input(path(file).display().to_string()).start().expect("a run");
    let format = formats::by_name("parquet").expect("Parquet");
    let out = Box::new(fs::File::create(&copy).expect("a file"));
    let mut writer = (format.open)(out, &run.schema(), Destination::File).expect("a writer");
    for batch in run {
        writer.write(&batch.expect("rows")).expect("a row group");
    }
    writer.finish().expect("a footer");
    copy
}

/// Runs the queries of a golden file in all worlds. A line `@ PATH` names the file that those below it read.
fn check(topic: &str) {
    let queries = fs::read_to_string(path(&format!("tests/golden/{topic}.txt"))).expect("the queries");
    let worlds: Vec<_> = worlds().into_iter().map(|(name, builder)| (name, builder.build().expect("a session"))).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let (mut text, mut files) = (String::new(), Vec::new());
    for query in queries.lines() {
        if let Some(file) = query.strip_prefix("@ ") {
            files = vec![file.to_owned(), converted(&worlds[0].1, file, folder.path())];
            continue;
        }
        let expected = answer(&worlds[0].1, query, &files[0]);
        for (name, session) in &worlds {
            for file in &files {
                assert_eq!(answer(session, query, file), expected, "{query}\n{name}, {file}");
            }
        }
        text.push_str(&format!("> {query}\n{expected}\n"));
    }
    let golden = path(&format!("tests/golden/{topic}.expected.txt"));
    if std::env::var_os("FRAME_BLESS").is_some() {
        fs::write(&golden, &text).expect("the golden file");
    }
    assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "answers changed; see the head of this file");
}

#[test]
fn a_late_misfit_changes_types_in_every_world_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("late.csv").display().to_string();
    let mut text = String::from("k,v\n");
    for row in 0..20_000 {
        text.push_str(&format!("{},{row}\n", row % 7));
    }
    text.push_str("x,0.5");
    fs::write(&file, text).expect("a file");
    for (name, builder) in worlds() {
        // Inputs are given by absolute paths here; join leaves those alone.
        let session = builder.partition_bytes(4_000).build().expect("a session");
        let all = answer(&session, "groupby k sum v as s | take 2", &file);
        assert_eq!(all, "k,s\n0,28578571.0\n1,28561429.0\n", "{name}");
        for query in ["take 2", "let few = take 50; join semi few on v | take 2"] {
            assert_eq!(answer(&session, query, &file), "k,v\n0,0\n1,1\n", "{name}: the misfit lies behind what is taken");
        }
    }
}

/// The answer as CSV, or the message of the error that it ends with.
fn outcome(session: &Session, query: &str, file: &str) -> Result<String, String> {
    let run = session.query(query).input(file).start().map_err(|error| error.to_string())?;
    let mut writer = Writer::new(Vec::new(), b',');
    writer.header(&run.schema()).expect("memory");
    for batch in run {
        writer.write(&batch.map_err(|error| error.to_string())?).expect("memory");
    }
    Ok(String::from_utf8(writer.into_inner()).expect("UTF-8"))
}

#[test]
fn only_rows_in_front_of_the_last_one_taken_can_fail_in_every_world() {
    let folder = tempfile::tempdir().expect("a folder");
    let csv = folder.path().join("edges.csv").display().to_string();
    let mut text = String::from("n,v,t\n");
    for row in 0..2_000_i64 {
        // Two rows fail, each with a message of its own.
        let v = if [700, 701].contains(&row) { i64::MAX - row % 2 } else { row };
        let t = if row == 900 { "xmany".to_owned() } else { format!("x{row}") };
        text.push_str(&format!("{row},{v},{t}\n"));
    }
    fs::write(&csv, text).expect("a file");
    let plain = Session::builder().threads(1).build().expect("a session");
    let parquet = converted(&plain, &csv, folder.path());
    let answered = [
        "derive x = v + 2 | take 3",
        "derive x = v + 2 | take 650 from 50 | agg sum x, count",
        "derive x = v + 2 | where x % 2 = 0 | take 3 from 300",
        "where v + 2 > 600 | take 3",
        "where v + 2 > 600 | select n | take 3",
        "where n < 650 and v < 640 | derive x = v + 2, y = v * 9 | take 3",
        "derive d = cast(replace(t, 'x', ''), int) | take 2 from 898 | select n, d",
        "cast v to int16 | take 4",
        "union (derive n = v + 2) | where v > 20 | take 3",
        "derive x = v + 2 | take 700 | sort -x | take 2",
        "derive x = v + 2 | note 'all' | take 0",
        "let few = where n < 600 | select n; derive x = v + 2 | join few on n | take 3",
        "let few = where n < 600 | select n; derive x = v + 2 | join left few on n | join left few on n | take 650",
        "let few = where n < 900 | select n; derive x = v + 2 | join anti few on n | derive y = x + v | take 0",
        "let few = where n < 900 | select n; join few on n | derive x = v + 2 | take 700 | join few on n | count",
    ];
    let failing = [
        "derive x = v + 2 | take 701",
        "derive x = v + 2",
        "where v + 2 > 600 | take 300",
        "where v + 2 > 600",
        "where v + 2 > 600 | count",
        "derive x = v + 2 | where x > 5000 | take 1",
        "derive y = v * 9 | derive x = v + 2",
        "derive x = v + 2 | sort x | take 3",
        "union (derive n = v + 2) | take 2701",
        "let few = where n < 600 | select n; derive x = v + 2 | join few on n | take 601",
        "let few = where n < 600 | select n; derive x = v + 2 | join left few on n | join left few on n | take 701",
        "let few = where n < 900 | select n; join few on n | derive x = v + 2 | take 701 | join few on n | count",
        "let few = where n < 600 | select n; derive x = v + 2 | join right few on n | take 3",
    ];
    let expected: Vec<_> = answered.iter().chain(&failing).map(|query| outcome(&plain, query, &csv)).collect();
    for (query, outcome) in answered.iter().chain(&failing).zip(&expected) {
        assert_eq!(outcome.is_ok(), answered.contains(query), "{query}: {outcome:?}");
    }
    for (name, builder) in worlds() {
        let session = builder.build().expect("a session");
        for (query, expected) in answered.iter().chain(&failing).zip(&expected) {
            for file in [&csv, &parquet] {
                assert_eq!(&outcome(&session, query, file), expected, "{query}\n{name}, {file}");
            }
        }
    }
}

#[test]
fn a_sum_that_is_too_large_is_an_error_in_every_world_also_if_its_group_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let csv = folder.path().join("large.csv").display().to_string();
    fs::write(&csv, format!("k,v,f\na,{0},0.5\na,{0},1.5\nb,1,2.5\n", i64::MAX)).expect("a file");
    let parquet = converted(&Session::builder().threads(1).build().expect("a session"), &csv, folder.path());
    for (name, builder) in worlds() {
        let session = builder.build().expect("a session");
        for file in [&csv, &parquet] {
            for query in
                ["groupby k sum v as s having k = 'b'", "groupby k sum v as s | where k = 'b'", "groupby k product v as s | where k = 'b'"]
            {
                let error = outcome(&session, query, file).expect_err("too large");
                assert!(error.contains("fit a 64-bit integer"), "{name}: {query}: {error}");
            }
            // Rows that never reach the sum are no part of it; a mean, and a sum of floats, always fit.
            let sum = outcome(&session, "where k = 'b' | groupby k sum v as s", file);
            assert_eq!(sum, Ok("k,s\nb,1\n".to_owned()), "{name}");
            let mean = outcome(&session, "groupby k mean v as m, sum f as s | where k = 'b'", file);
            assert_eq!(mean, Ok("k,m,s\nb,1.0,2.5\n".to_owned()), "{name}");
        }
    }
}

#[test]
fn the_builder_and_the_text_make_the_same_plan() {
    use frame::{col, count, max, mean};
    let session = Session::builder().threads(1).build().expect("a session");
    let file = path("data/sales.csv").display().to_string();
    let built = session.scan(&file).filter(col("value").gt(1200).and(col("note").is_not_null())).group_by(["category"]);
    let built = built.agg([mean("value"), count().named("n"), max("ts")]).sort_descending(col("n")).take(3);
    let text = "where value > 1200 and note is not null | groupby category mean value, count as n, max ts | sort -n | take 3";
    assert_eq!(built.to_text(), text);
    let input = frame::Input { path: file, ..frame::Input::default() };
    let parsed = frame_lang::parse(text, vec![input], &session.catalog()).expect("parses");
    assert_eq!(&parsed, built.plan());
}
