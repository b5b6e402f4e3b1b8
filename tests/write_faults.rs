//! The system refuses a write at every place of an output, or a file at every place of a run: a clear error, and what was there before.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The program with `limit` in force, as the shell's `ulimit` has it; a write that goes too far is an error then, not a signal.
fn limited(limit: &str, folder: &Path, arguments: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("trap '' XFSZ; ulimit {limit}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_frame")]);
    shell.args(arguments).current_dir(folder).env("XDG_CONFIG_HOME", "/nonexistent");
    shell.output().expect("the program runs")
}

fn sales() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sales.csv").display().to_string()
}

/// Every file below a folder, and what is in it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        }
        all.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
    }
    all.sort();
    all
}

/// Raises a limit until a query succeeds; before that each run is an error with a code that says
/// one of `words` and leaves all as it was. Gives the number of errors.
fn errors(flag: &str, from: usize, query: &[&str], code: i32, words: &[&str]) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["out.csv", "out.ndjson", "out.parquet", "out.arrow"] {
        fs::write(folder.path().join(name), "old").expect("a file");
    }
    let before = files(folder.path());
    let sales = sales();
    let arguments: Vec<&str> = query.iter().copied().chain([sales.as_str()]).collect();
    for limit in from.. {
        let output = limited(&format!("{flag} {limit}"), folder.path(), &arguments);
        if output.status.success() {
            assert_ne!(files(folder.path()), before, "{query:?}");
            return limit - from;
        }
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{query:?} with {flag} {limit}: {told}");
        assert!(words.iter().any(|word| told.contains(word)), "{query:?} with {flag} {limit}: {told}");
        assert_eq!(files(folder.path()), before, "{query:?} with {flag} {limit}");
    }
    unreachable!("no limit is that large")
}

#[test]
fn every_write_of_an_output_may_fail() {
    for query in [
        ["query", "sort -value", "-o", "out.csv"].as_slice(),
        &["query", "sort -value", "-o", "out.ndjson"],
        &["query", "sort -value", "-o", "out.parquet"],
        &["query", "sort -value", "-o", "out.arrow"],
        &["query", "sort -value | write 'parts' as csv partition category | count"],
    ] {
        let errors = errors("-f", 0, query, 1, &["File too large"]);
        assert!(errors > 2, "{query:?}: {errors}");
    }
}

#[test]
fn every_file_may_be_one_too_many() {
    for query in
        [["query", "sort -value", "-o", "out.csv"].as_slice(), &["query", "sort -value | write 'parts' as csv partition category | count"]]
    {
        let errors = errors("-n", 4, query, 7, &["Too many open files"]);
        assert!(errors > 0, "{query:?}: {errors}");
    }
}
