//! An aggregate, a function, a window function and a verb are each one file and two lines: one that declares it, one that lists it.
//!
//! That two lines are enough shows beside the lists: `span`, `twice` and `leave` exist in tests alone. Here stands that no second list grows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use frame_expr::{aggregates, scalars, windows};
use frame_lang::verbs;

/// Where a list may be met once more: the builder has a method for each, words of other languages are translated to ours, the
/// baseline, the model and its plans know a few on purpose.
const ELSEWHERE: [&str; 4] = ["src/session/", "crates/frame-lang/src/foreign/", "crates/frame-testing/", "src/baseline/"];

/// Words that mean something more in the grammar than their function does, or are also names of other things.
const ALSO_GRAMMAR: [&str; 53] = [
    "agg",
    "all",
    "cast",
    "coalesce",
    "contains",
    "count",
    "counts",
    "date",
    "day",
    "dedup",
    "distinct",
    "drop",
    "ends",
    "fill",
    "first",
    "format",
    "groupby",
    "hour",
    "is_nan",
    "join",
    "last",
    "left",
    "like",
    "list",
    "matches",
    "max",
    "mean",
    "median",
    "microsecond",
    "min",
    "minute",
    "month",
    "note",
    "nunique",
    "position",
    "quantile",
    "quarter",
    "row_number",
    "right",
    "second",
    "select",
    "sort",
    "starts",
    "std",
    "sum",
    "tail",
    "top",
    "truncate",
    "unordered",
    "week",
    "where",
    "write",
    "year",
];

/// Files in a folder of the list that are no entry of it.
const SHARED: [&str; 14] = [
    "mod",
    "tests",
    "extreme",
    "numeric",
    "value",
    "signature",
    "aggregates",
    "bound",
    "frames",
    "shift",
    "streamed",
    "stretch",
    "tree",
    "window",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, files);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

/// The code of a file, without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// Each list: its folder, and the names in it.
fn lists() -> [(&'static str, Vec<&'static str>); 4] {
    [
        ("crates/frame-expr/src/aggregates", aggregates::ALL.iter().map(|function| function.name()).collect()),
        ("crates/frame-expr/src/scalars", scalars::ALL.iter().map(|function| function.name()).collect()),
        ("crates/frame-expr/src/windows", windows::ALL.iter().map(|function| function.name()).collect()),
        ("crates/frame-lang/src/verbs", verbs::ALL.iter().map(|verb| verb.name).collect()),
    ]
}

#[test]
fn every_file_is_declared_once_and_listed_once() {
    for (folder, names) in lists() {
        let list = code(&root().join(folder).join("mod.rs"));
        for entry in fs::read_dir(root().join(folder)).expect("the folder") {
            let stem = entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned();
            if SHARED.contains(&stem.as_str()) {
                continue;
            }
            let declared = list.lines().filter(|line| *line == format!("mod {stem};")).count();
            let listed =
                list.lines().map(|line| line.trim_start().trim_start_matches('&')).filter(|line| line.starts_with(&format!("{stem}::")));
            let is_for_tests = list.contains(&format!("#[cfg(test)]\nmod {stem};"));
            assert_eq!((declared, listed.count()), (1, 1), "{folder}/{stem}.rs");
            // The file of a verb may be called as its alias.
            let is_known = names.contains(&stem.as_str()) || (folder.ends_with("verbs") && verbs::find(&stem).is_some());
            assert_eq!(is_known, !is_for_tests, "{folder}/{stem}.rs is called as its file, or is for tests alone");
        }
    }
}

#[test]
fn no_second_list_names_them() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for package in fs::read_dir(root().join("crates")).expect("the packages") {
        sources(&package.expect("a package").path().join("src"), &mut files);
    }
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in &files {
        let place = path.strip_prefix(root()).expect("below the root").display().to_string().replace('\\', "/");
        if ELSEWHERE.iter().any(|folder| place.starts_with(folder)) {
            continue;
        }
        let code = code(path);
        for (folder, names) in lists() {
            let own = |name: &str| lists().iter().any(|(folder, _)| place == format!("{folder}/{name}.rs"));
            let is_named = |name: &&str| !own(name) && code.contains(&format!("\"{name}\""));
            for name in names.into_iter().filter(is_named) {
                found.entry(name).or_default().push(format!("{place} (of {folder})"));
            }
        }
    }
    let unexpected: Vec<_> = found.iter().filter(|(name, _)| !ALSO_GRAMMAR.contains(name)).collect();
    assert!(unexpected.is_empty(), "these are named outside their file: {unexpected:#?}");
    let stale: Vec<_> = ALSO_GRAMMAR.iter().filter(|name| !found.contains_key(*name)).collect();
    assert!(stale.is_empty(), "these are not named outside their file: {stale:?}");
}
