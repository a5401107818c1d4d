//! What the synthetic publisher sends: payloads shaped like a codec's, with a stamp by which a viewer
//! knows the frame, its completeness and how long the packet was under way.

use std::time::{Duration, Instant};

/// The largest video payload, as browsers make them.
const MAX_PAYLOAD: usize = 1_150;
/// A packet of sound: Opus at 40 kbit/s.
const AUDIO_PAYLOAD: usize = 100;
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const KEYFRAME_INTERVAL: Duration = Duration::from_secs(10);
/// Requests for keyframes are obeyed this often at most, as encoders do.
const KEYFRAME_MIN_INTERVAL: Duration = Duration::from_millis(300);
/// How much larger than others a keyframe is.
const KEYFRAME_FACTOR: usize = 6;
/// A publisher that could not send for this long leaves the frames out, as a camera does.
const LATE: Duration = Duration::from_millis(250);

const MAGIC: [u8; 4] = *b"kaLG";
/// Where the stamp stands: behind the four bytes of a VP8 descriptor and the ten of a keyframe's
/// header, in every packet of video.
const VIDEO_AT: usize = 14;
/// Behind the one byte that says what an Opus packet holds.
const AUDIO_AT: usize = 1;
const STAMP_BYTES: usize = 4 + 4 + 8 + 4 + 2 + 2 + 1;

/// What the pictures are shaped like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCodec {
    /// RFC 7741.
    Vp8,
    /// RFC 6184, packetization mode 1.
    H264,
}

/// What a publisher sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) codec: VideoCodec,
    pub(crate) video_bitrate: u64,
    pub(crate) fps: u32,
    pub(crate) audio: bool,
    /// The run of the tool: stamps of another are of another clock.
    pub(crate) run: u32,
    /// What stamps count from.
    pub(crate) epoch: Instant,
}

/// What every packet says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) run: u32,
    /// When it was made, in microseconds of the run.
    pub(crate) sent_us: u64,
    pub(crate) frame: u32,
    pub(crate) index: u16,
    pub(crate) count: u16,
    pub(crate) is_key: bool,
}

impl Stamp {
    fn write(self, to: &mut Vec<u8>) {
        to.extend(MAGIC);
        to.extend(self.run.to_be_bytes());
        to.extend(self.sent_us.to_be_bytes());
        to.extend(self.frame.to_be_bytes());
        to.extend(self.index.to_be_bytes());
        to.extend(self.count.to_be_bytes());
        to.push(u8::from(self.is_key));
    }

    fn read(payload: &[u8], at: usize) -> Option<Self> {
        let bytes: &[u8; STAMP_BYTES] = payload.get(at..)?.first_chunk()?;
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (run, rest) = rest.split_first_chunk()?;
        let (sent_us, rest) = rest.split_first_chunk()?;
        let (frame, rest) = rest.split_first_chunk()?;
        let (index, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        (*magic == MAGIC).then(|| Self {
            run: u32::from_be_bytes(*run),
            sent_us: u64::from_be_bytes(*sent_us),
            frame: u32::from_be_bytes(*frame),
            index: u16::from_be_bytes(*index),
            count: u16::from_be_bytes(*count),
            is_key: rest == [1],
        })
    }

    /// Of a packet of video.
    pub(crate) fn of_video(payload: &[u8]) -> Option<Self> {
        Self::read(payload, VIDEO_AT)
    }

    /// Of a packet of sound.
    pub(crate) fn of_audio(payload: &[u8]) -> Option<Self> {
        Self::read(payload, AUDIO_AT)
    }
}

/// One packet to be sent.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) is_video: bool,
    /// When it was due, from the first one on.
    pub(crate) media_time: Duration,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
}

/// The camera, microphone and encoder of a publisher. Time is an argument.
#[derive(Debug)]
pub(crate) struct Source {
    shape: Shape,
    rng: fastrand::Rng,
    began: Option<Instant>,
    next_frame: Duration,
    next_audio: Duration,
    n_frames: u32,
    n_audio: u32,
    keyframe_at: Option<Duration>,
    keyframe_wanted: bool,
}

impl Source {
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        Self {
            shape,
            rng: fastrand::Rng::with_seed(seed),
            began: None,
            next_frame: Duration::ZERO,
            next_audio: Duration::ZERO,
            n_frames: 0,
            n_audio: 0,
            keyframe_at: None,
            keyframe_wanted: true,
        }
    }

    /// Lets the camera and the microphone begin at some moment of a frame's interval: hosts do not
    /// begin together, and if they did, a server had the frames of all of them to send at once.
    pub(crate) fn out_of_step(mut self) -> Self {
        let interval = Duration::from_secs(1) / self.shape.fps;
        self.next_frame = interval.mul_f64(self.rng.f64());
        self.next_audio = AUDIO_INTERVAL.mul_f64(self.rng.f64());
        self
    }

    /// Somebody cannot decode.
    pub(crate) fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// When there is something to send next; `None` before the first.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        let next =
            if self.shape.audio { self.next_frame.min(self.next_audio) } else { self.next_frame };
        self.began.map(|began| began + next)
    }

    /// Leaves out what was due before.
    pub(crate) fn skip_to(&mut self, now: Instant) {
        let Some(began) = self.began else { return };
        let at = now.saturating_duration_since(began);
        let interval = Duration::from_secs(1) / self.shape.fps;
        while self.next_frame < at {
            self.next_frame += interval;
        }
        while self.next_audio < at {
            self.next_audio += AUDIO_INTERVAL;
        }
    }

    /// Makes what is due.
    pub(crate) fn produce(&mut self, now: Instant, out: &mut Vec<Made>) {
        let began = *self.began.get_or_insert(now);
        let at = now.saturating_duration_since(began);
        let sent_us = now.saturating_duration_since(self.shape.epoch).as_micros() as u64;
        let interval = Duration::from_secs(1) / self.shape.fps;
        while self.next_frame <= at {
            let due = self.next_frame;
            self.next_frame += interval;
            if at - due < LATE {
                self.frame(due, sent_us, out);
            }
        }
        while self.shape.audio && self.next_audio <= at {
            let due = self.next_audio;
            self.next_audio += AUDIO_INTERVAL;
            if at - due < LATE {
                self.sound(due, sent_us, out);
            }
        }
    }

    fn frame(&mut self, due: Duration, sent_us: u64, out: &mut Vec<Made>) {
        let since = self.keyframe_at.map(|at| due - at);
        let is_key = since.is_none_or(|since| {
            since >= KEYFRAME_INTERVAL || self.keyframe_wanted && since >= KEYFRAME_MIN_INTERVAL
        });
        if is_key {
            self.keyframe_wanted = false;
            self.keyframe_at = Some(due);
        }
        let mean = self.shape.video_bitrate as usize / 8 / self.shape.fps as usize;
        let bytes = mean * self.rng.usize(80..=120) / 100;
        let bytes = if is_key { bytes * KEYFRAME_FACTOR } else { bytes };
        let least = VIDEO_AT + STAMP_BYTES;
        let count = bytes.div_ceil(MAX_PAYLOAD).clamp(1, usize::from(u16::MAX));
        let frame = self.n_frames;
        self.n_frames = self.n_frames.wrapping_add(1);
        for index in 0..count {
            // As libwebrtc does: the packets of a frame differ by a byte at most.
            let len = (bytes / count + usize::from(index < bytes % count)).max(least);
            let (index, count) = (index as u16, count as u16);
            let stamp = Stamp { run: self.shape.run, sent_us, frame, index, count, is_key };
            let mut payload = Vec::with_capacity(len);
            head(self.shape.codec, stamp, &mut payload);
            stamp.write(&mut payload);
            payload.resize(len, 0xA5);
            let marker = index + 1 == count;
            out.push(Made { is_video: true, media_time: due, marker, payload });
        }
    }

    fn sound(&mut self, due: Duration, sent_us: u64, out: &mut Vec<Made>) {
        // Code 0, 20 ms of full band by CELT (RFC 6716, section 3.1).
        let mut payload = vec![0xFC];
        let frame = self.n_audio;
        self.n_audio = self.n_audio.wrapping_add(1);
        let run = self.shape.run;
        Stamp { run, sent_us, frame, index: 0, count: 1, is_key: false }.write(&mut payload);
        payload.resize(AUDIO_PAYLOAD, 0xA5);
        out.push(Made { is_video: false, media_time: due, marker: false, payload });
    }
}

/// The bytes by which a server tells what this is: always as many.
fn head(codec: VideoCodec, stamp: Stamp, to: &mut Vec<u8>) {
    let begins = stamp.index == 0;
    let ends = stamp.index + 1 == stamp.count;
    let bit = |is: bool, value: u8| if is { value } else { 0 };
    match codec {
        VideoCodec::Vp8 => {
            let id = stamp.frame as u16 & 0x7FFF;
            // A payload descriptor with a picture id of 15 bits (RFC 7741, section 4.2).
            to.extend([0x80 | bit(begins, 0x10), 0x80, 0x80 | (id >> 8) as u8, id as u8]);
            // Frame tag, start code, 1280 by 720 (RFC 6386, section 9.1).
            let tag = 0x10 | bit(!stamp.is_key, 0x01);
            to.extend([tag, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02]);
        }
        VideoCodec::H264 => {
            // FU-A of an IDR or other slice (RFC 6184, section 5.8).
            let kind = if stamp.is_key { 5 } else { 1 };
            to.extend([0x7C, bit(begins, 0x80) | bit(ends && !begins, 0x40) | kind]);
            to.extend([0x88; VIDEO_AT - 2]);
        }
    }
}

#[cfg(test)]
mod tests;
