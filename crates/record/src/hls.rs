//! LL-HLS (RFC 8216bis): a room as pieces of a fifth of a second, for players that WebRTC does not reach.
//!
//! ```text
//! frames of each stream ──► Cutter: parts and segments ──► Cut ──► Live: what a playlist says
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `packager.rs` | one room: its streams, what is cut where |
//! | `cutter.rs` | one stream: frames to parts and segments |
//! | `live.rs` | what there is of a room: renditions, segments, parts |
//! | `playlist.rs` | the same as text |
//! | `codecs.rs` | the names of codecs (RFC 6381) |

mod codecs;
mod cutter;
mod live;
pub(crate) mod packager;
mod playlist;

use std::sync::Arc;
use std::time::Duration;

pub use live::{Live, Missing};
pub(crate) use packager::Packager;

/// The longest part, and the shortest but for the last of a segment: 85 % of it (RFC 8216bis, section 4.4.4.9). What a part says
/// of its length is within these bounds, whatever the lengths of its frames; only a frame that is shown for longer than twice
/// the longest, as of a screen on which nothing moves, makes a longer one.
pub const PART_TARGET: Duration = Duration::from_millis(220);
pub(crate) const PART_LEAST: Duration = Duration::from_millis(187);

/// A segment ends with the first keyframe after this time.
pub(crate) const SEGMENT_FOR: Duration = Duration::from_millis(3_500);

/// The first one ends with the first keyframe after this time: players begin with a whole segment.
pub(crate) const FIRST_FOR: Duration = Duration::from_millis(700);

/// A keyframe is asked for when none came for so long.
pub(crate) const KEY_EVERY: Duration = Duration::from_secs(4);

/// A segment ends without a keyframe after this time.
pub(crate) const SEGMENT_WITHIN: Duration = Duration::from_millis(5_400);

/// `EXT-X-TARGETDURATION`, in seconds: no segment is longer, rounded.
pub const TARGET_S: u64 = 6;

/// So much of a room is listed at least (RFC 8216bis, section 6.2.2: three target durations).
pub(crate) const KEEP_LEAST: Duration = Duration::from_secs(3 * TARGET_S);

/// Which stream of the room: `v`, `v-` and the name of the layer, or `a`.
pub type RenditionId = Arc<str>;

/// What happened to what there is of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// A rendition begins, or goes on with another header.
    Header {
        /// Which.
        rendition: RenditionId,
        /// Its header.
        header: Header,
        /// How many discontinuities the room had before.
        n_breaks: u64,
    },
    /// The next part of a segment.
    Part {
        /// Of which rendition.
        rendition: RenditionId,
        /// The part.
        part: Part,
    },
    /// The segment is over; the next part begins another.
    SegmentOver {
        /// Of which rendition.
        rendition: RenditionId,
    },
    /// The oldest segment is forgotten.
    Forget {
        /// Of which rendition.
        rendition: RenditionId,
    },
    /// The bytes of a segment are in a file now, and need not be in memory.
    Stored {
        /// Of which rendition.
        rendition: RenditionId,
        /// Its number.
        number: u64,
    },
    /// The host sends a codec that players of HLS do not play.
    Unplayable {
        /// Its name.
        codec: &'static str,
    },
    /// The broadcast is over.
    Over,
}

/// What a player is told before the first part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The bytes that players read first (`EXT-X-MAP`).
    pub bytes: Arc<[u8]>,
    /// The codec (RFC 6381).
    pub codecs: String,
    /// The sides of the picture; none of sound.
    pub size: Option<(u32, u32)>,
}

/// A part of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// How long it is.
    pub duration: Duration,
    /// Whether decoding can begin with it.
    pub is_independent: bool,
    /// When it begins, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Whether something is missing before it.
    pub is_after_gap: bool,
}

#[cfg(test)]
mod tests;
