//! Bytes for `emulator::fuzz::amqp_message`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator::fuzz::amqp_message(data));
