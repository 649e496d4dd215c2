//! Bytes for `emulator::fuzz::credentials`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::credentials(data));
