//! The target `parquet_page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame_fuzz::run("parquet_page", bytes));
