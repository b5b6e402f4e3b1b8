//! Damaged Parquet files: every query gives the right answer or a clear error, soon, and nothing else on stderr.
//!
//! Bits that are flipped in the values themselves cannot be told from values where pages have no checksum; `frame convert` writes none,
//! so an answer to a file with a flipped bit need not be the undamaged one. A file that was cut has no other answer than an error, as long
//! as the four bytes are left that make it Parquet.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Each makes another part of the file matter.
const QUERIES: [&str; 3] =
    ["groupby category count, sum value, max ts", "where note contains 'a' and value > 900 | count", "sort -id | take 2"];

fn frame(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_frame"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("the program runs")
}

/// The answer of a query to a damaged file; `None` for a clear error.
fn answer(query: &str, path: &str, what: &str) -> Option<Vec<u8>> {
    let start = Instant::now();
    let output = frame(&["query", query, path, "-j", "2", "--memory", "256M", "--to", "csv"]);
    let took = start.elapsed();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(took < Duration::from_secs(10), "{what}, `{query}`: {took:?}");
    assert!(!stderr.contains("panicked at") && !stderr.contains("backtrace"), "{what}, `{query}`: {stderr}");
    match output.status.code() {
        Some(0) => Some(output.stdout),
        // A name or a type in the footer can be what is damaged: then the query does not fit the columns any more.
        Some(2) if ["E0203", "E0205"].iter().any(|code| stderr.contains(code)) && what.starts_with("bit") => None,
        Some(3) => {
            assert!(stderr.starts_with("error[E04") && stderr.contains(path), "{what}, `{query}`: {stderr}");
            None
        }
        code => panic!("{what}, `{query}`: {code:?}, {stderr}"),
    }
}

/// A small file, its bytes and its path in a folder.
fn small(folder: &Path) -> (Vec<u8>, String) {
    let path = folder.join("small.parquet").display().to_string();
    let output = frame(&["query", "take 150", "data/sales.csv", "-o", &path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (fs::read(&path).expect("the file"), path)
}

#[test]
fn a_cut_file_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (bytes, path) = small(folder.path());
    for (round, len) in (4..bytes.len()).step_by(97).enumerate() {
        fs::write(&path, &bytes[..len]).expect("a file");
        let query = QUERIES[round % QUERIES.len()];
        assert_eq!(answer(query, &path, &format!("cut at {len}")), None, "cut at {len}");
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_a_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let (bytes, path) = small(folder.path());
    let whole: Vec<Vec<u8>> = QUERIES.iter().map(|query| answer(query, &path, "whole").expect("an answer")).collect();
    let mut refused = 0;
    for (round, at) in (0..bytes.len()).step_by(101).enumerate() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (round % 8);
        fs::write(&path, &flipped).expect("a file");
        let query = round % QUERIES.len();
        match answer(QUERIES[query], &path, &format!("bit {} of byte {at}", round % 8)) {
            None => refused += 1,
            Some(found) => {
                let header = |text: &[u8]| text.split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec);
                assert_eq!(header(&found), header(&whole[query]), "byte {at}");
            }
        }
    }
    assert!(refused > 0, "damage is found");
}
