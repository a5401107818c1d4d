//! The broadcast of a room: going on air, interruption, return, end.

use std::time::Instant;

use media_api::{Command, LayerRate, MediaInfo};
use protocol::{AudioState, LayerSize, LiveState, Role, VideoState};

use super::Room;
use super::findings::Findings;
use super::record::Record;
use crate::context::Context;
use crate::limits::LINGER;
use crate::session::MediaState;
use crate::timers::Timer;
use crate::why::Why;

/// What is live, and how far it has come.
#[derive(Debug)]
pub(crate) struct Broadcast {
    pub(crate) live: LiveState,
    /// Rises with each change that members are told of.
    pub(crate) rev: u32,
    /// When it went live, in milliseconds since the Unix epoch.
    pub(crate) since: Option<f64>,
    /// The same, for measuring.
    pub(crate) began: Option<Instant>,
    /// When its media stopped.
    pub(crate) interrupted: Option<Instant>,
    /// A broadcast has been live in this room.
    pub(crate) has_been_live: bool,
    /// The host wants to be seen: its media goes to the viewers.
    pub(crate) on_air: bool,
    /// The host's media flows.
    pub(crate) is_flowing: bool,
    /// Nothing came from the host for a moment.
    pub(crate) is_quiet: bool,
    /// What members were told last of [`Self::has_host_trouble`].
    pub(crate) told_trouble: bool,
    pub(crate) media: MediaInfo,
    pub(crate) video: VideoState,
    pub(crate) audio: AudioState,
    /// How large the layers are, by what the host says.
    pub(crate) sizes: Vec<LayerSize>,
    /// The bit rate of each layer, as far as it was measured.
    pub(crate) rates: Vec<LayerRate>,
    /// How long the host's packets take to the server, in milliseconds, by what its page measured.
    pub(crate) uplink_ms: Option<f64>,
    /// The layers that the publisher need not send.
    pub(crate) unwanted: Vec<String>,
    pub(crate) findings: Findings,
    /// None before it is live, and in test rooms.
    pub(crate) record: Option<Record>,
}

impl Default for Broadcast {
    fn default() -> Self {
        Self {
            live: LiveState::Offline,
            rev: 0,
            since: None,
            began: None,
            interrupted: None,
            has_been_live: false,
            on_air: false,
            is_flowing: false,
            is_quiet: false,
            told_trouble: false,
            media: MediaInfo::default(),
            video: VideoState::On,
            audio: AudioState::On,
            sizes: Vec::new(),
            rates: Vec::new(),
            uplink_ms: None,
            unwanted: Vec::new(),
            findings: Findings::default(),
            record: None,
        }
    }
}

impl Broadcast {
    /// Whether fans have something to watch, or soon will again.
    pub(crate) fn is_on_air(&self) -> bool {
        matches!(self.live, LiveState::Live | LiveState::Interrupted)
    }

    /// Whether viewers suffer from the host's side. They are told no more than that.
    pub(crate) fn has_host_trouble(&self) -> bool {
        match self.live {
            LiveState::Live => self.is_quiet || self.findings.stop_pictures(),
            LiveState::Interrupted => true,
            LiveState::Offline | LiveState::Starting | LiveState::Ended => false,
        }
    }

    /// Takes what the host says of its media; whether anything is new.
    pub(crate) fn take_media_state(&mut self, state: MediaState) -> bool {
        let MediaState { audio, video, sizes } = state;
        let sizes = sizes.unwrap_or_else(|| self.sizes.clone());
        let is_new = (self.audio, self.video) != (audio, video) || self.sizes != sizes;
        (self.audio, self.video, self.sizes) = (audio, video, sizes);
        is_new
    }
}

impl Room {
    /// Lets the viewers see. The broadcast is live once media flows.
    pub(crate) fn put_on_air(&mut self, cx: &mut Context) {
        self.broadcast.on_air = true;
        cx.command(Command::GoLive { room: self.id });
        if self.broadcast.is_flowing {
            self.go_live(cx);
        }
    }

    /// The host is on air and its media flows.
    pub(crate) fn go_live(&mut self, cx: &mut Context) {
        let returns = self.broadcast.is_on_air();
        self.broadcast.live = LiveState::Live;
        cx.timers.cancel(Timer::Grace(self.id));
        if returns {
            let after = self.broadcast.interrupted.take();
            let after_s = after.map(|at| cx.now.at.saturating_duration_since(at).as_secs());
            tracing::info!(room = %self.name, after_s, "broadcast is back");
            self.tell_state(cx);
            for sid in self.ids() {
                if self.members.get(&sid).is_some_and(|session| session.awaits_picture) {
                    self.offer_if_on_air(cx, sid);
                }
            }
            if let Some(at) = after {
                let after_ms = cx.now.at.saturating_duration_since(at).as_millis();
                self.record_return(cx, u64::try_from(after_ms).unwrap_or(u64::MAX));
            }
            return;
        }
        self.broadcast.since = Some(cx.now.unix_ms);
        self.broadcast.began = Some(cx.now.at);
        self.broadcast.has_been_live = true;
        self.audience.peak = self.audience.n_viewers;
        tracing::info!(room = %self.name, n_viewers = self.audience.n_viewers, "broadcast is live");
        self.tell_state(cx);
        self.begin_record(cx);
        self.reset_likes(cx);
        self.changed(cx);
        self.viewers_changed(cx);
        for sid in self.ids() {
            self.offer_if_on_air(cx, sid);
        }
        if self.shows_more_than_host() {
            self.recast(cx);
        }
    }

    /// The host's media stopped: it has a while to return.
    pub(crate) fn interrupt(&mut self, cx: &mut Context) {
        self.broadcast.is_flowing = false;
        self.broadcast.is_quiet = false;
        if self.broadcast.live == LiveState::Live {
            self.broadcast.live = LiveState::Interrupted;
            self.broadcast.interrupted = Some(cx.now.at);
            tracing::info!(room = %self.name, "broadcast interrupted: no media from the host");
            cx.timers.set(Timer::Grace(self.id), cx.now.at + cx.config.host_grace);
            self.record_interruption(cx);
            self.tell_state(cx);
        }
    }

    /// Ends a broadcast, or a rehearsal, at once; the room has no host afterwards.
    pub(crate) fn end(&mut self, cx: &mut Context, why: Why) {
        let Some(host) = self.host.take() else { return };
        self.end_record(cx, why);
        let has_been_live = self.broadcast.has_been_live;
        let ended = Broadcast {
            live: if has_been_live { LiveState::Ended } else { LiveState::Offline },
            rev: self.broadcast.rev,
            has_been_live,
            video: self.broadcast.video,
            audio: self.broadcast.audio,
            ..Broadcast::default()
        };
        let before = std::mem::replace(&mut self.broadcast, ended);
        cx.timers.cancel(Timer::Grace(self.id));
        cx.timers.set(Timer::Linger(self.id), cx.now.at + LINGER);
        let session = self.members.get_mut(&host.session);
        if let Some(publishing) = session.and_then(|session| session.publishing.as_mut()) {
            publishing.golive = false;
            if let Some(publisher) = publishing.current.take() {
                self.close_publisher(cx, host.session, publisher, why);
            }
        }
        if let Some(began) = before.began {
            let for_s = cx.now.at.saturating_duration_since(began).as_secs();
            let (session, peak) = (host.session, self.audience.peak);
            tracing::info!(room = %self.name, %session, %why, for_s, peak, "broadcast ended");
        }
        self.end_stage(cx);
        // It had the guests alone.
        if self.members.get(&host.session).is_some_and(|it| it.role == Some(Role::Host)) {
            self.withdraw_viewer(cx, host.session, why);
        }
        self.tell_state(cx);
        self.review_standings(cx);
        self.reap(cx, host.session);
    }
}
