#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| webui::fuzz::accept_encoding(bytes));
