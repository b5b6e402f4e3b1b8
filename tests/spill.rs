//! Operators over several times as many bytes as there may be in memory: the same rows as with plenty of it, nothing stays on disk.

use frame::{Run, Session};
use frame_core::Result;

/// A hot group that has nine of ten rows, groups of a row each, texts that are longer than a view, times with gaps.
fn rows() -> String {
    let mut text = String::from("hot,id,v,w,t,ts\n");
    for row in 0..270_000_u64 {
        let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let hot = if mixed % 10 < 9 { 0 } else { mixed % 500 };
        let v = if row % 97 == 0 { String::new() } else { (mixed % 10_007).to_string() };
        let w = (mixed % 1_000_003) as f64 / 7.0 - 50_000.0;
        let (minute, second) = (mixed % 6_000_000 / 60, mixed % 60);
        let time = format!(
            "2024-0{}-{:02}T{:02}:{:02}:{second:02}",
            1 + minute / 1440 / 28,
            1 + minute / 1440 % 28,
            minute / 60 % 24,
            minute % 60
        );
        text.push_str(&format!("{hot},{},{v},{w},a text of some length that is put beside number {mixed},{time}\n", row * 7_919 % 300_007));
    }
    text
}

/// A number for all rows in their order, how many there are, and the bytes that were spilled.
fn answer(session: &Session, query: &str, file: &str) -> Result<(u64, usize, u64)> {
    let mut run: Run = session.query(query).input(file).start()?;
    let (mut hash, mut count) = (0_u64, 0);
    let mut add = |bytes: &[u8]| bytes.iter().for_each(|byte| hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    for batch in run.by_ref() {
        let batch = batch?;
        count += batch.num_rows();
        let options = arrow::util::display::FormatOptions::default().with_null("∅");
        let columns = batch.columns().iter().map(|column| arrow::util::display::ArrayFormatter::try_new(column.as_ref(), &options));
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            columns.iter().for_each(|column| add(format!("{},", column.value(row)).as_bytes()));
        }
    }
    let report = run.finish()?;
    Ok((hash, count, report.spilled_bytes))
}

/// Queries whose rows do not fit, in both sessions.
fn check(queries: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv").display().to_string();
    std::fs::write(&file, rows()).expect("a file");
    let spills = tempfile::tempdir().expect("a folder");
    let plenty = Session::builder().threads(2).memory_bytes(2 << 30).build().expect("a session");
    for query in queries {
        let expected = answer(&plenty, query, &file).unwrap_or_else(|error| panic!("{query}: {}", error.render(Some(query))));
        assert_eq!(expected.2, 0, "{query}: nothing is written when all of it fits");
        for threads in [1, 2] {
            let session = Session::builder().threads(threads).memory_bytes(8 << 20).spill_dir(spills.path());
            let session =
                session.batch_rows(500).chunk_bytes(32 << 10).partition_bytes(1 << 20).table_groups(2000).build().expect("a session");
            let found = answer(&session, query, &file).unwrap_or_else(|error| panic!("{query}, {threads} threads: {error}"));
            assert_eq!((found.0, found.1), (expected.0, expected.1), "{query}, {threads} threads");
            assert!(found.2 > 0, "{query}, {threads} threads: nothing was spilled");
        }
    }
    assert_eq!(std::fs::read_dir(spills.path()).expect("a folder").count(), 0);
}

#[test]
fn sorts_of_more_rows_than_fit_into_memory() {
    check(&["sort w, t", "derive n = row_number() over (order w) | sort -id"]);
}

#[test]
fn groups_with_texts_in_keys_that_take_more_than_memory() {
    check(&[
        // A few texts, one for each row, few at first and many later, in columns beside each other.
        "derive k = concat('a text beside number ', cast(id // 1000, text)) | groupby k, id sum v as s, max w as w",
        "groupby t, id sum v as s",
        "derive k = if _byte < 22000000 then cast(hot, text) else t | groupby id, k sum v as s, first w as w",
        "derive k = cast(hot, text), l = if _byte < 18000000 then null else t | groupby l, id, k sum v as s, count as n with total",
    ]);
}

#[test]
fn windows_over_more_rows_than_fit_into_memory() {
    check(&[
        "derive n = row_number() over (), m = mean(w) over (), before = lag(t, 3) over (order ts)",
        "derive s = sum(v) over (by hot order id), c = sum(w) over (by hot order ts rows ..0), r = rank() over (by hot order v)",
        "derive m = mean(w) over (by hot order id rows -6..2), n = count() over (by hot order ts range 1h), f = first(t) over (by hot order v)",
        "derive p = percent_rank() over (by hot order v), d = dense_rank() over (by hot order -v), q = ntile(7) over (by hot order id)",
        "derive a = max(v) over (by id), b = lead(w) over (by id order ts), c = nth(t, 2) over (by hot order id rows -3..1)",
        "derive x = max(t) over (by t), y = row_number() over (by t order -w) | select x, y, id",
    ]);
}

#[test]
fn the_best_rows_of_more_candidates_than_fit_into_memory() {
    check(&[
        "top 60000 by v",
        "top 1 by w per id",
        "top 40000 by -w per hot",
        "top 30000 by v ties",
        "dedup id, t",
        "dedup t keep last",
        "dedup v, id keep max(w)",
        "sample 60000 seed 3",
        "sample 1 per id seed 3",
    ]);
}

#[test]
fn stretches_of_more_rows_than_fit_into_memory() {
    check(&["tail 100000", "take 100000 | sort w | take 80000", "tail 90000 | derive u = v + 1"]);
}

#[test]
fn missing_rows_between_more_rows_than_fit_into_memory() {
    check(&[
        "select hot, v, t | complete hot, v",
        "select id, hot, t, w | derive k = id // 1000 | complete k, hot",
        "select hot, ts, w | complete ts every 10m per hot with 0",
        "select ts, t, w | complete ts every 1m",
    ]);
}
