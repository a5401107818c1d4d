#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kaibo_fuzz::srtp(bytes));
