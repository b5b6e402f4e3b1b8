//! What a join does beside giving the right rows: what it reads, what it builds, what it keeps in memory, and when it stops.

use arrow::util::display::{ArrayFormatter, FormatOptions};
use frame::{Session, SessionBuilder};

fn session(settings: impl Fn(SessionBuilder) -> SessionBuilder) -> Session {
    settings(Session::builder().threads(2).memory_bytes(256 << 20)).build().expect("a session")
}

fn explained(query: &str) -> String {
    let session = session(|builder| builder);
    let explained = session.query(query).input("data/requests.csv").explain();
    explained.unwrap_or_else(|error| panic!("{}", error.render(Some(query))))
}

/// The stages of an explained query.
fn stages(text: &str) -> &str {
    text.split_once("\nstage 1").map_or(text, |(_, stages)| stages)
}

#[test]
fn filters_move_into_the_side_that_they_are_about() {
    let text = explained("join 'data/users.csv' on user_id | where country = 'DE' and status >= 500 and amount > user_id | count");
    let stages = stages(&text);
    assert!(stages.contains("users.csv [user_id] where country = 'DE'"), "{text}");
    assert!(stages.contains("requests.csv [user_id] where status >= 500 and amount > user_id"), "{text}");
    // Rows without a match have nulls there.
    let text = explained("join left 'data/users.csv' on user_id | where country = 'DE' | count");
    assert!(text.contains("\n  filter country = 'DE'\n"), "{text}");
    // A key that is there twice must be seen.
    let text = explained("join 'data/users.csv' on user_id expect n:1 | where country = 'DE' | count");
    assert!(text.contains("\n  filter country = 'DE'\n"), "{text}");
}

#[test]
fn only_wanted_columns_are_read_and_keep_their_names() {
    let text = explained("join 'data/requests.csv' as o on ts | groupby region sum o.amount");
    let stages = stages(&text);
    assert!(stages.contains("[ts, amount]") && stages.contains("[ts, region]"), "{text}");
}

#[test]
fn a_side_that_is_joined_twice_is_built_once() {
    let text = explained("let slow = where latency_ms > 90; join semi slow on user_id | where status > 200 | join semi slow on user_id");
    assert_eq!(text.matches("table by [user_id] for").count(), 1, "{text}");
}

#[test]
fn a_small_left_side_cuts_the_right_side_first() {
    let text = explained("take 3 | join 'data/requests.csv' as o on user_id | count");
    assert!(text.contains("keep what matches for join inner as o on user_id"), "{text}");
    let text = explained("join 'data/users.csv' on user_id | count");
    assert!(!text.contains("keep what matches"), "{text}");
}

/// Writes the rows of a file as Parquet with row groups of a thousand rows.
fn parquet(session: &Session, from: &str, to: &str) {
    let options = frame_io::formats::parquet::ParquetOptions::parse("rows=1000").expect("options");
    let mut run = session.query("select *").input(from).start().expect("a run");
    let mut writer = options.open(Box::new(std::fs::File::create(to).expect("a file")), &run.schema().clone()).expect("a writer");
    run.by_ref().for_each(|batch| writer.write(&batch.expect("rows")).expect("space"));
    writer.finish().expect("space");
}

/// Spoils a column of some row groups of a Parquet file.
fn spoil(file: &str, groups: impl IntoIterator<Item = usize>, column: usize) {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(std::fs::File::open(file).expect("the file")).expect("a footer");
    let mut bytes = std::fs::read(file).expect("the file");
    for group in groups {
        let (start, len) = reader.metadata().row_group(group).column(column).byte_range();
        bytes[start as usize..(start + len) as usize].fill(0xff);
    }
    std::fs::write(file, bytes).expect("a file");
}

#[test]
fn row_groups_between_the_keys_of_the_other_side_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let lines: String = (0..9_000).map(|row| format!("{row},t{row},{}\n", row % 97)).collect();
    std::fs::write(path("rows.csv"), format!("k,t,v\n{lines}")).expect("a file");
    std::fs::write(path("few.csv"), "k,t,name\n1500,t1500,a\n,,b\n7500,t7500,c\n7501,t,d\n").expect("a file");
    let session = session(|builder| builder);
    let answer = |on: &str, file: &str| {
        let query = format!("join '{}' as o on {on} | agg count, sum v, max name", path("few.csv"));
        let run = session.query(query).input(path(file)).start()?;
        Ok::<_, frame::Error>(run.to_vec()?.iter().map(|batch| format!("{:?}", batch.columns())).collect::<String>())
    };
    parquet(&session, &path("rows.csv"), &path("rows.parquet"));
    // Whole numbers: statistics say that there are no such keys. Others: keys are looked up first.
    for (on, columns) in [("k", vec![0, 2]), ("t", vec![2]), ("k, t", vec![2])] {
        let expected = answer(on, "rows.csv").expect("an answer");
        let spoilt = |groups: &[usize]| {
            std::fs::copy(path("rows.parquet"), path("spoilt.parquet")).expect("a file");
            columns.iter().for_each(|column| spoil(&path("spoilt.parquet"), groups.iter().copied(), *column));
            answer(on, "spoilt.parquet").ok()
        };
        assert_eq!(spoilt(&[0, 2, 3, 4, 5, 6, 8]), Some(expected), "{on}");
        assert_eq!((spoilt(&[1]), spoilt(&[7])), (None, None), "{on}");
    }
}

#[test]
fn parts_of_a_file_without_keys_of_the_other_side_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let lines: String =
        (0..9_000).map(|row| format!("{},{}\n", if row % 50 == 7 { String::new() } else { row.to_string() }, row % 97)).collect();
    std::fs::write(path("rows.csv"), format!("k,v\n{lines}")).expect("a file");
    let few: String = (4_000..4_020).map(|key| format!("{key},few\n")).collect();
    std::fs::write(path("few.csv"), format!("k,name\n{few},few\n4005,again\n")).expect("a file");
    let session = session(|builder| builder);
    parquet(&session, &path("rows.csv"), &path("rows.parquet"));
    let answer = |query: &str, file: &str| {
        let mut run = session.query(query).input(path(file)).start()?;
        let rows: Vec<_> = run.by_ref().map(|batch| Ok(format!("{:?}", batch?.columns()))).collect::<frame::Result<Vec<String>>>()?;
        let report = run.finish()?;
        Ok::<_, frame::Error>((rows, [report.rows_read, report.rows_kept, report.rows_filtered]))
    };
    // A file that is damaged where no key of the other side lies.
    let mut bytes = std::fs::read(path("rows.parquet")).expect("the file");
    bytes[50..1_500].fill(0xff);
    std::fs::write(path("damaged.parquet"), bytes).expect("a file");
    let (few, all) = (path("few.csv"), path("rows.parquet"));
    for (query, is_narrowed) in [
        (format!("join '{few}' as o on k | agg count, sum v, max name"), true),
        (format!("join semi '{few}' as o on k | agg count, sum v"), true),
        (format!("join (from '{few}' | where name = 'none') as o on k | agg count, sum v"), true),
        (format!("join left '{few}' as o on k | agg count, sum v, max name"), false),
        (format!("join anti '{few}' as o on k | agg count, sum v"), false),
        (format!("where v > 3 | join '{few}' as o on k | agg count, sum v"), false),
        (format!("join '{few}' as o on k expect 1:n | agg count, sum v"), false),
    ] {
        let expected = answer(&query, "rows.csv").expect("an answer");
        assert_eq!(answer(&query, "rows.parquet").expect("an answer"), expected, "{query}");
        assert_eq!(answer(&query, "damaged.parquet").ok(), is_narrowed.then_some(expected), "{query}");
        let explained = session.query(&query).input(&all).explain().expect("a plan");
        assert_eq!(explained.contains("k within the keys of the table"), is_narrowed, "{explained}");
    }
    // A small left side cuts the scan of the right one.
    let query = format!("where name = 'few' | join '{all}' as o on k | agg count, sum v");
    let expected = answer(&query.replace(".parquet", ".csv"), "few.csv").expect("an answer").0;
    assert_eq!(answer(&query.replace("rows.", "damaged."), "few.csv").expect("an answer").0, expected);
}

#[test]
fn many_matches_come_in_pieces() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("same.csv").display().to_string();
    std::fs::write(&file, format!("k,v\n{}", "1,2\n".repeat(3_000))).expect("a file");
    let session = session(|builder| builder.batch_rows(1000));
    let run = session.query(format!("join '{file}' as o on k | select v, o.v as w")).input(&file).start().expect("a run");
    let sizes: Vec<usize> = run.map(|batch| batch.expect("rows").num_rows()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 9_000_000);
    assert!(sizes.iter().all(|rows| *rows <= 1000));
}

/// Rows of a side: ints `k`, which repeat, are null now and then, and of which one is hot; a text for each of them; numbers; the row.
fn side(file: &std::path::Path, rows: i64, hot: impl Fn(i64) -> bool, step: i64) -> String {
    let mut text = String::from("k,t,n,text\n");
    for row in 0..rows {
        let key = if hot(row) { 7 } else { row * step % (rows / 2).max(1) * 1_000_003 };
        let shown = if row % 23 == 5 { String::new() } else { key.to_string() };
        text.push_str(&format!("{shown},t{},{}.0,a text that is longer than a view {row}\n", key % 89, key % 1000));
    }
    std::fs::write(file, text).expect("a file");
    file.display().to_string()
}

/// A session whose rows of a join do not fit in memory.
fn narrow(threads: usize) -> Session {
    let sizes = |builder: SessionBuilder| builder.batch_rows(300).chunk_bytes(16 << 10).partition_bytes(300_000).piece_bytes(12 << 10);
    session(|builder| sizes(builder).threads(threads).memory_bytes(3 << 20))
}

/// The rows of an answer, and the bytes that were written to disk.
fn rows(session: &Session, query: &str, file: &str) -> (Vec<arrow::array::RecordBatch>, u64) {
    let shown = |error: frame::Error| -> Vec<arrow::array::RecordBatch> { panic!("{query}: {error}") };
    let mut run = session.query(query).input(file).start().unwrap_or_else(|error| panic!("{query}: {error}"));
    let schema = run.schema().clone();
    let batches: Vec<_> = run.by_ref().map(|batch| batch.unwrap_or_else(|error| shown(error).remove(0))).collect();
    let report = run.finish().expect("a report");
    (vec![arrow::compute::concat_batches(&schema, &batches).expect("rows")], report.spilled_bytes)
}

/// Checks that queries answer the same with little memory and with much, and that little memory is not enough without a disk.
fn check(left: &str, queries: &[String]) {
    let wide = session(|builder| builder.batch_rows(5_000));
    for query in queries {
        let (expected, spilled) = rows(&wide, query, left);
        assert_eq!(spilled, 0, "{query}");
        for threads in [1, 2] {
            let session = narrow(threads);
            let (found, spilled) = rows(&session, query, left);
            assert!(found == expected, "{query} with {threads} threads: {} rows, expected {}", found[0].num_rows(), expected[0].num_rows());
            // Keys alone may fit.
            let has_texts = !query.contains("join semi") && !query.contains("join anti");
            assert!(!has_texts || spilled > 100_000, "{query}: {spilled}");
        }
    }
}

const KINDS: [&str; 6] = ["inner", "left", "right", "full", "semi", "anti"];

#[test]
fn sides_that_do_not_fit_in_memory_are_joined_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = side(&folder.path().join("left.csv"), 32_000, |_| false, 7);
    let right = side(&folder.path().join("right.csv"), 110_000, |_| false, 11);
    let queries: Vec<String> = KINDS.map(|kind| format!("join {kind} '{right}' as o on k")).into();
    check(&left, &queries);
    let several = KINDS.map(|kind| format!("join {kind} '{right}' as o on t, n = k, text | select t, n, text"));
    check(&left, &several[2..]);
    let more = [
        format!("join full '{right}' as o on n = k | agg count, count(n) as m, max o.text"),
        format!("join left '{right}' as o on text | where o.n is not null | select k, o.k, text | take 100 from 20"),
        format!("join '{right}' as o on k | join left '{right}' as p on k | groupby t count, sum p.n"),
        format!("join right '{right}' as o on k | derive s = n + 1 | groupby o.t first s, last o.text, count(n) as c"),
        format!("join '{right}' as o on k | unordered | groupby t count, max o.text"),
        format!("join full '{right}' as o on k | agg count, first text, last text, last o.text as x"),
        format!("join '{right}' as o on k expect n:n | agg count, max o.text"),
        format!("union (from '{left}' | join '{right}' as o on k | select k, t, n, o.text as text) | agg count, max text"),
    ];
    check(&left, &more);
}

#[test]
fn rows_that_match_none_of_a_side_on_disk_do_not_go_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = side(&folder.path().join("left.csv"), 160_000, |_| false, 7);
    // Keys that most left rows do not have, and a few that they have.
    let part = format!("(from '{left}' | where n < 100 | derive v = n, note = text)");
    let file = folder.path().join("right.csv");
    let lines: String = (0..60_000_i64)
        .map(|row| format!("{},{row},a text that is longer than a view {row}\n", row * 1_000_003 * if row % 40 == 1 { 1 } else { 7_919 }))
        .collect();
    std::fs::write(&file, format!("k,v,note\n{lines}")).expect("a file");
    let right = file.display().to_string();
    let sizes = |builder: SessionBuilder| builder.batch_rows(700).chunk_bytes(16 << 10).partition_bytes(300_000).piece_bytes(12 << 10);
    let wide = session(|builder| builder);
    let mut spilled = Vec::new();
    for side in [format!("'{right}'"), part] {
        for (kind, order) in [("inner", true), ("inner", false), ("right", true), ("left", false), ("semi", false), ("anti", false)] {
            let of_right = if ["semi", "anti"].contains(&kind) { "" } else { ", count(o.v) as d, max o.note as f" };
            let texts = if order { ", first text as i, last text as l" } else { "" };
            let query = format!("join {kind} {side} as o on k | agg count, count(k) as b, sum n as c, max text as g{of_right}{texts}");
            let expected = rows(&wide, &query, &left);
            for (threads, megabytes) in [(2, 3), (1, 3), (2, 6)] {
                let session = session(|builder| sizes(builder).threads(threads).memory_bytes(megabytes << 20));
                let found = rows(&session, &query, &left);
                assert!(found.0 == expected.0, "{query}: {:?}, expected {expected:?} with {threads} threads", found.0);
                spilled.push((kind, order, found.1));
            }
        }
    }
    // Rows of an ordered inner join that match nothing are told apart; without that the same rows as of a left join go to disk, 4 MB more.
    let of = |kind: &str, order| spilled.iter().find(|(of, in_order, _)| (*of, *in_order) == (kind, order)).map_or(0, |(.., bytes)| *bytes);
    assert!(of("inner", true) < 3_000_000, "{spilled:?}");
}

#[test]
fn some_buckets_of_a_side_stay_in_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = side(&folder.path().join("left.csv"), 60_000, |_| false, 7);
    let right = side(&folder.path().join("right.csv"), 110_000, |row| row % 50 == 7, 11);
    let other = side(&folder.path().join("other.csv"), 90_000, |row| row % 1000 == 9, 3);
    let sizes = |builder: SessionBuilder| builder.batch_rows(700).chunk_bytes(16 << 10).partition_bytes(300_000).piece_bytes(12 << 10);
    let wide = session(|builder| builder);
    // Names that are keys stand in the result once.
    let from = format!("(from '{right}' | derive v = n, note = text)");
    let mut queries = Vec::new();
    for kind in ["inner", "left", "semi", "anti"] {
        let of_right = if ["semi", "anti"].contains(&kind) { "" } else { ", count(o.v) as d, sum o.v as e, max o.note as f" };
        for keys in ["k", "t, n = k", "text"] {
            queries.push(format!("join {kind} {from} as o on {keys} | agg count, count(k) as b, sum n as c, max text as g{of_right}"));
        }
    }
    queries.extend([
        format!("join '{right}' as o on k | join left '{other}' as p on k | groupby t count, sum p.n, max o.text"),
        format!("join left '{right}' as o on k | where o.n is not null | select k, o.n as m, text | join anti '{other}' as p on k | groupby k count, sum m | sort k"),
format!("join '{right}' as o on k | select k, t, n, o.text as text | union (from '{left}' | join anti '{other}' as o on k) | agg count, max text, sum k"),
    ]);
    for query in &queries {
        let (expected, nothing) = rows(&wide, query, &left);
        assert_eq!(nothing, 0, "{query}");
        let spilled = [3, 9].map(|megabytes| {
            let mut spilled = 0;
            for threads in [2, 1] {
                let session = session(|builder| sizes(builder).threads(threads).memory_bytes(megabytes << 20));
                let found = rows(&session, query, &left);
                assert!(found.0 == expected, "{query}: {:?}, expected {expected:?} with {threads} threads in {megabytes} MB", found.0);
                spilled = found.1;
            }
            spilled
        });
        assert!(spilled[0] > 1_000_000 && spilled[1] < spilled[0] / 10 * 9, "{query}: {spilled:?} bytes went to disk");
    }
}

#[test]
fn an_answer_in_any_order_has_the_rows_of_all_buckets() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = side(&folder.path().join("left.csv"), 30_000, |_| false, 7);
    let right = side(&folder.path().join("right.csv"), 110_000, |_| false, 11);
    for kind in ["inner", "left", "semi", "anti"] {
        let query = format!("join {kind} '{right}' as o on k");
        let lines = |session: &Session, query: &str| {
            let mut lines: Vec<String> = Vec::new();
            for batch in &rows(session, query, &left).0 {
                let options = FormatOptions::default().with_null("null");
                let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).expect("values"));
                let columns: Vec<_> = columns.collect();
                let line = |row: usize| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(",");
                lines.extend((0..batch.num_rows()).map(line));
            }
            lines.sort();
            lines
        };
        let expected = lines(&session(|builder| builder), &query);
        for threads in [1, 2] {
            let sizes = |builder: SessionBuilder| builder.batch_rows(700).chunk_bytes(16 << 10).partition_bytes(100_000);
            let session = session(|builder| sizes(builder).threads(threads).memory_bytes(9 << 20));
            assert!(lines(&session, &format!("{query} | unordered")) == expected, "{query}");
        }
    }
}

#[test]
fn one_key_may_have_most_rows_of_either_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let few = side(&folder.path().join("few.csv"), 300, |row| row % 100 == 3, 7);
    let many = side(&folder.path().join("many.csv"), 60_000, |row| row % 10 != 0, 1);
    let queries: Vec<String> = KINDS.map(|kind| format!("join {kind} '{many}' as o on k")).into();
    check(&few, &queries);
    // The hot key of the left side is there a few times on the right side.
    let right = side(&folder.path().join("right.csv"), 80_000, |row| row % 40_000 == 9, 1);
    let queries: Vec<String> = KINDS.map(|kind| format!("join {kind} '{right}' as o on k | select k, text")).into();
    check(&side(&folder.path().join("left.csv"), 25_000, |row| row % 10 != 0, 1), &queries);
}

#[test]
fn rows_without_keys_and_nearest_rows_are_found_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = side(&folder.path().join("left.csv"), 3_000, |_| false, 7);
    let right = side(&folder.path().join("right.csv"), 80_000, |_| false, 1);
    let queries = [
        format!("take 4 | join cross '{right}' as o | select k, o.k, o.text"),
        format!("join cross '{right}' as o | take 10 from 79995"),
        format!("join asof '{right}' as o on n backward per t"),
        format!("join asof '{right}' as o on n nearest within 5 per t | unordered | agg count, count(o.k), sum o.n"),
    ];
    check(&left, &queries);
    // The nearest of all rows is looked for in memory.
    let query = format!("join asof '{right}' as o on n backward | agg count(o.text)");
    let run = narrow(2).query(query).input(&left).start();
    assert_eq!(run.and_then(frame::Run::to_vec).expect_err("too much for the budget").exit_code(), 4);
}

#[test]
fn keys_that_are_there_twice_are_found_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("once.csv").display().to_string();
    let lines: String = (0..90_000_i64).map(|row| format!("{},a text that is longer than a view {row}\n", row * 1_000_003)).collect();
    std::fs::write(&file, format!("k,text\n{lines}")).expect("a file");
    let hot = side(&folder.path().join("hot.csv"), 80_000, |row| row > 0, 1);
    let message = |session: &Session, query: &str, file: &str| {
        let run = session.query(query).input(file).start();
        run.and_then(frame::Run::to_vec)
            .map(|batches| batches.iter().map(|batch| batch.num_rows()).sum::<usize>())
            .map_err(|e| e.to_string())
    };
    let wide = session(|builder| builder);
    let forced = session(|builder| builder.gathered_bytes(50_000).batch_rows(3_000).partition_bytes(300_000));
    for (left, right, expect) in [(&file, &file, "1:1"), (&file, &hot, "n:1"), (&hot, &file, "1:n"), (&hot, &file, "n:1")] {
        let query = format!("join '{right}' as o on k expect {expect} | agg count");
        let expected = message(&wide, &query, left);
        assert_eq!(expected.is_ok(), right == &file && !(left == &hot && expect == "1:n"), "{query}: {expected:?}");
        for session in [narrow(1), narrow(2), forced.clone()] {
            assert_eq!(message(&session, &query, left), expected, "{query}");
        }
    }
}

#[test]
fn a_small_side_that_is_still_too_large_is_joined_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = side(&folder.path().join("left.csv"), 1_000, |_| false, 7);
    let right = side(&folder.path().join("right.csv"), 10_000, |_| false, 1);
    let (wide, forced) = (session(|builder| builder), session(|builder| builder.gathered_bytes(0).batch_rows(100)));
    for kind in ["inner", "left", "semi", "anti"] {
        let query = format!("join {kind} '{right}' as o on k");
        assert!(wide.query(&query).input(&left).explain().expect("a plan").contains("keep what matches"));
        assert_eq!(rows(&forced, &query, &left).0, rows(&wide, &query, &left).0, "{kind}");
    }
}
