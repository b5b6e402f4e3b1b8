//! Decoding Parquet columns: the whole of big.parquet and tiny.parquet in the folder that `BENCH_DATA` names, as far as they are there.

use std::sync::Arc;

use divan::Bencher;
use frame_core::CancelToken;
use frame_io::formats::parquet::ParquetTable;
use frame_io::{FileAccess, LocalFiles, ReadAt, ScanRequest, Table};
use frame_memory::MemoryBudget;

fn main() {
    divan::main();
}

/// A file of the benchmark data, if there is one.
fn open(name: &str) -> Option<Arc<dyn ReadAt>> {
    let folder = std::env::var("BENCH_DATA").ok()?;
    LocalFiles::default().open(&format!("{folder}/{name}")).ok()
}

fn scan(table: &ParquetTable, columns: &[&str]) -> u64 {
    let request = Arc::new(ScanRequest {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        spots: Vec::new(),
        checked: Vec::new(),
        filter: None,
        batch_rows: 8192,
        cancel: CancelToken::new(),
        budget: MemoryBudget::new(1 << 30),
    });
    let mut rows = 0;
    for partition in 0..table.partitions() {
        let mut reader = table.open(partition, &request).expect("a partition");
        while let Some(batch) = reader.next().expect("a batch") {
            divan::black_box(&batch);
        }
        rows += reader.ledger().read;
    }
    rows
}

#[divan::bench(sample_count = 3, sample_size = 1, args = [&["category"][..], &["value"], &["category", "value"], &["id", "ts"], &["note"]])]
fn one_thread(bencher: Bencher, columns: &[&str]) {
    let Some(file) = open("big.parquet") else { return };
    let table = ParquetTable::open(file).expect("big.parquet");
    bencher.bench_local(|| scan(&table, columns));
}

#[divan::bench]
fn open_and_first_batch_of_a_tiny_file(bencher: Bencher) {
    if open("tiny.parquet").is_none() {
        return;
    }
    bencher.bench_local(|| {
        let file = open("tiny.parquet").expect("it was there");
        let table = ParquetTable::open(file).expect("a table");
        scan(&table, &["category", "value"])
    });
}
