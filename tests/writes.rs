//! `write`, `fill` and `cast … or reject` as users meet them: files on the disk, words on stderr, numbers in the report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use frame::{Report, Session};

/// A folder to write to, and the sales to read.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.0.path().join(name), text).expect("a file");
        self.path(name)
    }

    /// Every file below the folder with its bytes, by name.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { collect(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        collect(self.0.path(), &mut files);
        files.sort();
        let name = |path: &Path| path.strip_prefix(self.0.path()).expect("below the folder").display().to_string();
        files.iter().map(|path| (name(path), fs::read(path).expect("the file"))).collect()
    }

    fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, _)| name).collect()
    }
}

fn sales() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sales.csv").display().to_string()
}

/// Runs a query to its end and gives its rows as CSV without a header, and the report.
fn run(threads: usize, query: &str, file: &str) -> frame::Result<(String, Report)> {
    let session = Session::builder().threads(threads).memory_bytes(256 << 20).partition_bytes(900).batch_rows(20).build()?;
    let mut run = session.query(query).input(file).start()?;
    let mut writer = frame_io::formats::csv::Writer::new(Vec::new(), b',');
    writer.header(&run.schema()).expect("memory");
    for batch in run.by_ref() {
        writer.write(&batch?).expect("memory");
    }
    let report = run.finish()?;
    assert_eq!(report.rows_read, report.rows_kept + report.rows_filtered + report.rows_rejected, "{query}");
    let text = String::from_utf8(writer.into_inner()).expect("UTF-8");
    Ok((text.split_once('\n').map(|(_, rows)| rows.to_owned()).unwrap_or_default(), report))
}

fn answer(query: &str, file: &str) -> String {
    let answers: Vec<String> =
        [1, 4].iter().map(|threads| run(*threads, query, file).unwrap_or_else(|error| panic!("{query}: {error}")).0).collect();
    assert_eq!(answers[0], answers[1], "{query}");
    answers[0].clone()
}

fn frame(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.env("XDG_CONFIG_HOME", "/nonexistent").output().expect("the program runs")
}

#[test]
fn a_last_write_is_the_only_output() {
    let folder = Folder::new();
    let path = folder.path("top.csv");
    let output = frame(&["query", &format!("sort -value | take 2 | select id | write '{path}'"), "data/sales.csv", "-v"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(output.stdout, b"", "nothing is printed");
    assert!(stderr.contains("0 in the answer, 2 written"), "{stderr}");
    let text = fs::read_to_string(&path).expect("the file");
    assert_eq!(text.lines().count(), 3);
    assert_eq!(format!("id\n{}", answer("sort -value | take 2 | select id", &sales())), text);
    assert_eq!(folder.names(), ["top.csv"]);

    let output = frame(&["query", "take 2 | select id | write '-' as ndjson", "data/sales.csv"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "{\"id\":0}\n{\"id\":1}\n");
    let output = frame(&["query", &format!("take 2 | write '{path}'"), "data/sales.csv", "--to", "csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&path).expect("the file"), text, "what was there is kept");
}

#[test]
fn bytes_do_not_depend_on_threads() {
    for (query, files) in [
        ("where value > 1000 | write 'OUT/a.parquet'", 1),
        ("write 'OUT/a.arrow'", 1),
        ("sort value | write 'OUT/a.ndjson' | groupby category count | write 'OUT/b.csv'", 2),
        ("take 50 from 7 | write 'OUT/a.csv'", 1),
        ("where id < 90 | write 'OUT/by' partition category", 0),
        ("derive odd = id % 2 = 1, part = if id < 5 then null else id // 250 | write 'OUT/by' as csv partition part, odd", 10),
    ] {
        let written: Vec<_> = [1, 4]
            .iter()
            .map(|threads| {
                let folder = Folder::new();
                run(*threads, &query.replace("OUT", &folder.path("")), &sales()).unwrap_or_else(|error| panic!("{query}: {error}"));
                folder.files()
            })
            .collect();
        assert!(written[0] == written[1], "{query}");
        assert!(files == 0 || written[0].len() == files, "{query}: {:?}", written[0].iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
}

#[test]
fn a_write_in_the_middle_is_a_tee() {
    let folder = Folder::new();
    let query = format!("where id < 10 | select id, category | write '{}' | take 3 | select id", folder.path("all.csv"));
    assert_eq!(answer(&query, &sales()), "0\n1\n2\n");
    let all = fs::read_to_string(folder.path("all.csv")).expect("the file");
    assert_eq!(all, format!("id,category\n{}", answer("where id < 10 | select id, category", &sales())));
    let (_, report) = run(2, &query, &sales()).expect("runs");
    assert_eq!((report.rows_read, report.rows_written, report.rows_out), (1000, 10, 3), "rows count once, though they are read twice");
}

#[test]
fn partitions_are_folders_as_hive_names_them() {
    let folder = Folder::new();
    let file = folder.file("in.csv", "day,city,n\n2024-01-31,a/b,1\n2024-02-01,é,2\n,a/b,3\n2024-01-31,\"\",4\n2024-01-31,a/b,5\n");
    run(2, &format!("write '{}' as csv partition day, city", folder.path("out")), &file).expect("runs");
    let files = folder.files();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "in.csv",
        "out/day=2024-01-31/city=/part-0.csv",
        "out/day=2024-01-31/city=a%2Fb/part-0.csv",
        "out/day=2024-02-01/city=%C3%A9/part-0.csv",
        "out/day=__HIVE_DEFAULT_PARTITION__/city=a%2Fb/part-0.csv",
    ];
    assert_eq!(names, expected);
    assert_eq!(files[2].1, b"n\n1\n5\n", "in order, and without the columns that the folders stand for");
    let error = run(1, &format!("write '{}' partition day", folder.path("out")), &file).expect_err("it is there");
    assert!(error.to_string().contains("no empty folder"), "{error}");
    assert_eq!(folder.names().len(), 5);

    run(1, &format!("write '{}' partition day", folder.path("plain")), &file).expect("runs");
    assert!(folder.names().contains(&"plain/day=2024-02-01/part-0.parquet".to_owned()));
}

#[test]
fn too_many_partitions_are_an_error_that_leaves_nothing() {
    let folder = Folder::new();
    let text: String = (0..1001).map(|row| format!("{row},{}\n", row % 1000)).collect();
    let file = folder.file("in.csv", &format!("a,b\n{text}"));
    let error = run(2, &format!("write '{}' as csv partition a", folder.path("out")), &file).expect_err("too many");
    assert!(error.to_string().contains("partitions exceeds the limit of 1000"), "{error}");
    assert!(error.advice().is_some_and(|advice| advice.contains("fewer values")));
    assert_eq!(folder.names(), ["in.csv"]);
    run(2, &format!("write '{}' as csv partition b", folder.path("out")), &file).expect("a thousand are fine");
    assert_eq!(folder.names().len(), 1001);
}

#[test]
fn failures_leave_nothing_behind() {
    let folder = Folder::new();
    let file = folder.file("in.csv", "a,b\n1,2\n3,4\n");
    let bad = folder.file("bad.csv", &format!("a\n{}x\n", "1\n".repeat(5000)));
    let before = folder.files();
    for (query, words) in [
        (format!("write '{file}'"), "read and written at once"),
        (
            format!("write '{}/../{}/in.csv' | count", folder.path(""), folder.0.path().file_name().expect("a name").display()),
            "read and written at once",
        ),
        (format!("write '{0}' | write '{0}'", folder.path("x.csv")), "written twice"),
        (format!("write '{}' as xlsx", folder.path("x")), "`xlsx` is no format"),
        (format!("write '{}'", folder.path("x.xlsx")), "no format is called"),
        (format!("write '{}' as none", folder.path("x")), "writes nothing"),
        (format!("write '{}'", folder.path("")), "is a folder"),
        (format!("write '{}/nowhere/x.csv'", folder.path("none")), "cannot write"),
        ("write '' | count".to_owned(), "no name of a file"),
        ("write '-' | count".to_owned(), "standard output is for the answer"),
        ("write '-' partition a".to_owned(), "has no partitions"),
        (format!("write '{}' partition c", folder.path("x")), "unknown column `c`"),
        (format!("write '{}' partition a, b", folder.path("x")), "no column is left"),
        (format!("write '{}' | derive z = c + 1", folder.path("x.csv")), "unknown column `c`"),
        // The first file is complete when the second part fails.
        (
            format!("write '{}' | union (from '{bad}' | cast a to text | cast a to int) | count", folder.path("x.csv")),
            "bad value: 'x' is not int",
        ),
        (
            format!("union (from '{bad}' | cast a to text | cast a to int) | write '{}' partition b", folder.path("x")),
            "bad value: 'x' is not int",
        ),
    ] {
        for threads in [1, 4] {
            let error = run(threads, &query, &file).expect_err(&query);
            assert!(error.to_string().contains(words) || format!("{error:?}").contains(words), "{query}: {error}");
            assert!(folder.files() == before, "{query}: {:?}", folder.names());
        }
    }
}

#[test]
fn fills_follow_the_rows_over_partitions() {
    let folder = Folder::new();
    let mut text = String::from("id,v,t,d\n");
    for row in 0..500 {
        let known = row % 97 == 10;
        let cell = |text: String| if known { text } else { String::new() };
        text.push_str(&format!("{row},{},{},{}\n", cell(format!("{row}")), cell(format!("t{row}")), cell(format!("{row}.5"))));
    }
    let file = folder.file("in.csv", &text);
    let line = |row: i64, text: &dyn Fn(Option<i64>, Option<i64>) -> String| {
        let above = (row >= 10).then(|| (row - 10) / 97 * 97 + 10);
        let below = [10, 107, 204, 301, 398, 495].into_iter().find(|known| *known >= row);
        format!("{row},{}\n", text(above, below))
    };
    let expected = |text: &dyn Fn(Option<i64>, Option<i64>) -> String| (0..500).map(|row| line(row, text)).collect::<String>();
    let text_of = |row: Option<i64>| row.map_or(String::new(), |row| format!("t{row}"));
    assert_eq!(answer("fill t down | select id, t", &file), expected(&|above, _| text_of(above)));
    assert_eq!(answer("fill t up | select id, t", &file), expected(&|_, below| text_of(below)));
    // Every known value is the number of its row, so every value between two of them is too.
    let linear = (0..500).map(|row| if (10..=495).contains(&row) { format!("{row}.0\n") } else { "\n".to_owned() }).collect::<String>();
    assert_eq!(answer("fill v linear | select v", &file).replace("\"\"", ""), linear);
    let half = (0..500).map(|row| if (10..=495).contains(&row) { format!("{row}.5\n") } else { "\n".to_owned() }).collect::<String>();
    assert_eq!(answer("fill d linear | select d", &file).replace("\"\"", ""), half);
    // Behind a sort, a filter, in a union, and twice.
    assert_eq!(answer("sort -id | fill t down | where id in (9, 300) | select id, t", &file), "300,t301\n9,t10\n");
    assert_eq!(answer("fill t down | fill t up | where id in (0, 499) | select id, t", &file), "0,t10\n499,t495\n");
    let query = format!("where id < 5 | union (from '{file}' | where id > 8 | fill t down) | where id in (4, 9, 12) | select id, t");
    assert_eq!(answer(&query, &file), "4,\n9,\n12,t10\n");
    let (_, report) = run(3, "where id < 100 | fill t down | fill v linear | cast t to int or reject", &file).expect("runs");
    assert_eq!((report.rows_read, report.rows_filtered, report.rows_rejected, report.rows_out), (500, 400, 90, 10));
}

#[test]
fn fills_that_make_no_sense_are_refused() {
    let error = run(1, "fill note linear", &sales()).expect_err("text");
    assert!(error.to_string().contains("fill linear does not take the column `note` of text"), "{error}");
    let error = run(1, "fill value sideways", &sales()).expect_err("no direction");
    assert!(error.to_string().contains("`with` and a value, `down`, `up` or `linear`"), "{error}");
    let folder = Folder::new();
    let file = folder.file("wide.csv", "a\n9007199254740993\n\n9007199254740995\n");
    let error = run(1, "fill a linear", &file).expect_err("no exact float");
    assert!(error.to_string().contains("2^53"), "{error}");
    assert_eq!(answer("cast a to decimal(38, 1) | fill a linear", &file), "9007199254740993.0\n9007199254740994.0\n9007199254740995.0\n");
}

#[test]
fn rejected_rows_are_counted() {
    let folder = Folder::new();
    let rows: String = (0..1000).map(|row| if row % 10 == 3 { format!("x{row},{row}\n") } else { format!("{row},{row}\n") }).collect();
    let file = folder.file("in.csv", &format!("a,b\n{rows}"));
    for threads in [1, 4] {
        let (text, report) = run(threads, "where b < 500 | cast a to int or reject | agg sum a, count", &file).expect("runs");
        assert_eq!(text, "112350,450\n");
        assert_eq!((report.rows_read, report.rows_kept, report.rows_filtered, report.rows_rejected), (1000, 450, 500, 50));
        let (_, report) = run(threads, "cast a to int or reject | take 5", &file).expect("runs");
        assert_eq!(report.rows_out, 5);
        let (text, report) = run(threads, "groupby a count | cast a to int or reject | count", &file).expect("runs");
        assert_eq!((text.as_str(), report.rows_rejected, report.derived_rejected), ("900\n", 0, 100));
        let (text, _) = run(threads, "cast a to int or null | agg count, count(a) as n", &file).expect("runs");
        assert_eq!(text, "1000,900\n");
        let error = run(threads, "cast a to int or fail", &file).expect_err("a bad value");
        assert!(error.to_string().contains("bad value: 'x3' is not int"), "{error}");
        assert_eq!(error.file_position().map(|position| position.file.as_str()), Some(file.as_str()));
    }
    let output = frame(&["query", "cast a to int or reject | count", &file, "-v"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("1000 read = 900 kept + 0 filtered + 100 rejected"), "{stderr}");
    // What is rejected by one cast is no matter of the next one; nulls are no bad values.
    let file = folder.file("two.csv", "a,b\n1,x\ny,2\n,3\n4,\n");
    assert_eq!(answer("cast a to int, b to int or reject", &file), ",3\n4,\n");
    let error = run(1, "cast a to int, a to text or reject", &file).expect_err("twice");
    assert!(error.to_string().contains("two columns are called `a`"), "{error}");
}

#[test]
fn new_stages_print_as_they_are_read() {
    let session = Session::builder().threads(1).build().expect("a session");
    for text in [
        "write 'a b.csv'",
        "write 'it''s' as parquet partition category, [id]",
        "fill note, value down",
        "fill note up",
        "fill value linear",
        "cast note to int, value to decimal(10, 2) or reject",
        "write 'x.csv' | take 3 | write '-'",
    ] {
        let plan = session.query(text).input(sales()).plan().expect("a plan");
        let printed = frame_lang::print_stages(&plan);
        assert_eq!(printed, text.replace("[id]", "id"));
        assert_eq!(session.query(&printed).input(sales()).plan().expect("a plan"), plan);
    }
}
