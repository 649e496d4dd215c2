//! Bytes for `emulator::fuzz::cosmos_request`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::cosmos_request(data));
