//! One viewer of a room: where it stands in the ring of each track, which layer it follows, and
//! its own numbering. It reads the rings; it can slow nobody.

use std::time::{Duration, Instant};

use crate::CloseReason;
use crate::config::Config;
use crate::egress::{Egress, Kind, Outgoing, Output};
use crate::outbox::Outbox;
use crate::rewrite::{PictureIds, Rewriter};
use crate::ring::{Ring, Start};
use crate::sent::{SentLog, Source};
use crate::track::{Layer, Track};

/// Packets of a replay that go out at once: 28 kB, which every access link's buffer holds.
const REPLAY_BURST: usize = 24;

/// The time between two bursts of a replay: 24 packets in 5 ms are 44 Mbit/s.
const REPLAY_INTERVAL: Duration = Duration::from_millis(5);

/// Packets that one viewer is given in one go, so that all get their turn and the outbox has room.
const MAX_AT_ONCE: usize = 64;

/// The most bytes that a packet is filled up with: 1 % of it.
const MAX_PADDING: usize = 12;

/// How old a keyframe may be for a viewer to change layers at it. The picture it has is newer.
const SWITCH_AGE: Duration = Duration::from_millis(100);

/// One viewer.
#[derive(Debug)]
pub(crate) struct Viewer {
    /// Its sending half.
    pub(crate) egress: Box<dyn Egress>,
    /// When its timer is set for, so that a timer which stays is not set again.
    pub(crate) timer_at: Option<Instant>,
    audio: Sending,
    video: Sending,
}

/// One outgoing track.
#[derive(Debug)]
struct Sending {
    rewriter: Rewriter,
    picture_ids: PictureIds,
    /// For repetitions; sound is not repeated.
    sent: Option<SentLog>,
    at: Option<Cursor>,
    /// The epoch whose format this viewer has no payload type for.
    unplayable: Option<u32>,
    /// Whether the payload type has to be looked up again.
    is_renegotiated: bool,
}

/// Where a viewer stands.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    epoch: u32,
    layer: usize,
    /// The position of the next packet in the layer's ring.
    next: u64,
    payload_type: u8,
    /// While behind the live edge after a begin: when the next burst may go.
    replay_at: Option<Instant>,
}

/// What a viewer needs after it was pumped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Needs {
    /// A keyframe of this layer.
    keyframe: Option<usize>,
    /// To be pumped again at this time, without anything new having come.
    again_at: Option<Instant>,
}

/// What came of serving a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    /// ICE and DTLS came up.
    pub(crate) connected: bool,
    /// A keyframe of this layer is needed.
    pub(crate) keyframe: Option<usize>,
    /// When it is to be served again, whatever comes.
    pub(crate) deadline: Instant,
    /// Why it is over, once it is.
    pub(crate) closed: Option<CloseReason>,
}

impl Served {
    /// Whether there is nothing to be done but to wait, with a timer that is set.
    pub(crate) fn is_quiet(&self, timer_at: Option<Instant>) -> bool {
        !self.connected
            && self.keyframe.is_none()
            && self.closed.is_none()
            && timer_at == Some(self.deadline)
    }
}

/// What a room shows its viewers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage<'a> {
    /// Sound.
    pub(crate) audio: &'a Track,
    /// Picture.
    pub(crate) video: &'a Track,
    /// Whether they see it.
    pub(crate) on_air: bool,
}

impl Viewer {
    /// A viewer that was sent nothing yet.
    pub(crate) fn new(egress: Box<dyn Egress>, config: &Config) -> Self {
        let sending = |sent| Sending {
            rewriter: Rewriter::new(config.first_seq, config.first_ts),
            picture_ids: PictureIds::default(),
            sent,
            at: None,
            unplayable: None,
            is_renegotiated: false,
        };
        Self {
            egress,
            timer_at: None,
            audio: sending(None),
            video: sending(Some(SentLog::default())),
        }
    }

    /// Leaves the room's rings, for others where positions mean something else. Its numbering goes on.
    pub(crate) fn park(&mut self) {
        self.timer_at = None;
        for sending in [&mut self.audio, &mut self.video] {
            sending.at = None;
            sending.unplayable = None;
            sending.sent = sending.sent.as_ref().map(|_| SentLog::default());
        }
    }

    /// Lets time pass for it, and forwards what is new.
    pub(crate) fn serve(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Served {
        let mut needs = self.pump(stage, now, out);
        self.egress.handle_timeout(now);
        let mut connected = false;
        loop {
            match self.egress.poll(now, out) {
                Output::Connected => {
                    connected = true;
                    needs = self.pump(stage, now, out);
                }
                Output::KeyframeWanted => {
                    needs.keyframe = needs.keyframe.or(self.video_layer(stage.video));
                }
                Output::Timeout(at) => {
                    self.repeat(stage.video, now, out);
                    return Served {
                        connected,
                        keyframe: needs.keyframe,
                        deadline: needs.again_at.map_or(at, |again| again.min(at)),
                        closed: self.egress.closed(),
                    };
                }
            }
        }
    }

    /// Sends again what the viewer missed.
    fn repeat(&mut self, track: &Track, now: Instant, out: &mut Outbox) {
        while let Some(seq) = self.egress.next_request() {
            let gap = self.egress.repeat_gap_ms();
            let sent = self.video.sent.as_mut().and_then(|it| it.repeat(seq, gap, now));
            let Some((position, source)) = sent.filter(|it| it.1.epoch == track.epoch) else {
                continue;
            };
            let Some(layer) = track.layers.get(source.layer) else { continue };
            let Some(packet) = layer.ring.get(layer.ring.recent(position)) else { continue };
            let again = Outgoing {
                kind: Kind::Video,
                payload_type: source.payload_type,
                seq: seq.into(),
                ts: source.numbering.timestamp(packet.ts),
                padding: 0,
                marker: packet.marker,
                extensions: &packet.extensions,
                elements: &packet.elements,
                payload: &packet.payload,
                vp8_patch: packet.vp8.as_ref().and_then(|it| source.pictures.patch(it)),
                captured: packet.captured,
            };
            self.egress.repeat(again, now, out);
        }
    }

    /// Forwards what is new in the tracks.
    fn pump(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Needs {
        if !stage.on_air || !self.egress.is_connected() {
            return Needs::default();
        }
        // The picture first: its packets are larger, and a smaller one may end a message.
        let needs = self.pump_video(stage.video, now, out);
        self.pump_audio(stage.audio, now, out);
        needs
    }

    /// Which video layer the viewer follows.
    fn video_layer(&self, video: &Track) -> Option<usize> {
        self.video.at.filter(|it| it.epoch == video.epoch).map(|it| it.layer)
    }

    /// Negotiated anew: payload types may differ.
    pub(crate) fn renegotiated(&mut self) {
        for sending in [&mut self.audio, &mut self.video] {
            sending.unplayable = None;
            sending.is_renegotiated = true;
        }
    }

    fn pump_audio(&mut self, track: &Track, now: Instant, out: &mut Outbox) {
        let Some(layer) = track.layers.first() else { return };
        let sending = &mut self.audio;
        if sending.at.is_none_or(|it| it.epoch != track.epoch) {
            // Sound begins at the live edge: old sound would only be delay.
            let Some(newest) = layer.ring.newest() else { return };
            let start = Start {
                position: layer.ring.head() - 1,
                first_seq: newest.seq,
                ts: newest.ts,
                arrived: newest.arrived,
            };
            sending.begin(&*self.egress, Kind::Audio, track, 0, start, now);
        }
        sending.forward(&mut *self.egress, Kind::Audio, layer, MAX_AT_ONCE, now, out);
    }

    fn pump_video(&mut self, track: &Track, now: Instant, out: &mut Outbox) -> Needs {
        let mut needs = Needs::default();
        let sending = &mut self.video;
        let current = sending.at.filter(|it| it.epoch == track.epoch);
        let Some(best) = track.best(current.map(|it| it.layer), now) else { return needs };
        if current.is_none_or(|it| it.layer != best) {
            let layer = &track.layers[best];
            let start = match current {
                None => layer.ring.start(now),
                Some(_) => fresh_keyframe(layer, now),
            };
            match start {
                Some(start) => {
                    sending.begin(&*self.egress, Kind::Video, track, best, start, now);
                }
                None => needs.keyframe = Some(best),
            }
        }
        let Some(cursor) = sending.at.filter(|it| it.epoch == track.epoch) else {
            // A viewer who cannot play the format needs no keyframe of it.
            needs.keyframe = needs.keyframe.filter(|_| sending.unplayable != Some(track.epoch));
            return needs;
        };
        let layer = &track.layers[cursor.layer];
        let budget = match cursor.replay_at {
            Some(at) if now < at => 0,
            Some(_) => REPLAY_BURST,
            None => MAX_AT_ONCE,
        };
        let lost = sending.forward(&mut *self.egress, Kind::Video, layer, budget, now, out);
        if lost {
            // It fell behind what the ring holds: begin anew at a keyframe.
            sending.at = None;
            needs.keyframe = Some(cursor.layer);
            return needs;
        }
        if let Some(cursor) = &mut sending.at {
            let is_behind = cursor.next != layer.ring.head();
            match cursor.replay_at {
                Some(at) if is_behind => {
                    let next = if now < at { at } else { now + REPLAY_INTERVAL };
                    cursor.replay_at = Some(next);
                    needs.again_at = Some(next);
                }
                Some(_) => cursor.replay_at = None,
                None if is_behind => needs.again_at = Some(now + REPLAY_INTERVAL),
                None => {}
            }
        }
        needs
    }
}

impl Sending {
    /// Begins at a frame of a layer; what the ring holds after it is a replay.
    fn begin(
        &mut self,
        egress: &dyn Egress,
        kind: Kind,
        track: &Track,
        layer: usize,
        start: Start,
        now: Instant,
    ) {
        if self.unplayable == Some(track.epoch) {
            return;
        }
        let it = &track.layers[layer];
        let Some(payload_type) = egress.payload_type(kind, &it.format) else {
            tracing::debug!(codec = %it.format.codec, "the viewer cannot play this");
            self.unplayable = Some(track.epoch);
            self.at = None;
            return;
        };
        let Start { position, first_seq, ts, .. } = start;
        let edge_ts = it.ring.newest().map_or(ts, |it| it.ts);
        self.rewriter.begin(first_seq, ts, edge_ts, it.format.clock_rate(), now);
        if let Some(descriptor) = it.ring.get(position).and_then(|it| it.vp8.as_ref()) {
            self.picture_ids.begin(descriptor);
        }
        let replay_at = (kind == Kind::Video).then_some(now);
        let epoch = track.epoch;
        if let Some(sent) = &mut self.sent {
            let numbering = self.rewriter.numbering();
            let pictures = self.picture_ids.offset();
            sent.begin(Source { epoch, layer, payload_type, numbering, pictures });
        }
        self.at = Some(Cursor { epoch, layer, next: position, payload_type, replay_at });
    }

    /// Forwards up to `budget` packets from the cursor on. Returns whether the ring no longer has
    /// the next one.
    fn forward(
        &mut self,
        egress: &mut dyn Egress,
        kind: Kind,
        layer: &Layer,
        budget: usize,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let Some(cursor) = &mut self.at else { return false };
        if std::mem::take(&mut self.is_renegotiated)
            && let Some(payload_type) = egress.payload_type(kind, &layer.format)
        {
            cursor.payload_type = payload_type;
        }
        let end = layer.ring.head().min(cursor.next.saturating_add(budget as u64));
        let common = common_size(&layer.ring, cursor.next, end);
        while cursor.next < end {
            let Some(packet) = layer.ring.get(cursor.next) else { return true };
            let position = cursor.next;
            cursor.next += 1;
            let Some((seq, ts)) = self.rewriter.rewrite(packet.seq, packet.ts, now) else {
                continue;
            };
            let packet = Outgoing {
                kind,
                payload_type: cursor.payload_type,
                seq,
                ts,
                padding: if cursor.next < end { padding(packet.payload.len(), common) } else { 0 },
                marker: packet.marker,
                extensions: &packet.extensions,
                elements: &packet.elements,
                payload: &packet.payload,
                vp8_patch: packet.vp8.as_ref().and_then(|it| self.picture_ids.patch(it)),
                // A replay is sped up; what it says of time is said of its end, which is now.
                captured: if cursor.replay_at.is_some() { now } else { packet.captured },
            };
            egress.forward(packet, now, out);
            if let Some(sent) = &mut self.sent {
                sent.note(seq, position);
            }
        }
        false
    }
}

/// The size of the largest packet from one position to another. Encoders cut a frame into packets
/// that differ by a byte.
fn common_size(ring: &Ring, from: u64, to: u64) -> usize {
    (from..to).filter_map(|at| ring.get(at)).map(|it| it.payload.len()).max().unwrap_or(0)
}

/// What a packet lacks to the common size, if that is little: then all of a frame is one message of
/// equal segments.
fn padding(len: usize, common: usize) -> u8 {
    let lacks = common.saturating_sub(len);
    if lacks <= MAX_PADDING { lacks as u8 } else { 0 }
}

/// The keyframe at which a viewer can change to this layer without seeing the past again.
fn fresh_keyframe(layer: &Layer, now: Instant) -> Option<Start> {
    layer.ring.start(now).filter(|it| now.saturating_duration_since(it.arrived) <= SWITCH_AGE)
}
