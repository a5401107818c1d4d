//! The media of a synthetic publisher: payloads shaped like a codec's. A stamp in each tells a viewer the frame and the
//! delay.

mod feed;
mod h264;
mod stamp;
mod stamped;
#[cfg(test)]
pub(crate) mod tests;

use std::time::{Duration, Instant};

pub use feed::{Feed, Made, Sent, SentVideo};

use h264::Place;
use stamp::STAMP_BYTES;
pub(crate) use stamp::Stamp;
pub use stamped::Stamped;

/// The largest video payload, as browsers make them.
const MAX_PAYLOAD: usize = 1_150;
/// A packet of sound: Opus at 40 kbit/s.
const AUDIO_PAYLOAD: usize = 100;
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const KEYFRAME_INTERVAL: Duration = Duration::from_secs(10);
/// The shortest interval of requested keyframes, as encoders have it.
const KEYFRAME_MIN_INTERVAL: Duration = Duration::from_millis(300);
/// The size of a keyframe, in sizes of other frames.
const KEYFRAME_FACTOR: usize = 6;
/// What the rest of a payload is made of: no byte that a NAL unit may not have, and none that ends one.
const FILLER: u8 = 0xA5;
/// A publisher that could not send for this long leaves the frames out, as a camera does.
const LATE: Duration = Duration::from_millis(250);

/// The longest head of a packet of video: the four bytes of a VP8 descriptor and the ten of a keyframe's header.
const MAX_HEAD: usize = 14;

/// The codec that payloads imitate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCodec {
    /// RFC 7741.
    Vp8,
    /// RFC 6184, packetization mode 1.
    H264,
}

impl From<VideoCodec> for SentVideo {
    fn from(codec: VideoCodec) -> Self {
        match codec {
            VideoCodec::Vp8 => Self::Vp8,
            // As its parameter sets say.
            VideoCodec::H264 => Self::H264 { profile: 0x42 },
        }
    }
}

/// What a publisher sends.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub codec: VideoCodec,
    pub video_bitrate: u64,
    pub fps: u32,
    pub audio: bool,
    /// The run of the tool. Stamps of other runs have another clock.
    pub run: u32,
    /// What stamps count from.
    pub epoch: Instant,
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
    /// Frames since the last keyframe.
    since_key: u32,
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
            since_key: 0,
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

    fn frame(&mut self, due: Duration, sent_us: u64, out: &mut Vec<Made>) {
        let since = self.keyframe_at.map(|at| due - at);
        let is_key = since.is_none_or(|since| {
            since >= KEYFRAME_INTERVAL || self.keyframe_wanted && since >= KEYFRAME_MIN_INTERVAL
        });
        self.since_key += 1;
        if is_key {
            self.keyframe_wanted = false;
            self.keyframe_at = Some(due);
            self.since_key = 0;
            if self.shape.codec == VideoCodec::H264 {
                let payload = h264::parameter_sets();
                out.push(Made { is_video: true, is_key, media_time: due, marker: false, payload });
            }
        }
        let mean = self.shape.video_bitrate as usize / 8 / self.shape.fps as usize;
        let bytes = mean * self.rng.usize(80..=120) / 100;
        let bytes = if is_key { bytes * KEYFRAME_FACTOR } else { bytes };
        let count = bytes.div_ceil(MAX_PAYLOAD).max(1);
        let frame = self.n_frames;
        self.n_frames = self.n_frames.wrapping_add(1);
        for index in 0..count {
            // As libwebrtc does: the packets of a frame differ by a byte at most.
            let len = bytes / count + usize::from(index < bytes % count);
            let len = len.max(MAX_HEAD + STAMP_BYTES);
            let (begins, ends) = (index == 0, index + 1 == count);
            let mut payload = Vec::with_capacity(len);
            match self.shape.codec {
                VideoCodec::Vp8 => vp8_head(begins, is_key, frame, &mut payload),
                VideoCodec::H264 => {
                    let place = Place { begins, ends, is_key, since_key: self.since_key };
                    h264::head(place, &mut payload);
                }
            }
            Stamp { run: self.shape.run, sent_us, frame, is_key, begins }.write(&mut payload);
            payload.resize(len, FILLER);
            out.push(Made { is_video: true, is_key, media_time: due, marker: ends, payload });
        }
    }

    fn sound(&mut self, due: Duration, sent_us: u64, out: &mut Vec<Made>) {
        // Code 0, 20 ms of full band by CELT (RFC 6716, section 3.1).
        let mut payload = vec![0xFC];
        let frame = self.n_audio;
        self.n_audio = self.n_audio.wrapping_add(1);
        let run = self.shape.run;
        Stamp { run, sent_us, frame, is_key: false, begins: true }.write(&mut payload);
        payload.resize(AUDIO_PAYLOAD, FILLER);
        out.push(Made { is_video: false, is_key: false, media_time: due, marker: false, payload });
    }
}

impl Feed for Source {
    fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    fn next_at(&self) -> Option<Instant> {
        let next =
            if self.shape.audio { self.next_frame.min(self.next_audio) } else { self.next_frame };
        self.began.map(|began| began + next)
    }

    fn skip_to(&mut self, now: Instant) {
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

    fn produce(&mut self, now: Instant, out: &mut Vec<Made>) {
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
}

/// A payload descriptor with a picture id of 15 bits (RFC 7741, section 4.2), and what a frame begins with.
fn vp8_head(begins: bool, is_key: bool, frame: u32, to: &mut Vec<u8>) {
    let bit = |is: bool, value: u8| if is { value } else { 0 };
    let id = frame as u16 & 0x7FFF;
    to.extend([0x80 | bit(begins, 0x10), 0x80, 0x80 | (id >> 8) as u8, id as u8]);
    if begins {
        // Frame tag, start code, 1280 by 720 (RFC 6386, section 9.1).
        let tag = 0x10 | bit(!is_key, 0x01);
        to.extend([tag, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02]);
    }
}
