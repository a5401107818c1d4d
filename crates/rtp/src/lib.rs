//! RTP, RTCP and SRTP as bytes: parsers and writers without state of their own, and the
//! cryptography of one session. No time, no network, no policy.
//!
//! Nothing here allocates for a packet, and no parser panics, whatever it is given: the tests run
//! the rounds of `fuzz/`, which `cargo fuzz` runs for longer.

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::panic, clippy::expect_used, clippy::unreachable)
)]

pub mod frames;
pub mod header;
pub mod rtcp;
pub mod seq;
pub mod srtp;
