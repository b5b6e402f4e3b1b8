//! Files as they come: packed, piped, in folders, in other dialects and encodings, as JSON lines and Arrow. The answer is that of the plain
//! file, and what is wrong is told with its place.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for name in ["FRAME_MEMORY", "FRAME_THREADS", "FRAME_CONFIG"] {
        command.env_remove(name);
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn answer(arguments: &[&str]) -> String {
    let output = program(arguments).output().expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn fails(arguments: &[&str], code: i32, said: &[&str]) {
    let output = program(arguments).output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    for text in said {
        assert!(told.contains(text), "{arguments:?}: {told}");
    }
}

/// What the program answers if `bytes` are piped into it.
fn piped(arguments: &[&str], bytes: &[u8]) -> Output {
    let mut child = program(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let bytes = bytes.to_vec();
    // The program may stop reading early.
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).is_ok());
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join();
    output
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
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

const QUERY: &str = "groupby category mean value, count | sort -mean_value | take 5";

#[test]
fn packed_piped_and_converted_files_give_one_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = answer(&["query", QUERY, "data/sales.csv"]);
    let plain = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sales.csv")).expect("sales");
    let packed = write(folder.path(), "sales.csv.gz", gzip(&plain));
    let nameless = write(folder.path(), "sales", zstd::encode_all(plain.as_slice(), 1).expect("memory"));
    for file in [&packed, &nameless] {
        for threads in ["1", "3"] {
            assert_eq!(answer(&["query", QUERY, file, "-j", threads]), expected, "{file}");
        }
    }
    for arguments in [["query", QUERY].as_slice(), &["query", QUERY, "-"]] {
        assert_eq!(text(&piped(arguments, &plain)), expected);
        assert_eq!(text(&piped(arguments, &gzip(&plain))), expected);
    }
    for ending in ["ndjson", "arrow", "parquet"] {
        let copy = folder.path().join(format!("sales.{ending}")).display().to_string();
        answer(&["convert", "data/sales.csv", &copy]);
        assert_eq!(answer(&["query", QUERY, &copy]), expected, "{ending}");
        assert_eq!(text(&piped(&["query", QUERY], &fs::read(&copy).expect("the copy"))), expected, "{ending}");
    }
    let stream = program(&["query", "", "data/sales.csv", "--to", "arrow"]).output().expect("it runs").stdout;
    assert_eq!(text(&piped(&["query", QUERY], &stream)), expected);
}

#[test]
fn blocks_are_unpacked_by_several_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: Vec<u8> = std::iter::once("a,b\n".to_owned())
        .chain((0..400_000).map(|row| format!("{row},\"x\n{}\"\n", row % 7)))
        .collect::<String>()
        .into_bytes();
    let plain = write(folder.path(), "rows.csv", &rows);
    let frames = rows.chunks(100_000).flat_map(|part| zstd::encode_all(part, 1).expect("memory")).collect::<Vec<u8>>();
    let blocks = rows.chunks(60_000).flat_map(|part| {
        let mut gzip = flate2::GzBuilder::new().extra(b"BC\x02\0\0\0".to_vec()).write(Vec::new(), flate2::Compression::fast());
        gzip.write_all(part).expect("memory");
        let mut block = gzip.finish().expect("memory");
        let size = (block.len() - 1) as u16;
        block[16..18].copy_from_slice(&size.to_le_bytes());
        block
    });
    let query = "groupby b count, sum a, max _line";
    let expected = answer(&["query", query, &plain]);
    for packed in [write(folder.path(), "rows.csv.zst", &frames), write(folder.path(), "rows.csv.gz", blocks.collect::<Vec<u8>>())] {
        for threads in ["1", "2", "4"] {
            assert_eq!(answer(&["query", query, &packed, "-j", threads]), expected, "{packed} {threads}");
        }
        let bytes = fs::read(&packed).expect("the file");
        let cut = write(folder.path(), &format!("cut{}", &packed[packed.len() - 4..]), &bytes[..bytes.len() - 100]);
        fails(&["query", "count", &cut, "-j", "4"], 3, &["E0412"]);
    }
}

#[test]
fn a_pipe_that_never_ends_is_left_when_enough_is_known() {
    let mut rows = String::from("a,b\n");
    for row in 0..400_000 {
        rows.push_str(&format!("{row},{}\n", row % 7));
    }
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(text(&piped(&["query", "take 2"], rows.as_bytes())), "a,b\n0,0\n1,1\n");
    // A value that needs another type behind the head begins the run again, over what was kept of the pipe.
    rows.push_str("0.5,x\n");
    let expected = "sum_a,nunique_b\n79999800000.5,8\n";
    assert_eq!(text(&piped(&["query", "agg sum a, nunique b"], rows.as_bytes())), expected);
    let packed = write(folder.path(), "rows.csv.gz", gzip(rows.as_bytes()));
    for threads in ["1", "4"] {
        assert_eq!(answer(&["query", "agg sum a, nunique b", &packed, "-j", threads]), expected);
    }
    // The last rows of a packed file are lost without a word nowhere.
    let cut = write(folder.path(), "cut.csv.gz", &gzip(rows.as_bytes())[..100_000]);
    fails(&["query", "count", &cut], 3, &["E0412", "gzip", "cut.csv.gz"]);
}

#[test]
fn folders_and_their_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "day=2024-01-31/region=eu/a.csv", "id,amount\n1,10\n2,20\n");
    write(folder.path(), "day=2024-01-31/region=us/a.csv", "id,amount\n3,1.5\n");
    write(folder.path(), "day=2024-02-01/region=eu/b.csv", "amount,id,note\n7,4,x\n");
    write(folder.path(), "_SUCCESS", "");
    let root = folder.path().display().to_string();
    assert_eq!(
        answer(&["query", "sort id", &root]),
        "id,amount,day,region,note\n1,10.0,2024-01-31,eu,\n2,20.0,2024-01-31,eu,\n3,1.5,2024-01-31,us,\n4,7.0,2024-02-01,eu,x\n"
    );
    assert_eq!(answer(&["query", "groupby region sum amount", &format!("{root}/*/*/*.csv")]), "region,sum_amount\neu,37.0\nus,1.5\n");
    // A filter on a key leaves files unread: this one cannot be read.
    write(folder.path(), "day=2024-03-01/region=eu/c.csv", "id,amount\n5,1,2\n");
    fails(&["query", "count", &root], 3, &["E0401", "c.csv"]);
    assert_eq!(answer(&["query", "where day < @2024-02-15 and region = 'eu' | agg sum amount", &root]), "sum_amount\n37.0\n");
    let plan = answer(&["explain", "where day = @2024-02-01 | count", &root]);
    assert!(plan.contains("in 0 partitions") && plan.contains("in 1 partitions"), "{plan}");
}

#[test]
fn columns_of_several_files_get_one_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = write(folder.path(), "1.csv", "code,n\n1,1\n2,2\n");
    let two = write(folder.path(), "2.csv", "code,n\n007,0.5\nx,\n");
    assert_eq!(answer(&["query", "", &one, &two]), "code,n\n1,1.0\n2,2.0\n007,0.5\nx,\n");
    assert_eq!(answer(&["query", "where code = '2' | agg sum n", &one, &two]), "sum_n\n2.0\n");
}

#[test]
fn dialects_by_flags_and_by_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "odd.txt", "exported today\n# comment\na||b||c\n'x||y'||NA||'NA'\n# more, \"\nit''s||2||\\|\\|\n");
    let flags = ["-d", "||", "--quote", "'", "--escape", "\\", "--comment", "#", "--nulls", "NA", "--skip", "1"];
    let expected = "a,b,c\nx||y,,NA\nit''s,2,||\n";
    let mut arguments = vec!["query", "", path.as_str()];
    arguments.extend(flags);
    assert_eq!(answer(&arguments), expected);
    let query =
        format!("from '{path}' (delimiter '||', quote '''', escape '\\', comment '#', nulls 'NA', skip 1) | where b is null | select c");
    assert_eq!(answer(&["query", &query]), "c\nNA\n");
    let formatted = answer(&["fmt", &query]);
    assert!(formatted.contains("quote '''', escape '\\', comment '#', nulls 'NA', skip 1"), "{formatted}");
    let bad = write(folder.path(), "bad.txt", "# 1\n# 2\na;b\n1;2\n3\n");
    fails(&["query", "", &bad, "-d", ";", "--comment", "#"], 3, &["E0401", "line 5"]);
    let returns = write(folder.path(), "mac.csv", "a,b\r1,x\r2,\"y\rz\"\r");
    assert_eq!(answer(&["query", "agg sum a", &returns]), "sum_a\n3\n");
}

#[test]
fn numbers_of_other_countries() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "de.csv", "name;n;price;code\nx;1.234;1.234,50;1,5\n\"y\";-7;\"0,25\";1.2.3\nz;;NA;\n");
    let expected = "name,n,price,code\nx,1234,1234.5,\"1,5\"\ny,-7,0.25,1.2.3\nz,,,\n";
    let flags = ["-d", ";", "--decimal", ",", "--thousands", ".", "--nulls", "NA"];
    assert_eq!(answer(&[&["query", "", &path], &flags[..]].concat()), expected);
    let options = "delimiter ';', nulls 'NA', decimal ',', thousands '.'";
    assert_eq!(answer(&["query", &format!("from '{path}' ({options}) | where n is not null")]), expected.replace("z,,,\n", ""));
    assert!(answer(&["fmt", &format!("from '{path}' ({options}) | count")]).contains(options));
    // Without nulls the file is read where it lies, and a value behind the samples still widens its column.
    let mut rows = String::from("a;b\n");
    (0..60_000).for_each(|row| rows.push_str(&format!("{},{};1.{:03}\n", row, row % 10, row % 1000)));
    rows.push_str("1.5;x\n");
    let long = write(folder.path(), "long.csv", &rows);
    for threads in ["1", "4"] {
        let flags = ["-d", ";", "--decimal", ",", "--thousands", ".", "-j", threads];
        assert_eq!(
            answer(&[&["query", "where b is not null | agg count, max a", long.as_str()], &flags[..]].concat()),
            "count,max_a\n60001,\"9999,9\"\n"
        );
        assert_eq!(answer(&[&["query", "agg sum a", long.as_str(), "--bad-value", "null"], &flags[..]].concat()), "sum_a\n1799997000.0\n");
    }
    let typed = ["query", "where price is not null | agg sum price", &path, "--types", "price=decimal(12,2)"];
    assert_eq!(answer(&[&typed[..], &flags[..]].concat()), "sum_price\n1234.75\n");
    // A point is no mark of such a file.
    let point = write(folder.path(), "point.csv", "x;y\n1,5;a\n1.5;b\n");
    fails(&["query", "", &point, "-d", ";", "--decimal", ",", "--types", "x=decimal(10,2)"], 3, &["1..5"]);
    let told = answer(&["sniff", &path]);
    for line in [
        "decimals     ','   '.' between thousands",
        "nulls        empty fields, NA",
        "--decimal ',' --thousands '.' --nulls 'NA'",
        "  price  float",
    ] {
        assert!(told.contains(line), "{told}");
    }
    fails(&["query", "", &path, "--decimal", ",", "--thousands", ","], 2, &["one mark cannot stand"]);
    fails(&["query", "", &path, "--decimal", "x"], 2, &["the mark for decimals"]);
}

#[test]
fn encodings() {
    let folder = tempfile::tempdir().expect("a folder");
    let wide: Vec<u8> = "\u{feff}name;n\r\nnaïve;1\r\n東京;2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = write(folder.path(), "excel.csv", wide);
    assert_eq!(answer(&["query", "where n = 2 | select name", &path, "-d", ";"]), "name\n東京\n");
    let latin = write(folder.path(), "latin.csv", b"name,n\nna\xefve,1\n");
    fails(&["query", "", &latin], 3, &["E0402", "line 2", "latin1"]);
    assert_eq!(answer(&["query", "", &latin, "--encoding", "latin1"]), "name,n\nnaïve,1\n");
    fails(&["query", "", &latin, "--encoding", "klingon"], 2, &["klingon", "windows-1252"]);
}

#[test]
fn json_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "{\"id\":1,\"tags\":[\"a\",\"b\"],\"user\":{\"name\":\"Ann\",\"age\":30}}\n{\"id\":2.5,\"user\":{\"name\":null}}\n{\"id\":3,\"when\":\"2024-01-31\"}\n";
    let path = write(folder.path(), "log.jsonl", lines);
    assert_eq!(answer(&["schema", &path]), "id    float\ntags  list(text)\nuser  struct\nwhen  date\n");
    assert_eq!(
        answer(&["query", "derive name = field(user, 'name') | select id, name, when", &path]),
        "id,name,when\n1.0,Ann,\n2.5,,\n3.0,,2024-01-31\n"
    );
    assert_eq!(text(&piped(&["query", "agg sum id"], &gzip(lines.as_bytes()))), "sum_id\n6.5\n");
    let bad = write(folder.path(), "bad.jsonl", "{\"id\":1}\n{\"id\":}\n");
    fails(&["query", "count id", &bad], 2, &[]);
    fails(&["query", "agg sum id", &bad], 3, &["E0405", "bad.jsonl, line 2", "a value was expected"]);
    assert_eq!(answer(&["query", "", "data/orders.csv", "--from", "csv", "--to", "none"]), "");
    fails(&["query", "", "data/orders.csv", "--from", "ndjson"], 3, &["E0405", "line 1", "each line must be an object"]);
}

#[test]
fn ragged_rows_and_bad_values_by_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rows = String::from("id,n,note\r\n");
    for row in 0..5000 {
        rows.push_str(&match row {
            777 => "777\r\n".to_owned(),
            2500 => "2500,1,\"a\r\nb\",extra\r\n".to_owned(),
            3000 => "3000,12 EUR,x\r\n".to_owned(),
            _ => format!("{row},{},\"x, y\"\r\n", row % 10),
        });
    }
    let path = write(folder.path(), "odd.csv", &rows);
    let packed = write(folder.path(), "odd.csv.gz", gzip(rows.as_bytes()));
    fails(&["query", "count", &path], 3, &["E0401", "line 779", "--ragged"]);
    fails(&["query", "count", &path, "--ragged", "pad"], 3, &["E0401", "line 2502", "4 fields"]);
    for file in [&path, &packed] {
        for threads in ["1", "4"] {
            let rejects = folder.path().join("rejects.csv").display().to_string();
            let policies = ["--ragged", "reject", "--bad-value", "reject", "--rejects", &rejects, "-j", threads];
            let mut arguments = vec!["query", "agg count, sum n, sum id", file];
            arguments.extend(policies);
            // 12,497,500 less the ids of the three.
            assert_eq!(answer(&arguments), format!("count,sum_n,sum_id\n4997,22493,{}\n", 12_497_500 - 777 - 2500 - 3000));
            assert_eq!(
                answer(&["query", "select line, column, reason, row", &rejects]),
                "line,column,reason,row\n\
                 779,,1 fields where the header has 3,777\n\
                 2502,,4 fields where the header has 3,\"2500,1,\"\"a\r\nb\"\",extra\"\n\
                 3003,n,'12 EUR' is no int,\"3000,12 EUR,x\"\n"
            );
            arguments.extend(["--reject-limit", "2"]);
            fails(&arguments, 3, &["E0406", "more than 2 rows"]);
            arguments.pop();
            arguments.push("0.01%");
            fails(&arguments, 3, &["E0406", "0.01 %"]);
        }
    }
    let short = write(folder.path(), "short.csv", "a,b,c\r\n1,x\r\n2\r\n3,y,z\r\n4,\"q\"");
    assert_eq!(answer(&["query", "", &short, "--ragged", "pad"]), "a,b,c\n1,x,\n2,,\n3,y,z\n4,q,\n");
    let bad = write(folder.path(), "bad.csv", "a,b\n1,x\nn/a,y\n2.5,z\n");
    assert_eq!(answer(&["query", "", &bad]), "a,b\n1,x\nn/a,y\n2.5,z\n");
    let typed = ["query", "", bad.as_str(), "--types", "a=float", "--bad-value"];
    assert_eq!(answer(&[&typed[..], &["null"]].concat()), "a,b\n1.0,x\n,y\n2.5,z\n");
    assert_eq!(answer(&[&typed[..], &["reject"]].concat()), "a,b\n1.0,x\n2.5,z\n");
    fails(&[&typed[..], &["fail"]].concat(), 3, &["E0410", "line 3", "n/a"]);
    let report = program(&["query", "-v", "count", &path, "--ragged", "reject"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&report.stderr).contains("5000 read = 4998 kept + 0 filtered + 2 rejected"), "{report:?}");
}

#[test]
fn rejected_rows_are_mended_and_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = folder.path().join("bad.raw").display().to_string();
    let bytes = b"exported\r\nid;n\r\n# old\r\n1;'a;b'\r\n2;NA;3\r\n\r\n# more\r\n4\r\n5;\xff;x\r\n6;y\r\n";
    let path = write(folder.path(), "odd.txt", bytes);
    let flags = ["-d", ";", "--quote", "'", "--comment", "#", "--nulls", "NA", "--skip", "1", "--ragged", "reject"];
    let reading = |path: &str, more: &[&str]| answer(&[&["query", "", path], &flags[..], more].concat());
    assert_eq!(reading(&path, &["--rejects", &raw]), "id,n\n1,a;b\n6,y\n");
    // The title, the header and the rows, byte for byte.
    let rows = fs::read(&raw).expect("the rows");
    assert_eq!(rows, b"exported\r\nid;n\r\n2;NA;3\r\n4\r\n5;\xff;x\r\n");
    let mended = String::from_utf8(rows[..rows.len() - 7].to_vec()).expect("UTF-8").replace(";3", "").replace("\n4\r", "\n4;z\r");
    assert_eq!(reading(&write(folder.path(), "mended.txt", mended), &[]), "id,n\n2,\n4,z\n");
    // Lines and bytes are those of the file, whatever it was turned into.
    let list = folder.path().join("bad.csv").display().to_string();
    reading(&path, &["--rejects", &list]);
    let listed = answer(&["query", "select line, byte, row | take 2", &list]);
    assert_eq!(listed, "line,byte,row\n5,32,2;NA;3\n8,50,4\n");
    let plain = write(folder.path(), "plain.csv", b"a,b\n1,2\n3\n4,\xff,5\n");
    answer(&["query", "count", &plain, "--ragged", "reject", "--rejects", &raw]);
    assert_eq!(fs::read(&raw).expect("the rows"), b"a,b\n3\n4,\xff,5\n");
    let packed = write(folder.path(), "plain.csv.gz", gzip(b"a,b\n1,2\n3\n"));
    answer(&["query", "count", &packed, "--ragged", "reject", "--rejects", &raw]);
    assert_eq!(fs::read(&raw).expect("the rows"), b"a,b\n3\n");
    fails(&["query", "count", &plain, "--rejects", "bad.xlsx"], 2, &["cannot be written to bad.xlsx", "bad.raw"]);
    let other = write(folder.path(), "other.csv", "b,a\n1\n");
    fails(&["query", "count", &plain, &other, "--ragged", "reject", "--rejects", &raw], 2, &["several headers"]);
}

#[test]
fn lines_that_are_no_json_are_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut lines = String::new();
    for row in 0..3000 {
        lines.push_str(&match row {
            7 => "{\"id\":7,\"n\":\r\n".to_owned(),
            1500 => "{\"id\":1500,\"n\":[\"x\",tru]}\n".to_owned(),
            2000 => "{\"id\":2000,\"n\":\"many\"}\n".to_owned(),
            _ => format!("{{\"id\":{row},\"n\":{}}}\n", row % 10),
        });
    }
    let plain = write(folder.path(), "log.ndjson", &lines);
    let packed = write(folder.path(), "log.ndjson.gz", gzip(lines.as_bytes()));
    let list = folder.path().join("bad.csv").display().to_string();
    let raw = folder.path().join("bad.raw").display().to_string();
    for path in [&plain, &packed] {
        for threads in ["1", "4"] {
            let flags = ["--types", "n=int", "--bad-value", "reject", "-j", threads, "--rejects"];
            let asked = [&["query", "agg count, sum id, sum n", path.as_str()], &flags[..], &[&list]].concat();
            assert_eq!(answer(&asked), format!("count,sum_id,sum_n\n2997,{},13493\n", 4_498_500 - 7 - 1500 - 2000));
            let listed = answer(&["query", "select line, column, reason, row", &list, "--to", "ndjson"]);
            let rows: Vec<&str> = listed.lines().collect();
            assert!(rows.len() == 3 && rows[0].contains("\"line\":8,") && rows[1].contains("\"line\":1501,"), "{listed}");
            assert!(
                rows[2].contains("\"column\":\"n\"") && rows[2].contains("is no int") && rows[2].contains("\"line\":2001,"),
                "{listed}"
            );
            answer(&[&["query", "count", path.as_str()], &flags[..], &[&raw]].concat());
            assert!(fs::read_to_string(&raw).expect("the lines").starts_with("{\"id\":7,\"n\":\n"));
            fails(&[&asked[..], &["--reject-limit", "2"]].concat(), 3, &["E0406"]);
        }
    }
    fails(&["query", "agg sum id", &plain], 3, &["E0405", "line 8"]);
    fails(&["check", &plain], 6, &["2 rows are not as the others"]);
}

#[test]
fn sniff_and_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "export.txt", gzip(b"name;price\r\n\"a;b\";1,5\r\nc;2,5\r\n"));
    let told = answer(&["sniff", &path]);
    for line in [
        "compression  gzip",
        "delimiter    ';'   100 % of 3 records have 2 fields",
        "header       yes",
        "line ends    CRLF",
        "decimals     ','",
        "flags        -d ';' --decimal ','",
        "  price  float",
    ] {
        assert!(told.contains(line), "{told}");
    }
    assert!(answer(&["sniff", "data/sales.parquet"]).contains("format       parquet"));
    assert_eq!(answer(&["check", "data/sales.csv"]), "data/sales.csv: 1000 rows, 5 columns, 0 rows rejected\n");
    let bad = write(folder.path(), "bad.csv", "a,b\n1,2\n3\nx,4\n");
    let rejects = folder.path().join("rejects.csv").display().to_string();
    fails(&["check", &bad, "--rejects", &rejects], 6, &["E0951", "1 row is not as the others"]);
    assert_eq!(answer(&["query", "select line, row", &rejects]), "line,row\n3,3\n");
    fails(&["check", &bad, "--rejects", &bad], 2, &["read and written at once"]);
    fails(&["check", &bad, "--types", "a=int"], 6, &["2 rows are not as the others"]);
    fails(&["check", &write(folder.path(), "cut.csv", "a,b\n1,\"2\n")], 3, &["E0403"]);
}

#[test]
fn formulas_stay_texts_in_spreadsheets() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "evil.csv", "a,b\n=cmd(),-1\n@sum,2\nplain,3\n,4\n");
    assert_eq!(answer(&["query", "", &path, "--spreadsheet-safe"]), "a,b\n'=cmd(),-1\n'@sum,2\nplain,3\n,4\n");
    assert_eq!(answer(&["query", "where b = -1", &path]), "a,b\n=cmd(),-1\n");
}

#[test]
fn a_file_is_begun_again_when_a_type_turns_out_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |row: usize| if row == 350_001 { format!("{row},x\n") } else { format!("{row},{row}\n") };
    let rows: String = std::iter::once("id,code\n".to_owned()).chain((0..400_000).map(row)).collect();
    let (path, copy) = (write(folder.path(), "late.csv", &rows), folder.path().join("copy.csv").display().to_string());
    fails(&["query", "", &path, "--to", "csv"], 2, &["rows of the answer were out", "`code`", "-o"]);
    for arguments in [["query", "", &path, "-o", &copy], ["convert", &path, "-o", &copy, "-j3"]] {
        answer(&arguments);
        assert!(fs::read(&copy).expect("the copy") == rows.as_bytes(), "{arguments:?}");
    }
    assert!(answer(&["query", "", &path, "--to", "table"]).contains("400,000 rows"));
    let session = frame::Session::builder().build().expect("a session");
    let batches = session.query("").input(&path).start().and_then(frame::Run::to_vec).expect("rows");
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 400_000);
    assert!(batches.iter().all(|batch| batch.schema() == batches[0].schema()));
}

#[test]
fn parquet_is_written_as_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let size = |options: &str| {
        let path = folder.path().join("out.parquet").display().to_string();
        answer(&["convert", "data/sales.csv", &path, "--parquet", options]);
        assert_eq!(answer(&["query", "agg sum id", &path]), answer(&["query", "agg sum id", "data/sales.csv"]), "{options}");
        fs::metadata(&path).expect("the file").len()
    };
    assert!(size("codec=zstd") < size("codec=none,dictionary=no,statistics=no,rows=100"));
    for options in ["codec=lz4", "codec=gzip,statistics=no"] {
        size(options);
    }
    let path = folder.path().join("out.csv").display().to_string();
    answer(&["convert", "data/sales.csv", "-o", &path]);
    assert_eq!(answer(&["query", "agg sum id", &path]), answer(&["query", "agg sum id", "data/sales.csv"]));
    fails(&["convert", "data/sales.csv", &path, "-o", &path], 2, &["cannot be used with"]);
    fails(&["convert", "data/sales.csv"], 2, &["OUTPUT"]);
    fails(&["convert", "data/sales.csv", &path, "--parquet", "codec=zstd"], 2, &["csv has no options of Parquet"]);
    fails(&["query", "", "data/sales.csv", "--to", "parquet", "--parquet", "codec=rar"], 2, &["codec=rar", "zstd"]);
}
