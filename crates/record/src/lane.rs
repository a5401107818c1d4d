//! One stream of a room while it is recorded: its frames, its clock, its bit rate.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use media_api::TapPacket;

use crate::clock::Clock;
use crate::depacketize::{Media, Stream, StreamEvent};

/// How long a stream is measured for its bit rate.
const WINDOW: Duration = Duration::from_secs(1);

/// A stream without a packet for this long is off: browsers stop layers that they have no bandwidth for.
const SILENCE: Duration = Duration::from_millis(700);

/// The least time between two requests for a keyframe.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The most bytes of frames that wait for the choice of a layer.
const MAX_EARLY: usize = 8 * 1024 * 1024;

/// One stream.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) ssrc: u32,
    pub(crate) is_video: bool,
    /// Whether it is one of several layers.
    pub(crate) is_layer: bool,
    stream: Stream,
    clock: Clock,
    heard_at: Instant,
    window_began: Instant,
    window_bytes: u64,
    /// Bytes a second; before the first window is over, those so far.
    rate: Option<u64>,
    asked_at: Option<Instant>,
    keyed_at: Option<Instant>,
    /// Frames since a keyframe, before it is decided which layer is recorded.
    early: VecDeque<(Duration, Media)>,
    early_bytes: usize,
}

/// What came of a packet.
#[derive(Debug)]
pub(crate) enum LaneEvent {
    /// A frame, and when it belongs.
    Frame(Duration, Media),
    /// Something is missing; a keyframe is needed.
    Lost,
}

impl Lane {
    /// A stream whose first packet this is.
    pub(crate) fn new(first: &TapPacket, begun: Instant) -> Self {
        let kind = first.codec.kind();
        Self {
            ssrc: first.ssrc,
            is_video: first.codec.is_video(),
            is_layer: first.rid.is_some(),
            stream: Stream::new(first.codec),
            clock: Clock::new(kind.clock_rate(), begun),
            heard_at: first.arrived,
            window_began: first.arrived,
            window_bytes: 0,
            rate: None,
            asked_at: None,
            keyed_at: None,
            early: VecDeque::new(),
            early_bytes: 0,
        }
    }

    /// Takes a packet of this stream.
    pub(crate) fn push(&mut self, packet: TapPacket) {
        let now = packet.arrived;
        self.heard_at = self.heard_at.max(now);
        self.window_bytes += packet.payload.len() as u64;
        let window = now.saturating_duration_since(self.window_began);
        if window >= WINDOW {
            let rate = self.window_bytes as f64 / window.as_secs_f64();
            self.rate = Some(rate as u64);
            (self.window_began, self.window_bytes) = (now, 0);
        }
        self.stream.push(packet);
    }

    /// What came of the packets so far.
    pub(crate) fn poll(&mut self) -> Option<LaneEvent> {
        loop {
            match self.stream.poll()? {
                StreamEvent::Lost => return Some(LaneEvent::Lost),
                StreamEvent::Frame(media) => {
                    if media.is_key {
                        self.keyed_at = Some(media.captured);
                    }
                    if let Some(at) = self.clock.at(media.ts, media.captured) {
                        return Some(LaneEvent::Frame(at, media));
                    }
                }
            }
        }
    }

    /// Keeps a frame until it is decided which layer is recorded.
    pub(crate) fn keep(&mut self, at: Duration, media: Media) {
        if media.is_key {
            self.forget();
        }
        if (media.is_key || !self.early.is_empty()) && self.early_bytes < MAX_EARLY {
            self.early_bytes += media.data.len();
            self.early.push_back((at, media));
        }
    }

    /// The next frame that was kept.
    pub(crate) fn kept(&mut self) -> Option<(Duration, Media)> {
        self.early.pop_front()
    }

    /// Drops what was kept.
    pub(crate) fn forget(&mut self) {
        self.early = VecDeque::new();
        self.early_bytes = 0;
    }

    /// Whether its packets come.
    pub(crate) fn is_on(&self, now: Instant) -> bool {
        self.silence(now) < SILENCE
    }

    /// How long nothing has come.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard_at)
    }

    /// Bytes a second.
    pub(crate) fn rate(&self) -> u64 {
        self.rate.unwrap_or(self.window_bytes)
    }

    /// Whether its last keyframe is older than that; also when there was none.
    pub(crate) fn needs_key(&self, after: Duration, now: Instant) -> bool {
        self.keyed_at.is_none_or(|at| now.saturating_duration_since(at) >= after)
    }

    /// Whether a keyframe may be asked for now; then it counts as asked for.
    pub(crate) fn may_ask(&mut self, now: Instant) -> bool {
        let may = self.asked_at.is_none_or(|at| now.saturating_duration_since(at) >= ASK_EVERY);
        if may {
            self.asked_at = Some(now);
        }
        may
    }
}
