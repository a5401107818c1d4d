//! Recordings, the past of rooms, clips and pictures: from the packets of a room's tap to files.
//!
//! ```text
//! media threads ──► TapQueue ──► Recorder: Recording ──► Lane ──► Stream     packets to frames, by one clock
//!                                    │ Writer                                frames to fragments of a file
//!                                    ▼
//!                                  Disk                                      a thread of its own
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `tap.rs` | the way from media threads, which neither wait nor wake anybody |
//! | `recorder.rs` | the way to the thread that records rooms and keeps their past |
//! | `orders.rs` | what that thread is told, and what it tells |
//! | `worker.rs` | that thread |
//! | `recording.rs` | one publisher: which streams, into which files; sans-IO |
//! | `lane.rs`, `clock.rs` | one stream: its frames, its bit rate, when its frames belong |
//! | `depacketize.rs` | packets of one stream in their order, put together to frames |
//! | `packetize.rs` | frames as payloads of RTP packets |
//! | `frame.rs` | tracks and coded frames, which files are made of |
//! | `container.rs` | [`Writer`]: a file while it grows; [`repair`]: finishes a file that was cut off |
//! | `container/webm.rs` | WebM and Matroska |
//! | `container/mp4.rs` | MP4: fragmented while it grows, an ordinary one at the end |
//! | `container/batch.rs` | the frames that are written at once |
//! | `container/source.rs` | reads a file that may end anywhere |
//! | `window.rs` | the past of a room: its packets, in files |
//! | `playback.rs` | plays the past for viewers |
//! | `clip.rs` | a piece of the past as a file |
//! | `hls.rs` | LL-HLS: a room as pieces of a fifth of a second |
//! | `still.rs` | a keyframe as a picture |
//! | `disk.rs` | the thread that writes files |
//! | `read.rs` | reads files: tracks, frames one after another; also those of other programs |
//! | `inspect.rs` | judges a file: what is in it, what is wrong with it |

mod clip;
mod clock;
mod container;
mod depacketize;
mod disk;
mod frame;
pub mod hls;
pub mod inspect;
mod lane;
mod orders;
pub mod packetize;
mod playback;
pub mod read;
mod recorder;
mod recording;
mod still;
mod tap;
mod window;
mod worker;

pub use clip::{Clip, ClipError, ClipOrder};
pub use container::{
    ContainerError, Finished, Format, MAX_BATCH_BYTES, MAX_FRAME_BYTES, MAX_TRACKS, Patch,
    RepairError, Repaired, Writer, repair,
};
pub use disk::{Mended, mend};
pub use frame::{AudioTrack, Frame, Rotation, Track, VideoCodec, VideoTrack};
pub use orders::{Bounds, Event, FileInfo, Keep, Of, Past, Start, Why};
pub use playback::{MAX_PLAYBACKS, Playbacks};
pub use recorder::Recorder;
pub use recording::{Layers, Settings};
pub use still::Still;
pub use tap::TapQueue;
pub use window::{Entry, Span};
pub use worker::KEPT_AFTER;
