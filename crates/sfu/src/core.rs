//! The core itself: routes inputs to rooms and peers, and gathers what they yield.

pub(crate) mod demux;
pub(crate) mod outbox;
pub(crate) mod rate_limit;
pub(crate) mod sfu;
pub(crate) mod timers;
pub(crate) mod ufrag;
