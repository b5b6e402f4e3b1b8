//! Decoding Parquet columns: the whole of big.parquet, if it is there.

use std::sync::Arc;

use divan::Bencher;
use frame_core::CancelToken;
use frame_io::formats::parquet::ParquetTable;
use frame_io::{FileAccess, LocalFiles, ScanRequest, Table};
use frame_memory::MemoryBudget;

fn main() {
    divan::main();
}

const BIG: &str = "/var/tmp/bd/big.parquet";

fn scan(table: &ParquetTable, columns: &[&str]) -> u64 {
    let request = Arc::new(ScanRequest {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
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
    let Ok(file) = LocalFiles::default().open(BIG) else { return };
    let table = ParquetTable::open(file).expect("big.parquet");
    bencher.bench_local(|| scan(&table, columns));
}

#[divan::bench]
fn open_and_first_batch_of_a_tiny_file(bencher: Bencher) {
    const TINY: &str = "/var/tmp/bd/tiny.parquet";
    if LocalFiles::default().open(TINY).is_err() {
        return;
    }
    bencher.bench_local(|| {
        let table = ParquetTable::open(LocalFiles::default().open(TINY).expect("tiny.parquet")).expect("a table");
        scan(&table, &["category", "value"])
    });
}
