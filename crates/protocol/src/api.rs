//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::{Finding, HostInfo, LiveState, RoomName, Title};

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
    /// What the broadcast is called.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub title: Option<Title>,
    /// The version of the room's picture, at `/api/rooms/{room}/cover?v={version}`; none when it has none.
    #[serde(default)]
    pub cover: Option<u32>,
    /// Its newest picture of the broadcast, at `/api/rooms/{room}/still?v={v}`; none when there is none.
    #[serde(default)]
    pub still: Option<Still>,
    /// Viewers whose media transport is connected.
    pub viewers: u32,
}

/// A picture of a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Still {
    /// Another picture has another.
    pub v: u32,
    /// Whether it is a video of one frame, for a paused `<video>`; else an image.
    pub video: bool,
}

/// What is known of one room, as `GET /api/rooms/{room}` tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomInfo {
    /// The room's name; its page is `/r/{room}`.
    pub room: RoomName,
    /// Where the broadcast stands.
    pub live: LiveState,
    /// When it went live, in milliseconds since the Unix epoch; none when it is neither live nor interrupted.
    pub since: Option<f64>,
    /// Who the host says to be.
    pub host: Option<HostInfo>,
    /// The video codec, such as `H264`; none before there is a picture.
    pub codec: Option<String>,
    /// The audio codec, `opus`; none before there is sound.
    pub audio_codec: Option<String>,
    /// The simulcast layers (`rid`s) that came, best first; empty without simulcast.
    pub layers: Vec<String>,
    /// What the broadcast is called.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub title: Option<Title>,
    /// The version of the room's picture, at `/api/rooms/{room}/cover?v={version}`; none when it has none.
    #[serde(default)]
    pub cover: Option<u32>,
    /// Viewers whose media transport is connected.
    pub viewers: u32,
    /// What is wrong with what the host sends.
    pub findings: Vec<Finding>,
}

/// Where others in the network find the pages: the body of `GET /api/addresses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Addresses {
    /// Such as `http://192.168.1.5:3000`, the likeliest first.
    pub origins: Vec<String>,
}
