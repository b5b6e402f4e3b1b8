//! The target `parquet_footer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame_fuzz::run("parquet_footer", bytes));
