//! One room: its host, where its broadcast stands, who is in it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Instant;

use engine::{Codec, LayerRate, MediaInfo};
use protocol::{
    AudioState, HostInfo, LayerSize, LiveState, RoomName, RoomState, RoomSummary, VideoState,
};

use super::findings::Findings;
use super::session::{MediaState, SessionId};

/// A room. It exists while anybody is in it.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: RoomName,
    pub(super) live: LiveState,
    pub(super) rev: u32,
    /// When it went live, in milliseconds since the Unix epoch.
    pub(super) since: Option<f64>,
    /// A broadcast has been live here.
    pub(super) has_been_live: bool,
    pub(super) host: Option<Host>,
    /// Who has asked to be the host, until the media plane has answered.
    pub(super) claimant: Option<SessionId>,
    /// The host wants to be seen: its media goes to the viewers.
    pub(super) on_air: bool,
    /// The host's media flows.
    pub(super) flowing: bool,
    pub(super) media: MediaInfo,
    pub(super) video: VideoState,
    pub(super) audio: AudioState,
    /// How large the layers are, by what the host says.
    pub(super) sizes: Vec<LayerSize>,
    /// What each layer takes, as far as it was measured.
    pub(super) rates: Vec<LayerRate>,
    /// The layers that its publishing connection need not send.
    pub(super) unwanted: Vec<String>,
    /// What is wrong with what the host sends.
    pub(super) findings: Findings,
    /// Everybody in the room, with socket or without.
    pub(super) members: BTreeSet<SessionId>,
    /// Watching connections, connected or not.
    pub(super) n_watching: usize,
    /// Watching connections that are connected.
    pub(super) n_viewers: u32,
    /// The most of them in this broadcast.
    pub(super) peak: u32,
    /// What the pages were told last, and when.
    pub(super) told: Option<(Instant, (u32, u32))>,
}

/// Who hosts. The session exists as long as it is named here.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) session: SessionId,
    /// What it is known by: its key, or its browser's secret; never printed.
    pub(super) identity: Option<String>,
    pub(super) ip: IpAddr,
    pub(super) info: Option<HostInfo>,
}

impl Room {
    /// An empty room.
    pub(super) fn new(name: RoomName) -> Self {
        Self {
            name,
            live: LiveState::Offline,
            rev: 0,
            since: None,
            has_been_live: false,
            host: None,
            claimant: None,
            on_air: false,
            flowing: false,
            media: MediaInfo::default(),
            video: VideoState::On,
            audio: AudioState::On,
            sizes: Vec::new(),
            rates: Vec::new(),
            unwanted: Vec::new(),
            findings: Findings::default(),
            members: BTreeSet::new(),
            n_watching: 0,
            n_viewers: 0,
            peak: 0,
            told: None,
        }
    }

    /// Whether fans have something to watch, or soon will again.
    pub(super) fn is_on_air(&self) -> bool {
        matches!(self.live, LiveState::Live | LiveState::Interrupted)
    }

    /// Whether a session hosts.
    pub(super) fn is_host(&self, session: SessionId) -> bool {
        self.host.as_ref().is_some_and(|host| host.session == session)
    }

    /// The video codec of the broadcast, once known.
    pub(super) fn video_codec(&self) -> Option<Codec> {
        self.media.video
    }

    /// Takes what the host says of its media; says whether anything is new.
    pub(super) fn take_media_state(&mut self, state: MediaState) -> bool {
        let MediaState { audio, video, sizes } = state;
        let sizes = sizes.unwrap_or_else(|| self.sizes.clone());
        let is_new = (self.audio, self.video) != (audio, video) || self.sizes != sizes;
        (self.audio, self.video, self.sizes) = (audio, video, sizes);
        is_new
    }

    /// The whole state, as pages may know it.
    pub(super) fn state(&self) -> RoomState {
        RoomState {
            room: self.name.clone(),
            rev: self.rev,
            live: self.live,
            since: self.since,
            host: self.host.as_ref().and_then(|host| host.info.clone()),
            codec: self.media.video.map(|codec| codec.as_str().into()),
            layers: self.media.layers.clone(),
            sizes: self.sizes.clone(),
            video: self.video,
            audio: self.audio,
        }
    }

    /// Its line in the list of rooms, when there is something to watch.
    pub(super) fn summary(&self) -> Option<RoomSummary> {
        self.is_on_air().then(|| RoomSummary {
            room: self.name.clone(),
            live: self.live,
            since: self.since.unwrap_or_default(),
            host: self.host.as_ref().and_then(|host| host.info.clone()),
            viewers: self.n_viewers,
        })
    }
}
