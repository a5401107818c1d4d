//! A viewer that is sent the past of its room: its own two tracks, into which the past is fed as it is due. The viewer reads
//! them as it reads those of a room, so that numbering, pacing and retransmission are the same, and so is the session.
//!
//! What is held is bounded: the packets that were sent last, and two pieces of the past.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media_api::{CATCH_UP_PERCENT, Codec, MediaKind, PastChunk, Seat, TapPacket};

use super::Stage;
use crate::media::codec::vp8;
use crate::media::format::{Format, FormatParams};
use crate::media::header_ext::HeaderExtensions;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::media::svc::{SvcPosition, SwitchPoint};
use crate::room::ring::Bounds;
use crate::room::track::Track;

/// What is held of the picture for retransmissions: an eighth of a second of 2.5 Mbit/s.
const PICTURE: Bounds = Bounds { packets: 64, bytes: 40_000 };

/// What is held of the sound, which is not sent again.
const SOUND: Bounds = Bounds { packets: 8, bytes: 8_000 };

/// No more of the picture is fed while so many bytes wait to be sent.
const MAX_UNSENT: usize = 16_000;

/// The next piece is asked for when no more than this many pieces wait.
const PIECES: usize = 2;

/// A packet that is due so much later than the one before is behind a gap, which is passed over.
const GAP: Duration = Duration::from_millis(1_000);

/// A picture that could not be sent for so long is passed over, up to a keyframe: a viewer that reads none still hears.
const PATIENCE: Duration = Duration::from_millis(500);

/// How far apart what is on both sides of a gap is shown, in ticks: a picture of 30 a second, a packet of Opus.
const FRAME: u32 = 3_000;
const SOUND_FRAME: u32 = 960;

/// How long to wait until packets are looked for that could not be fed.
const AGAIN: Duration = Duration::from_millis(5);

/// Epochs of tracks of the past have this bit, those of rooms have not: a viewer begins anew when it changes between them.
const EPOCHS: u32 = 1 << 31;

/// Each one has so many epochs, for as many sources of the host.
const EPOCHS_EACH: u32 = 1 << 8;

/// The past as one viewer is sent it.
#[derive(Debug)]
pub(crate) struct Past {
    audio: Track,
    video: Track,
    formats: [Option<Format>; 2],
    pieces: VecDeque<Arc<PastChunk>>,
    /// The next packet of the first piece.
    next: usize,
    /// When a moment of the past is shown; none before the first packet.
    clock: Option<Clock>,
    /// The timestamps of the sound and of the picture.
    numbers: [Option<Numbers>; 2],
    percent: u16,
    is_paused: bool,
    /// Whether a piece was asked for that has not come.
    is_awaited: bool,
    /// Whether the pieces end where the room is live.
    is_at_edge: bool,
}

/// A moment of the past, and when it is shown.
#[derive(Debug, Clone, Copy)]
struct Clock {
    captured: Instant,
    at: Instant,
}

/// The timestamps of one stream: those of the host, and ours.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    ssrc: u32,
    from: (u32, u32),
    newest: (u32, u32),
    /// Whether a gap was passed over: the next one follows the newest.
    is_after_gap: bool,
}

impl Numbers {
    fn new(ssrc: u32, ts: u32) -> Self {
        Self { ssrc, from: (ts, ts), newest: (ts, ts), is_after_gap: false }
    }

    /// Ours for one of the host's. At more than 100 percent they are closer to each other.
    fn number(&mut self, ts: u32, percent: u16, step: u32) -> u32 {
        if std::mem::take(&mut self.is_after_gap) {
            self.from = (ts, self.newest.1.wrapping_add(step));
        }
        let (of_host, ours) = self.from;
        let ticks = i64::from(ts.wrapping_sub(of_host).cast_signed()) * 100 / i64::from(percent);
        let ours = ours.wrapping_add(ticks as u32);
        // A packet that came late is of an older frame.
        if ts.wrapping_sub(self.newest.0).cast_signed() > 0 {
            self.newest = (ts, ours);
        }
        ours
    }
}

/// What a viewer of the past asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PastNews {
    /// The piece that follows.
    Wanted,
    /// It is where the room is live.
    Over,
}

impl Past {
    /// Begins. `n` tells it from those before.
    pub(crate) fn new(stage: Stage<'_>, n: u32) -> Self {
        let epoch = EPOCHS | n.wrapping_mul(EPOCHS_EACH);
        Self {
            audio: Track::bounded(epoch, SOUND),
            video: Track::bounded(epoch, PICTURE),
            formats: [stage.audio.format(), stage.video.format()],
            pieces: VecDeque::new(),
            next: 0,
            clock: None,
            numbers: [None; 2],
            percent: 100,
            is_paused: false,
            is_awaited: false,
            is_at_edge: false,
        }
    }

    /// Its tracks, as those of a room.
    pub(crate) fn stage(&self) -> Stage<'_> {
        let on_air = !self.is_paused;
        Stage { audio: &self.audio, video: &self.video, on_air, guests: &[], speaker: None }
    }

    /// The next piece has come. Pieces that were not asked for are dropped.
    pub(crate) fn take(&mut self, piece: Arc<PastChunk>) {
        if self.pieces.len() <= PIECES {
            self.is_at_edge = piece.is_edge;
            self.pieces.push_back(piece);
            self.is_awaited = false;
        }
    }

    /// Nothing is sent any more.
    pub(crate) fn pause(&mut self) {
        self.is_paused = true;
    }

    /// How fast it goes from now on.
    pub(crate) fn set_speed(&mut self, percent: u16) {
        // What came until now went at the speed of before.
        if let (Some(clock), Some(next)) = (self.clock, self.peek()) {
            let captured = next.captured;
            self.clock = Some(Clock { captured, at: self.due(clock, captured) });
        }
        self.numbers.iter_mut().flatten().for_each(|it| it.from = it.newest);
        self.percent = percent.clamp(100, CATCH_UP_PERCENT);
    }

    /// Feeds what is due. `sent`: where the viewer is in the picture, with the epoch. Returns when to come again, and what it
    /// asks for.
    pub(crate) fn feed(
        &mut self,
        sent: Option<(u32, u64)>,
        now: Instant,
    ) -> (Option<Instant>, Option<PastNews>) {
        if self.is_paused {
            return (None, None);
        }
        let mut again_at = None;
        while let Some(packet) = self.peek() {
            let is_picture = packet.codec.is_video();
            let captured = packet.captured;
            let clock = *self.clock.get_or_insert(Clock { captured, at: now });
            let due = self.due(clock, captured);
            if due > now + GAP {
                self.clock = Some(Clock { captured, at: now });
                self.numbers.iter_mut().flatten().for_each(|it| it.is_after_gap = true);
                continue;
            }
            if due > now {
                again_at = Some(due);
                break;
            }
            let is_late = now.saturating_duration_since(due) >= PATIENCE;
            if is_picture && !is_late && self.unsent(sent) > MAX_UNSENT {
                again_at = Some(now + AGAIN);
                break;
            }
            self.push_next(now);
        }
        let is_empty = self.peek().is_none();
        let news = if is_empty && self.is_at_edge {
            Some(PastNews::Over)
        } else if self.pieces.len() < PIECES && !self.is_awaited && !self.is_at_edge {
            self.is_awaited = true;
            Some(PastNews::Wanted)
        } else {
            None
        };
        (again_at, news)
    }

    fn peek(&self) -> Option<&TapPacket> {
        self.pieces.front()?.packets.get(self.next)
    }

    fn push_next(&mut self, now: Instant) {
        let Some(packet) = self.peek().cloned() else { return };
        self.next += 1;
        if self.pieces.front().is_some_and(|it| self.next >= it.packets.len()) {
            self.pieces.pop_front();
            self.next = 0;
        }
        if packet.seat != Seat::HOST {
            return;
        }
        let kind = packet.codec.kind();
        let of_room = match kind {
            MediaKind::Audio => self.formats[0],
            MediaKind::Video => self.formats[1],
        };
        let format = of_room.filter(|it| it.codec == packet.codec);
        let format =
            format.unwrap_or(Format { codec: packet.codec, params: FormatParams::default() });
        let key =
            StreamKey { section: u8::from(kind == MediaKind::Video), rid: None, ssrc: packet.ssrc };
        let fed = self.packet(&packet, now);
        match kind {
            MediaKind::Audio => self.audio.push(key, format, fed),
            MediaKind::Video => self.video.push(key, format, fed),
        };
    }

    fn packet(&mut self, packet: &TapPacket, now: Instant) -> Packet {
        let vp8 = (packet.codec == Codec::Vp8).then(|| vp8::Descriptor::parse(&packet.payload));
        let opens = if packet.is_keyframe { SwitchPoint::All } else { SwitchPoint::Nothing };
        let ts = self.timestamp(packet);
        Packet {
            seq: packet.seq,
            ts,
            marker: packet.marker,
            header_ext: HeaderExtensions {
                video_orientation: packet.orientation,
                ..HeaderExtensions::default()
            },
            dependency: None,
            payload: packet.payload.clone(),
            place: SvcPosition { opens, ..SvcPosition::default() },
            vp8: vp8.flatten(),
            is_keyframe: packet.is_keyframe,
            arrived: now,
            // What is shown now counts as captured now: a player keeps its delay.
            captured: now,
        }
    }

    /// Sound keeps its distances also when it goes faster: players shorten it by themselves when more of it comes.
    fn timestamp(&mut self, packet: &TapPacket) -> u32 {
        let is_video = packet.codec.is_video();
        let (percent, step) = if is_video { (self.percent, FRAME) } else { (100, SOUND_FRAME) };
        let numbers = if is_video { &mut self.numbers[1] } else { &mut self.numbers[0] };
        let numbers = match numbers {
            Some(numbers) if numbers.ssrc == packet.ssrc => numbers,
            other => other.insert(Numbers::new(packet.ssrc, packet.ts)),
        };
        numbers.number(packet.ts, percent, step)
    }

    fn due(&self, clock: Clock, captured: Instant) -> Instant {
        clock.at + clock.until(captured) * 100 / u32::from(self.percent)
    }

    /// The bytes of the picture that were fed and not sent.
    fn unsent(&self, sent: Option<(u32, u64)>) -> usize {
        let Some(layer) = self.video.layers.first() else { return 0 };
        let next = sent.filter(|(epoch, _)| *epoch == self.video.epoch).map_or(0, |(_, next)| next);
        layer.ring.bytes_from(next)
    }
}

impl Clock {
    fn until(self, captured: Instant) -> Duration {
        captured.saturating_duration_since(self.captured)
    }
}

#[cfg(test)]
mod tests;
