//! Bytes for `emulator::fuzz::functions_files`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::functions_files(data));
