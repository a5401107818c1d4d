//! The core itself: routes inputs to rooms and peers and collects their outputs.

pub(crate) mod demux;
pub(crate) mod outbox;
pub(crate) mod rate_limit;
pub(crate) mod sfu;
pub(crate) mod timers;
pub(crate) mod ufrag;
