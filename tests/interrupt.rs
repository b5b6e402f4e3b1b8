//! An interrupt (Ctrl-C) ends a query soon, with the documented exit code, and leaves no file behind; nor does `kill -9`.

#![cfg(unix)]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What the program promises itself; a busy machine may take longer.
const PROMISED: Duration = Duration::from_millis(200);
/// What a test forgives.
const FORGIVEN: Duration = Duration::from_secs(1);
/// How long a query must run to be interrupted while it does.
const WARMING: Duration = Duration::from_millis(400);

/// A folder with `big.csv`, which keeps a query busy for seconds.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let big = folder.path().join("big.csv").display().to_string();
    let made = Command::new(env!("CARGO_BIN_EXE_frame")).args(["generate", &big, "--size", "40M"]).status().expect("the program runs");
    assert!(made.success());
    folder
}

/// Starts a query on the big file, read many times over.
fn start(folder: &Path, query: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame"));
    command.args(["query", query]).args(["big.csv"; 16]).args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// Interrupts a running query, and checks how soon and how it ends, and that nothing but the input is in the folder.
fn interrupt(mut child: Child, folder: &Path, what: &str) {
    assert_eq!(child.try_wait().expect("a state"), None, "{what}: it is over before the interrupt");
    let start = Instant::now();
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let status = child.wait().expect("a state");
    let took = start.elapsed();
    println!("{what}: over {took:?} after the interrupt, promised are {PROMISED:?}");
    let mut stderr = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    assert_eq!(status.code(), Some(130), "{what}: {stderr}");
    assert!(took < FORGIVEN, "{what}: {took:?}");
    assert!(!stderr.contains("panicked"), "{what}: {stderr}");
    let names: Vec<_> = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["big.csv"], "{what}");
}

#[test]
fn an_interrupt_ends_every_kind_of_run_and_leaves_nothing_behind() {
    let folder = folder();
    for (query, arguments) in [
        // The file is being written.
        ("derive t = upper(concat(note, category)), u = sqrt(value)", &["-o", "out.parquet"][..]),
        ("derive t = upper(concat(note, category))", &["-o", "out.csv"]),
        // Nothing is written yet: rows are gathered, sorted.
        ("groupby id count, median value | sort -count", &["-o", "out.parquet"]),
        ("sort note, -value, id", &["-o", "out.parquet"]),
        // The query writes by itself.
        ("derive t = upper(note) | write 'parts' as csv partition category", &[]),
    ] {
        let child = start(folder.path(), query, arguments);
        std::thread::sleep(WARMING);
        interrupt(child, folder.path(), query);
    }
}

#[test]
fn an_interrupt_ends_a_query_whose_answer_goes_down_a_pipe() {
    let folder = folder();
    let mut child = start(folder.path(), "derive t = upper(concat(note, category))", &["--to", "csv"]);
    let mut out = child.stdout.take().expect("a pipe");
    let mut first = vec![0; 1 << 20];
    out.read_exact(&mut first).expect("rows");
    assert!(first.starts_with(b"id,"));
    // Somebody goes on reading.
    let reader = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()).map(|_| ()));
    interrupt(child, folder.path(), "a pipe");
    reader.join().expect("the reader").expect("the rest of the rows");
}

/// Files that a process has open though they have no name in `folder`.
#[cfg(target_os = "linux")]
fn nameless(child: &Child, folder: &Path) -> usize {
    let Ok(open) = fs::read_dir(format!("/proc/{}/fd", child.id())) else { return 0 };
    let targets = open.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.filter(|target| target.starts_with(folder) && target.to_string_lossy().ends_with("(deleted)")).count()
}

#[cfg(target_os = "linux")]
#[test]
fn kill_9_leaves_nothing_behind() {
    let folder = folder();
    let spills = tempfile::tempdir().expect("a folder");
    let spill_dir = spills.path().display().to_string();
    let names =
        |folder: &Path| fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>();
    for (query, target) in [
        ("sort note, -value, id", "out.csv"),
        ("groupby id list note as n", "out.parquet"),
        ("join 'big.csv' as o on id", "out.csv"),
        ("derive t = upper(concat(note, category))", "out.csv"),
    ] {
        let mut spilled_files = 0;
        for wait_ms in [50, 200, 600, 2000] {
            let mut child = start(folder.path(), query, &["--memory", "96M", "--spill-dir", &spill_dir, "-o", target]);
            std::thread::sleep(Duration::from_millis(wait_ms));
            let what = format!("{query} after {wait_ms} ms");
            assert_eq!(child.try_wait().expect("a state"), None, "{what}: it is over before it is killed");
            spilled_files += nameless(&child, spills.path());
            child.kill().expect("it runs");
            assert!(!child.wait().expect("a state").success());
            assert!(names(spills.path()).is_empty(), "{what}: {:?}", names(spills.path()));
            assert_eq!(names(folder.path()), ["big.csv"], "{what}");
        }
        assert!(query.starts_with("derive") || spilled_files > 0, "{query}: nothing was spilled before it was killed");
    }
}
