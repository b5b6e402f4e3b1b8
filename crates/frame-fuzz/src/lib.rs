//! Fuzz targets: each takes any bytes and panics if something does not hold that must hold for all bytes.
//!
//! `tests/replay.rs` runs them over the inputs in `corpus/`, on every toolchain; `fuzz/` is for `cargo fuzz`, which looks for new ones:
//! `cargo +nightly fuzz run -s none --fuzz-dir crates/frame-fuzz/fuzz csv_scan`. Without libFuzzer, `examples/mutate.rs` does so blindly.

mod csv;
mod hook;
mod ndjson;
mod parquet;
mod query;
mod reading;
mod spill;

pub use hook::keep_quiet;

/// A target.
pub type Target = fn(&[u8]);

/// All targets, by the names of their folders in `corpus/`.
pub const TARGETS: [(&str, Target); 8] = [
    ("csv_scan", csv::scan),
    ("csv_split", csv::split),
    ("infer", csv::infer),
    ("ndjson", ndjson::scan),
    ("parquet_footer", parquet::footer),
    ("parquet_page", parquet::page),
    ("query", query::text),
    ("spill", spill::block),
];

/// Inputs of a target that are computed, beside those in `corpus/`.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "parquet_footer" => parquet::footers(),
        "parquet_page" => parquet::pages(),
        _ => Vec::new(),
    }
}

/// Runs a target.
///
/// # Panics
/// If what must hold does not; if there is no such target.
pub fn run(target: &str, bytes: &[u8]) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of the list");
    run(bytes);
}
