//! A guest on stage: its publisher, if it is here, and its tracks. The host's second picture is like one, without a
//! publisher of its own.

use std::time::Instant;

use crate::ingress::Publisher;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::room::track::{Layer, Track};
use crate::{PeerId, STALL_AFTER};
use media_api::Seat;

/// A guest's seat. It stays as long as its room, so that the epochs of its tracks go on when another guest takes it.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) seat: Seat,
    /// The guest's peer; `None` when nobody has the seat, and at other workers than the room's home.
    pub(crate) publisher: Option<Publisher>,
    /// The same when it publishes on its connection as a viewer.
    pub(crate) viewer: Option<PeerId>,
    pub(crate) audio: Track,
    pub(crate) video: Track,
    /// Whether its sound is dropped.
    pub(crate) is_muted: bool,
    /// When its last packet came; `None` while no media flows.
    last_media_at: Option<Instant>,
}

impl Guest {
    pub(crate) fn new(seat: Seat) -> Self {
        Self {
            seat,
            publisher: None,
            viewer: None,
            audio: Track::default(),
            video: Track::default(),
            is_muted: false,
            last_media_at: None,
        }
    }

    /// Replaces the publisher; returns the previous one.
    pub(crate) fn set_publisher(&mut self, new: Option<Publisher>) -> Option<Publisher> {
        self.audio.reset();
        self.video.reset();
        self.viewer = None;
        std::mem::replace(&mut self.publisher, new)
    }

    /// Adds a packet to its track. Returns whether the guest's media begins to flow with it.
    pub(crate) fn push(&mut self, stream: StreamKey, format: Format, packet: Packet) -> bool {
        let began = self.last_media_at.replace(packet.arrived).is_none();
        if format.codec.is_video() {
            self.video.push(stream, format, packet);
        } else if !self.is_muted {
            self.audio.push(stream, format, packet);
        }
        began
    }

    /// Whether its media has just stopped: nothing came for [`STALL_AFTER`], or the publisher is gone.
    pub(crate) fn has_stopped(&mut self, now: Instant) -> bool {
        let is_over = !(self.has_peer() || self.seat == Seat::SECOND)
            || self.stalls_at().is_some_and(|stalls_at| stalls_at <= now);
        is_over && self.last_media_at.take().is_some()
    }

    /// Whether its peer is here.
    pub(crate) fn has_peer(&self) -> bool {
        self.publisher.is_some() || self.viewer.is_some()
    }

    /// When its media counts as stopped.
    pub(crate) fn stalls_at(&self) -> Option<Instant> {
        Some(self.last_media_at? + STALL_AFTER)
    }

    /// The bitrate of its sound, in bit/s.
    pub(crate) fn sound_bps(&self) -> u64 {
        self.audio.layers.first().map_or(0, Layer::bps)
    }

    /// Its tracks.
    pub(crate) fn tracks(&self) -> [&Track; 2] {
        [&self.audio, &self.video]
    }
}
