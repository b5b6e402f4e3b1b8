//! The memory promise: whatever growth of a reservation is refused, a run answers the same by way of the disk or ends with the error that
//! names who asked, and leaves nothing behind; and what a limit is enough for, every larger one is enough for.
//!
//! `FRAME_REFUSALS=1000 cargo test --release --test memory` refuses as many growths of each run, by default 25 over its length.

#[path = "shared/left_behind.rs"]
mod left_behind;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use frame::{Input, Session};
use frame_core::{ErrorKind, Result};
use frame_engine::{Engine, Progress, Settings};
use frame_io::{FileAccess, MemoryFile, ReadAt};
use frame_memory::{Growth, LocalScratch, MemoryBudget};

use left_behind::left_behind;

/// Plans of every operator that gathers rows, groups or values. The name of the other side of joins is `other.csv`.
const QUERIES: [&str; 28] = [
    "sort text, id",
    "take 1900 from 10 | sort -value, id",
    "groupby id sum value as s, max text as m",
    "groupby text list id as l, concat(text, ' ') as c, first id, median id | unordered",
    "groupby value mode id, nunique text, argmax(text, id) as a, top 3 id, approx_nunique id, approx_quantile 0.5 id, sum half with total",
    "groupby value first text, last id, std half, skew half, corr(id, half) as r, product half, p90 id",
    "groupby id, text sum value as s, max half as m",
    "agg count, median id, list text, sum half, nunique text, last text",
    "distinct text, value",
    "counts text top 30",
    "join 'other.csv' as o on id",
    "join left 'other.csv' as o on text, value | select id, o.id, text",
    "join right 'other.csv' as o on id = value | select id, o.id, o.text",
    "join full (from 'other.csv' | where value < 5) as o on id",
    "join semi 'other.csv' on id = value",
    "join anti 'other.csv' on id = value | groupby value count",
    "take 40 | join cross (from 'other.csv' | take 90) as o | select id, o.text",
    "join asof 'other.csv' as o on day nearest per value | select id, o.id, o.text",
    "derive p = percent_rank() over (order value, id), n = row_number() over (), m = mean(half) over (by text)",
    "derive s = sum(value) over (by value order id), l = lag(text, 2) over (order id), x = max(id) over (by value order id rows -5..0)",
    "top 1500 by value",
    "top 90 by id per value ties",
    "dedup text keep last",
    "dedup id, text keep max(half)",
    "sample 700 seed 3",
    "sort id | tail 1700 | derive x = id + 1",
    "select value, id, text | complete value, id",
    "select id, day, value, text | complete day every 1d per value",
];

/// Rows in which keys come back, or hardly do, and texts are longer than a view.
fn rows(count: u64) -> String {
    let mut text = String::from("id,value,half,day,text\n");
    for row in 0..count {
        let (id, value) = (row * 7919 % (count - 1), row % 13);
        let day = format!("2024-{:02}-{:02}", 1 + row % 3, 1 + row * 5 % 28);
        text.push_str(&format!("{id},{value},{}.5,{day},a text that is put beside number {}\n", row % 101, row * 31 % 411));
    }
    text
}

#[derive(Debug)]
struct Files(String);

impl FileAccess for Files {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(MemoryFile::new(path, self.0.clone().into_bytes())))
    }
}

/// Which growth is refused, and what has been asked for so far.
#[derive(Debug, Default)]
struct Refusals {
    /// The number of the growth that is refused; none for 0.
    at: AtomicUsize,
    /// From this growth on nothing is granted to those who can give something up; to all of them for 0.
    optional_from: AtomicUsize,
    /// Growths so far.
    asked: AtomicUsize,
    /// Growths that were refused though their consumer had nothing to give up.
    refused_required: AtomicUsize,
}

impl Refusals {
    fn refuses(&self, growth: Growth) -> bool {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if !growth.is_required && number >= self.optional_from.load(Ordering::Relaxed) {
            return true;
        }
        let is_refused = number == self.at.load(Ordering::Relaxed);
        self.refused_required.fetch_add(usize::from(is_refused && growth.is_required), Ordering::Relaxed);
        is_refused
    }

    /// Begins to count anew.
    fn set(&self, at: usize, optional_from: usize) {
        self.at.store(at, Ordering::Relaxed);
        self.optional_from.store(optional_from, Ordering::Relaxed);
        self.refused_required.store(0, Ordering::Relaxed);
        self.asked.store(0, Ordering::Relaxed);
    }
}

/// An engine whose budget refuses what `refusals` says, and the folder that it spills into.
fn engine(refusals: &Arc<Refusals>, threads: usize, gathered_bytes: usize) -> (Engine, tempfile::TempDir) {
    let spills = tempfile::tempdir().expect("a folder");
    let sizes = Settings {
        batch_rows: 200,
        partition_bytes: 12_000,
        chunk_bytes: 6_000,
        table_groups: 50,
        piece_bytes: 2_000,
        ..Settings::default()
    };
    let settings = Settings { threads, gathered_bytes, spill_dir: spills.path().to_owned(), ..sizes };
    let scratch = Arc::new(LocalScratch::new(spills.path()));
    let engine = Engine::with_access(settings, Arc::new(Files(rows(1200))), scratch).expect("threads");
    let refusals = refusals.clone();
    (engine.with_budget(MemoryBudget::refusing(1 << 30, move |growth| refusals.refuses(growth))), spills)
}

/// The rows of an answer, and the bytes that were spilled.
fn answer(engine: &Engine, query: &'static str) -> Result<(Option<RecordBatch>, u64)> {
    let input = Input { path: "rows.csv".to_owned(), ..Input::default() };
    let mut run = engine.start(move |tables| frame_lang::parse(query, vec![input.clone()], tables), &Progress::default())?;
    let batches = run.by_ref().collect::<Result<Vec<_>>>()?;
    let rows = batches.first().map(|first| arrow::compute::concat_batches(&first.schema(), &batches)).transpose()?;
    // The first column tells the rows of these answers apart.
    let rows = match rows {
        Some(rows) if query.ends_with("unordered") => {
            let order = arrow::compute::sort_to_indices(rows.column(0), None, None)?;
            Some(arrow::compute::take_record_batch(&rows, &order)?)
        }
        rows => rows,
    };
    Ok((rows, run.finish()?.spilled_bytes))
}

/// Checks that nothing is reserved and nothing lies in the spill folder when the last task has ended.
fn check_nothing_is_left(engine: &Engine, spills: &tempfile::TempDir, what: &str) {
    assert_eq!(left_behind(engine), (0, 0), "{what}: bytes spilled and reserved");
    assert_eq!(fs::read_dir(spills.path()).expect("the folder").count(), 0, "{what}: files are left");
}

/// What is wrong with how a run went that was refused one growth, if anything is; whether it ended with an error.
fn judge(
    found: Result<(Option<RecordBatch>, u64)>,
    expected: &Option<RecordBatch>,
    refusals: &Refusals,
) -> std::result::Result<bool, String> {
    let error = match found {
        Ok((rows, _)) if rows == *expected => return Ok(false),
        Ok(_) => return Err("other rows".to_owned()),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::Memory(memory) if memory.consumer.is_empty() || !error.to_string().contains(&memory.consumer) => {
            Err("for whom?".to_owned())
        }
        ErrorKind::Memory(_) if refusals.refused_required.load(Ordering::Relaxed) == 1 && error.exit_code() == 4 => Ok(true),
        ErrorKind::Memory(_) => Err(format!("whoever was refused has something to give up: {error}")),
        _ => Err(error.to_string()),
    }
}

/// Refuses one growth after the other, in runs that keep what they can in memory, or put most of it on disk.
fn refuse_each(gathered_bytes: usize) {
    let runs_max = std::env::var("FRAME_REFUSALS").map_or(25, |text| text.parse().expect("a number"));
    let mut wrong = Vec::new();
    for (query, threads) in QUERIES.into_iter().flat_map(|query| [(query, 1), (query, 2)]) {
        let refusals = Arc::new(Refusals::default());
        let (engine, spills) = engine(&refusals, threads, gathered_bytes);
        refusals.set(0, usize::MAX);
        let (expected, _) = answer(&engine, query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let all = refusals.asked.load(Ordering::Relaxed);
        assert!(all > 5, "{query}: {all} growths");
        let (mut at, mut errors) = (1, 0);
        loop {
            refusals.set(at, usize::MAX);
            let found = answer(&engine, query);
            let is_over = refusals.asked.load(Ordering::Relaxed) < at;
            let what = format!("{query}: growth {at} of {all}, {threads} threads");
            match judge(found, &expected, &refusals) {
                Ok(is_error) => errors += usize::from(is_error),
                Err(reason) => wrong.push(format!("{what}: {reason}")),
            }
            check_nothing_is_left(&engine, &spills, &what);
            if is_over {
                break;
            }
            // Threads share the work in other ways each time, so the number of growths is about the same only.
            at += 1 + 2 * all / runs_max;
        }
        match threads {
            1 => assert!(errors > 0, "{query}: no growth was necessary"),
            // Rows that came in any order cannot be left out when they come again.
            _ => assert!(errors == 0 || query.ends_with("unordered"), "{query}: one task at a time would have done"),
        }
        refusals.set(0, usize::MAX);
        assert!(answer(&engine, query).expect("all is granted").0 == expected, "{query}: other rows");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn any_growth_in_memory_may_be_refused() {
    refuse_each(usize::MAX);
}

#[test]
fn any_growth_of_rows_on_disk_may_be_refused() {
    refuse_each(6_000);
}

#[test]
fn whoever_can_give_something_up_needs_no_more_than_it_must_have() {
    let mut wrong = Vec::new();
    for query in QUERIES {
        let refusals = Arc::new(Refusals::default());
        let (engine, spills) = engine(&refusals, 2, usize::MAX);
        refusals.set(0, usize::MAX);
        let (expected, spilled) = answer(&engine, query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(spilled, 0, "{query}: nothing is written when all of it fits");
        let all = refusals.asked.load(Ordering::Relaxed);
        for from in (1..all).step_by(1 + all / 10) {
            let what = format!("{query}: from growth {from} of {all} on");
            refusals.set(0, from);
            match answer(&engine, query) {
                Ok((rows, _)) if rows == expected => {}
                Ok(_) => wrong.push(format!("{what}: other rows")),
                Err(error) => wrong.push(format!("{what}: {error}")),
            }
            check_nothing_is_left(&engine, &spills, &what);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_nobody_reads_any_more_is_given_up() {
    // Bytes in memory and on disk when the first rows of the answer are there: all stages are done then.
    let held = |query: &'static str, gathered_bytes: usize| {
        let refusals = Arc::new(Refusals::default());
        let (engine, spills) = engine(&refusals, 1, gathered_bytes);
        refusals.set(0, usize::MAX);
        let input = Input { path: "rows.csv".to_owned(), ..Input::default() };
        let mut run =
            engine.start(move |tables| frame_lang::parse(query, vec![input.clone()], tables), &Progress::default()).expect("a run");
        assert!(run.next().expect("rows").is_ok());
        let held = (engine.reserved_bytes(), engine.spilled_bytes());
        drop(run);
        check_nothing_is_left(&engine, &spills, query);
        held
    };
    let long = "sort -text, id | derive n = row_number() over () | sort value, n | join left 'other.csv' as o on id | sort text, n | sort id | drop n";
    let (one, many) = (held("sort id", usize::MAX).0, held(long, usize::MAX).0);
    assert!(many < 2 * one, "in memory {many} bytes, a sort alone {one}");
    let (one, many) = (held("sort id", 6_000).1, held(long, 6_000).1);
    assert!(0 < one && many < 2 * one, "on disk {many} bytes, a sort alone {one}");
}

/// Limits that grow by a quarter, and whether each was enough for a query, which answers the same with all of them.
fn ladder(threads: usize, query: &str, file: &str) -> Vec<(usize, bool)> {
    let spills = tempfile::tempdir().expect("a folder");
    let answer = |memory_bytes: usize| -> Result<(RecordBatch, u64)> {
        let session = Session::builder().threads(threads).memory_bytes(memory_bytes).spill_dir(spills.path());
        let session = session.batch_rows(200).chunk_bytes(8 << 10).partition_bytes(200_000).piece_bytes(8 << 10).build()?;
        let mut run = session.query(query).input(file).start()?;
        let schema = run.schema();
        let batches = run.by_ref().collect::<Result<Vec<_>>>()?;
        Ok((arrow::compute::concat_batches(&schema, &batches)?, run.finish()?.spilled_bytes))
    };
    let (expected, _) = answer(1 << 30).unwrap_or_else(|error| panic!("{query}: {error}"));
    // Below that a scan's buffers are most of the memory, and luck decides.
    let (mut memory_bytes, mut has_spilled, mut limits) = (256 << 10, false, Vec::new());
    loop {
        match answer(memory_bytes) {
            Ok((rows, spilled)) => {
                assert!(rows == expected, "{query}: other rows with {memory_bytes} bytes");
                limits.push((memory_bytes, true));
                has_spilled |= spilled > 0;
                if spilled == 0 || memory_bytes > 256 << 20 {
                    break;
                }
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Memory(_)), "{query} with {memory_bytes} bytes: {error}");
                limits.push((memory_bytes, false));
            }
        }
        memory_bytes += memory_bytes / 4;
    }
    assert!(has_spilled, "{query}: nothing was spilled with any limit");
    assert_eq!(fs::read_dir(spills.path()).expect("the folder").count(), 0);
    limits
}

#[test]
fn what_a_limit_is_enough_for_a_larger_one_is_enough_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv").display().to_string();
    fs::write(&file, rows(20_000)).expect("a file");
    let mut wrong = Vec::new();
    for query in [
        "sort text, id",
        "groupby id sum value as s, max text as m",
        "groupby id, text list id as l",
        "distinct id, value",
        &format!("join '{file}' as o on id | select id, o.text"),
        "derive s = sum(value) over (by value order id), p = percent_rank() over (order half, id)",
        "top 12000 by half",
        "dedup id keep last",
        "tail 15000",
        "select value, id | where id < 3000 | complete value, id",
    ] {
        // When two threads are refused by chance, one goes on.
        let mut enough = usize::MAX;
        for threads in [1, 2] {
            let limits = ladder(threads, query, &file);
            let smallest = limits.iter().find(|(_, is_enough)| *is_enough).map_or(usize::MAX, |(limit, _)| *limit);
            println!("{query}, {threads} threads: {smallest} bytes are enough; {limits:?}");
            if threads == 1 {
                enough = smallest;
            }
            let refused = limits.iter().filter(|(limit, is_enough)| *limit >= enough && !is_enough);
            wrong.extend(refused.map(|(limit, _)| format!("{query}, {threads} threads: {limit} bytes are not, {enough} are enough")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
