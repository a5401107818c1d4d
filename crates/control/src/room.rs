//! One room as a state machine: its members, its broadcast, its viewers.
//!
//! Every method takes the `Context`, where it leaves effects. Nothing here reads a clock or waits.

mod access;
mod bans;
mod broadcast;
mod chat;
mod desk;
mod figures;
mod findings;
mod frames;
mod identity;
mod keep;
mod kept;
mod latency;
mod layers;
mod leave;
mod likes;
mod media;
mod moderate;
mod notify;
mod order;
mod people;
mod picture_clock;
mod publish;
mod record;
mod refused;
mod requests;
mod resume;
mod rewind;
mod settings;
mod stage;
mod talk;
mod watch;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use auth::{ChatPolicy, ClientAddr, Secret};
use media_api::RoomId;
use protocol::{ChatRules, HostInfo, Kept, LiveState, RoomInfo, RoomName, RoomState, RoomSummary};

pub(crate) use bans::is_banned;
use broadcast::Broadcast;
use chat::Chat;
pub(crate) use frames::{Hello, read_secret};
pub(crate) use identity::banned;
use latency::Latencies;
use likes::Likes;
use order::Order;
use people::People;
use settings::Settings;
use stage::Stage;

use crate::context::broken;
use crate::session::{Session, SessionId};

/// A room. It exists while anybody is in it.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: RoomName,
    /// Everybody in the room, with client or without.
    pub(crate) members: BTreeMap<SessionId, Session>,
    pub(crate) host: Option<Host>,
    /// Who has asked to be the host, until the media plane has answered.
    pub(crate) claimant: Option<SessionId>,
    pub(crate) broadcast: Broadcast,
    pub(crate) audience: Audience,
    pub(crate) stage: Stage,
    pub(crate) people: People,
    pub(crate) chat: Chat,
    pub(crate) likes: Likes,
    pub(crate) order: Order,
    pub(crate) settings: Settings,
    pub(crate) latencies: Latencies,
    /// When it was told last that somebody came in.
    announced_at: Option<Instant>,
    /// The pages that want to be told what only hosts and moderators see.
    pub(crate) desks: BTreeSet<SessionId>,
    desk_told_at: Option<Instant>,
    /// A host or a moderator has changed something: it is kept when nobody is in it.
    has_settled: bool,
    /// Who may write, by the operator's word.
    chat_policy: ChatPolicy,
    /// What is kept of its broadcast.
    kept: Kept,
}

/// Who hosts. The session exists as long as it is named here.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) session: SessionId,
    /// What it is known by: its key, or its browser's secret.
    pub(crate) identity: Option<Secret>,
    pub(crate) addr: ClientAddr,
    pub(crate) info: Option<HostInfo>,
}

/// How many watch.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// Watching peers, connected or not.
    pub(crate) n_watching: usize,
    /// Watching peers that are connected.
    pub(crate) n_viewers: u32,
    /// The most of them in this broadcast.
    pub(crate) peak: u32,
    /// All that ever connected.
    pub(crate) joins: u64,
    /// When the members were told, and of how many.
    pub(crate) told: Option<(Instant, (u32, u32))>,
}

impl Room {
    /// An empty room.
    fn new(id: RoomId, name: RoomName, people: People, chat: Chat, settings: Settings) -> Self {
        Self {
            id,
            name,
            members: BTreeMap::new(),
            host: None,
            claimant: None,
            broadcast: Broadcast::default(),
            audience: Audience::default(),
            stage: Stage::default(),
            people,
            chat,
            likes: Likes::default(),
            order: Order::default(),
            settings,
            latencies: Latencies::default(),
            announced_at: None,
            desks: BTreeSet::new(),
            desk_told_at: None,
            has_settled: false,
            chat_policy: ChatPolicy::default(),
            kept: Kept::default(),
        }
    }

    /// A member. The directory names nobody else, so that a miss is a bug.
    pub(crate) fn member(&mut self, sid: SessionId) -> Option<&mut Session> {
        let found = self.members.get_mut(&sid);
        if found.is_none() {
            broken("a session is not in the room that the directory names");
        }
        found
    }

    pub(crate) fn is_host(&self, sid: SessionId) -> bool {
        self.host.as_ref().is_some_and(|host| host.session == sid)
    }

    /// Whether the host has a publishing peer.
    pub(crate) fn is_published(&self) -> bool {
        self.host
            .as_ref()
            .and_then(|host| self.members.get(&host.session))
            .is_some_and(|session| session.publisher().is_some())
    }

    /// All members, oldest first.
    pub(crate) fn ids(&self) -> Vec<SessionId> {
        self.members.keys().copied().collect()
    }

    /// The rules of the chat: the host's, within the operator's.
    fn chat_rules(&self) -> ChatRules {
        let rules = self.order.rules;
        ChatRules { on: rules.on && self.chat_policy == ChatPolicy::Everybody, ..rules }
    }

    /// The whole state, as members may know it.
    pub(crate) fn state(&self) -> RoomState {
        let Broadcast { live, rev, since, media, sizes, video, audio, .. } = &self.broadcast;
        RoomState {
            room: self.name.clone(),
            rev: *rev,
            live: *live,
            since: *since,
            host: self.host_info(),
            codec: media.video.map(|codec| codec.as_str().into()),
            layers: media.layers.clone(),
            sizes: sizes.clone(),
            video: *video,
            audio: *audio,
            host_trouble: self.broadcast.has_host_trouble(),
            uplink_ms: self.broadcast.uplink_ms,
            title: self.settings.title.clone(),
            notice: self.settings.notice.clone(),
            cover: self.settings.cover,
            chat: self.chat_rules(),
            pinned: self.settings.pinned.clone(),
            stage: self.stage_state(),
            kept: self.kept.clone(),
        }
    }

    /// Its line in the list of rooms, when there is something to watch; a test room has none.
    pub(crate) fn summary(&self) -> Option<RoomSummary> {
        let is_listed = self.broadcast.is_on_air() && self.name.ticket().is_none();
        is_listed.then(|| RoomSummary {
            room: self.name.clone(),
            live: self.broadcast.live,
            since: self.broadcast.since.unwrap_or_default(),
            host: self.host_info(),
            title: self.settings.title.clone(),
            cover: self.settings.cover,
            still: None,
            viewers: self.audience.n_viewers,
        })
    }

    /// What programs may know of it.
    pub(crate) fn info(&self) -> RoomInfo {
        let Broadcast { live, since, media, findings, .. } = &self.broadcast;
        RoomInfo {
            room: self.name.clone(),
            live: *live,
            since: *since,
            host: self.host_info(),
            codec: media.video.map(|codec| codec.as_str().into()),
            audio_codec: media.audio.map(|codec| codec.as_str().into()),
            layers: media.layers.clone(),
            title: self.settings.title.clone(),
            cover: self.settings.cover,
            viewers: self.audience.n_viewers,
            findings: findings.told.clone(),
        }
    }

    fn host_info(&self) -> Option<HostInfo> {
        self.host.as_ref().and_then(|host| host.info.clone())
    }

    /// Whether nobody is live, and nobody is about to be.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.broadcast.live, LiveState::Offline | LiveState::Ended)
    }
}
