//! The record of a broadcast, for after the show.

use protocol::{FindingCode, RoomName, Title};
use serde::{Deserialize, Serialize};

/// What is known of a broadcast. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BroadcastRecord {
    /// Names it. Ids of later broadcasts sort after those of earlier ones.
    pub id: String,
    /// Where it was.
    pub room: RoomName,
    /// The title of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// When it went live.
    pub began: f64,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<f64>,
    /// Why it was over, in a word of `docs/operate.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Until when this says what was.
    pub until: f64,
    /// How often somebody began to watch.
    pub joins: u32,
    /// The most viewers at a time.
    pub peak: u32,
    /// How late fans saw the picture, by what their pages measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<LatencyFigures>,
    /// Which layers viewers were sent, the most first.
    pub layers: Vec<LayerShare>,
    /// When no media came from the host; at most [`crate::limits::RECORDED_INTERRUPTIONS`], the first ones.
    pub interruptions: Vec<Interruption>,
    /// How often pictures stood still.
    #[serde(default)]
    pub freezes: Freezes,
    /// What was wrong with what the host sent; at most [`crate::limits::RECORDED_FINDINGS`], the first ones.
    pub findings: Vec<FindingAt>,
    /// How it went, a minute each; of a long broadcast, more minutes each.
    pub timeline: Vec<Point>,
}

/// Half of all measurements are at most `p50`, 95 of a hundred at most `p95`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatencyFigures {
    /// The median, in milliseconds.
    pub p50: f64,
    /// In milliseconds.
    pub p95: f64,
}

/// How much of their time viewers were sent a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LayerShare {
    /// Its `rid`; `single` without simulcast, `off` for no picture.
    pub name: String,
    /// From 0 to 1.
    pub share: f64,
}

/// No media came from the host.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Interruption {
    /// Since when.
    pub at: f64,
    /// For how many seconds; none while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<f64>,
}

/// How often pictures stood still. What is not known is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Freezes {
    /// For all viewers, because too little came from the host.
    pub for_all: u32,
    /// For single viewers, by what their pages reported; none when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// The same, for an hour of watching.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<f64>,
    /// Whose fault they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_fault: Option<Faults>,
}

/// Whose fault freezes were that pages reported. Those of which that is not known are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Faults {
    /// The host's: too little came from it at the time.
    pub uplink: u64,
    /// The server's: a media thread did not keep up at the time.
    #[serde(default)]
    pub server: u64,
    /// The viewer's network: it lost packets.
    pub last_mile: u64,
    /// The viewer's device: nothing was lost.
    pub device: u64,
}

/// Something was found wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingAt {
    /// What.
    pub code: FindingCode,
    /// When.
    pub at: f64,
}

/// A minute of a broadcast, or more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    /// When it began.
    pub at: f64,
    /// The most viewers at a time.
    pub viewers: u32,
    /// What the host sent of the picture, all layers together, in kbit/s.
    pub kbps: u32,
}
