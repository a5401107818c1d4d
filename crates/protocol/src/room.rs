//! A room and who is in it: what messages of both directions are made of.

use serde::{Deserialize, Serialize};

use crate::{ChatItem, ChatRules, DisplayName, LayerName, NoticeText, RoomName, Stage, Title};

/// Where a broadcast stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LiveState {
    /// Nobody has been live here since the server started.
    Offline,
    /// A host is connecting, or rehearsing.
    Starting,
    /// Media flows.
    Live,
    /// The host's media stopped coming; it may return.
    Interrupted,
    /// The last broadcast is over.
    Ended,
}

/// Whether the host sends a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum VideoState {
    /// It does.
    On,
    /// The camera is switched off.
    Off,
}

/// Whether the host sends sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum AudioState {
    /// It does.
    On,
    /// The microphone is switched off.
    Muted,
}

/// Who hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HostInfo {
    /// The name the host chose.
    pub name: DisplayName,
}

/// The whole state of a room, as every page in it may know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomState {
    /// The room's name.
    pub room: RoomName,
    /// Rises with each change, so that an older snapshot can be told from a newer.
    pub rev: u32,
    /// Where the broadcast stands.
    pub live: LiveState,
    /// When it went live, in milliseconds since the Unix epoch.
    pub since: Option<f64>,
    /// Who hosts.
    pub host: Option<HostInfo>,
    /// The video codec, such as `VP8`.
    pub codec: Option<String>,
    /// The simulcast layers (`rid`s) that the host sends, best first; empty without simulcast.
    pub layers: Vec<String>,
    /// How large they are, as far as the host says so.
    #[serde(default)]
    pub sizes: Vec<LayerSize>,
    /// Whether a picture is sent.
    pub video: VideoState,
    /// Whether sound is sent.
    pub audio: AudioState,
    /// Whether viewers suffer from the host's side now: its network, or what it sends.
    #[serde(default, rename = "hostTrouble")]
    pub host_trouble: bool,
    /// How long the host's packets take to the server, in milliseconds, by what its page measured; absent: unknown.
    #[serde(default, rename = "uplinkMs")]
    pub uplink_ms: Option<f64>,
    /// What the broadcast is called.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub title: Option<Title>,
    /// What the host wants everybody to know (公告).
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub notice: Option<NoticeText>,
    /// The version of the room's picture, at `/api/rooms/{room}/cover?v={version}`; absent: it has none.
    #[serde(default)]
    pub cover: Option<u32>,
    /// The rules of the chat.
    #[serde(default)]
    pub chat: ChatRules,
    /// The line above the chat.
    #[serde(default)]
    pub pinned: Option<ChatItem>,
    /// Who is on stage beside the host.
    #[serde(default)]
    pub stage: Stage,
    /// What is kept of the broadcast.
    #[serde(default)]
    pub kept: Kept,
}

/// What is kept of a broadcast.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Kept {
    /// Whether it is recorded now.
    pub recording: bool,
    /// Whether the host begins and ends recordings.
    pub by_host: bool,
    /// How far back it can be seen again, in seconds; 0: not at all.
    pub past_s: u32,
    /// Whether whoever watches makes clips of it.
    pub clips: bool,
    /// The video codec that a host's page sends unless its host chose one, such as `H264`: HLS and MP4 cannot carry VP8.
    pub codec: Option<String>,
    /// Where not everybody may watch: stands as `pass` in addresses of what is kept of the room.
    pub pass: Option<String>,
}

impl RoomState {
    /// A room where nobody has been live.
    pub fn empty(room: RoomName) -> Self {
        Self {
            room,
            rev: 0,
            live: LiveState::Offline,
            since: None,
            host: None,
            codec: None,
            layers: Vec::new(),
            sizes: Vec::new(),
            video: VideoState::On,
            audio: AudioState::On,
            host_trouble: false,
            uplink_ms: None,
            title: None,
            notice: None,
            cover: None,
            chat: ChatRules::default(),
            pinned: None,
            stage: Stage::default(),
            kept: Kept::default(),
        }
    }
}

/// How large the picture of a simulcast layer is, by what the host says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LayerSize {
    /// The layer's name.
    pub rid: LayerName,
    /// Its width in pixels.
    pub w: u16,
    /// Its height in pixels.
    pub h: u16,
}

/// One of a page's two peer connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Pc {
    /// The one that publishes; the page offers.
    Pub,
    /// The one that watches; the server offers.
    Sub,
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Role {
    /// It publishes (主播).
    Host,
    /// It watches (粉丝).
    Fan,
}
