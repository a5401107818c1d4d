//! The media side of one room: at most one publisher, its tracks, its viewers. It outlives the
//! publisher, so that viewers stay when a host drops and returns.

pub(crate) mod bitrate;
pub(crate) mod demand;
pub(crate) mod keyframes;
pub(crate) mod ring;
pub(crate) mod rung;
pub(crate) mod track;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::core::outbox::Outbox;
use crate::ingress::Publisher;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{Rids, StreamKey};
use crate::room::demand::LOOK_EVERY;
use crate::room::track::Track;
use crate::viewer::{Served, Stage, Viewer};
use crate::{PeerId, QUIET_AFTER, STALL_AFTER};
use media_api::{LayerRate, MediaInfo};

/// The longest that a packet waits for others, and the number of peers from which on it does: below,
/// there is time for a message each.
const MAX_COALESCING: Duration = Duration::from_millis(10);
const COALESCING_PEERS: std::ops::Range<usize> = 16..200;

/// The same of sound and a frame, which wait for each other only where a message of its own for each packet of
/// sound costs too much: 50 messages a second for each viewer.
const SOUND_COALESCING_PEERS: std::ops::Range<usize> = 150..300;

/// A publisher that stops every other second is told of no more often.
const QUIET_EVERY: Duration = Duration::from_secs(10);

/// A frame waits for sound only where there is some: encoders send it every 10 to 60 ms.
const SOUND_GAP: Duration = Duration::from_millis(100);

/// The media side of one room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Who sends, if anybody does now.
    pub(crate) publisher: Option<Publisher>,
    /// Whether viewers are forwarded what the publisher sends.
    pub(crate) on_air: bool,
    /// Who watches.
    pub(crate) viewers: BTreeMap<PeerId, Viewer>,
    /// The workers where the room is watched, one bit each, when it is at home here.
    pub(crate) subscribers: u64,
    /// Whether its home was asked to relay it, when that is elsewhere.
    pub(crate) is_subscribed: bool,
    audio: Track,
    video: Track,
    /// What viewers were not given yet.
    flush: Option<Flush>,
    /// When sound last came.
    sound_at: Option<Instant>,
    /// When the publisher's last packet came, while media flows.
    last_media_at: Option<Instant>,
    /// It was told that nothing comes; and when that may be told again.
    is_quiet: bool,
    quiet_again_at: Option<Instant>,
    reported: MediaInfo,
    /// What the layers take, as it was told last.
    told_rates: Vec<LayerRate>,
    /// When it is seen next which layers are watched; `None`: at once.
    look_at: Option<Instant>,
    /// The layers that the publisher was told it need not send.
    unwanted: Rids,
}

/// What waits to be given to the viewers.
#[derive(Debug, Clone, Copy)]
struct Flush {
    /// When they are given it, at the latest.
    at: Instant,
    /// Whether a whole frame is among it.
    frame: bool,
    /// Whether sound is.
    sound: bool,
}

/// What the control plane is to be told of a room's media.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Media flows, or flows otherwise than before.
    Flowing(MediaInfo),
    /// Nothing came for a moment.
    Quiet,
    /// It stopped coming.
    Stalled,
    /// These layers need not be sent, and all others are to be.
    Unwanted(Vec<String>),
}

impl Room {
    /// Takes the place of the publisher; returns the one before.
    pub(crate) fn set_publisher(
        &mut self,
        new: Option<Publisher>,
        on_air: bool,
    ) -> Option<Publisher> {
        self.audio.reset();
        self.video.reset();
        self.last_media_at = None;
        self.is_quiet = false;
        // A new publisher begins with all its layers.
        self.unwanted = Rids::default();
        self.told_rates.clear();
        self.on_air = on_air;
        std::mem::replace(&mut self.publisher, new)
    }

    /// Takes a packet of the publisher.
    pub(crate) fn ingest(
        &mut self,
        stream: StreamKey,
        format: Format,
        packet: Packet,
    ) -> Option<Change> {
        let arrived = packet.arrived;
        let track = if format.codec.is_video() { &mut self.video } else { &mut self.audio };
        let is_new = track.push(stream, format, packet);
        let began =
            self.last_media_at.replace(arrived).is_none() | std::mem::take(&mut self.is_quiet);
        if !(is_new || began) {
            return None;
        }
        let info = self.info();
        let changed = began || info != self.reported;
        self.reported = info.clone();
        changed.then_some(Change::Flowing(info))
    }

    /// A packet came of which this is said: whether it was of the picture, and whether its frame is
    /// complete. Returns whether the viewers are given what came now, or else at [`Self::deadline`].
    ///
    /// One message costs about the same whatever it holds. So with many viewers the packets of a frame
    /// wait for its last; with more a frame and a packet of sound wait for each other as well; with a few nothing
    /// waits.
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

    /// Whether what came has waited long enough.
    pub(crate) fn is_flush_over(&mut self, now: Instant) -> bool {
        let is_over = self.flush.is_some_and(|it| it.at <= now);
        if is_over {
            self.flush = None;
        }
        is_over
    }

    /// Whether the publisher has been silent for too long.
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

    /// When it is to be told that nothing comes.
    fn quiet_at(&self) -> Option<Instant> {
        let at = self.last_media_at.filter(|_| !self.is_quiet)? + QUIET_AFTER;
        Some(self.quiet_again_at.map_or(at, |it| it.max(at)))
    }

    /// The viewers from this one on, and what they see.
    pub(crate) fn viewers_from(
        &mut self,
        from: PeerId,
    ) -> (impl Iterator<Item = (PeerId, &mut Viewer)>, Stage<'_>) {
        let stage = Stage { audio: &self.audio, video: &self.video, on_air: self.on_air };
        (self.viewers.range_mut(from..).map(|(peer, it)| (*peer, it)), stage)
    }

    /// Lets time pass for one viewer, and forwards what is new; `None` when it is not here.
    pub(crate) fn serve(&mut self, peer: PeerId, now: Instant, out: &mut Outbox) -> Option<Served> {
        let stage = Stage { audio: &self.audio, video: &self.video, on_air: self.on_air };
        Some(self.viewers.get_mut(&peer)?.serve(stage, now, out))
    }

    /// Somebody needs a keyframe of this layer.
    pub(crate) fn want_keyframe(&mut self, layer: usize, now: Instant) {
        if let Some(layer) = self.video.layers.get_mut(layer) {
            layer.keyframe.want();
            layer.demand.want(now);
            if layer.demand.is_paused() {
                self.look_at = None;
            }
        }
    }

    /// Somebody at another worker needs a keyframe of this stream.
    pub(crate) fn want_keyframe_of(&mut self, stream: StreamKey, now: Instant) {
        if let Some(layer) = self.video.layers.iter().position(|it| it.stream == stream) {
            self.want_keyframe(layer, now);
        }
    }

    /// What the layers take, when that is other than was told last.
    pub(crate) fn new_rates(&mut self, now: Instant) -> Option<Vec<LayerRate>> {
        let rates = self.video.layer_rates(now);
        let is_near = |(old, new): (&LayerRate, &LayerRate)| {
            old.rid == new.rid && old.kbps.abs_diff(new.kbps) <= old.kbps / 4
        };
        let is_known =
            rates.len() == self.told_rates.len() && self.told_rates.iter().zip(&rates).all(is_near);
        if is_known {
            return None;
        }
        self.told_rates.clone_from(&rates);
        Some(rates)
    }

    /// One of this stream would tell whether the publisher makes any; nobody needs it.
    pub(crate) fn try_keyframe_of(&mut self, ssrc: u32) {
        if let Some(layer) = self.video.layers.iter_mut().find(|it| it.stream.ssrc == ssrc) {
            layer.keyframe.want();
        }
    }

    /// Somebody at another worker watches these layers.
    pub(crate) fn want_layers(&mut self, layers: &Rids, now: Instant) {
        for layer in &mut self.video.layers {
            if layer.stream.rid.is_some() && layers.contains(&layer.stream.rid) {
                layer.demand.want(now);
                if layer.demand.is_paused() {
                    self.look_at = None;
                }
            }
        }
    }

    /// Whether it is time to see which layers are watched.
    pub(crate) fn is_look_due(&self, now: Instant) -> bool {
        self.look_at.is_none_or(|at| at <= now)
    }

    /// Sees which layers are watched by viewers here, or wanted.
    pub(crate) fn look(&mut self, now: Instant) -> Rids {
        self.look_at = Some(now + LOOK_EVERY);
        for viewer in self.viewers.values().filter(|it| it.egress.is_connected()) {
            for index in viewer.watches(&self.video).into_iter().flatten() {
                if let Some(layer) = self.video.layers.get_mut(index) {
                    layer.demand.want(now);
                }
            }
        }
        self.video.rids_of(|it| it.demand.is_wanted_at(now))
    }

    /// At the room's home, decides which layers the publisher need not send. Returns what it is to be
    /// told of that.
    pub(crate) fn review_layers(&mut self, now: Instant) -> Option<Change> {
        // Before a broadcast is on air nobody can watch; its viewers are to find all of it.
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

    /// Of a room that is at home elsewhere: the layers that its publisher need not send.
    pub(crate) fn set_paused(&mut self, paused: &Rids, now: Instant) {
        for layer in &mut self.video.layers {
            let is_named = layer.stream.rid.is_some() && paused.contains(&layer.stream.rid);
            layer.demand.set_paused(is_named, now);
        }
    }

    /// Asks the publisher for the keyframes that are due; of a room that is at home elsewhere, has
    /// them asked for by `ask`. Returns whether the publisher was asked.
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

    /// The packet of a stream that came last; `None` when the stream is none of the room's.
    pub(crate) fn newest_of(&self, stream: StreamKey, format: Format) -> Option<&Packet> {
        let track = if format.codec.is_video() { &self.video } else { &self.audio };
        track.layer_of(stream, format)?.ring.newest()
    }

    /// All packets in the rings, as they came.
    pub(crate) fn snapshot(&self) -> Vec<(StreamKey, Format, &Packet)> {
        let layers = [&self.audio, &self.video].into_iter().flat_map(|it| &it.layers);
        let mut packets = Vec::new();
        for layer in layers {
            packets.extend(layer.ring.packets().map(|it| (layer.stream, layer.format, it)));
        }
        packets.sort_by_key(|it| it.2.arrived);
        packets
    }

    /// When the room itself has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let stall = self.last_media_at.map(|at| at + STALL_AFTER);
        let keyframes = self.video.layers.iter().filter_map(|it| it.keyframe.poll_timeout());
        stall
            .into_iter()
            .chain(self.quiet_at())
            .chain(keyframes)
            .chain(self.flush.map(|it| it.at))
            .min()
    }

    /// Whether nobody is here, or has it relayed.
    pub(crate) fn is_empty(&self) -> bool {
        self.publisher.is_none() && self.viewers.is_empty() && self.subscribers == 0
    }

    /// Bytes of payload held for late viewers and retransmission.
    pub(crate) fn bytes(&self) -> usize {
        [&self.audio, &self.video]
            .into_iter()
            .flat_map(|it| &it.layers)
            .map(|it| it.ring.bytes())
            .sum()
    }

    fn info(&self) -> MediaInfo {
        MediaInfo {
            audio: self.audio.format().map(|it| it.codec),
            video: self.video.format().map(|it| it.codec),
            layers: self.video.rids(),
        }
    }
}

/// How long a packet may wait for others: nothing with fewer peers than these, more with their number.
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
        assert!(room.is_flush_due(false, true, 150, at(0)), "sound leaves at once");
        assert!(!room.is_flush_due(true, false, 150, at(5)), "the frame is not whole");
        assert!(room.is_flush_due(true, true, 150, at(6)), "it does not wait for sound");
        assert_eq!(room.deadline(), None);
    }

    #[test]
    fn with_many_a_frame_waits_for_its_end_and_for_sound_but_never_long() {
        let mut room = Room::default();
        assert!(!room.is_flush_due(false, true, CROWD, at(0)), "sound waits for a frame");
        assert_eq!(room.deadline(), Some(at(10)));
        assert!(!room.is_flush_due(true, false, CROWD, at(5)), "the frame is not whole");
        assert!(room.is_flush_due(true, true, CROWD, at(6)), "both are there");

        assert!(!room.is_flush_due(true, true, CROWD, at(40)), "a frame waits for sound");
        assert!(!room.is_flush_over(at(49)));
        assert!(room.is_flush_over(at(50)), "and goes without");
        assert!(
            room.is_flush_due(true, true, CROWD, at(200)),
            "where there is none it does not wait"
        );
    }
}
