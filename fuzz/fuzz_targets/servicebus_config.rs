//! Bytes for `emulator::fuzz::servicebus_config`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::servicebus_config(data));
