//! Micro-benchmarks of the parts of the main job, on a generated file of 200,000 sales: `cargo bench --bench query`.

use std::fmt::Write as _;
use std::fs;

use divan::Bencher;
use divan::counter::BytesCount;
use frame::Session;

fn main() {
    divan::main();
}

/// A CSV like that of `frame generate`, in a file that is removed with the folder.
fn input() -> (tempfile::TempDir, String, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("id,category,city,value,note\n");
    for id in 0..200_000_u64 {
        let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let note = if mixed % 5 == 0 { "\"a, quoted\nnote\"" } else { "a plain note" };
        let _ = writeln!(
            text,
            "{id},category_{:03},a city with a long name {:04},{}.{:04},{note}",
            mixed % 100,
            mixed % 5000,
            mixed % 2000,
            mixed % 10_000
        );
    }
    let path = folder.path().join("sales.csv");
    fs::write(&path, &text).expect("a file");
    (folder, path.display().to_string(), text.len())
}

fn bench(bencher: Bencher<'_, '_>, query: &str) {
    let (_folder, path, bytes) = input();
    let session = Session::builder().threads(1).build().expect("a session");
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| session.query(query).input(&path).start().and_then(frame::Run::finish).expect("an answer"));
}

#[divan::bench]
fn scan_only(bencher: Bencher<'_, '_>) {
    bench(bencher, "count");
}

#[divan::bench(args = ["id", "value", "category", "city", "note"])]
fn parse_one_column(bencher: Bencher<'_, '_>, column: &str) {
    bench(bencher, &format!("agg count({column})"));
}

#[divan::bench(args = ["category", "city", "id", "category, city"])]
fn group_by(bencher: Bencher<'_, '_>, keys: &str) {
    bench(bencher, &format!("groupby {keys} mean value"));
}

#[divan::bench(args = ["value > 1900", "city contains '42'", "value > 1000 and category != 'category_007'"])]
fn filter(bencher: Bencher<'_, '_>, condition: &str) {
    bench(bencher, &format!("where {condition} | count"));
}

#[divan::bench(args = ["id", "value", "category, id", "note, city"])]
fn sort(bencher: Bencher<'_, '_>, keys: &str) {
    bench(bencher, &format!("sort {keys}"));
}

#[divan::bench(args = ["sum value as s", "mean value as m, std value as s", "median value as m"])]
fn aggregate(bencher: Bencher<'_, '_>, aggregates: &str) {
    bench(bencher, &format!("agg {aggregates}"));
}
