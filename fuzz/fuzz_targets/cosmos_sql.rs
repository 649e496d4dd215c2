//! Bytes for `emulator::fuzz::cosmos_sql`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::cosmos_sql(data));
