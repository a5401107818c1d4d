//! What happens in rooms, for programs of the operator.

use media_api::RoomId;
use protocol::{Finding, RoomName, Title};

/// The numbers of viewers that are told, each once in a broadcast: of several that are reached at once, the highest.
pub const VIEWER_STEPS: [u32; 16] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/// Something that happened in a room. Test rooms of the doctor tell nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomEvent {
    /// The room.
    pub room: RoomName,
    /// Its name in the media plane; none of a broadcast of before the server started.
    pub room_id: Option<RoomId>,
    /// Its title.
    pub title: Option<Title>,
    /// The broadcast that it happened to: [`crate::BroadcastRecord::id`].
    pub broadcast: String,
    /// When, in milliseconds since the Unix epoch.
    pub at: f64,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// A broadcast is live.
    Live,
    /// Its media stopped: the host has a while to return.
    Interrupted,
    /// Its media flows again.
    Resumed {
        /// How long it was interrupted, in milliseconds.
        after_ms: u64,
    },
    /// It is over.
    Ended {
        /// Why, in a word of `docs/operate.md`.
        why: String,
        /// How long it was, in milliseconds.
        for_ms: u64,
        /// The most viewers at a time.
        peak: u32,
        /// How often somebody began to watch.
        joins: u32,
    },
    /// More watch than ever before in this broadcast: a step of [`VIEWER_STEPS`] was reached.
    Viewers {
        /// The step.
        step: u32,
        /// How many watch.
        n: u32,
    },
    /// Something is wrong with what the host sends.
    Finding(Finding),
}
