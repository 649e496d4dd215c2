//! Bytes for `relay::fuzz::invocation`, which says what they stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| relay::fuzz::invocation(data));
