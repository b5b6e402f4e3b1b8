//! Where rows stand: `_file`, `_line` and `_byte` of text in every shape, the same for any sizes; columns only where a query names them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use frame::Session;

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("XDG_CONFIG_HOME", "/nonexistent");
    command.output().expect("the program runs")
}

fn answer(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn refused(arguments: &[&str], said: &[&str]) {
    let output = program(arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
    for text in said {
        assert!(told.contains(text), "{arguments:?}: {told}");
    }
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, bytes).expect("a file");
    path.display().to_string()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).expect("memory");
    gzip.finish().expect("memory")
}

/// Rows whose lines and bytes are known: some have two lines, some blank ones behind them.
fn rows(count: usize) -> (String, Vec<(usize, usize)>) {
    let mut text = String::from("id,note\n");
    let mut spots = Vec::new();
    let mut line = 2;
    for id in 0..count {
        spots.push((line, text.len()));
        let note = if id % 7 == 3 { "\"two\nlines\"".to_owned() } else { "x".repeat(id % 5) };
        text.push_str(&format!("{id},{note}\n"));
        line += 1 + usize::from(id % 7 == 3);
        if id % 11 == 5 {
            text.push_str("\r\n");
            line += 1;
        }
    }
    (text, spots)
}

/// Ids, lines and bytes as the engine gives them, in small pieces.
fn found(path: &str, query: &str, partition_bytes: u64, chunk_bytes: usize, batch_rows: usize) -> Vec<(usize, usize, usize)> {
    let settings = |session: frame::SessionBuilder| {
        session.threads(3).partition_bytes(partition_bytes).chunk_bytes(chunk_bytes).batch_rows(batch_rows)
    };
    let session = settings(Session::builder()).build().expect("a session");
    let mut rows = Vec::new();
    for batch in session.query(query).input(path).start().unwrap_or_else(|error| panic!("{error}")) {
        let batch = batch.unwrap_or_else(|error| panic!("{error}"));
        let value = |column: usize, row: usize| {
            let text = frame::arrow::util::display::array_value_to_string(batch.column(column), row).expect("a value");
            text.parse().expect("a number")
        };
        rows.extend((0..batch.num_rows()).map(|row| (value(0, row), value(1, row), value(2, row))));
    }
    rows
}

#[test]
fn lines_and_bytes_are_right_for_any_sizes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (text, spots) = rows(300);
    let lines: String = spots.iter().enumerate().map(|(id, _)| format!("{{\"id\":{id}}}\n\n")).collect();
    let expected: Vec<_> = spots.iter().enumerate().map(|(id, (line, byte))| (id, *line, *byte)).collect();
    let paths = [write(folder.path(), "a.csv", &text), write(folder.path(), "b.csv.gz", gzip(text.as_bytes()))];
    let json = write(folder.path(), "c.ndjson", &lines);
    let mut place = 0;
    let of_json: Vec<_> = (0..300)
        .map(|id| {
            let at = place;
            place += format!("{{\"id\":{id}}}\n\n").len();
            (id, 2 * id + 1, at)
        })
        .collect();
    for (partition_bytes, chunk_bytes, batch_rows) in [(1 << 20, 1 << 16, 8192), (97, 13, 3), (1000, 64, 7), (400, 1 << 16, 1)] {
        for path in &paths {
            assert_eq!(
                found(path, "select id, _line, _byte", partition_bytes, chunk_bytes, batch_rows),
                expected,
                "{path} {partition_bytes}"
            );
            let some = found(path, "where _line > 100 and id % 3 = 0 | select id, _line, _byte", partition_bytes, chunk_bytes, batch_rows);
            let of_some = expected.iter().filter(|(id, line, _)| *line > 100 && id % 3 == 0);
            assert!(some.iter().eq(of_some), "{path} {partition_bytes}");
        }
        assert_eq!(found(&json, "select id, _line, _byte", partition_bytes, chunk_bytes, batch_rows), of_json, "{partition_bytes}");
    }
}

#[test]
fn spots_come_out_only_where_they_are_picked() {
    let sales = "data/sales.csv";
    let first = answer(&["query", "take 2", sales]);
    assert_eq!(answer(&["query", "where _line < 4", sales]), first);
    assert_eq!(answer(&["query", "sort _line | take 2", sales]), first);
    assert_eq!(answer(&["query", "select * | take 2", sales]), first);
    assert_eq!(answer(&["query", "where _line = 3 | select id, _line, _file", sales]), "id,_line,_file\n1,3,data/sales.csv\n");
    assert_eq!(
        answer(&["query", "take 1 | select *, _byte | drop ts, note", sales]),
        "id,category,value,_byte\n0,category_092,1053.212,26\n"
    );
    assert_eq!(answer(&["query", "take 1 | derive line = _line | select id, line", sales]), "id,line\n0,2\n");
    assert_eq!(answer(&["query", "groupby _file count, max _line", sales]), "_file,count,max__line\ndata/sales.csv,1000,1040\n");
    assert_eq!(answer(&["query", "groupby _file count", "data/sales.parquet"]), "_file,count\ndata/sales.parquet,1000\n");
    assert_eq!(answer(&["query", "derive r = lag(_line, 1) over (order id) | where id = 7 | select r", sales]), "r\n8\n");
    // A column of the file goes before.
    let folder = tempfile::tempdir().expect("a folder");
    let own = write(folder.path(), "own.csv", "_line,b\nx,1\n");
    assert_eq!(answer(&["query", "select _line, _byte", &own]), "_line,_byte\nx,8\n");
    assert_eq!(answer(&["query", "derive _line = row_number() over () | take 1 | select id, _line", sales]), "id,_line\n0,1\n");
}

#[test]
fn other_dialects_keep_their_lines_and_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "# a\r\nid;note\r\n1;'x\n;y'\r\n# b\r\n\r\n2;NA\r\n3;z";
    let bare = write(folder.path(), "a.txt", text);
    let packed = write(folder.path(), "a.txt.gz", gzip(text.as_bytes()));
    let flags = ["-d", ";", "--quote", "'", "--comment", "#", "--nulls", "NA"];
    for path in [&bare, &packed] {
        let rows = answer(&[&["query", "select id, _line, _byte", path.as_str()], &flags[..]].concat());
        assert_eq!(rows, "id,_line,_byte\n1,3,14\n2,7,31\n3,8,37\n");
        for (line, byte) in [(3, 14), (7, 31), (8, 37)] {
            assert_eq!(text[..byte].matches('\n').count() + 1, line);
        }
    }
    // Errors tell the same places.
    let ragged = write(folder.path(), "b.txt", "# a\nid;note\n# b\n1;2;3\n");
    let told = program(&["query", "", &ragged, "-d", ";", "--comment", "#"]);
    assert!(String::from_utf8_lossy(&told.stderr).contains("line 4, byte 16"), "{}", String::from_utf8_lossy(&told.stderr));
    let wide: Vec<u8> = "\u{feff}id\n1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = write(folder.path(), "wide.csv", wide);
    assert_eq!(answer(&["query", "select _line", &wide]), "_line\n2\n");
    refused(&["query", "select _byte", &wide], &["`_byte`", "UTF-8"]);
}

#[test]
fn what_has_no_spots_says_so() {
    refused(&["query", "where _line < 4", "data/sales.parquet"], &["no `_line` of rows of data/sales.parquet", "column by column"]);
    refused(&["query", "select _byte", "data/sales.parquet"], &["`_byte`", "`_file` is known"]);
    refused(
        &["query", "groupby category count | where _line < 4", "data/sales.csv"],
        &["no longer those of a file", "where _line", "^^^^^"],
    );
    refused(&["query", "select _lines", "data/sales.csv"], &["unknown column `_lines`"]);
}

#[test]
fn filters_on_the_file_leave_others_unread() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "day=1/a.csv", "id\n1\n2\n");
    write(folder.path(), "day=2/b.csv", "id\n3\n");
    let root = folder.path().display().to_string();
    let query = "groupby _file count | derive name = replace_regex(_file, '.*/', '') | select name, count";
    assert_eq!(answer(&["query", query, &root]), "name,count\na.csv,2\nb.csv,1\n");
    assert_eq!(answer(&["query", "where _file ends 'b.csv' | select id, day, _line", &root]), "id,day,_line\n3,2,2\n");
    let plan = answer(&["explain", "where _file ends 'b.csv'", &root]);
    assert!(plan.contains("in 0 partitions") && plan.contains("in 1 partitions"), "{plan}");
    // Broken, and never looked at behind the first bytes that tell its columns.
    let bad: String =
        std::iter::once("id\n".to_owned()).chain((0..200_000).map(|id| format!("{id}\n"))).chain(["x,y\n".to_owned()]).collect();
    write(folder.path(), "day=3/c.csv", bad);
    assert_eq!(answer(&["query", "where not _file ends 'c.csv' | agg sum id", &root]), "sum_id\n6\n");
}

#[test]
fn canonical_text_reads_back() {
    let session = Session::builder().threads(1).build().expect("a session");
    for (text, canonical) in [
        ("where _line < 4", "where _line < 4"),
        ("where _line < 4 | sort -_byte | take 2", "where _line < 4 | sort -_byte | take 2"),
        ("where _line < 4 | derive l = _line", "where _line < 4 | select id, ts, category, value, note, _line as l"),
        ("select id, _file | where _file = 'x' | drop _file", "select id, _file | where _file = 'x' | select id"),
        ("join 'data/sales.csv' as b on id = _line", ""),
    ] {
        let text = if canonical.is_empty() { "where _line < 9 | join semi 'data/sales.csv' as b on id" } else { text };
        let plan = session.query(text).input("data/sales.csv").plan().unwrap_or_else(|error| panic!("{}", error.render(Some(text))));
        let printed = frame_lang::print_stages(&plan);
        if !canonical.is_empty() {
            assert_eq!(printed, canonical);
        }
        let again = session
            .query(printed.as_str())
            .input("data/sales.csv")
            .plan()
            .unwrap_or_else(|error| panic!("{}", error.render(Some(&printed))));
        assert_eq!(again, plan, "{printed}");
    }
}
