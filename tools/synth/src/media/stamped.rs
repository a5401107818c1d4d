//! A feed whose packets are stamped, so that viewers know the frames and the delay.

use std::time::Instant;

use super::feed::{Feed, Made};
use super::stamp::Stamp;

/// Packets of several NAL units, each behind its length (RFC 6184, section 5.7.1).
const STAP_A: u8 = 24;
/// The header of a NAL unit that decoders pass over: supplemental information.
const SEI: u8 = 0x06;

/// Stamps the packets of another feed, at their end. The frames of more than one packet cannot be decoded any more, except for
/// those of H264 and VP8 that have the stamp at the end of a frame; nobody who measures decodes.
#[derive(Debug)]
pub struct Stamped {
    feed: Box<dyn Feed>,
    is_h264: bool,
    run: u32,
    epoch: Instant,
    n_frames: u32,
    n_audio: u32,
    /// Whether the next packet of video begins a frame.
    begins: bool,
}

impl Stamped {
    /// `run` names the run of the tool; `epoch` is what stamps count from.
    pub fn new(feed: Box<dyn Feed>, is_h264: bool, run: u32, epoch: Instant) -> Self {
        Self { feed, is_h264, run, epoch, n_frames: 0, n_audio: 0, begins: true }
    }

    fn stamp(&mut self, made: &mut Made, sent_us: u64) {
        let begins = !made.is_video || self.begins;
        let count = if made.is_video { &mut self.n_frames } else { &mut self.n_audio };
        let frame = *count;
        if made.marker || !made.is_video {
            *count = count.wrapping_add(1);
        }
        if made.is_video {
            self.begins = made.marker;
        }
        let mut stamp = Vec::new();
        Stamp { run: self.run, sent_us, frame, is_key: made.is_key, begins }.write(&mut stamp);
        let is_aggregate = made.payload.first().is_some_and(|it| it & 0x1F == STAP_A);
        if made.is_video && self.is_h264 && is_aggregate {
            let len = u16::try_from(stamp.len() + 1).unwrap_or(u16::MAX);
            made.payload.extend(len.to_be_bytes());
            made.payload.push(SEI);
        }
        made.payload.extend(stamp);
    }
}

impl Feed for Stamped {
    fn next_at(&self) -> Option<Instant> {
        self.feed.next_at()
    }

    fn produce(&mut self, now: Instant, out: &mut Vec<Made>) {
        let from = out.len();
        self.feed.produce(now, out);
        let sent_us = now.saturating_duration_since(self.epoch).as_micros() as u64;
        for made in out.iter_mut().skip(from) {
            self.stamp(made, sent_us);
        }
    }

    fn skip_to(&mut self, now: Instant) {
        self.feed.skip_to(now);
    }

    fn want_keyframe(&mut self) {
        self.feed.want_keyframe();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A keyframe of three packets, one of one, and sound.
    #[derive(Debug)]
    struct File(Vec<Made>);

    impl Feed for File {
        fn next_at(&self) -> Option<Instant> {
            None
        }

        fn produce(&mut self, _: Instant, out: &mut Vec<Made>) {
            out.append(&mut self.0);
        }
    }

    fn made(is_video: bool, is_key: bool, marker: bool, payload: &[u8]) -> Made {
        let (media_time, payload) = (Duration::ZERO, payload.to_vec());
        Made { is_video, is_key, media_time, marker, payload }
    }

    #[test]
    fn each_packet_of_a_file_tells_its_frame_and_when_it_was_sent() {
        let epoch = Instant::now();
        let aggregate = [STAP_A, 0, 2, 0x67, 1, 0, 1, 0x68];
        let file = File(vec![
            made(true, true, false, &aggregate),
            made(false, false, false, b"\xFCsound"),
            made(true, true, false, b"\x7C\x85more"),
            made(true, true, true, b"\x7C\x45end"),
            made(true, false, true, b"\x41frame"),
            made(false, false, false, b"\xFCsound"),
        ]);
        let mut stamped = Stamped::new(Box::new(file), true, 7, epoch);
        let mut out = Vec::new();
        stamped.produce(epoch + Duration::from_millis(3), &mut out);
        let stamps: Vec<Stamp> = out.iter().map(|it| Stamp::find(&it.payload).unwrap()).collect();
        assert!(stamps.iter().all(|it| it.run == 7 && it.sent_us == 3_000));
        let told: Vec<_> = stamps.iter().map(|it| (it.frame, it.is_key, it.begins)).collect();
        let sound = |n| (n, false, true);
        assert_eq!(
            told,
            [
                (0, true, true),
                sound(0),
                (0, true, false),
                (0, true, false),
                (1, false, true),
                sound(1)
            ]
        );
        // The units of an aggregate are still told apart.
        let mut rest = &out[0].payload[1..];
        let mut kinds = Vec::new();
        while let Some((len, after)) = rest.split_first_chunk::<2>() {
            let (unit, after) = after.split_at(usize::from(u16::from_be_bytes(*len)));
            kinds.push(unit[0] & 0x1F);
            rest = after;
        }
        assert_eq!((kinds, rest), (vec![7, 8, 6], &[][..]));
    }
}
