//! Every verb, aggregate, window function and function: its help prints, and the examples in its help run on the data that they name.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use frame_core::Spot;
use frame_expr::{aggregates, scalars, windows};
use frame_lang::{operators, verbs};

/// A folder with `data/sales.csv`: examples may write beside it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("a folder");
    let sales = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sales.csv");
    fs::copy(sales, folder.path().join("data/sales.csv")).expect("the sales");
    folder
}

fn frame(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_frame")).args(arguments).current_dir(folder).output().expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The help on a word, and the queries on the sales in it.
fn help(folder: &Path, word: &str) -> (String, Vec<String>) {
    let text = String::from_utf8(frame(folder, &["help", word]).stdout).expect("UTF-8");
    let query = |line: &str| Some(line.trim().strip_prefix("frame query \"")?.strip_suffix("\" data/sales.csv")?.to_owned());
    let queries = text.lines().filter_map(query).collect();
    (text, queries)
}

#[test]
fn examples_in_the_help_of_every_verb_and_aggregate_run() {
    let folder = folder();
    let words = verbs::ALL.iter().map(|verb| (verb.name, "verb", verb.help, verb.example));
    let words = words.chain(aggregates::ALL.iter().map(|function| (function.name(), "aggregate", function.help(), function.example())));
    let words = words.chain(windows::ALL.iter().map(|function| (function.name(), "window function", function.help(), function.example())));
    for (name, role, sentence, example) in words {
        let (text, queries) = help(folder.path(), name);
        assert!(text.contains(&format!("{name} ({role}): {sentence}")), "{text}");
        assert!(queries.iter().any(|query| query.ends_with(example)), "no `{example}` in\n{text}");
        for query in queries {
            let answer = frame(folder.path(), &["query", &query, "data/sales.csv"]).stdout;
            let is_written = query.starts_with("write ");
            assert_eq!(answer.is_empty(), is_written, "{query}");
        }
    }
}

#[test]
fn examples_in_the_help_of_every_function_and_operator_are_true() {
    let folder = folder();
    let mut items = Vec::new();
    let words = scalars::ALL.iter().map(|function| (function.name(), "function", function.help(), function.example()));
    let words = words.chain(operators::ALL.iter().map(|operator| (operator.name, "operator", operator.help, operator.example)));
    for (name, role, sentence, (expression, value)) in words {
        let (text, _) = help(folder.path(), name);
        assert!(text.contains(&format!("{name} ({role}): {sentence}")), "{text}");
        assert!(text.contains(&format!("  {expression} is {value}\n")), "{text}");
        let is_true = if value == "null" { format!("({expression}) is null") } else { format!("({expression}) = ({value})") };
        items.push(format!("{} as [{}]", if value.starts_with("[") { "true".to_owned() } else { is_true }, name));
    }
    let query = format!("take 1 | select {}", items.join(", "));
    let answer = String::from_utf8(frame(folder.path(), &["query", &query, "data/sales.csv", "--to", "csv"]).stdout).expect("UTF-8");
    let rows: Vec<Vec<&str>> = answer.lines().map(|line| line.split(',').collect()).collect();
    for (name, value) in rows[0].iter().zip(&rows[1]) {
        assert_eq!(*value, "true", "the example of `{name}`");
    }
}

#[test]
fn examples_in_the_help_of_spots_run() {
    let folder = folder();
    for spot in Spot::ALL {
        let (text, queries) = help(folder.path(), spot.name());
        assert!(text.contains(&format!("{} (column): {}", spot.name(), spot.help())), "{text}");
        assert_eq!(queries.len(), 1, "{text}");
        for query in queries {
            let answer = String::from_utf8(frame(folder.path(), &["query", &query, "data/sales.csv"]).stdout).expect("UTF-8");
            assert!(answer.starts_with(&format!("id,{}\n", spot.name())) && answer.lines().count() > 1, "{answer}");
        }
    }
}

#[test]
fn words_that_go_with_an_operator_lead_to_its_help() {
    let folder = folder();
    for operator in operators::ALL {
        for alias in operator.aliases {
            let (text, _) = help(folder.path(), alias);
            assert!(
                text.contains(&format!("{} (operator): ", operator.name)) && text.contains(&format!("Usage: {}\n", operator.usage)),
                "{text}"
            );
        }
    }
}

#[test]
fn the_lists_name_every_word() {
    let folder = folder();
    let lists: [(&str, Vec<&str>); 5] = [
        ("verbs", verbs::ALL.iter().map(|verb| verb.name).collect()),
        ("aggregates", aggregates::ALL.iter().map(|function| function.name()).collect()),
        ("windows", windows::ALL.iter().map(|function| function.name()).collect()),
        ("functions", scalars::ALL.iter().map(|function| function.name()).collect()),
        ("operators", operators::ALL.iter().map(|operator| operator.name).collect()),
    ];
    for (topic, names) in lists {
        let (text, _) = help(folder.path(), topic);
        for name in names {
            assert!(text.lines().any(|line| line.starts_with(&format!("  {name} "))), "no `{name}` in\n{text}");
        }
    }
}
