//! What unit tests share.

mod heap;

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::media::header_ext::HeaderExtensions;
use crate::media::packet::Packet;
use crate::media::svc::SvcPosition;

pub(crate) use self::heap::allocations_in;

/// Where virtual time begins.
#[allow(clippy::disallowed_methods, reason = "a test has to start its clock somewhere")]
pub(crate) static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A packet of 1000 bytes.
pub(crate) fn packet(seq: u64, ts: u32, is_keyframe: bool, arrived: Instant) -> Packet {
    Packet {
        seq,
        ts,
        marker: false,
        header_ext: HeaderExtensions::default(),
        dependency: None,
        payload: Arc::from([0; 1_000]),
        place: SvcPosition::default(),
        vp8: None,
        is_keyframe,
        arrived,
        captured: arrived,
    }
}
