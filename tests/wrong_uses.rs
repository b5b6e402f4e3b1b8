//! Wrong uses of the language, each with the whole message that it gets: place, reason and cure.
//!
//! `FRAME_BLESS=1 cargo test --test wrong_uses` writes the expected messages anew; read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use frame::{Error, Session};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The error of a query, also if it comes only while the query runs; `None` if the query is right.
fn error(session: &Session, query: &str) -> Option<Error> {
    // Tests run in the folder of the package: messages name the files as they are written here.
    match session.query(query).input("data/sales.csv").start() {
        Err(error) => Some(error),
        Ok(run) => run.into_iter().find_map(Result::err),
    }
}

#[test]
fn wrong_uses_get_a_place_a_reason_and_a_cure() {
    let session = Session::builder().threads(1).memory_bytes(256 << 20).build().expect("a session");
    let queries = fs::read_to_string(path("tests/golden/errors.txt")).expect("the queries");
    let mut text = String::new();
    let (mut accepted, mut placeless, mut hintless) = (Vec::new(), Vec::new(), Vec::new());
    for line in queries.lines() {
        // Comments and empty lines stay, as the heads of sections.
        if line.is_empty() || line.starts_with('#') {
            text.push_str(&format!("{line}\n"));
            continue;
        }
        let Some(error) = error(&session, line) else {
            accepted.push(line);
            text.push_str(&format!("> {line}\n(no error)\n\n"));
            continue;
        };
        assert!((1..=3).contains(&error.exit_code()), "{line}: {error}");
        let is_of_files = error.code().0 >= "E0401";
        if error.span().is_none() && !is_of_files {
            placeless.push(line);
        }
        if error.advice().is_none() {
            hintless.push(line);
        }
        text.push_str(&format!("> {line}\n{}\n", error.render(Some(line))));
    }
    let golden = path("tests/golden/errors.expected.txt");
    if std::env::var_os("FRAME_BLESS").is_some() {
        fs::write(&golden, &text).expect("the golden file");
    }
    assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "messages changed; see the head of this file");
    assert!(accepted.is_empty(), "these are right: {accepted:#?}");
    assert!(placeless.is_empty(), "these do not say where: {placeless:#?}");
    assert!(hintless.is_empty(), "these do not say what to try: {hintless:#?}");
}
