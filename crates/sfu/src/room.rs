//! The media side of one room: its publisher, if it has one, its tracks and its viewers. It outlives
//! the publisher, so that viewers stay while a host drops and returns.

pub(crate) mod bitrate;
pub(crate) mod demand;
pub(crate) mod figures;
pub(crate) mod guest;
pub(crate) mod keyframes;
pub(crate) mod ring;
pub(crate) mod rung;
pub(crate) mod speaker;
mod stage;
pub(crate) mod track;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::core::outbox::Outbox;
use crate::ingress::Publisher;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{Rids, StreamKey};
use crate::room::demand::INSPECT_EVERY;
use crate::room::guest::Guest;
use crate::room::speaker::Speakers;
use crate::room::track::Track;
use crate::viewer::{Served, Stage, Viewer};
use crate::{PeerId, QUIET_AFTER, STALL_AFTER};
use media_api::{LayerRate, MediaInfo, PastOrder, Seat, Tap};

/// The longest time that a packet waits for others before the viewers are given it.
const MAX_COALESCING: Duration = Duration::from_millis(10);

/// The numbers of peers between which the wait of a packet for the rest of its frame rises from zero to
/// [`MAX_COALESCING`]. With fewer peers there is time for a message per packet.
const COALESCING_PEERS: std::ops::Range<usize> = 16..200;

/// The same for audio and a frame that wait for each other. Only with many viewers does a separate
/// message per audio packet cost too much: 50 messages per second for each viewer.
const SOUND_COALESCING_PEERS: std::ops::Range<usize> = 150..300;

/// The minimum interval between two [`Change::Quiet`], for a publisher that stops every other second.
const QUIET_EVERY: Duration = Duration::from_secs(10);

/// A frame waits for audio only if some came within this time: encoders send it every 10 to 60 ms.
const SOUND_GAP: Duration = Duration::from_millis(100);

/// The media side of one room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// The current publisher.
    pub(crate) publisher: Option<Publisher>,
    /// Whether the publisher's media are forwarded to the viewers.
    pub(crate) on_air: bool,
    /// When the publisher went on air after a rehearsal.
    aired_at: Option<Instant>,
    pub(crate) viewers: BTreeMap<PeerId, Viewer>,
    /// At the room's home: the workers that subscribe to it, one bit each.
    pub(crate) subscribers: u64,
    /// At the room's home: what is taken from it for storage and packaging.
    pub(crate) tap: Option<Tap>,
    /// At another worker: whether the home was asked to relay it.
    pub(crate) is_subscribed: bool,
    audio: Track,
    video: Track,
    /// The seats that guests have or had; at most [`media_api::MAX_GUESTS`].
    guests: Vec<Guest>,
    speakers: Speakers,
    /// The fan-out that waits for more packets.
    flush: Option<Flush>,
    /// When the last audio packet came.
    sound_at: Option<Instant>,
    /// When the publisher's last packet came; `None` while no media flows.
    last_media_at: Option<Instant>,
    /// Whether [`Change::Quiet`] was reported and no packet has come since.
    is_quiet: bool,
    /// The earliest time at which [`Change::Quiet`] is reported again.
    quiet_again_at: Option<Instant>,
    /// The last reported media.
    reported: MediaInfo,
    /// The last reported layer bitrates.
    reported_rates: Vec<LayerRate>,
    /// When to determine next which layers are watched; `None`: at once.
    inspect_at: Option<Instant>,
    /// The layers of the last [`Change::Unwanted`].
    unwanted: Rids,
    /// What was counted of peers that are gone.
    pub(crate) gone: figures::Totals,
}

/// A fan-out that waits for more packets.
#[derive(Debug, Clone, Copy)]
struct Flush {
    /// The latest time of the fan-out.
    at: Instant,
    /// Whether a complete frame waits.
    frame: bool,
    /// Whether audio waits.
    sound: bool,
}

/// A change of a room's media, for the control plane.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Media began to flow, or its codecs or layers changed.
    Flowing(MediaInfo),
    /// No packet came for [`QUIET_AFTER`].
    Quiet,
    /// No packet came for [`STALL_AFTER`].
    Stalled,
    /// The publisher need not send these layers, and is to send all others.
    Unwanted(Vec<String>),
    /// The media of a guest begins to flow, or stops.
    Guest(Seat, bool),
}

impl Room {
    /// Replaces the publisher; returns the previous one.
    pub(crate) fn set_publisher(
        &mut self,
        new: Option<Publisher>,
        on_air: bool,
    ) -> Option<Publisher> {
        self.audio.reset();
        self.video.reset();
        self.reset_second();
        self.last_media_at = None;
        self.is_quiet = false;
        // A new publisher begins with all its layers.
        self.unwanted = Rids::default();
        self.reported_rates.clear();
        self.on_air = on_air;
        self.aired_at = None;
        std::mem::replace(&mut self.publisher, new)
    }

    /// Puts a publisher that rehearsed on air. It is asked for keyframes: what stores the broadcast is given nothing from
    /// before. Its first viewers find all layers.
    pub(crate) fn go_live(&mut self, now: Instant) {
        if std::mem::replace(&mut self.on_air, true) {
            return;
        }
        self.aired_at = Some(now);
        let guests = self.guests.iter_mut().flat_map(|it| &mut it.video.layers);
        for layer in self.video.layers.iter_mut().chain(guests) {
            layer.demand.want(now);
            if !layer.demand.is_paused() {
                layer.keyframe.want();
            }
        }
    }

    /// Adds a packet of the publisher to its track.
    pub(crate) fn ingest(
        &mut self,
        stream: StreamKey,
        format: Format,
        packet: Packet,
    ) -> Option<Change> {
        let arrived = packet.arrived;
        let track = if format.codec.is_video() { &mut self.video } else { &mut self.audio };
        let is_new = track.push(stream, format, packet);
        let before = self.last_media_at.replace(arrived);
        self.note_silence(before, arrived);
        let began = before.is_none() | std::mem::take(&mut self.is_quiet);
        if !(is_new || began) {
            return None;
        }
        let info = self.info();
        let changed = began || info != self.reported;
        self.reported = info.clone();
        changed.then_some(Change::Flowing(info))
    }

    /// Schedules the fan-out of a new packet: `is_complete` says whether it completes its frame. Returns
    /// whether the fan-out is due now; else it is at [`Self::deadline`].
    ///
    /// A message costs about the same whatever its size. With a few viewers no packet waits. With many
    /// the packets of a frame wait for the last one. With more a frame and an audio packet also wait for
    /// each other.
    pub(crate) fn is_flush_due(
        &mut self,
        is_video: bool,
        is_complete: bool,
        n_peers: usize,
        now: Instant,
    ) -> bool {
        let delay = coalescing(n_peers, COALESCING_PEERS);
        let sound_delay = coalescing(n_peers, SOUND_COALESCING_PEERS);
        let is_alone = sound_delay.is_zero() && (!is_video || is_complete);
        if delay.is_zero() || is_alone {
            self.flush = None;
            return true;
        }
        let delay = if is_video && !is_complete { delay } else { sound_delay };
        if !is_video {
            self.sound_at = Some(now);
        }
        let has_sound =
            self.sound_at.is_some_and(|at| now.saturating_duration_since(at) < SOUND_GAP);
        let it = self.flush.get_or_insert(Flush { at: now + delay, frame: false, sound: false });
        it.at = it.at.min(now + delay);
        it.frame |= is_video && is_complete;
        it.sound |= !is_video;
        if it.frame && (it.sound || !has_sound) {
            self.flush = None;
            return true;
        }
        self.is_flush_over(now)
    }

    /// Whether the waiting packets are due; if so, they no longer wait.
    pub(crate) fn is_flush_over(&mut self, now: Instant) -> bool {
        let is_over = self.flush.is_some_and(|it| it.at <= now);
        if is_over {
            self.flush = None;
        }
        is_over
    }

    /// Checks whether the publisher has been silent for [`QUIET_AFTER`] or [`STALL_AFTER`].
    pub(crate) fn check_stall(&mut self, now: Instant) -> Option<Change> {
        let silence = now.saturating_duration_since(self.last_media_at?);
        if silence >= STALL_AFTER {
            self.last_media_at = None;
            self.is_quiet = false;
            return Some(Change::Stalled);
        }
        if self.quiet_at().is_some_and(|at| at <= now) {
            self.is_quiet = true;
            self.quiet_again_at = Some(now + QUIET_EVERY);
            return Some(Change::Quiet);
        }
        None
    }

    /// When [`Change::Quiet`] is due.
    fn quiet_at(&self) -> Option<Instant> {
        let at = self.last_media_at.filter(|_| !self.is_quiet)? + QUIET_AFTER;
        Some(self.quiet_again_at.map_or(at, |it| it.max(at)))
    }

    /// The viewers from `from` on, and the stage to serve them from.
    pub(crate) fn viewers_from(
        &mut self,
        from: PeerId,
    ) -> (impl Iterator<Item = (PeerId, &mut Viewer)>, Stage<'_>) {
        let stage = Stage {
            audio: &self.audio,
            video: &self.video,
            on_air: self.on_air,
            guests: &self.guests,
            speaker: self.speakers.current(),
        };
        (self.viewers.range_mut(from..).map(|(peer, it)| (*peer, it)), stage)
    }

    /// Runs one viewer's timers and forwards new packets to it; `None` if it is not here.
    pub(crate) fn serve(&mut self, peer: PeerId, now: Instant, out: &mut Outbox) -> Option<Served> {
        let stage = Stage {
            audio: &self.audio,
            video: &self.video,
            on_air: self.on_air,
            guests: &self.guests,
            speaker: self.speakers.current(),
        };
        Some(self.viewers.get_mut(&peer)?.serve(stage, now, out))
    }

    /// Sends a viewer the past of the room, or what is live again.
    pub(crate) fn order_past(&mut self, peer: PeerId, order: PastOrder) {
        let stage = Stage {
            audio: &self.audio,
            video: &self.video,
            on_air: self.on_air,
            guests: &self.guests,
            speaker: self.speakers.current(),
        };
        if let Some(viewer) = self.viewers.get_mut(&peer) {
            viewer.order_past(order, stage);
        }
    }

    /// Records that a viewer needs a keyframe of this layer of a seat.
    pub(crate) fn want_keyframe(&mut self, seat: Seat, layer: usize, now: Instant) {
        if !seat.is_host() {
            return self.want_keyframe_of_guest(seat, layer, now);
        }
        if let Some(layer) = self.video.layers.get_mut(layer) {
            layer.keyframe.want();
            layer.demand.want(now);
            if layer.demand.is_paused() {
                self.inspect_at = None;
            }
        }
    }

    /// Records that a viewer at another worker needs a keyframe of this stream.
    pub(crate) fn want_keyframe_of(&mut self, seat: Seat, stream: StreamKey, now: Instant) {
        let [_, video] = self.tracks_of(seat);
        if let Some(layer) = video.layers.iter().position(|it| it.stream == stream) {
            self.want_keyframe(seat, layer, now);
        }
    }

    /// The layer bitrates, if the layers are not those of the last report or a bitrate differs from it by
    /// more than a quarter.
    pub(crate) fn new_rates(&mut self, now: Instant) -> Option<Vec<LayerRate>> {
        let rates = self.video.layer_rates(now);
        let is_near = |(old, new): (&LayerRate, &LayerRate)| {
            old.rid == new.rid && old.kbps.abs_diff(new.kbps) <= old.kbps / 4
        };
        let is_known = rates.len() == self.reported_rates.len()
            && self.reported_rates.iter().zip(&rates).all(is_near);
        if is_known {
            return None;
        }
        self.reported_rates.clone_from(&rates);
        Some(rates)
    }

    /// Requests a keyframe that no viewer needs, only to learn whether the publisher sends one.
    pub(crate) fn try_keyframe_of(&mut self, ssrc: u32) {
        if let Some(layer) = self.video.layers.iter_mut().find(|it| it.stream.ssrc == ssrc) {
            layer.keyframe.want();
        }
    }

    /// Records that another worker has viewers of these layers.
    pub(crate) fn want_layers(&mut self, layers: &Rids, now: Instant) {
        for layer in &mut self.video.layers {
            if layer.stream.rid.is_some() && layers.contains(&layer.stream.rid) {
                layer.demand.want(now);
                if layer.demand.is_paused() {
                    self.inspect_at = None;
                }
            }
        }
    }

    /// Whether it is time to determine which layers are watched.
    pub(crate) fn is_inspection_due(&self, now: Instant) -> bool {
        self.inspect_at.is_none_or(|at| at <= now)
    }

    /// Records which layers the viewers here watch; returns the layers that are wanted just now.
    pub(crate) fn look(&mut self, now: Instant) -> Rids {
        self.inspect_at = Some(now + INSPECT_EVERY);
        for viewer in self.viewers.values().filter(|it| it.egress.is_connected()) {
            for index in viewer.watches(&self.video).into_iter().flatten() {
                if let Some(layer) = self.video.layers.get_mut(index) {
                    layer.demand.want(now);
                }
            }
        }
        self.want_tapped(now);
        self.want_layers_of_guests(now);
        self.video.rids_of(|it| it.demand.is_wanted_at(now))
    }

    /// Records which layers the tap takes.
    pub(crate) fn want_tapped(&mut self, now: Instant) {
        match self.tap {
            Some(Tap::All) => self.video.layers.iter_mut().for_each(|it| it.demand.want(now)),
            Some(Tap::Best) => {
                let best = self.video.layers.iter_mut().max_by_key(|it| it.bps());
                best.into_iter().for_each(|it| it.demand.want(now));
            }
            Some(Tap::Passing) | None => {}
        }
    }

    /// Records that the tap needs a keyframe of this stream. A tap of what passes anyway does not make the publisher
    /// send a layer that nobody watches.
    pub(crate) fn want_keyframe_of_source(&mut self, seat: Seat, ssrc: u32, now: Instant) {
        let [_, video] = self.tracks_of(seat);
        let Some(index) = video.layers.iter().position(|it| it.stream.ssrc == ssrc) else { return };
        if self.tap != Some(Tap::Passing) || !seat.is_host() {
            self.want_keyframe(seat, index, now);
        } else if let Some(layer) = self.video.layers.get_mut(index)
            && !layer.demand.is_paused()
        {
            layer.keyframe.want();
        }
    }

    /// At the room's home, decides which layers the publisher need not send. Returns the change, if
    /// there is one.
    pub(crate) fn review_layers(&mut self, now: Instant) -> Option<Change> {
        // Before a broadcast is on air nobody can watch, but its first viewers are to find all layers.
        self.video.review(!self.on_air, now);
        let unwanted = self.paused();
        if std::mem::replace(&mut self.unwanted, unwanted) == unwanted {
            return None;
        }
        Some(Change::Unwanted(unwanted.iter().flatten().map(ToString::to_string).collect()))
    }

    /// The layers that the publisher need not send.
    pub(crate) fn paused(&self) -> Rids {
        self.video.rids_of(|it| it.demand.is_paused())
    }

    /// At another worker than the home: sets the layers that the publisher need not send.
    pub(crate) fn set_paused(&mut self, paused: &Rids, now: Instant) {
        for layer in &mut self.video.layers {
            let is_named = layer.stream.rid.is_some() && paused.contains(&layer.stream.rid);
            layer.demand.set_paused(is_named, now);
        }
    }

    /// Sends due keyframe requests to the publisher. At another worker than the home, calls `ask` for
    /// them instead. Returns whether the publisher was asked.
    pub(crate) fn request_keyframes(
        &mut self,
        now: Instant,
        mut ask: impl FnMut(StreamKey),
    ) -> bool {
        let mut asked = false;
        for layer in &mut self.video.layers {
            match &mut self.publisher {
                Some(publisher) if layer.keyframe.poll(now) => {
                    publisher.request_keyframe(layer.stream, now);
                    asked = true;
                }
                None if self.is_subscribed && layer.keyframe.poll(now) => ask(layer.stream),
                _ => {}
            }
        }
        asked
    }

    /// The last packet of a stream of a seat; `None` if the room has no such stream.
    pub(crate) fn newest_of(
        &self,
        seat: Seat,
        stream: StreamKey,
        format: Format,
    ) -> Option<&Packet> {
        let [audio, video] = self.tracks_of(seat);
        let track = if format.codec.is_video() { video } else { audio };
        track.layer_of(stream, format)?.ring.newest()
    }

    /// All packets in the rings that came since the publisher is on air, in order of arrival.
    pub(crate) fn aired(&self) -> Vec<(Seat, StreamKey, Format, &Packet)> {
        let mut packets = self.snapshot();
        packets.retain(|it| self.aired_at.is_none_or(|at| it.3.arrived >= at));
        packets
    }

    /// All packets in the rings, in order of arrival.
    pub(crate) fn snapshot(&self) -> Vec<(Seat, StreamKey, Format, &Packet)> {
        let seats = std::iter::once(Seat::HOST).chain(self.guests.iter().map(|it| it.seat));
        let mut packets = Vec::new();
        for seat in seats {
            for layer in self.tracks_of(seat).into_iter().flat_map(|it| &it.layers) {
                let (stream, format) = (layer.stream, layer.format);
                packets.extend(layer.ring.packets().map(|it| (seat, stream, format, it)));
            }
        }
        packets.sort_by_key(|it| it.3.arrived);
        packets
    }

    /// The room's own next deadline.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let stall = self.last_media_at.map(|at| at + STALL_AFTER);
        let keyframes = self.video.layers.iter().filter_map(|it| it.keyframe.poll_timeout());
        stall
            .into_iter()
            .chain(self.quiet_at())
            .chain(keyframes)
            .chain(self.flush.map(|it| it.at))
            .chain(self.deadline_of_guests())
            .min()
    }

    /// Whether it has no publisher, no viewer, no subscribed worker and no tap.
    pub(crate) fn is_empty(&self) -> bool {
        self.publisher.is_none()
            && self.tap.is_none()
            && self.viewers.is_empty()
            && self.subscribers == 0
            && self.guests.iter().all(|it| it.publisher.is_none())
    }

    /// Bytes of payload in the rings.
    pub(crate) fn bytes(&self) -> usize {
        let of_guests = self.guests.iter().flat_map(Guest::tracks);
        let tracks = [&self.audio, &self.video].into_iter().chain(of_guests);
        tracks.flat_map(|it| &it.layers).map(|it| it.ring.bytes()).sum()
    }

    fn info(&self) -> MediaInfo {
        MediaInfo {
            audio: self.audio.format().map(|it| it.codec),
            video: self.video.format().map(|it| it.codec),
            layers: self.video.rids(),
        }
    }
}

/// How long a packet may wait for others: zero up to `start` peers, [`MAX_COALESCING`] from `end` on, and
/// linear between them.
fn coalescing(n_peers: usize, std::ops::Range { start, end }: std::ops::Range<usize>) -> Duration {
    let above = n_peers.saturating_sub(start).min(end - start);
    MAX_COALESCING * above as u32 / (end - start) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    const CROWD: usize = 1_000;

    fn at(ms: u64) -> Instant {
        *START + Duration::from_millis(ms)
    }

    #[test]
    fn with_a_few_viewers_nothing_waits() {
        let mut room = Room::default();
        assert!(room.is_flush_due(true, false, 16, at(0)));
        assert!(room.is_flush_due(false, true, 16, at(1)));
        assert_eq!(room.deadline(), None);
    }

    #[test]
    fn with_a_hundred_a_frame_waits_for_its_end_and_sound_for_nothing() {
        let mut room = Room::default();
        assert!(room.is_flush_due(false, true, 150, at(0)), "audio waited");
        assert!(!room.is_flush_due(true, false, 150, at(5)), "an incomplete frame did not wait");
        assert!(room.is_flush_due(true, true, 150, at(6)), "a complete frame waited for audio");
        assert_eq!(room.deadline(), None);
    }

    #[test]
    fn with_many_a_frame_waits_for_its_end_and_for_sound_but_never_long() {
        let mut room = Room::default();
        assert!(!room.is_flush_due(false, true, CROWD, at(0)), "audio did not wait for a frame");
        assert_eq!(room.deadline(), Some(at(10)));
        assert!(!room.is_flush_due(true, false, CROWD, at(5)), "an incomplete frame did not wait");
        assert!(room.is_flush_due(true, true, CROWD, at(6)), "a frame and audio waited for more");

        assert!(!room.is_flush_due(true, true, CROWD, at(40)), "a frame did not wait for audio");
        assert!(!room.is_flush_over(at(49)));
        assert!(room.is_flush_over(at(50)), "a frame waited for audio for more than 10 ms");
        assert!(
            room.is_flush_due(true, true, CROWD, at(200)),
            "a frame waited for audio that does not come"
        );
    }
}
