//! What a join does beside giving the right rows: what it reads, what it builds, what it keeps in memory, and when it stops.

use frame::{Session, SessionBuilder};

fn session(settings: impl Fn(SessionBuilder) -> SessionBuilder) -> Session {
    settings(Session::builder().threads(2).memory_bytes(256 << 20)).build().expect("a session")
}

fn explained(query: &str) -> String {
    let session = session(|builder| builder);
    let explained = session.query(query).input("data/requests.csv").explain();
    explained.unwrap_or_else(|error| panic!("{}", error.render(Some(query))))
}

/// The stages of an explained query.
fn stages(text: &str) -> &str {
    text.split_once("\nstage 1").map_or(text, |(_, stages)| stages)
}

#[test]
fn filters_move_into_the_side_that_they_are_about() {
    let text = explained("join 'data/users.csv' on user_id | where country = 'DE' and status >= 500 and amount > user_id | count");
    let stages = stages(&text);
    assert!(stages.contains("users.csv [user_id] where country = 'DE'"), "{text}");
    assert!(stages.contains("requests.csv [user_id] where status >= 500 and amount > user_id"), "{text}");
    // Rows without a match have nulls there.
    let text = explained("join left 'data/users.csv' on user_id | where country = 'DE' | count");
    assert!(text.contains("\n  filter country = 'DE'\n"), "{text}");
    // A key that is there twice must be seen.
    let text = explained("join 'data/users.csv' on user_id expect n:1 | where country = 'DE' | count");
    assert!(text.contains("\n  filter country = 'DE'\n"), "{text}");
}

#[test]
fn only_wanted_columns_are_read_and_keep_their_names() {
    let text = explained("join 'data/requests.csv' as o on ts | groupby region sum o.amount");
    let stages = stages(&text);
    assert!(stages.contains("[ts, amount]") && stages.contains("[ts, region]"), "{text}");
}

#[test]
fn a_side_that_is_joined_twice_is_built_once() {
    let text = explained("let slow = where latency_ms > 90; join semi slow on user_id | where status > 200 | join semi slow on user_id");
    assert_eq!(text.matches("table by [user_id] for").count(), 1, "{text}");
}

#[test]
fn a_small_left_side_cuts_the_right_side_first() {
    let text = explained("take 3 | join 'data/requests.csv' as o on user_id | count");
    assert!(text.contains("keep what matches for join inner as o on user_id"), "{text}");
    let text = explained("join 'data/users.csv' on user_id | count");
    assert!(!text.contains("keep what matches"), "{text}");
}

#[test]
fn many_matches_come_in_pieces() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("same.csv").display().to_string();
    std::fs::write(&file, format!("k,v\n{}", "1,2\n".repeat(3_000))).expect("a file");
    let session = session(|builder| builder.batch_rows(1000));
    let run = session.query(format!("join '{file}' as o on k | select v, o.v as w")).input(&file).start().expect("a run");
    let sizes: Vec<usize> = run.map(|batch| batch.expect("rows").num_rows()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 9_000_000);
    assert!(sizes.iter().all(|rows| *rows <= 1000));
}

#[test]
fn what_does_not_fit_in_memory_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("many.csv").display().to_string();
    let rows: String = (0..200_000_i64).map(|row| format!("{},a text that is longer than a view {row}\n", row * 1_000_003)).collect();
    std::fs::write(&file, format!("k,t\n{rows}")).expect("a file");
    let session = session(|builder| builder.memory_bytes(8 << 20));
    let run = session.query(format!("join '{file}' as o on k | agg max o.t")).input(&file).start();
    let error = run.and_then(frame::Run::to_vec).expect_err("too much for the budget");
    assert_eq!(error.exit_code(), 4, "{error}");
}
