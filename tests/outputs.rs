//! Answers in every form: what is written is read back as it was; files appear when they are complete; nothing panics when nobody listens.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use frame::arrow::array::{Array, AsArray, RecordBatch, RecordBatchReader};
use frame::arrow::compute::concat_batches;
use frame::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use frame::arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Texts that look like something else, dates, nulls, and floats of every size.
const AWKWARD: &str = "id,day,at,text,[x],wide,yes\n\
    1,2024-02-29,2024-01-31T10:00:00,plain,0,1.0,true\n\
    2,,2024-01-31T10:00:00.25,\"comma, \"\"quotes\"\"\",-1,1e300,false\n\
    3,1969-12-31,,\"two\nlines\",,-2.5e-7,\n\
    4,0001-01-01,1969-12-31T23:59:59.999999,\"\",9223372036854775807,0.1,true\n\
    5,9999-12-31,2000-01-01T00:00:00,,-9223372036854775808,,false\n\
    ,1970-01-01,1970-01-01T00:00:00,naïve 表 | <b>&amp;\\,7,NaN,true\n";

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM", "FRAME_MEMORY", "FRAME_THREADS", "FRAME_CONFIG"] {
        command.env_remove(name);
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn frame(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program runs")
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(bytes(arguments)).expect("UTF-8")
}

fn bytes(arguments: &[&str]) -> Vec<u8> {
    let output = frame(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Runs a command and checks its exit code and that stderr holds every part.
fn fails(arguments: &[&str], code: i32, parts: &[&str]) {
    let output = frame(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{arguments:?}: no `{part}` in\n{stderr}");
    }
}

/// A folder with `awkward.csv`, and paths in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        fs::write(folder.path("awkward.csv"), AWKWARD).expect("a file");
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder");
        let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn parquet_rows(path: &str) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("the file")).expect("Parquet").build().expect("a reader");
    let schema = reader.schema();
    concat_batches(&schema, &reader.map(|batch| batch.expect("rows")).collect::<Vec<_>>()).expect("one batch")
}

#[test]
fn csv_and_tsv_read_back_as_they_were() {
    let folder = Folder::new();
    let csv = stdout(&["query", "", &folder.path("awkward.csv")]);
    assert_eq!(csv, AWKWARD);
    let tsv = folder.path("copy.tsv");
    bytes(&["query", "", &folder.path("awkward.csv"), "-o", &tsv]);
    assert!(fs::read_to_string(&tsv).expect("the file").starts_with("id\tday\tat\ttext\t"));
    assert_eq!(stdout(&["query", "", &tsv]), AWKWARD);
}

#[test]
fn parquet_and_back_gives_the_same_bytes() {
    let folder = Folder::new();
    for (name, text) in [("awkward.csv", AWKWARD.to_owned()), ("sales.csv", fs::read_to_string("data/sales.csv").expect("the sales"))] {
        let (csv, parquet, back) = (folder.path(name), folder.path("x.parquet"), folder.path("back.csv"));
        fs::write(&csv, &text).expect("a file");
        let written = stdout(&["query", "", &csv]);
        bytes(&["convert", &csv, &parquet]);
        bytes(&["convert", &parquet, &back]);
        assert_eq!(fs::read_to_string(&back).expect("the copy"), written);
    }
}

#[test]
fn parquet_has_types_nulls_statistics_and_bounded_row_groups() {
    let folder = Folder::new();
    let path = folder.path("x.parquet");
    bytes(&["query", "", &folder.path("awkward.csv"), "-o", &path]);
    let rows = parquet_rows(&path);
    assert_eq!(rows.num_rows(), 6);
    let types: Vec<bool> = [DataType::Int64, DataType::Date32]
        .iter()
        .zip(rows.schema().fields())
        .map(|(expected, field)| field.data_type() == expected)
        .collect();
    assert_eq!(types, [true, true], "{:?}", rows.schema());
    assert!(rows.column(0).is_null(5) && rows.column(0).as_primitive::<Int64Type>().value(4) == 5);
    assert_eq!(rows.column(1).as_primitive::<Date32Type>().value(2), -1);
    assert_eq!(rows.column(4).as_primitive::<Int64Type>().value(4), i64::MIN);
    assert_eq!(rows.column(5).as_primitive::<Float64Type>().value(1), 1e300);

    let big = folder.path("big.csv");
    fs::write(&big, format!("n\n{}", (0..600_000).map(|n| format!("{n}\n")).collect::<String>())).expect("a file");
    bytes(&["convert", &big, &path]);
    let metadata = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("the file")).expect("Parquet").metadata().clone();
    let groups: Vec<i64> = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [250_000, 250_000, 100_000]);
    assert!(metadata.row_groups().iter().all(|group| group.column(0).statistics().is_some()));
    assert_eq!(stdout(&["query", "agg count, sum n, max n", &path]), "count,sum_n,max_n\n600000,179999700000,599999\n");
}

#[test]
fn arrow_is_a_file_in_a_file_and_a_stream_in_a_pipe() {
    let folder = Folder::new();
    let path = folder.path("x.arrow");
    bytes(&["query", "select id, text, wide", &folder.path("awkward.csv"), "-o", &path]);
    let reader = FileReader::try_new(File::open(&path).expect("the file"), None).expect("Arrow IPC");
    let from_file: Vec<RecordBatch> = reader.map(|batch| batch.expect("rows")).collect();
    let piped = bytes(&["query", "select id, text, wide", &folder.path("awkward.csv"), "--to", "arrow"]);
    let reader = StreamReader::try_new(piped.as_slice(), None).expect("an Arrow stream");
    let from_pipe: Vec<RecordBatch> = reader.map(|batch| batch.expect("rows")).collect();
    assert_eq!(from_file, from_pipe);
    let texts = from_file[0].column(1).as_string::<i32>();
    assert_eq!(
        texts.iter().collect::<Vec<_>>(),
        [Some("plain"), Some("comma, \"quotes\""), Some("two\nlines"), Some(""), None, Some("naïve 表 | <b>&amp;\\")]
    );
}

#[test]
fn ndjson_is_an_object_per_line() {
    let folder = Folder::new();
    let text = stdout(&["query", "", &folder.path("awkward.csv"), "--to", "ndjson"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(
        lines[1],
        r#"{"id":2,"day":null,"at":"2024-01-31T10:00:00.25","text":"comma, \"quotes\"","[x]":-1,"wide":1e300,"yes":false}"#
    );
    assert_eq!(lines[2], r#"{"id":3,"day":"1969-12-31","at":null,"text":"two\nlines","[x]":null,"wide":-2.5e-7,"yes":null}"#);
    assert!(lines[5].contains(r#""text":"naïve 表 | <b>&amp;\\""#), "{}", lines[5]);
    assert!(lines[5].contains(r#""wide":null"#), "JSON has no NaN: {}", lines[5]);
}

#[test]
fn markdown_and_html_are_escaped() {
    let folder = Folder::new();
    let query = "select id, text, wide | take 6";
    let markdown = stdout(&["query", query, &folder.path("awkward.csv"), "--to", "markdown"]);
    assert!(markdown.starts_with("| id | text | wide |\n| ---: | --- | ---: |\n| 1 | plain | 1.0 |\n"), "{markdown}");
    assert!(markdown.contains("| 3 | two<br>lines | -2.5e-7 |\n| 4 |  | 0.1 |\n| 5 |  |  |\n"), "{markdown}");
    assert!(markdown.contains("naïve 表 \\| &lt;b&gt;&amp;amp;\\\\ |"), "{markdown}");
    let html = stdout(&["query", query, &folder.path("awkward.csv"), "--to", "html"]);
    assert!(html.contains("<tr><td class=\"n\">2</td><td>comma, &quot;quotes&quot;</td><td class=\"n\">1e300</td></tr>\n"), "{html}");
    assert!(html.contains("&lt;b&gt;&amp;amp;") && !html.contains("<b>") && html.ends_with("</html>\n"), "{html}");
}

#[test]
fn an_empty_answer_is_complete_in_every_form() {
    let folder = Folder::new();
    let query = ["query", "where id > 100 | select id, text"];
    let input = folder.path("awkward.csv");
    let to = |form: &str| bytes(&[query[0], query[1], &input, "--to", form]);
    assert_eq!(to("csv"), b"id,text\n");
    assert_eq!(to("tsv"), b"id\ttext\n");
    assert_eq!(to("ndjson"), b"");
    assert_eq!(to("none"), b"");
    assert_eq!(to("checksum=id"), b"0,0\n");
    assert_eq!(to("markdown"), b"| id | text |\n| ---: | --- |\n");
    assert!(String::from_utf8(to("html")).expect("UTF-8").contains("<tbody>\n</tbody>"));
    assert_eq!(String::from_utf8(to("table")).expect("UTF-8"), "id  text\n──  ────\n0 rows, 2 columns\n");
    let parquet = folder.path("empty.parquet");
    fs::write(&parquet, to("parquet")).expect("a file");
    assert_eq!(parquet_rows(&parquet).num_rows(), 0);
    assert_eq!(stdout(&["query", "count", &parquet]), "count\n0\n");
    assert_eq!(StreamReader::try_new(to("arrow").as_slice(), None).expect("a stream").count(), 0);
}

#[test]
fn a_column_of_nothing_but_null_is_null_in_every_form() {
    let folder = Folder::new();
    let to = |form: &str| stdout(&["query", "derive none = null | select id, none | take 1", "data/sales.csv", "--to", form]);
    assert_eq!(to("csv"), "id,none\n0,\n");
    assert_eq!(to("ndjson"), "{\"id\":0,\"none\":null}\n");
    assert_eq!(to("markdown"), "| id | none |\n| ---: | --- |\n| 0 |  |\n");
    assert_eq!(to("table"), "id  none\n──  ────\n 0  null\n1 row, 2 columns\n");
    let path = folder.path("none.parquet");
    bytes(&["query", "derive none = null | select id, none", "data/sales.csv", "-o", &path]);
    assert_eq!(stdout(&["query", "agg count, count(none)", &path]), "count,count_none\n1000,0\n");
}

#[test]
fn every_type_is_written_and_read_back() {
    let folder = Folder::new();
    let types = ["int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "float32", "bool", "date", "timestamp", "text"];
    for name in types {
        let value = match name {
            "bool" => "true",
            "date" => "2024-02-29",
            "timestamp" => "2024-02-29T01:02:03.5",
            "float32" => "0.1",
            _ => "123",
        };
        let (csv, parquet) = (folder.path("t.csv"), folder.path("t.parquet"));
        let text = format!("k,v\n1,{value}\n2,\n");
        fs::write(&csv, &text).expect("a file");
        let query = format!("select k, cast(v, {name}) as v");
        bytes(&["query", &query, &csv, "--types", "v=text", "-o", &parquet]);
        assert_eq!(stdout(&["convert", &parquet, "-"]), text, "{name}");
        let json = stdout(&["convert", &parquet, "-", "--to", "ndjson"]);
        let quote = if matches!(name, "date" | "timestamp" | "text") { "\"" } else { "" };
        assert_eq!(json, format!("{{\"k\":1,\"v\":{quote}{value}{quote}}}\n{{\"k\":2,\"v\":null}}\n"), "{name}");
        let arrow = bytes(&["convert", &parquet, "-", "--to", "arrow"]);
        let rows: usize =
            StreamReader::try_new(arrow.as_slice(), None).expect("a stream").map(|batch| batch.expect("rows").num_rows()).sum();
        assert_eq!(rows, 2, "{name}");
        assert!(stdout(&["convert", &parquet, "-", "--to", "table"]).ends_with("2 rows, 2 columns\n"), "{name}");
    }
}

#[test]
fn tables_show_the_ends_of_an_answer() {
    let text = stdout(&["query", "select id, category, value", "data/sales.csv", "--to", "table"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 + 20 + 1 + 20 + 1, "{text}");
    assert!(lines[0].starts_with("   id  category") || lines[0].contains("category"), "{text}");
    assert!(lines[22].contains('…') && text.contains(" left out), 3 columns\n"), "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    let narrow = stdout(&["query", "take 1", "data/sales.csv", "--to", "table", "--width", "30"]);
    assert!(
        narrow.contains("5 columns (") && narrow.contains(" left out)") && narrow.lines().next().is_some_and(|line| line.contains('…')),
        "{narrow}"
    );
    let folder = Folder::new();
    let path = folder.path("table.txt");
    bytes(&["query", "agg sum id", "data/sales.csv", "--to", "table", "-o", &path]);
    assert!(fs::read_to_string(&path).expect("the file").ends_with("1 row, 1 column\n"), "a table goes to the file, too");
}

#[test]
fn a_file_keeps_its_old_content_until_the_new_one_is_complete() {
    let folder = Folder::new();
    let broken = folder.path("broken.csv");
    fs::write(&broken, format!("a,b\n{}1\n", "1,2\n".repeat(200_000))).expect("a file");
    for name in ["out.csv", "out.parquet", "out.ndjson", "out.arrow", "out.md", "out.html"] {
        let out = folder.path(name);
        fs::write(&out, "old").expect("a file");
        fails(&["query", "where a > 0", &broken, "-o", &out], 3, &["E0401"]);
        assert_eq!(fs::read_to_string(&out).expect("the old file"), "old", "{name}");
        bytes(&["query", "count", "data/sales.csv", "-o", &out]);
        assert_ne!(fs::read(&out).expect("the new file"), b"old", "{name}");
    }
    assert!(folder.names().iter().all(|name| !name.ends_with(".tmp")), "{:?}", folder.names());
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let folder = Folder::new();
    let (input, back) = (folder.path("awkward.csv"), folder.path("./awkward.csv"));
    fails(&["query", "take 1", &input, "-o", &input], 2, &["read and written at once"]);
    fails(&["query", &format!("from '{input}' | take 1"), "-o", &back], 2, &["read and written at once"]);
    fails(&["convert", &input, &back], 2, &["read and written at once"]);
    fails(&["head", &input, "-o", &back], 2, &["read and written at once"]);
    fails(&["stats", &input, "-o", &back], 2, &["read and written at once"]);
    assert_eq!(fs::read_to_string(&input).expect("the input"), AWKWARD);
    assert_eq!(folder.names(), ["awkward.csv"]);
}

#[test]
fn forms_that_there_are_not_are_refused_before_any_work() {
    fails(&["query", "count", "data/sales.csv", "--to", "xml"], 2, &["no form of output", "ndjson"]);
    fails(&["query", "count", "data/sales.csv", "-o", "/nonexistent/out.json"], 2, &[".json", "ndjson"]);
    fails(&["query", "count", "data/sales.csv", "-o", "/nonexistent/out.csv"], 1, &["cannot write /nonexistent/out.csv"]);
    fails(&["query", "count", "data/sales.csv", "-o", "data"], 2, &["is a folder"]);
    fails(&["query", "count", "data/sales.csv", "-o", "x", "--to", "none"], 2, &["none"]);
    assert!(stdout(&["query", "--help"]).contains("Arrow IPC"), "the long help lists the formats");
}

#[cfg(unix)]
#[test]
fn devices_and_links_stay_what_they_are() {
    let folder = Folder::new();
    bytes(&["query", "count", "data/sales.csv", "-o", "/dev/null"]);
    assert!(!fs::metadata("/dev/null").expect("the device").is_file());
    let (link, file) = (folder.path("link.csv"), folder.path("file.csv"));
    fs::write(&file, "old").expect("a file");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    bytes(&["query", "count", "data/sales.csv", "-o", &link]);
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert!(fs::read_to_string(&file).expect("the file").starts_with("count\n"));
    fails(&["query", "count", "data/sales.csv", "-o", "/dev/full"], 1, &["cannot write /dev/full"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = Folder::new();
    let big = folder.path("big.csv");
    bytes(&["generate", &big, "--rows", "100000"]);
    for form in ["csv", "ndjson", "parquet", "arrow", "html", "markdown"] {
        let mut child =
            program(&["query", "", &big, "--to", form]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut out = child.stdout.take().expect("a pipe");
        out.read_exact(&mut [0; 4]).expect("some bytes");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[cfg(unix)]
#[test]
fn a_closed_or_full_stderr_changes_nothing() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("the device"));
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    for stream in [&full as &dyn Fn() -> Stdio, &closed] {
        let run = |arguments: &[&str]| program(arguments).stderr(stream()).stdout(Stdio::null()).status().expect("it runs").code();
        assert_eq!(run(&["query", "groupby catgory count", "data/sales.csv"]), Some(2));
        assert_eq!(run(&["query", "count", "data/sales.csv", "--verbose", "--progress", "on"]), Some(0));
        assert_eq!(run(&["query", "count", "no/such/file.csv"]), Some(2));
        assert_eq!(run(&["fmt", "--check", "group a count"]), Some(1));
        assert_eq!(run(&["baseline", "groupby category mean value", "data/sales.csv"]), Some(0));
        assert_eq!(run(&["nonsense"]), Some(2));
    }
}

#[test]
fn colour_follows_flag_environment_and_terminal() {
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = program(arguments).envs(variables.iter().copied()).output().expect("the program runs");
        (output.stdout.contains(&0x1b), output.stderr.contains(&0x1b))
    };
    let wrong = ["query", "groupby catgory count", "data/sales.csv"];
    let table = ["query", "take 1", "data/sales.csv", "--to", "table"];
    assert_eq!(coloured(&wrong, &[]), (false, false), "no terminal");
    assert_eq!(coloured(&wrong, &[("FORCE_COLOR", "1")]), (false, true));
    assert_eq!(coloured(&table, &[("CLICOLOR_FORCE", "1")]), (true, false));
    assert_eq!(coloured(&table, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), (false, false), "NO_COLOR wins");
    assert_eq!(coloured(&table, &[("CLICOLOR_FORCE", "0"), ("FORCE_COLOR", "0")]), (false, false));
    assert_eq!(coloured(&["query", "take 1", "data/sales.csv", "--to", "table", "--color", "always"], &[("TERM", "dumb")]), (true, false));
    assert_eq!(coloured(&["--color", "never", table[0], table[1], table[2], table[3], table[4]], &[("FORCE_COLOR", "1")]), (false, false));
    assert_eq!(coloured(&["query", "take 1", "data/sales.csv", "--color", "always"], &[]), (false, false), "files have no colour");
    assert_eq!(coloured(&["--help"], &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]), (false, false));
}

#[test]
fn fmt_prints_the_canonical_text() {
    assert_eq!(
        stdout(&["fmt", "filter value>1200|group category mean(value),count as n"]),
        "where value > 1200 | groupby category mean value, count as n\n"
    );
    assert_eq!(stdout(&["fmt", "from 'data/it''s.csv' | head 5"]), "from 'data/it''s.csv' | take 5\n");
    let dropped = stdout(&["fmt", "drop note", "data/sales.csv"]);
    assert_eq!(stdout(&["fmt", dropped.trim_end(), "data/sales.csv"]), dropped, "what is printed is canonical");
    fails(&["fmt", "drop note"], 2, &["name the file"]);
    fails(&["fmt", "gruopby a count"], 2, &["did you mean `groupby`?"]);
    assert!(frame(&["fmt", "--check", "where value > 1200"]).status.success());
    fails(&["fmt", "--check", "where value>1200"], 1, &["where value > 1200"]);
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = stdout(&["completions", shell]);
        assert!(script.contains("convert") && script.contains("progress"), "{shell}");
    }
}

#[test]
fn there_is_help_on_every_word() {
    let names = |text: String| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    };
    for (topic, some) in [("verbs", "groupby"), ("functions", "lower"), ("aggregates", "mean"), ("windows", "lag")] {
        let names = names(stdout(&["help", topic]));
        assert!(names.iter().any(|name| name == some), "{topic}: {names:?}");
        for name in names {
            assert!(stdout(&["help", &name]).contains("Example"), "{name}");
        }
    }
    for command in ["query", "explain", "fmt", "schema", "head", "stats", "convert", "generate", "bench", "config", "completions", "help"] {
        let help = stdout(&["help", command]);
        assert!(help.contains(&format!("Usage: frame {command}")) && help.contains("Example"), "{command}: {help}");
        assert!(stdout(&[command, "--help"]).contains("Example"), "{command}");
    }
    assert!(stdout(&["help", "head"]).contains("take (verb)"), "an alias of a verb that is a command as well");
    assert!(stdout(&["help"]).contains("Exit codes"));
    fails(&["help", "gruopby"], 2, &["did you mean `frame help groupby`?"]);
}

#[test]
fn config_tells_who_says_so() {
    let folder = Folder::new();
    let inner = Path::new(&folder.path("a")).join("b");
    fs::create_dir_all(&inner).expect("folders");
    let user = folder.path("user.toml");
    fs::write(&user, "threads = 3\nprogress = \"off\"\n").expect("a file");
    fs::write(folder.path("a/.frame.toml"), "threads = 2\nmemory = \"300M\"\n").expect("a file");
    let config = |variables: &[(&str, &str)]| {
        let mut command = program(&["config", "--show-origin"]);
        let output = command.current_dir(&inner).env("FRAME_CONFIG", &user).envs(variables.iter().copied()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let line = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let (_, text) = config(&[("FRAME_MEMORY", "1G")]);
    assert_eq!(line(&text, "memory"), "1G FRAME_MEMORY", "{text}");
    assert!(line(&text, "threads").starts_with("2 ") && line(&text, "threads").ends_with("a/.frame.toml"), "{text}");
    assert_eq!(line(&text, "progress"), format!("off {user}"), "{text}");
    assert!(line(&text, "tmpdir").ends_with("default (FRAME_TMPDIR is not set)"), "{text}");
    fs::write(&user, "thread = 3\n").expect("a file");
    let (code, text) = config(&[]);
    assert!(code == Some(2) && text.contains("did you mean `threads`?"), "{text}");
    fs::write(&user, "threads = \n").expect("a file");
    assert_eq!(config(&[]).0, Some(2));
}

#[test]
fn a_setting_in_a_file_holds() {
    let folder = Folder::new();
    fs::write(folder.path(".frame.toml"), "threads = 0\n").expect("a file");
    let run = |arguments: &[&str]| program(arguments).current_dir(folder.0.path()).output().expect("it runs").status.code();
    assert_eq!(run(&["query", "count", "awkward.csv"]), Some(2), "there must be at least one thread");
    assert_eq!(run(&["query", "count", "awkward.csv", "-j", "1"]), Some(0), "the flag comes first");
    assert_eq!(run(&["help", "verbs"]), Some(0), "help needs no settings");
}

#[test]
fn stats_tell_what_is_in_the_columns() {
    let folder = Folder::new();
    let text = stdout(&["stats", &folder.path("awkward.csv")]);
    let line = |name: &str| text.lines().find(|line| line.starts_with(&format!("{name},"))).unwrap_or_default().to_owned();
    assert!(text.starts_with("column,type,rows,nulls,min,max,mean"), "{text}");
    assert!(line("id").starts_with("id,int,6,1,1,5,3.0"), "{text}");
    assert!(line("at").ends_with(",1969-12-31T23:59:59.999999,2024-01-31T10:00:00.25,,5"), "{text}");
    assert!(line("day").starts_with("day,date,6,1,0001-01-01,9999-12-31,"), "{text}");
    assert!(line("text").starts_with("text,text,6,1,\"\",\"two"), "{text}");
    let late = folder.path("late.csv");
    fs::write(&late, format!("k,v\n{}x,y\n", "1,2\n".repeat(100_000))).expect("a file");
    let text = stdout(&["stats", &late]);
    assert!(text.contains("v,text,100001,0,2,y,,2"), "{text}");
}
