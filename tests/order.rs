//! What the optimizer does about joins: which chains it puts into another order, which conditions it gives to both sides, and that answers
//! stay what they are.
//!
//! `FRAME_BLESS=1 cargo test --test order` writes the expected plans anew; read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use frame::{Session, SessionBuilder};
use frame_io::formats::csv::Writer;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn session(settings: impl Fn(SessionBuilder) -> SessionBuilder) -> Session {
    settings(Session::builder().threads(2).memory_bytes(256 << 20)).build().expect("a session")
}

/// The answer as text, or the error that it ends with.
fn answer(session: &Session, query: &str, file: &str) -> String {
    let told = |error: frame::Error| error.to_string();
    let run = match session.query(query).input(file).start() {
        Ok(run) => run,
        Err(error) => return told(error),
    };
    let mut writer = Writer::new(Vec::new(), b',');
    writer.header(&run.schema()).expect("memory");
    for batch in run {
        match batch {
            Ok(batch) => writer.write(&batch).expect("memory"),
            Err(error) => return told(error),
        }
    }
    String::from_utf8(writer.into_inner()).expect("UTF-8")
}

/// The plan behind a rule, if it has changed something.
fn behind<'a>(rule: &str, explained: &'a str) -> Option<&'a str> {
    let (_, plan) = explained.split_once(&format!("\nafter {rule}\n"))?;
    plan.split("\n\n").next()
}

fn explain(session: &Session, query: &str, file: &str) -> String {
    session.query(query).input(file).explain().unwrap_or_else(|error| panic!("{}", error.render(Some(query))))
}

/// Compares the answers of the queries of a golden file with those of the plans as they are written, and the plans behind a rule with those
/// that are expected.
fn check(rule: &str, golden: &str) {
    let queries = fs::read_to_string(path(&format!("tests/golden/{golden}.txt"))).expect("the queries");
    let (optimized, plain) = (session(|builder| builder), session(|builder| builder.optimize(false)));
    let small = session(|builder| builder.threads(3).batch_rows(700).partition_bytes(9_000));
    let (mut text, mut file) = (String::new(), String::new());
    for query in queries.lines() {
        if query.starts_with('#') {
            text.push_str(&format!("{query}\n\n"));
            continue;
        }
        if let Some(found) = query.strip_prefix("@ ") {
            file = found.to_owned();
            continue;
        }
        let expected = answer(&plain, query, &file);
        for session in [&optimized, &small] {
            assert!(answer(session, query, &file) == expected, "{query}");
        }
        let explained = explain(&optimized, query, &file);
        text.push_str(&format!("> {query}\n{}\n\n", behind(rule, &explained).unwrap_or("  as it is written").trim_end()));
    }
    let golden = path(&format!("tests/golden/{golden}.expected.txt"));
    if std::env::var_os("FRAME_BLESS").is_some() {
        fs::write(&golden, &text).expect("the golden file");
    }
    assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "plans changed; see the head of this file");
}

#[test]
fn joins_that_drop_rows_come_first_where_nobody_can_tell() {
    check("order joins", "order");
}

#[test]
fn groups_of_the_left_side_are_joined_where_they_are_few() {
    check("push aggregates", "eager");
}

#[test]
fn conditions_on_keys_hold_on_both_sides() {
    check("share filters", "shared");
}
