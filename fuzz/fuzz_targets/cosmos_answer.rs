//! Bytes for `cosmos::fuzz::answer`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cosmos::fuzz::answer(data));
