#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| server::fuzz::token_and_name(bytes));
