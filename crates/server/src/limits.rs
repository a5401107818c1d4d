//! Bounds of one WebSocket and one request. Those of connections are in `listen/limits.rs`, those of sessions in
//! `control::limits`. `docs/limits.md` lists all.

use std::time::Duration;

pub use crate::listen::{CONNECTIONS, CONNECTIONS_PER_NETWORK};

/// Messages over the rate that are dropped before the socket is closed. The first of each second is answered with
/// `rate_limited`: a page that reads its errors has stopped by then.
pub const DROPPED_MESSAGES: u32 = 120;

/// Malformed messages in [`MALFORMED_WINDOW`] that are answered; one more closes the socket.
pub const MALFORMED_MESSAGES: u32 = 50;

/// See [`MALFORMED_MESSAGES`].
pub const MALFORMED_WINDOW: Duration = Duration::from_secs(10);

/// Messages that wait for a slow client: a minute of everything a room says.
pub const OUTBOX_MESSAGES: usize = 256;

/// Bytes that wait for a slow client, in messages of any size: four of the largest descriptions.
pub const OUTBOX_BYTES: usize = 256 * 1024;

/// How often a socket is pinged, so that routers keep it and the dead are found.
pub const PING_EVERY: Duration = Duration::from_secs(20);

/// A socket that said nothing for so long, not even a pong, is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(45);

/// How long a client has to take what waits for it, and its close frame, and to say goodbye itself.
pub const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// The body of a request, in bytes. WHIP and WHEP read descriptions, which are bounded by themselves.
pub const BODY_BYTES: u64 = 64 * 1024;

/// Allocations of the server's own TURN at once: a session has one at most, and few need it.
pub const ALLOCATIONS: usize = 1_000;

/// Allocations of one network: an office behind one address.
pub const ALLOCATIONS_PER_NETWORK: usize = 200;

/// Messages of a WebSocket's chat that wait to be written: lines and likes.
pub const OUTBOX_CHAT_MESSAGES: usize = 64;

/// Bytes of them.
pub const OUTBOX_CHAT_BYTES: usize = 64 * 1024;

/// Reports of pages of one network a second, in the long run: each page sends one a minute.
pub const BEACONS_PER_SECOND: u32 = 20;

/// The same at once.
pub const BEACONS_BURST: u32 = 200;

/// Bytes of such a report.
pub const BEACON_BYTES: usize = 1_024;

/// Connections of `--metrics-listen`; one more is closed.
pub const METRICS_CONNECTIONS: usize = 16;

/// How long one of them may last, however much is asked on it.
pub const METRICS_WITHIN: Duration = Duration::from_secs(300);

/// Space of the disk that is left free, in MiB.
pub const MIN_FREE_MIB: u64 = 1_024;

/// How far fans can go back in a broadcast, in minutes.
pub const REWIND_MINUTES: u32 = 30;

/// The most that this can be set to.
pub const MAX_REWIND_MINUTES: u32 = 720;

/// Space of the past of one room, in MiB.
pub const ROOM_PAST_MIB: u64 = 1_024;

/// Space of the past of all rooms, in MiB.
pub const PAST_MIB: u64 = 8_192;

/// The shortest clip, in seconds.
pub const CLIP_SECONDS_LEAST: u16 = 5;

/// The longest clip, in seconds, but for what comes before it from the last keyframe on.
pub const CLIP_SECONDS: u16 = 90;

/// Clips of one network in a minute.
pub const CLIPS_PER_MINUTE: u32 = 20;

/// Bytes of a room's picture.
pub const COVER_BYTES: usize = 200_000;

/// Pictures of rooms in memory; others are read from the data folder again.
pub const COVERS: usize = 100;
