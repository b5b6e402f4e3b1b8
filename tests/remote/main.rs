//! Inputs behind URLs, read from a server on loopback: the answers are those of local files, and what goes wrong is told.

mod server;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use server::{Manner, Server};

const MEANS: &str = "groupby category mean value, count as n";

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)).expect("the data")
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let is_setting = |start| name.to_string_lossy().to_ascii_uppercase().starts_with(start);
        if ["FRAME_", "AWS_", "AZURE_", "GOOGLE_", "HTTP_", "HTTPS_", "ALL_", "NO_"].into_iter().any(is_setting) {
            command.env_remove(name);
        }
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn answer(arguments: &[&str]) -> String {
    text(&program(arguments).output().expect("the program runs"))
}

/// Checks the exit code and that stderr holds every part; gives stderr.
fn fails(command: &mut Command, code: i32, parts: &[&str]) -> String {
    let output = command.output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    for part in parts {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
    told
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

/// A web server with the sales under three names.
fn sales(manner: Manner) -> Server {
    let files = [("/sales.csv", data("sales.csv")), ("/sales.parquet", data("sales.parquet")), ("/sales.csv.gz", gzip(&data("sales.csv")))];
    Server::start(manner, files)
}

#[test]
fn files_of_the_web_are_read_as_local_ones() {
    let server = sales(Manner::Proper);
    for query in [MEANS, "sort -value | take 20", "select id, note | tail 5"] {
        for name in ["sales.csv", "sales.parquet"] {
            let local = answer(&["query", query, &format!("data/{name}"), "--to", "csv"]);
            let url = server.url(&format!("/{name}"));
            assert_eq!(answer(&["query", query, &url, "--to", "csv"]), local, "{query} of {name}");
            assert_eq!(answer(&["query", query, &url, "--to", "csv", "--partition-size", "8K", "-j", "4"]), local, "{query} of {name}");
        }
        let local = answer(&["query", query, "data/sales.csv", "--to", "csv"]);
        assert_eq!(answer(&["query", query, &server.url("/sales.csv.gz?as=it&is"), "--to", "csv"]), local, "{query} of gzip");
    }
    assert!(server.log().iter().any(|request| request == "GET /sales.csv.gz?as=it&is"), "the query string is asked for as it is");
}

#[test]
fn every_command_reads_urls() {
    let server = sales(Manner::GetOnly);
    let (url, local) = (server.url("/sales.csv"), "data/sales.csv");
    for command in [&["schema"][..], &["head"], &["sniff"], &["stats"], &["convert", "--to", "ndjson"]] {
        let of = |path: &str| {
            let mut arguments = command.to_vec();
            arguments.insert(1, path);
            if command[0] == "convert" {
                arguments.insert(2, "-");
            }
            answer(&arguments)
        };
        assert_eq!(of(&url), of(local), "{command:?}");
    }
    assert_eq!(answer(&["check", &url]), answer(&["check", local]).replace(local, &url));
    assert!(answer(&["explain", MEANS, &url]).contains(&format!("scan {url} [category, value]")));
    let join = |path: &str| answer(&["query", &format!("join '{path}' on id | agg count, sum value"), local]);
    assert_eq!(join(&url), join(local));
    assert_eq!(answer(&["query", &format!("from '{url}' | {MEANS}")]), answer(&["query", MEANS, local]));
}

#[test]
fn names_are_what_stands_before_the_query_string() {
    let server = Server::start(Manner::Proper, [("/a.tsv", b"x\ty\n1\t2\n".to_vec())]);
    assert_eq!(answer(&["query", "derive z = x + y", &server.url("/a.tsv?name=b.csv")]), "x,y,z\n1,2,3\n");
}

/// A bucket of small files, and what reads it.
fn bucket() -> (Server, impl Fn(&[&str]) -> Command) {
    let file = |rows: &str| format!("id,value\n{rows}").into_bytes();
    let files = [
        ("/sales/a-1.csv", file("1,10\n")),
        ("/sales/a-2.csv", file("2,20\n")),
        ("/sales/a-3.csv", file("3,30\n")),
        ("/sales/b-1.csv", file("4,40\n")),
        ("/sales/days/_log/1.csv", file("9,90\n")),
        ("/sales/days/_SUCCESS", Vec::new()),
        ("/sales/days/day=2024-01-31/region=eu%2Fwest/a.csv", file("5,50\n")),
        ("/sales/days/day=2024-02-01/region=us/a b.csv", file("6,60\n7,70\n")),
        ("/sales/days/day=2024-02-02", Vec::new()),
    ];
    let server = Server::start(Manner::Signed, files);
    let endpoint = server.url("");
    let reading = move |arguments: &[&str]| {
        let mut command = program(arguments);
        command.env("AWS_ENDPOINT", &endpoint).env("AWS_ALLOW_HTTP", "true").env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "reader").env("AWS_SECRET_ACCESS_KEY", "verysecret");
        command
    };
    (server, reading)
}

#[test]
fn objects_of_a_bucket_by_name_pattern_and_folder() {
    let (server, reading) = bucket();
    let answer = |query: &str, path: &str| text(&reading(&["query", query, path]).output().expect("the program runs"));
    assert_eq!(answer("", "s3://sales/b-1.csv"), "id,value\n4,40\n");
    assert_eq!(answer("select id", "s3://sales/a-*.csv"), "id\n1\n2\n3\n");
    assert_eq!(answer("select id", "s3://sales/[ab]-1.csv"), "id\n1\n4\n");
    assert_eq!(answer("select id", "s3://sales/**/a?b.csv"), "id\n6\n7\n");
    let days = "id,value,day,region\n5,50,2024-01-31,eu/west\n6,60,2024-02-01,us\n7,70,2024-02-01,us\n";
    assert_eq!(answer("", "s3://sales/days/"), days);
    assert_eq!(answer("where day > @2024-01-31 | agg sum value", "s3://sales/days/"), "sum_value\n130\n");
    let rows = "s3://sales/days/day=2024-02-01/region=us/a b.csv\n".repeat(2);
    assert_eq!(answer("select _file", "s3://sales/days/day=*/*/*b.csv"), format!("_file\n{rows}"));
    assert!(server.log().iter().any(|request| request.contains("continuation-token")), "lists of several pages");
}

#[test]
fn a_bucket_says_what_is_not_there_or_not_allowed() {
    let (_server, reading) = bucket();
    fails(
        &mut reading(&["query", "", "s3://sales/c.csv"]),
        2,
        &["E0701", "cannot open s3://sales/c.csv: the server says 404", "ends with /"],
    );
    fails(&mut reading(&["query", "", "s3://sales/c-*.csv"]), 2, &["E0701", "no object with bytes fits it", "try: check the URL"]);
    let told =
        fails(reading(&["query", "", "s3://sales/"]).env("AWS_ACCESS_KEY_ID", "other"), 1, &["403", "AccessDenied", "AWS_SKIP_SIGNATURE"]);
    assert!(!told.contains("verysecret"), "{told}");
}

#[test]
fn the_library_reads_urls() {
    let (server, _) = bucket();
    let options = [
        ("AWS_ENDPOINT", server.url("")),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "reader".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "verysecret".to_owned()),
        ("AWS_PROXY_EXCLUDES", "127.0.0.1".to_owned()),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value));
    let builder = frame::Session::builder().threads(2).store_options(options);
    assert!(!format!("{builder:?}").contains("verysecret"));
    let session = builder.build().expect("a session");
    let rows: usize =
        session.query("").input("s3://sales/a-*.csv").start().expect("a run").map(|batch| batch.expect("a batch").num_rows()).sum();
    assert_eq!(rows, 3);
}

#[test]
fn what_a_server_refuses_is_told() {
    let cases: [(Manner, i32, &[&str]); 6] = [
        (Manner::Refuses(404), 2, &["E0701", "the server says 404", "try: check the URL"]),
        (Manner::Refuses(401), 1, &["E0702", "the server says 401", "a signed URL may have expired"]),
        (Manner::Refuses(403), 1, &["E0702", "the server says 403", "a signed URL may have expired"]),
        (Manner::Refuses(503), 1, &["E0702", "the server says 503", "try again later"]),
        (Manner::IgnoresRanges, 1, &["E0702", "does not send parts of a file", "download the file first"]),
        (Manner::Breaks, 1, &["E0702", "cannot read", "/sales.csv"]),
    ];
    for (manner, code, parts) in cases {
        let server = sales(manner);
        fails(&mut program(&["query", MEANS, &server.url("/sales.csv")]), code, parts);
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let nobody = format!("http://127.0.0.1:{port}/a.csv");
    fails(&mut program(&["query", "", &nobody]), 1, &["cannot open", &nobody, "refused", "check the name of the server"]);
}

#[test]
fn a_server_that_stumbles_is_asked_again() {
    let server = sales(Manner::Stumbles(1));
    assert_eq!(answer(&["query", MEANS, &server.url("/sales.csv")]), answer(&["query", MEANS, "data/sales.csv"]));
    let log = server.log();
    assert_eq!(log[..2], ["HEAD /sales.csv", "HEAD /sales.csv"], "{log:?}");
}

#[test]
fn a_file_that_changes_meanwhile_is_refused() {
    let usual = sales(Manner::Proper);
    answer(&["query", MEANS, &usual.url("/sales.csv")]);
    let requests = usual.log().len();
    assert!(requests > 4, "{requests} requests");
    for after in [1, 2, requests - 1] {
        for manner in [Manner::Rewrites(after), Manner::RewritesQuietly(after), Manner::Grows(after), Manner::Removes(after)] {
            let server = sales(manner);
            let told = fails(
                &mut program(&["query", MEANS, &server.url("/sales.csv")]),
                3,
                &["E0414", "run again when nothing writes to the file"],
            );
            let expected = match manner {
                Manner::Grows(_) => "bytes, now",
                Manner::Removes(_) => "it is not there any more",
                _ => "it was written to",
            };
            assert!(told.contains(expected), "{manner:?}: {told}");
        }
    }
}

#[test]
fn secrets_of_urls_are_not_told() {
    let server = Server::start(Manner::Proper, [("/a.csv", b"x,y\n1,2\n3\n".to_vec())]);
    let of = |path: &str| server.url(&format!("{path}?id=hidden&sig=hidden%2B"));
    let cases: [(&[&str], i32); 4] = [
        (&["query", "", &of("/none.csv")], 2),
        (&["query", "", &of("/a.csv")], 3),
        (&["query", &format!("from '{}' | where z > 1", of("/a.csv"))], 2),
        (&["query", &format!("write '{}'", of("/b.csv")), "data/sales.csv"], 2),
    ];
    for (arguments, code) in cases {
        let told = fails(&mut program(arguments), code, &[]);
        assert!(told.contains("csv?id=") && !told.contains("hidden"), "{told}");
    }
    let plan = answer(&["explain", "", &of("/a.csv")]);
    assert!(plan.contains("/a.csv?id=…&sig=…") && !plan.contains("hidden"), "{plan}");
    let told = fails(&mut program(&["query", "", "http://me:hidden@127.0.0.1/a.csv"]), 2, &["ask for a signed URL"]);
    assert!(!told.contains("hidden"), "{told}");
}

#[test]
fn what_cannot_be_read_or_written_is_said_at_once() {
    let server = sales(Manner::Proper);
    let several = "a web server cannot be asked which it has";
    for path in ["/sales-*.csv", "/[a].csv", "/"] {
        fails(&mut program(&["query", "", &server.url(path)]), 2, &["E0301", several, "name each file"]);
    }
    fails(&mut program(&["query", "", "ftp://127.0.0.1/a.csv"]), 2, &["is no URL that frame reads", "download the file first"]);
    let target = server.url("/out.csv");
    for arguments in [
        &["query", "", "data/sales.csv", "-o", &target][..],
        &["query", &format!("write '{target}'"), "data/sales.csv"],
        &["convert", "data/sales.csv", &target],
        &["generate", &target],
    ] {
        fails(&mut program(arguments), 2, &["E0301", "frame writes local files only", "write to a file, then copy it there"]);
    }
    assert_eq!(server.log(), [""; 0], "nobody was asked");
}
