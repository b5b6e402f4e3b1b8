//! Awkward files: each `tests/awkward/NAME.csv` has its flags, and what is read of it or why it is refused, in `NAME.txt` beside it.
//!
//! `FRAME_BLESS=1 cargo test --test awkward` writes the readings anew; look at the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awkward")
}

/// What the program makes of a file: types and rows, or the message. Behind a pipe and in tiny pieces it must be the same.
fn reading(file: &str, flags: &str) -> String {
    let run = |command: &[&str], file: &str, stdin: Stdio| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_frame"));
        program.args(command).arg(file).current_dir(folder()).stdin(stdin).env("XDG_CONFIG_HOME", "/nonexistent");
        // A flag and its value stand apart by one space; a value that is a space stands behind an equals sign.
        program
            .args(flags.split(' ').filter(|flag| !flag.is_empty()).map(|flag| if flag == "--delimiter=" { "--delimiter= " } else { flag }));
        let output = program.output().expect("the program runs");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    };
    let (code, rows) = run(&["query", ""], file, Stdio::null());
    let (_, types) = run(&["schema"], file, Stdio::null());
    let opened = fs::File::open(folder().join(file)).expect("the file");
    let (_, redirected) = run(&["query", ""], "-", Stdio::from(opened));
    if code == Some(0) {
        assert_eq!(redirected, rows, "{file} as standard input");
        return format!("{types}\n{rows}");
    }
    format!("exit {}\n{rows}", code.unwrap_or(-1))
}

#[test]
fn every_awkward_file_is_read_or_refused_as_it_should_be() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    files.sort();
    assert!(files.len() >= 150, "{}", files.len());
    let bless = std::env::var_os("FRAME_BLESS").is_some();
    let mut wrong = Vec::new();
    for file in &files {
        let beside = folder().join(file).with_extension("txt");
        let expected = fs::read_to_string(&beside).expect("a reading beside the file");
        let flags = expected.lines().next().unwrap_or_default();
        let found = format!("{flags}\n{}", reading(file, flags));
        if bless {
            fs::write(&beside, found).expect("the reading");
        } else if found != expected {
            wrong.push(format!("{file}: expected\n{expected}\nfound\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
