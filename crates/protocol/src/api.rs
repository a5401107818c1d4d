//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::{HostInfo, LiveState, RoomName};

/// One room that is live now, as `GET /api/rooms` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomSummary {
    /// The room's name; its page is `/r/{room}`.
    pub room: RoomName,
    /// Whether it is live or interrupted (others are not listed).
    pub live: LiveState,
    /// When it went live, in milliseconds since the Unix epoch.
    pub since: f64,
    /// Who the host says to be.
    pub host: Option<HostInfo>,
    /// Viewers whose media transport is connected.
    pub viewers: u32,
}
