//! What `kaibo doctor` and the page `/doctor` say to the server and are told.

use serde::{Deserialize, Serialize};

/// One text in the languages of the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// How bad a finding of the doctor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum DoctorLevel {
    /// Somebody cannot reach the server, or will not for long.
    Closed,
    /// It works, and could be better.
    Advice,
    /// Nothing to do.
    Fine,
}

/// What one check of the server's machine found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DoctorFinding {
    /// The check, such as `udp_buffers`.
    pub check: String,
    /// How bad it is.
    pub level: DoctorLevel,
    /// What is so.
    pub text: Words,
    /// What to do; none when all is well.
    pub advice: Option<Words>,
}

/// A way from a device to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum DoctorPath {
    /// Pages over HTTPS, as cameras need.
    Https,
    /// The WebSocket of the pages.
    WebSocket,
    /// Media over UDP and IPv4.
    Udp4,
    /// Media over UDP and IPv6.
    Udp6,
    /// Media over TCP and IPv4 (RFC 6544).
    Tcp4,
    /// Media over TCP and IPv6.
    Tcp6,
    /// Media through the server's own TURN over TLS.
    Turn,
}

/// What became of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum PathState {
    /// It works.
    Works,
    /// The server offers it, and nothing comes through.
    Closed,
    /// The server does not offer it.
    NotOffered,
    /// This device cannot try it: it has no IPv6, or its browser cannot.
    NotTried,
}

/// What a device found of one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PathResult {
    /// The way.
    pub path: DoctorPath,
    /// What became of it.
    pub state: PathState,
    /// Milliseconds from the first attempt until media came, or the answer.
    pub ms: Option<u32>,
}

/// What one device found: the body of `POST /api/doctor/devices`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DeviceReport {
    /// What it calls itself, such as `Safari, iPhone`.
    pub device: String,
    /// The origin of the page that it opened.
    pub origin: String,
    /// The device's clock minus the server's, in milliseconds.
    #[serde(rename = "clockAheadMs")]
    pub clock_ahead_ms: f64,
    /// Each way once.
    pub results: Vec<PathResult>,
}

/// The right of a device to look: the body of the answer to `POST /api/doctor/tickets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DoctorTicket {
    /// Whoever shows it as a bearer token sees the findings, and may publish in the rooms
    /// `doctor-{ticket}-{anything}` without a key.
    pub ticket: String,
    /// Seconds for which it is good.
    pub expires_in_s: u32,
    /// Where devices find the page `/doctor`, the likeliest first. The ticket goes behind a `#`.
    pub pages: Vec<String>,
}

/// How the server looks from inside: the body of `GET /api/doctor`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DoctorReport {
    /// The worst first, else in the order in which they should be mended.
    pub findings: Vec<DoctorFinding>,
    /// The server's clock, in milliseconds since the Unix epoch.
    pub now: f64,
    /// The port of media over UDP.
    pub udp_port: u16,
    /// The port of pages, and of media over TCP.
    pub tcp_port: u16,
    /// What devices found that opened the page lately, the last first.
    pub devices: Vec<DeviceReport>,
}
