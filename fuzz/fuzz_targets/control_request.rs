//! Bytes for `emulator::fuzz::control_request`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::control_request(data));
