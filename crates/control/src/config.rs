//! What the operator sets of the control plane.

use std::time::Duration;

use auth::RecordPolicy;
use protocol::RoomName;

use crate::ice_servers::IceServerConfig;

/// What the control plane is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The room of clients that name none.
    pub default_room: RoomName,
    /// The most viewers of one room.
    pub max_viewers: usize,
    /// How long a host whose media stopped, or whose page was closed, may take to return.
    pub host_grace: Duration,
    /// Handed to clients for their ICE agents.
    pub ice_servers: Vec<IceServerConfig>,
    /// Who has rooms recorded of which nothing else is said.
    pub record: RecordPolicy,
    /// How far back of a broadcast is kept; zero: nothing.
    pub past: Duration,
    /// Whether whoever watches makes clips.
    pub clips: bool,
    /// The video codec that pages of hosts send unless their host chose one.
    pub host_codec: HostCodec,
}

/// The video codec that pages of hosts send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostCodec {
    /// This one.
    Named(String),
    /// H264 where that serves what is kept of the room, else VP8.
    Fit {
        /// Rooms can be watched as HLS.
        has_hls: bool,
        /// Recordings are MP4 where the codec leaves a choice.
        is_mp4: bool,
    },
}
