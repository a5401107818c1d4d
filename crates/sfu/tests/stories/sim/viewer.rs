//! A watching browser, and what a person in front of it would notice: when a picture is there, how
//! long it stands still, whether a frame is missing or wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind};
use str0m::rtp::RtpPacket;
use str0m::{Event, Rtc};

use super::host::Frame;
use super::scalable::{Descriptor, Scaled};

/// A viewer that has waited this long for a frame asks for a keyframe, and again after as long, unless it is told
/// otherwise.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(crate) struct Viewer {
    pub(crate) joined_at: Option<Instant>,
    pub(crate) screen: Screen,
    /// What is shown of guests, by the stream that the server's offers name.
    pub(crate) guests: BTreeMap<String, Screen>,
    /// The stream of each SSRC of a guest.
    streams: BTreeMap<u32, String>,
    /// Another [`PATIENCE`], such as the three seconds of Chromium.
    pub(crate) patience: Option<Duration>,
    video_ssrc: Option<u32>,
    first_packet_at: Option<Instant>,
    asked_at: Option<Instant>,
}

/// What is shown.
#[derive(Default, Debug)]
pub(crate) struct Screen {
    /// When each frame was shown, with its host and number.
    pub(crate) shown: Vec<(Instant, u8, u32)>,
    /// The packets as they came: sequence number (extended), timestamp.
    pub(crate) packets: Vec<(u64, u32)>,
    /// Picture ids of shown frames.
    pub(crate) picture_ids: Vec<u16>,
    /// How many packets each shown frame had.
    pub(crate) packets_per_frame: Vec<u16>,
    /// Timestamps of shown frames.
    pub(crate) timestamps: Vec<u32>,
    pub(crate) audio_packets: usize,
    pub(crate) audio_seqs: Vec<u64>,
    pub(crate) ssrcs: Vec<u32>,
    video_ssrc: Option<u32>,
    /// Layers of shown pictures: spatial, temporal.
    pub(crate) layers: Vec<(u8, u8)>,
    /// Packets with H264 parameter sets alone.
    pub(crate) parameter_sets: usize,
    /// Numbers that came without content, or without any of a picture.
    pub(crate) without_content: BTreeSet<u64>,
    /// Frames of which something that they need was never shown, and pictures that had no end.
    pub(crate) undecodable: usize,
    pub(crate) unended: usize,
    /// Dependency descriptors, by frame and packet.
    pub(crate) descriptors: Vec<(u32, u16, Vec<u8>)>,
    /// What was decoded since the last keyframe: numbers and spatial layers.
    decoded: BTreeSet<(u32, u8)>,
    /// The picture that is decoded in part.
    open_ts: Option<u32>,
    pending: BTreeMap<u64, Partial>,
    /// The sequence number after the last shown frame.
    next_seq: Option<u64>,
}

#[derive(Debug)]
struct Partial {
    frame: Frame,
    scaled: Scaled,
    picture_id: u16,
    ts: u32,
    /// Whether its last packet ends a picture.
    ends_picture: bool,
    /// Sequence numbers of its packets, by index.
    have: BTreeMap<u16, u64>,
}

impl Screen {
    /// The longest time without a new frame between two shown ones.
    pub(crate) fn longest_freeze(&self) -> Duration {
        let gaps = self.shown.windows(2).map(|it| it[1].0 - it[0].0);
        gaps.max().unwrap_or_default()
    }

    /// Forgets the log of single packets.
    #[allow(dead_code, reason = "for `endurance.rs`, a program of its own")]
    pub(crate) fn forget_packets(&mut self) {
        self.packets = Vec::new();
        self.audio_seqs = Vec::new();
    }

    /// The share of frames, in percent, that a player with a buffer of this length has too late.
    pub(crate) fn late_percent(&self, buffer: Duration) -> f64 {
        let Some((began, ..)) = self.shown.first() else { return 100.0 };
        let first_ts = self.timestamps[0];
        let delays: Vec<i64> = self
            .shown
            .iter()
            .zip(&self.timestamps)
            .map(|((at, ..), ts)| {
                let media = i64::from(ts.wrapping_sub(first_ts)) * 1_000 / 90_000;
                (*at - *began).as_millis() as i64 - media
            })
            .collect();
        let least = delays.iter().min().copied().unwrap_or_default();
        let late = delays.iter().filter(|it| **it - least > buffer.as_millis() as i64).count();
        late as f64 * 100.0 / delays.len() as f64
    }

    fn take(&mut self, packet: &RtpPacket, now: Instant) {
        let seq = *packet.seq_no;
        let ts = packet.header.timestamp;
        self.packets.push((seq, ts));
        let is_sets = packet.payload.len() < 100 && packet.payload.first() == Some(&0x78);
        self.parameter_sets += usize::from(is_sets);
        if packet.payload.is_empty() || is_sets {
            self.without_content.insert(seq);
            self.show(now);
            return;
        }
        let Some((frame, scaled, picture_id)) = Frame::read(&packet.payload) else {
            panic!("a video packet that nobody sent")
        };
        if let Some(Descriptor(it)) = packet.header.ext_vals.user_values.get() {
            self.descriptors.push((frame.number, frame.index, it.to_vec()));
        }
        // A frame is known by the sequence number that its first packet has.
        let first = seq.wrapping_sub(frame.index.into());
        let partial = self.pending.entry(first).or_insert_with(|| Partial {
            frame,
            scaled,
            picture_id,
            ts,
            ends_picture: false,
            have: BTreeMap::new(),
        });
        partial.ends_picture |= packet.header.marker;
        assert_eq!((partial.frame.host, partial.frame.number), (frame.host, frame.number));
        assert_eq!(partial.ts, ts, "one frame, one timestamp");
        partial.have.insert(frame.index, seq);
        self.show(now);
    }

    /// Shows what can be decoded: complete frames in order, or from the next complete keyframe.
    fn show(&mut self, now: Instant) {
        loop {
            while let Some(next) = self.next_seq.filter(|it| self.without_content.contains(it)) {
                self.next_seq = Some(next + 1);
            }
            let complete = |it: &Partial| it.have.len() == usize::from(it.frame.count);
            let next = self.next_seq.filter(|seq| self.pending.get(seq).is_some_and(complete));
            let is_start = |it: &Partial| it.frame.is_key && it.scaled.spatial == 0;
            let keyframe = || {
                let after = self.next_seq.unwrap_or(0);
                let found =
                    self.pending.range(after..).find(|(_, it)| is_start(it) && complete(it));
                found.map(|(seq, _)| *seq)
            };
            let Some(seq) = next.or_else(keyframe) else { return };
            let it = self.pending.remove(&seq).expect("found above");
            self.pending = self.pending.split_off(&seq);
            self.decode(&it, now);
            self.next_seq = Some(seq + u64::from(it.frame.count));
        }
    }
}

impl Screen {
    fn decode(&mut self, it: &Partial, now: Instant) {
        let Frame { host, number, is_key, count, .. } = it.frame;
        if is_key && it.scaled.spatial == 0 {
            self.decoded.clear();
        }
        let has = |it: &(u32, u8)| self.decoded.contains(it);
        if it.scaled.needs.iter().all(has) {
            self.decoded.insert((number, it.scaled.spatial));
            // No frame needs one of a hundred frames before.
            while self.decoded.len() > 512 {
                self.decoded.pop_first();
            }
        } else {
            self.undecodable += 1;
        }
        self.unended += usize::from(self.open_ts.is_some_and(|ts| ts != it.ts));
        self.open_ts = Some(it.ts).filter(|_| !it.ends_picture);
        if it.ends_picture {
            self.shown.push((now, host, number));
            self.picture_ids.push(it.picture_id);
            self.packets_per_frame.push(count);
            self.timestamps.push(it.ts);
            self.layers.push((it.scaled.spatial, it.scaled.temporal));
        }
    }
}

impl Viewer {
    /// Reads which streams of an offer are those of guests.
    pub(crate) fn hears_offer(&mut self, offer: &str) {
        for line in offer.lines().filter_map(|it| it.strip_prefix("a=ssrc:")) {
            if let Some((ssrc, rest)) = line.split_once(" msid:")
                && let Some((stream, _)) = rest.split_once(' ')
                && stream != "kaibo"
            {
                self.streams.insert(ssrc.parse().unwrap(), stream.to_owned());
            }
        }
    }

    pub(crate) fn handle_event(&mut self, event: Event, now: Instant) {
        let Event::RtpPacket(packet) = event else { return };
        let ssrc = *packet.header.ssrc;
        if let Some(stream) = self.streams.get(&ssrc) {
            let screen = self.guests.entry(stream.clone()).or_default();
            if packet.payload.len() < 500 && screen.video_ssrc != Some(ssrc) {
                screen.audio_packets += 1;
            } else {
                screen.video_ssrc = Some(ssrc);
                screen.take(&packet, now);
            }
            return;
        }
        if !self.screen.ssrcs.contains(&ssrc) {
            self.screen.ssrcs.push(ssrc);
        }
        if packet.payload.len() < 500 && self.video_ssrc != Some(ssrc) {
            self.screen.audio_packets += 1;
            self.screen.audio_seqs.push(*packet.seq_no);
            return;
        }
        self.video_ssrc = Some(ssrc);
        self.first_packet_at.get_or_insert(now);
        self.screen.take(&packet, now);
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        let patience = self.patience.unwrap_or(PATIENCE);
        let shown = self.screen.shown.last().map(|it| it.0);
        shown.or(self.first_packet_at).max(self.asked_at).map(|at| at + patience)
    }

    /// Asks for a keyframe when the picture stands.
    pub(crate) fn watch(&mut self, rtc: &mut Rtc, now: Instant) {
        if self.next_at().is_none_or(|at| now < at) {
            return;
        }
        self.asked_at = Some(now);
        let mut api = rtc.direct_api();
        if let Some(rx) = self.video_ssrc.and_then(|it| api.stream_rx(&it.into())) {
            rx.request_keyframe(KeyframeRequestKind::Pli);
        }
    }
}

pub(crate) fn answer(rtc: &mut Rtc, offer: &str) -> String {
    let offer = SdpOffer::from_sdp_string(offer).unwrap();
    rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string()
}

pub(crate) fn offer(rtc: &mut Rtc) -> (String, SdpPendingOffer) {
    let mut api = rtc.sdp_api();
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    let (offer, pending) = api.apply().unwrap();
    (offer.to_sdp_string(), pending)
}

pub(crate) fn accept_answer(rtc: &mut Rtc, pending: SdpPendingOffer, answer: &str) {
    let answer = SdpAnswer::from_sdp_string(answer).unwrap();
    rtc.sdp_api().accept_answer(pending, answer).unwrap();
}
