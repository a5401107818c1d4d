//! The packets of one stream, in their order, put together to frames.
//!
//! Packets come in the order of arrival: one that was lost and sent again comes late. They wait for it, and what waits is
//! bounded in time and number. When it does not come, a picture goes on at the next keyframe, and sound at the next packet.

mod av1;
mod bits;
mod h264;
mod vp8;
mod vp9;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use media_api::{Codec, TapPacket};

use crate::frame::{Rotation, VideoCodec, VideoTrack};

/// How long packets wait for one that is missing. A publisher is asked again for less.
const WAIT: Duration = Duration::from_secs(1);

/// The most packets that wait: two seconds of 8 Mbit/s. More than a room's ring holds come from no room.
const MAX_WAITING: usize = 2_048;

/// The most bytes of a frame: a keyframe of 4K at its largest. A stream that exceeds it goes on at the next keyframe.
const MAX_FRAME: usize = 8 * 1024 * 1024;

/// A frame of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Media {
    /// Its RTP timestamp.
    pub(crate) ts: u32,
    /// When it was captured.
    pub(crate) captured: Instant,
    /// Whether it is of sound.
    pub(crate) is_sound: bool,
    /// Whether decoding can begin with it; so it is with all sound.
    pub(crate) is_key: bool,
    /// What a decoder has to know, told by a keyframe of a picture.
    pub(crate) video: Option<VideoTrack>,
    /// As in [`crate::Frame`].
    pub(crate) data: Vec<u8>,
}

/// What comes of packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamEvent {
    /// A frame.
    Frame(Media),
    /// Something is missing: a picture goes on at the next keyframe, which has to be asked for.
    Lost,
}

/// One stream of a publisher.
#[derive(Debug)]
pub(crate) struct Stream {
    codec: Codec,
    /// At most [`MAX_WAITING`], by sequence number.
    waiting: BTreeMap<u64, TapPacket>,
    /// The sequence number that comes next; none before the first keyframe, and after a loss.
    next: Option<u64>,
    /// The frame that is put together.
    current: Option<Current>,
    /// The parameter sets of H264 stay for later frames.
    h264: h264::AccessUnit,
    rotation: Rotation,
    events: VecDeque<StreamEvent>,
}

/// A frame of which packets have come.
#[derive(Debug)]
struct Current {
    ts: u32,
    captured: Instant,
    n_bytes: usize,
    data: Assembled,
}

#[derive(Debug)]
enum Assembled {
    Vp8(Vec<u8>),
    Vp9(vp9::Picture),
    H264,
    Av1(av1::TemporalUnit),
}

/// A frame as the codec has it.
#[derive(Debug)]
struct Coded {
    data: Vec<u8>,
    is_key: bool,
    /// Told by a keyframe.
    video: Option<VideoTrack>,
}

impl Stream {
    /// A stream of which nothing has come yet.
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            codec,
            waiting: BTreeMap::new(),
            next: None,
            current: None,
            h264: h264::AccessUnit::default(),
            rotation: Rotation::None,
            events: VecDeque::new(),
        }
    }

    /// Takes a packet. What comes of it is to be polled before the next.
    pub(crate) fn push(&mut self, packet: TapPacket) {
        if packet.codec != self.codec || self.next.is_some_and(|next| packet.seq < next) {
            return;
        }
        let newest = packet.arrived;
        self.waiting.insert(packet.seq, packet);
        if self.waiting.len() > MAX_WAITING {
            self.give_up();
        }
        self.advance();
        let oldest = self.waiting.values().map(|it| it.arrived).min();
        if oldest.is_some_and(|at| newest.saturating_duration_since(at) > WAIT) {
            self.give_up();
            self.advance();
        }
    }

    /// The next event, in order.
    pub(crate) fn poll(&mut self) -> Option<StreamEvent> {
        self.events.pop_front()
    }

    /// Takes all packets that are next.
    fn advance(&mut self) {
        if self.next.is_none() {
            self.next = if self.codec.is_video() {
                self.begin_of_keyframe()
            } else {
                self.waiting.keys().next().copied()
            };
            if let Some(next) = self.next {
                self.waiting = self.waiting.split_off(&next);
            }
        }
        while let Some(next) = self.next
            && let Some(packet) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            if !self.take(packet) {
                self.lose();
                return self.advance();
            }
        }
    }

    /// Where the first keyframe begins that waits. Its parameter sets may be in packets in front of the one that is marked.
    fn begin_of_keyframe(&self) -> Option<u64> {
        let key = self.waiting.values().find(|it| it.is_keyframe)?;
        let before = self.waiting.range(..key.seq).rev().zip((0..key.seq).rev());
        let of_frame = before.take_while(|((seq, it), next)| *seq == next && it.ts == key.ts);
        Some(of_frame.last().map_or(key.seq, |((seq, _), _)| *seq))
    }

    /// What is missing does not come any more.
    fn give_up(&mut self) {
        if self.next.is_some() {
            self.lose();
        } else {
            // No keyframe among them, or one whose begin is missing: what is old is of no use.
            let newest = self.waiting.values().map(|it| it.arrived).max();
            self.waiting.retain(|_, it| {
                newest.is_some_and(|newest| newest.saturating_duration_since(it.arrived) <= WAIT)
            });
            while self.waiting.len() > MAX_WAITING {
                self.waiting.pop_first();
            }
        }
    }

    fn lose(&mut self) {
        self.next = None;
        self.current = None;
        self.h264.finish();
        if self.codec.is_video() {
            self.events.push_back(StreamEvent::Lost);
        }
    }

    /// Adds the next packet to its frame. Returns whether the frame is sound.
    fn take(&mut self, packet: TapPacket) -> bool {
        let TapPacket { ts, marker, captured, payload, orientation, .. } = packet;
        if payload.is_empty() {
            return true;
        }
        if self.codec == Codec::Opus {
            let data = payload.to_vec();
            let frame = Media { ts, captured, is_sound: true, is_key: true, video: None, data };
            self.events.push_back(StreamEvent::Frame(frame));
            return true;
        }
        if let Some(orientation) = orientation {
            self.rotation = rotation(orientation);
        }
        // Some encoders set no marker.
        let is_other = self.current.as_ref().is_some_and(|it| it.ts != ts);
        if is_other && !self.finish() {
            return false;
        }
        let codec = self.codec;
        let current = self.current.get_or_insert_with(|| Current {
            ts,
            captured,
            n_bytes: 0,
            data: Assembled::of(codec),
        });
        current.n_bytes += payload.len();
        let is_read = match &mut current.data {
            Assembled::Vp8(frame) => vp8::push(frame, &payload),
            Assembled::Vp9(picture) => picture.push(&payload),
            Assembled::H264 => self.h264.push(&payload),
            Assembled::Av1(unit) => unit.push(&payload),
        };
        is_read && current.n_bytes <= MAX_FRAME && (!marker || self.finish())
    }

    /// The frame is whole. Returns whether it is sound.
    fn finish(&mut self) -> bool {
        let Some(Current { ts, captured, data, .. }) = self.current.take() else { return true };
        let coded = match data {
            Assembled::Vp8(frame) => vp8::finish(frame),
            Assembled::Vp9(picture) => picture.finish(),
            // Parameter sets may come in front of their keyframe, with a marker of their own.
            Assembled::H264 if self.h264.is_empty() => return true,
            Assembled::H264 => self.h264.finish(),
            Assembled::Av1(unit) if unit.is_empty() => return true,
            Assembled::Av1(unit) => unit.finish(),
        };
        let Some(Coded { data, is_key, video }) = coded else { return false };
        let rotation = self.rotation;
        let video = video.map(|it| VideoTrack { rotation, ..it });
        let media = Media { ts, captured, is_sound: false, is_key, video, data };
        self.events.push_back(StreamEvent::Frame(media));
        true
    }
}

impl Assembled {
    fn of(codec: Codec) -> Self {
        match codec {
            Codec::Vp9 => Self::Vp9(vp9::Picture::default()),
            Codec::H264 => Self::H264,
            Codec::Av1 => Self::Av1(av1::TemporalUnit::default()),
            // Sound is not put together.
            Codec::Vp8 | Codec::Opus => Self::Vp8(Vec::new()),
        }
    }
}

/// 3GPP TS 26.114, section 7.4.5: the lowest two bits tell how far the picture is turned for who shows it.
fn rotation(orientation: u8) -> Rotation {
    match orientation & 0x03 {
        0 => Rotation::None,
        1 => Rotation::By90,
        2 => Rotation::By180,
        _ => Rotation::By270,
    }
}

fn video(codec: VideoCodec, width: u32, height: u32, config: Vec<u8>) -> VideoTrack {
    VideoTrack { codec, width, height, rotation: Rotation::None, config }
}

#[cfg(test)]
mod tests;
