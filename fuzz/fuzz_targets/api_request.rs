//! Bytes for `api::fuzz::request`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| api::fuzz::request(data));
