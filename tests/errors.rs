//! What goes wrong is said clearly, with the documented exit code, and never by a panic.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn frame(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_frame")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the program runs")
}

/// Runs a command and checks its exit code and that stderr holds every part.
fn fails(arguments: &[&str], code: i32, parts: &[&str]) {
    let output = frame(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{arguments:?}: no `{part}` in\n{stderr}");
    }
}

fn query_fails(query: &str, parts: &[&str]) {
    fails(&["query", query, "data/sales.csv"], 2, parts);
}

#[test]
fn wrong_queries() {
    let cases: &[(&str, &[&str])] = &[
        ("groupby catgory mean value", &["E0203", "unknown column `catgory`", "        ^^^^^^^ did you mean `category`?"]),
        ("gruopby category mean value", &["E0201", "unknown verb `gruopby`", "did you mean `groupby`?"]),
        ("groupby category meen value", &["E0202", "unknown aggregate `meen`", "did you mean `mean`?"]),
        ("groupby category mean", &["E0204", "mean column"]),
        ("groupby category", &["expected an aggregate", "groupby category count"]),
        ("groupby category mean value, id", &["each item begins with an aggregate", "mean {value, id}"]),
        ("groupby category mean note", &["E0205", "`mean` does not take text"]),
        ("groupby category sum value, sum value", &["E0206", "two columns are called `sum_value`"]),
        ("where value", &["E0205", "a filter does not take float"]),
        ("where value > 'x'", &["E0205", "float and text", "cast"]),
        ("where note + 1 > 2", &["E0205", "`+` does not take text"]),
        ("where value >", &["E0101", "expected a value, found the end of the query"]),
        ("where (value > 1", &["expected `)`"]),
        ("where value > 1)", &["expected `|`"]),
        ("where note = 'open", &["a closing quote"]),
        ("where [note = 1", &["a closing bracket"]),
        ("where value > 1 < 3", &["write a < b and b < c"]),
        ("where lenght(note) > 1", &["E0202", "did you mean `length`?"]),
        ("where length(note, 1) > 1", &["E0204", "`length` takes 1 argument, found 2"]),
        ("where value > 99999999999999999999", &["E0207", "int is out of range"]),
        ("where ts > @2024-13-01", &["a date or time such as @2024-01-31"]),
        ("where ts > 5", &["E0205", "timestamp and int"]),
        ("where value > \"x\"", &["single quotes"]),
        ("where cast(note, intt) > 1", &["a type", "did you mean `int`?"]),
        ("sort", &["expected a value"]),
        ("sort value nulls", &["`first` or `last`"]),
        ("take many", &["expected a whole number, found `many`"]),
        ("take -1", &["a whole number"]),
        ("take 1.5", &["a whole number"]),
        ("select value * 2", &["as NAME"]),
        ("drop nothing", &["E0203", "nothing"]),
        ("rename a = b", &["E0203"]),
        ("rename order = value", &["[order]"]),
        ("derive x = ", &["expected a value"]),
        ("value > 1", &["E0201"]),
        ("group by category", &["reserved", "by"]),
        ("order by value", &["by"]),
        ("sort_values value", &["write `sort x`"]),
        ("summarise mean value", &["groupby key sum value"]),
        ("fetch 10", &["write `take 10`"]),
        ("mean value", &["write `agg mean value`"]),
        ("| | ? ", &["E0101"]),
        ("agg category", &["E0202", "unknown aggregate `category`", "aggregates: count"]),
        ("where if value > 1 then true", &["expected `else`"]),
        ("where value in ()", &["expected a value"]),
        ("where value between 1", &["expected `and`"]),
        ("where sum(value) > 1", &["E0202"]),
    ];
    for (query, parts) in cases {
        if *query == "group by category" {
            query_fails(query, &["E0101"]);
        } else {
            query_fails(query, parts);
        }
    }
}

#[test]
fn bounded_depth_and_length() {
    let deep = format!("where {}true{}", "(".repeat(5000), ")".repeat(5000));
    query_fails(&deep, &["E0102", "the depth of an expression"]);
    let long = format!("where value > 1{}", " + 1".repeat(5000));
    query_fails(&long, &["E0102"]);
    query_fails(&format!("where {}value > 1", "not ".repeat(3000)), &["E0102"]);
    query_fails(&format!("where {}value > 1", "- - ".repeat(3000)), &["E0102"]);
}

#[test]
fn a_bounded_number_of_stages() {
    let stages = |count: usize| vec!["where id > 0"; count].join(" | ");
    let output = frame(&["query", &format!("{} | count", stages(200)), "data/sales.csv"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    query_fails(&stages(3000), &["E0102", "the number of stages", "limit of 256"]);
    let columns = (0..3000).map(|number| format!("x{} = x{number} + 1", number + 1)).collect::<Vec<_>>().join(", ");
    query_fails(&format!("derive x0 = id, {columns}"), &["E0102", "the number of stages"]);
}

#[test]
fn errors_without_a_place_have_no_caret() {
    let output = frame(&["query", "count", "no/such/file.csv"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains('^'), "the query is not what is wrong");
    fails(&["query", "count", "data/sales.csv/x.csv"], 2, &["cannot open", "check the path"]);
    fails(&["query", "count", "data/sales.csv", "-j", "99999"], 2, &["more than 1024"]);
    fails(&["query", "count", "data/sales.csv", "-j", "-1"], 2, &["-1"]);
    fails(&["query", "where id = 1 \u{1}", "data/sales.csv"], 2, &["found `\\u{1}`"]);
}

#[test]
fn values_and_names_in_messages_are_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.csv").display().to_string();
    fs::write(&path, format!("{}\n{}\n", "n".repeat(100_000), "v\u{7}".repeat(100_000))).expect("a file");
    for query in ["agg sum x", "cast * to int", "derive x = cast(column_1, int)"] {
        let output = frame(&["query", query, "-n", &path]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.len() < 2_000 && !stderr.contains('\u{7}'), "{query}: {} bytes", stderr.len());
    }
    let output = frame(&["query", "agg sum x", &path]);
    assert!(output.stderr.len() < 2_000, "{} bytes", output.stderr.len());
}

#[test]
fn wrong_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    fails(&["query", "count", "no/such/file.csv"], 2, &["E0701", "no/such/file.csv"]);
    fails(&["query", "count"], 2, &["reads nothing"]);
    fails(&["query", "count", &write("empty.csv", b"")], 3, &["E0411", "empty"]);
    let ragged = write("ragged.csv", b"a,b\n1,2\n3\n4,5\n");
    fails(&["query", "count", &ragged], 3, &["E0401", "line 3", "1 fields where the header has 2"]);
    let latin = write("latin.csv", b"a,b\n1,x\n2,caf\xe9\n");
    fails(&["query", "groupby b count", &latin], 3, &["E0402", "line 3", "column 2 `b`", "latin1"]);
    assert!(frame(&["query", "agg sum a", &latin]).status.success(), "a column that nobody names is never looked at");
    fails(&["query", "count", &write("packed.csv", b"\x1f\x8b\x08\0")], 3, &["E0412", "gzip"]);
    fails(&["query", "agg sum b", &write("semicolon.csv", b"a;b\n1;2\n")], 2, &["E0203", "-d ';'"]);
    let unclosed = write("unclosed.csv", b"a,b\n1,x\n2,\"open\n3,y\n");
    fails(&["query", "count", &unclosed], 3, &["E0403", "line 3"]);
    let parquet = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sales.parquet")).expect("the Parquet file");
    for len in [5, 100, parquet.len() / 2, parquet.len() - 1] {
        fails(&["query", "agg sum value", &write("cut.parquet", &parquet[..len])], 3, &["E0412", "Parquet"]);
    }
    let types = write("types.csv", b"a,b\n1,2\n1,x\n");
    fails(&["query", "agg sum b", "--types", "b=int", &types], 3, &["E0410", "'x'", "line 3"]);
    fails(&["query", "agg sum b", &types], 2, &["`sum` does not take text"]);
    fails(&["query", "where cast(b, int) > 0 | count", &types], 3, &["E0410", "'x' is not int"]);
}

#[test]
fn files_at_the_edge_have_an_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("header.csv").display().to_string();
    fs::write(&path, "a,b\n").expect("a file");
    let stdout = |arguments: &[&str]| {
        let output = frame(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(stdout(&["query", "count", &path]), "count\n0\n");
    assert_eq!(stdout(&["query", "groupby a count", &path]), "a,count\n");
    assert_eq!(
        stdout(&["query", "take 3", "data/awkward.csv"]),
        "id,name,note,amount\n1,plain,,1.5\n2,\"comma, inside\",\"two\nlines\",2.0\n3,\"say \"\"hi\"\"\",\"\",-0.25\n"
    );
    let stations = ["query", "-n", "-d", ";", "--names", "station,temp", "agg count, min temp", "data/stations.txt"];
    assert!(stdout(&stations).starts_with("count,min_temp\n100,"));
}

#[test]
fn usage_errors_and_limits() {
    fails(&["query"], 2, &["Usage"]);
    fails(&["nonsense"], 2, &["nonsense"]);
    fails(&["query", "count", "data/sales.csv", "-j", "0"], 2, &["at least one thread"]);
    fails(&["query", "count", "data/sales.csv", "--memory", "lots"], 2, &["no size"]);
    fails(&["query", "count", "data/sales.csv", "-d", "\""], 2, &["no delimiter"]);
    fails(&["query", "count", "data/sales.csv", "--types", "id=number"], 2, &["a type"]);
    fails(&["query", "count", "data/sales.csv", "--types", "idd=int"], 2, &["E0203"]);
    fails(&["query", "count", "data/sales.csv", "--to", "xml"], 2, &["no form of output"]);
    fails(&["query", "sort value", "data/sales.csv", "--memory", "50K"], 4, &["E0501", "--memory"]);
    for query in ["derive n = row_number() over ()", "complete id, value", "complete ts every 1s"] {
        fails(&["query", query, "data/sales.csv", "--memory", "50K"], 4, &["E0501", "--memory"]);
    }
    fails(&["query", "complete ts every 1us", "data/sales.csv"], 2, &["would make more than 2147483648 rows", "longer steps"]);
    fails(&["generate", "data/sales.csv"], 2, &["is there already"]);
}

#[test]
fn an_output_appears_only_when_it_is_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.csv").display().to_string();
    assert!(frame(&["query", "groupby category count", "data/sales.csv", "-o", &out]).status.success());
    assert!(fs::read_to_string(&out).expect("the output").starts_with("category,count\n"));
    let bad = folder.path().join("bad.csv").display().to_string();
    let input = folder.path().join("in.csv").display().to_string();
    fs::write(&input, format!("a,b\n{}1\n", "1,2\n".repeat(100_000))).expect("a file");
    fails(&["query", "where a > 0", &input, "-o", &bad], 3, &["E0401"]);
    let left: Vec<_> = fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn errors_do_not_depend_on_the_optimizer() {
    const LARGE: &str = "9223372036854775807";
    for query in [
        format!("sort id + {LARGE} | groupby category count"),
        format!("sort id + {LARGE} | unordered | count"),
        format!("sort id + {LARGE} | where id < 0"),
        format!("sort -id | where id + {LARGE} > 0 | groupby category count"),
        format!("sort -id | derive x = id + {LARGE} | agg sum x"),
        format!("sort -id | agg sum(id + {LARGE}) as s"),
        format!("groupby category, id + {LARGE} as k count | where category = 'z'"),
        format!("groupby category max(id + {LARGE}) as m | where category = 'z'"),
        format!("groupby category count where id + {LARGE} > 0 as m | where category = 'z'"),
        format!("select category, id + {LARGE} as x | where category = 'z'"),
    ] {
        let run = |flags: &[&str]| {
            let output = frame(&[&["query", &query, "data/sales.csv", "-j", "1"], flags].concat());
            (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
        };
        let plain = run(&["--no-optimize"]);
        assert!(plain.0 == Some(2) && plain.1.contains("E0208"), "{query}: {plain:?}");
        assert_eq!(run(&[]), plain, "{query}");
    }
}

#[test]
fn a_filter_behind_a_grouping_sees_the_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("zeros.csv").display().to_string();
    fs::write(&path, "f,x\n-0.0,1\n0.0,2\n2.5,3\n").expect("a file");
    for query in ["groupby f count | where 1 / f > 0", "groupby f count | where cast(f, text) = '0.0'", "groupby f count | where f <= 0.0"]
    {
        let answers = [&["--no-optimize"][..], &[]].map(|flags| frame(&[&["query", query, path.as_str()], flags].concat()).stdout);
        assert_eq!(String::from_utf8_lossy(&answers[0]), String::from_utf8_lossy(&answers[1]), "{query}");
        assert!(String::from_utf8_lossy(&answers[1]).contains("0.0,2"), "{query}: {}", String::from_utf8_lossy(&answers[1]));
    }
    let explained = frame(&["explain", "groupby f count | where f > 0.0", &path]).stdout;
    assert!(String::from_utf8_lossy(&explained).contains("where f > 0.0"), "a comparison is still moved into the scan");
}

#[test]
fn what_overflows_has_a_caret() {
    query_fails("derive x = -(id - 9223372036854775807 - 2)", &["E0208", "^^^^"]);
    query_fails("derive x = abs(id - 9223372036854775807 - 2)", &["E0208", "^^^^"]);
    query_fails("derive x = repeat(category, 99999999999)", &["`repeat` would make a text longer", "^^^^"]);
    query_fails("where ts > @2024-01-01 + 999999999d", &["E0207", "duration is out of range: 999999999d", "^^^^"]);
    query_fails("where ts > @2024-01-01 + 99999999999y", &["E0207", "out of range"]);
    fails(&["query", "count", "data/sales.csv", "--memory", "200%"], 2, &["200%", "more than the machine has", "at most 100%"]);
}

#[cfg(unix)]
#[test]
fn a_hard_link_of_the_input_is_no_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, link) = (folder.path().join("in.csv").display().to_string(), folder.path().join("link.csv").display().to_string());
    fs::write(&input, "a,b\n1,2\n").expect("a file");
    fs::hard_link(&input, &link).expect("a link");
    fails(&["query", "count", &input, "-o", &link], 2, &["read and written at once"]);
    fails(&["query", &format!("write '{link}'"), &input], 2, &["read and written at once"]);
    assert_eq!(fs::read_to_string(&link).expect("the input"), "a,b\n1,2\n");
}

#[test]
fn urls_are_refused_where_they_cannot_be_read_or_written() {
    let output = "frame writes local files only";
    for target in ["http://127.0.0.1/a.csv", "s3://bucket/a.parquet"] {
        fails(&["query", "take 1", "data/sales.csv", "-o", target], 2, &["E0301", target, output, "then copy it there"]);
        fails(&["query", &format!("write '{target}'"), "data/sales.csv"], 2, &["E0301", target, output, "then copy it there"]);
        fails(&["convert", "data/sales.csv", target], 2, &["E0301", target, output]);
        fails(&["query", "count", "data/sales.csv", "--report", target], 2, &["E0301", target, output]);
        fails(&["check", "data/sales.csv", "--rejects", target], 2, &["E0301", target, output]);
        fails(&["generate", target, "--rows", "1"], 2, &["E0301", target, output]);
        fails(&["bench", target], 2, &["E0301", "the baseline reads local files only"]);
    }
    if cfg!(feature = "remote") {
        return;
    }
    for path in ["https://127.0.0.1/a.csv?sig=hidden", "s3://bucket/a-*.csv", "gs://bucket/"] {
        let input = "is a URL; this build of frame reads local files only";
        for arguments in [
            &["query", "take 1", path][..],
            &["head", path],
            &["sniff", path],
            &["query", &format!("join '{path}' on id"), "data/sales.csv"],
        ] {
            fails(arguments, 2, &["E0301", path.split('?').next().unwrap_or_default(), input, "--features remote"]);
            assert!(!String::from_utf8_lossy(&frame(arguments).stderr).contains("hidden"), "{arguments:?}");
        }
    }
}
