//! The target `query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame_fuzz::run("query", bytes));
