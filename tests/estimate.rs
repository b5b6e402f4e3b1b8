//! Estimates keep what they promise: what is predicted is near to what is measured, and the smallest limit is enough.
//!
//! `FRAME_BLESS=1 cargo test --test estimate` writes the expected texts anew; read the difference before you commit it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use frame::{Error, ErrorKind, Report, Session, SessionBuilder};

/// Prediction and measure may differ by this factor.
const FACTOR: f64 = 3.0;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Rows of numbers that are all different, that come back, and hardly do; texts that are longer than a view.
fn rows(count: u64) -> String {
    let mut text = String::from("id,k,u,v,t\n");
    let mut mixed = 1_u64;
    for row in 0..count {
        mixed = mixed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = mixed >> 33;
        let (k, u, v) = (random % 1000, random % 50_021, (random % 1_000_003) as f64 / 7.0);
        text.push_str(&format!("{},{k},{u},{v:.4},a text beside number {}\n", row * 7919 % count, random % 30_011));
    }
    text
}

/// Small sizes, so that a small file is read by several tasks.
fn session() -> SessionBuilder {
    Session::builder().threads(2).batch_rows(2000).chunk_bytes(64 << 10).partition_bytes(1 << 20)
}

fn run(session: &Session, query: &str, file: &str) -> Result<Report, Error> {
    let mut run = session.query(query).input(file).start()?;
    run.by_ref().try_for_each(|batch| batch.map(drop))?;
    run.finish()
}

/// Queries whose state is nearly all of their memory.
fn queries(file: &str) -> Vec<String> {
    let mut queries = [
        "sort v",
        "sort t, -id | select id, t",
        "groupby u sum v as s, max t as m",
        "groupby id mean v",
        "groupby k median v, nunique u, count",
        "distinct t, k",
        "derive s = sum(v) over (by k order id), r = rank() over (order v)",
        "top 60000 by v",
        "dedup u, k",
        "tail 100000",
    ]
    .map(str::to_owned)
    .to_vec();
    queries.extend([format!("join '{file}' as o on id | select id, o.t"), format!("join left '{file}' as o on u, k | count")]);
    queries
}

/// A file of these rows, as text and as Parquet.
fn files(folder: &Path, count: u64) -> [String; 2] {
    let [text, parquet] = ["rows.csv", "rows.parquet"].map(|name| folder.join(name).display().to_string());
    fs::write(&text, rows(count)).expect("a file");
    run(&session().build().expect("a session"), &format!("write '{parquet}'"), &text).expect("rows");
    [text, parquet]
}

/// Tries every query on files of so many rows, with one thread and two: what `wrong` says of them must be nothing.
fn each(folder: &Path, count: u64, wrong: impl Fn(&str, &str, usize) -> Vec<String>) {
    let mut all = Vec::new();
    for file in files(folder, count) {
        for query in queries(&file) {
            for threads in [1, 2] {
                all.extend(wrong(&file, &query, threads));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_memory_that_is_predicted_is_near_to_what_is_reserved() {
    let folder = tempfile::tempdir().expect("a folder");
    each(folder.path(), 200_000, |file, query, threads| {
        let session = session().threads(threads).memory_bytes(4 << 30).build().expect("a session");
        let estimate = session.query(query).input(file).estimate().expect("an estimate");
        let report = run(&session, query, file).expect("rows");
        let (measured, predicted) = (report.peak_reserved_bytes as f64, estimate.peak_bytes);
        let is_near = predicted < FACTOR * measured && measured < FACTOR * predicted;
        let is_wrong = !is_near || estimate.spilled_bytes > 0.0;
        is_wrong.then(|| format!("{query}, {threads} threads: {measured} bytes were reserved\n{estimate}")).into_iter().collect()
    });
}

#[test]
fn the_smallest_limit_is_enough_and_a_tenth_of_it_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    each(folder.path(), 120_000, |file, query, threads| {
        let mut wrong = Vec::new();
        let with = |bytes: f64| {
            let session = session().threads(threads).memory_bytes(bytes as usize).spill_dir(folder.path()).build().expect("a session");
            let estimate = session.query(query).input(file).estimate().expect("an estimate");
            (estimate, run(&session, query, file))
        };
        let smallest = with(f64::from(1 << 30)).0.smallest_limit_bytes;
        let (estimate, enough) = with(smallest);
        if let Err(error) = enough {
            wrong.push(format!("{query}, {threads} threads, {smallest} bytes: {error}\n{estimate}"));
        }
        match with(smallest / 10.0).1 {
            Ok(report) if report.spilled_bytes == 0 => wrong.push(format!("{query}: a tenth of {smallest} bytes is enough")),
            Err(error) if !matches!(error.kind(), ErrorKind::Memory(_)) => wrong.push(format!("{query}: {error}")),
            _ => {}
        }
        wrong
    });
}

#[test]
fn estimates_of_the_data_read_as_they_should() {
    let session = Session::builder().threads(2).memory_bytes(1 << 30).build().expect("a session");
    let (mut text, mut file) = (String::new(), "");
    let queries = fs::read_to_string(path("tests/golden/estimate.txt")).expect("the queries");
    for line in queries.lines() {
        if let Some(name) = line.strip_prefix("@ ") {
            file = name;
            continue;
        }
        let estimate = session.query(line).input(file).estimate().unwrap_or_else(|error| panic!("{}", error.render(Some(line))));
        text.push_str(&format!("> {line}  [{file}]\n{estimate}\n"));
    }
    let golden = path("tests/golden/estimate.expected.txt");
    if std::env::var_os("FRAME_BLESS").is_some() {
        fs::write(&golden, &text).expect("the golden file");
    }
    assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "estimates changed; see the head of this file");
}

#[test]
fn rows_and_groups_of_every_format_are_known_or_guessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let [text, parquet] = files(folder.path(), 100_000);
    let session = session().build().expect("a session");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (lines, arrow, packed) = (place("rows.ndjson"), place("rows.arrow"), place("rows.csv.gz"));
    for path in [&lines, &arrow] {
        run(&session, &format!("write '{path}'"), &text).expect("rows");
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&fs::read(&text).expect("the file")).expect("memory");
    fs::write(&packed, gzip.finish().expect("memory")).expect("a file");
    // A footer of Parquet knows its rows; an Arrow file is about as large as its rows; the others have samples.
    for (file, factor) in [(parquet, 1.0), (text, 1.05), (lines, 1.05), (packed, 1.2), (arrow, 2.0)] {
        let estimate = |query: &str| session.query(query).input(&file).estimate().expect("an estimate").rows;
        let is_near = |found: f64, expected: f64, factor: f64| found <= expected * factor && expected <= found * factor;
        let (rows, groups) = (estimate("select id"), estimate("distinct k"));
        assert!(is_near(rows, 100_000.0, factor), "{file}: {rows} rows");
        assert!(is_near(groups, 1000.0, 1.2), "{file}: {groups} groups");
        let half = estimate("where id < 50000");
        assert!(is_near(half, 50_000.0, 1.1 * factor), "{file}: {half} rows");
    }
}

/// What the program writes to stdout and to stderr.
fn frame(arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).expect("UTF-8"), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn the_command_line_shows_estimates_before_a_run_and_beside_what_came_of_it() {
    let (text, _) = frame(&["explain", "--estimate", "sort -value", "data/sales.csv", "-m", "512M", "-j", "1"]);
    assert!(text.contains("sort -value") && text.contains("of 512 MiB; nothing goes to disk"), "{text}");
    assert!(!text.contains("stage 1"), "the plan is not shown: {text}");
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json").display().to_string();
    let (_, told) = frame(&["query", "-v", "groupby category count", "data/sales.parquet", "--report", &report]);
    assert!(told.contains("predicted: ") && told.contains(" bytes reserved at most, 0 spilled"), "{told}");
    let report = fs::read_to_string(&report).expect("a report");
    assert!(report.contains("\"predicted\":{\"rows\":") && report.contains("\"smallest_limit_bytes\":"), "{report}");
}
