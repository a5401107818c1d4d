//! RTP, RTCP and SRTP as bytes: parsers and writers without state of their own, and the
//! cryptography of one session. No time, no network, no policy.
//!
//! Nothing here allocates for a packet, and no parser panics, whatever it is given.

pub mod header;
pub mod rtcp;
pub mod seq;
pub mod srtp;
