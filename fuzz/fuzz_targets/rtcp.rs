#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rtp_fuzz::rtcp(bytes));
