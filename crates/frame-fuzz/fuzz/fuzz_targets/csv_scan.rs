//! The target `csv_scan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame_fuzz::run("csv_scan", bytes));
