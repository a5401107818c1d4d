//! One room: its streams, and what is cut where.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use media_api::{Codec, Seat, TapPacket};

use super::cutter::Cutter;
use super::{Cut, FIRST_FOR, KEEP_LEAST, KEY_EVERY, RenditionId};
use crate::lane::{Lane, LaneEvent};

/// The most streams: three layers and sound, of the host and of the one before it.
const MAX_LANES: usize = 10;

/// How long sound waits for a picture that may come.
const PICTURE_WITHIN: Duration = Duration::from_millis(1_500);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Tell who serves it.
    Cut(Cut),
    /// Write the bytes of a segment into a file of this name; then they are told to be stored.
    Store { name: String, bytes: Vec<u8>, rendition: RenditionId, number: u64 },
    /// Delete the file of this name.
    Remove(String),
    /// A keyframe of this stream of the host is needed.
    Keyframe(u32),
}

/// A room while it is packaged.
#[derive(Debug)]
pub(crate) struct Packager {
    begun: Option<Instant>,
    /// A moment, and what it is in milliseconds since the Unix epoch.
    clock: (Instant, u64),
    /// How far back segments are kept.
    span: Duration,
    lanes: Vec<Lane>,
    streams: Vec<Stream>,
    /// Where sound is cut next: where the picture was.
    sound_ends: Option<Duration>,
    /// How many discontinuities there were. All renditions have as many: players bring them together by that (RFC 8216bis,
    /// section 6.2.4).
    n_breaks: u64,
    is_told_unplayable: bool,
    outputs: VecDeque<Output>,
}

/// A rendition.
#[derive(Debug)]
struct Stream {
    rendition: RenditionId,
    /// The stream of the host that it is made of.
    ssrc: u32,
    is_video: bool,
    cutter: Cutter,
    /// The parts of the segment that is under way.
    segment: Vec<u8>,
    segment_for: Duration,
    number: u64,
    /// The lengths of segments that are there, the oldest first.
    there: VecDeque<Duration>,
    there_for: Duration,
    first: u64,
}

impl Packager {
    /// A room. `now` is `unix_ms`, in milliseconds since the Unix epoch.
    pub(crate) fn new(span: Duration, now: Instant, unix_ms: u64) -> Self {
        Self {
            begun: None,
            clock: (now, unix_ms),
            span,
            lanes: Vec::new(),
            streams: Vec::new(),
            sound_ends: None,
            n_breaks: 0,
            is_told_unplayable: false,
            outputs: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes a packet of the room's tap.
    pub(crate) fn push(&mut self, packet: TapPacket) {
        if packet.seat != Seat::HOST {
            return;
        }
        if packet.codec == Codec::Vp8 {
            if !std::mem::replace(&mut self.is_told_unplayable, true) {
                self.outputs.push_back(Output::Cut(Cut::Unplayable { codec: "VP8" }));
            }
            return;
        }
        let (now, ssrc) = (packet.arrived, packet.ssrc);
        let begun = *self.begun.get_or_insert(packet.captured);
        if !self.lanes.iter().any(|it| it.ssrc == ssrc) {
            if self.lanes.len() >= MAX_LANES {
                let silent = self.lanes.iter().enumerate().max_by_key(|(_, it)| it.silence(now));
                if let Some(silent) = silent.map(|(n, _)| n) {
                    self.lanes.remove(silent);
                }
            }
            self.lanes.push(Lane::new(&packet, begun));
        }
        let rendition: RenditionId = match (packet.codec.is_video(), &packet.rid) {
            (false, _) => "a".into(),
            (true, None) => "v".into(),
            (true, Some(rid)) => format!("v-{rid}").into(),
        };
        let Some(lane) = self.lanes.iter_mut().find(|it| it.ssrc == ssrc) else { return };
        lane.push(packet);
        while let Some(event) =
            self.lanes.iter_mut().find(|it| it.ssrc == ssrc).and_then(Lane::poll)
        {
            match event {
                LaneEvent::Frame(at, media) => {
                    let is_video = !media.is_sound;
                    let has_picture = self.streams.iter().any(|it| it.is_video);
                    let comes = self.lanes.iter().any(|it| it.is_video && it.is_on(now));
                    let is_young = now.saturating_duration_since(begun) < PICTURE_WITHIN;
                    let awaits = comes || is_young;
                    // Sound begins with the picture, also where that comes a moment later.
                    if !is_video && awaits && !has_picture {
                        continue;
                    }
                    let stream = self.stream(&rendition, ssrc, is_video);
                    let ends = self.sound_ends.filter(|_| !is_video);
                    if let Some(stream) = self.streams.get_mut(stream) {
                        // Sound alone is cut by itself.
                        let ends = if is_video || !has_picture {
                            None
                        } else {
                            ends.or(Some(Duration::MAX))
                        };
                        stream.cutter.follow(self.n_breaks);
                        stream.cutter.push(at, media, ends);
                        self.n_breaks = self.n_breaks.max(stream.cutter.n_breaks());
                    }
                    self.drain(stream);
                }
                LaneEvent::Lost => self.ask(ssrc, now),
            }
        }
    }

    /// Time goes on.
    pub(crate) fn tick(&mut self, now: Instant) {
        let has_segment = self.streams.iter().any(|it| it.is_video && it.number > 0);
        let every = if has_segment { KEY_EVERY } else { FIRST_FOR };
        let due: Vec<u32> = self
            .lanes
            .iter()
            .filter(|it| it.is_video && it.is_on(now) && it.needs_key(every, now))
            .map(|it| it.ssrc)
            .collect();
        due.into_iter().for_each(|ssrc| self.ask(ssrc, now));
    }

    /// Nothing more comes.
    pub(crate) fn finish(&mut self) {
        for index in 0..self.streams.len() {
            if let Some(stream) = self.streams.get_mut(index) {
                stream.cutter.finish();
            }
            self.drain(index);
        }
        self.outputs.push_back(Output::Cut(Cut::Over));
    }

    fn ask(&mut self, ssrc: u32, now: Instant) {
        let lane = self.lanes.iter_mut().find(|it| it.ssrc == ssrc);
        if lane.is_some_and(|it| it.may_ask(now)) {
            self.outputs.push_back(Output::Keyframe(ssrc));
        }
    }

    /// When the room's time began, in milliseconds since the Unix epoch.
    fn epoch_ms(&self) -> u64 {
        let (now, unix_ms) = self.clock;
        let begun = self.begun.unwrap_or(now);
        let ms = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
        let before = ms(now.saturating_duration_since(begun));
        unix_ms.saturating_sub(before).saturating_add(ms(begun.saturating_duration_since(now)))
    }

    /// The index of a rendition. A host that comes again goes on with the one it had.
    fn stream(&mut self, rendition: &RenditionId, ssrc: u32, is_video: bool) -> usize {
        if let Some(index) = self.streams.iter().position(|it| it.rendition == *rendition) {
            if let Some(stream) = self.streams.get_mut(index) {
                stream.ssrc = ssrc;
            }
            return index;
        }
        let cutter = Cutter::new(rendition.clone(), self.epoch_ms(), self.n_breaks);
        self.streams.push(Stream {
            rendition: rendition.clone(),
            ssrc,
            is_video,
            cutter,
            segment: Vec::new(),
            segment_for: Duration::ZERO,
            number: 0,
            there: VecDeque::new(),
            there_for: Duration::ZERO,
            first: 0,
        });
        self.streams.len() - 1
    }

    fn drain(&mut self, index: usize) {
        let is_main = self.streams.iter().position(|it| it.is_video) == Some(index);
        let Some(stream) = self.streams.get_mut(index) else { return };
        while let Some(cut) = stream.cutter.poll() {
            let is_over = matches!(cut, Cut::SegmentOver { .. });
            if let Cut::Part { part, .. } = &cut {
                stream.segment.extend_from_slice(&part.bytes);
                stream.segment_for += part.duration;
            }
            self.outputs.push_back(Output::Cut(cut));
            if !is_over {
                continue;
            }
            let (rendition, number) = (stream.rendition.clone(), stream.number);
            let bytes = std::mem::take(&mut stream.segment);
            let name = file_name(&rendition, number);
            self.outputs.push_back(Output::Store { name, bytes, rendition, number });
            stream.number += 1;
            stream.there.push_back(stream.segment_for);
            stream.there_for += std::mem::take(&mut stream.segment_for);
            let kept_for = self.span.max(KEEP_LEAST);
            while let Some(oldest) = stream.there.front()
                && let Some(left) = stream.there_for.checked_sub(*oldest)
                && left >= kept_for
            {
                stream.there.pop_front();
                stream.there_for = left;
                let rendition = stream.rendition.clone();
                self.outputs.push_back(Output::Remove(file_name(&rendition, stream.first)));
                self.outputs.push_back(Output::Cut(Cut::Forget { rendition }));
                stream.first += 1;
            }
        }
        // Where the picture begins its segment, sound does.
        if is_main && let Some(began) = stream.cutter.segment() {
            self.sound_ends = Some(began);
        }
    }
}

/// The name of the file of a segment.
pub(crate) fn file_name(rendition: &str, number: u64) -> String {
    format!("{rendition}-{number:08}.m4s")
}
