//! A publishing browser: VP8 frames whose every packet says which frame it belongs to, keyframes
//! only at the start and when asked for, and sound every 20 ms.

use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::rtp::RtpWrite;

/// The size of a simulated RTP payload.
const PAYLOAD_BYTES: usize = 1_000;

pub(crate) struct Host {
    /// What it encodes with.
    pub(crate) codec: Codec,
    /// The simulcast layers it sends, with their packets a frame; empty without simulcast.
    pub(crate) layers: Vec<(&'static str, u16)>,
    /// Which host this is: every packet says so.
    pub(crate) id: u8,
    pub(crate) frame_interval: Duration,
    pub(crate) audio_interval: Duration,
    pub(crate) packets_per_frame: u16,
    pub(crate) packets_per_keyframe: u16,
    pub(crate) first_seq: u64,
    pub(crate) first_ts: u32,
    /// When it was asked for a keyframe.
    pub(crate) keyframe_requests: Vec<Instant>,
    pub(crate) frames_sent: u32,
    /// How much larger than usual its video packets are.
    pub(crate) extra_payload_bytes: usize,
    /// Whether it answers requests for keyframes.
    pub(crate) obeys: bool,
    mids: Option<(Mid, Mid)>,
    pending: Option<SdpPendingOffer>,
    video_seq: u64,
    layer_seqs: Vec<u64>,
    audio_seq: u64,
    next_frame_at: Option<Instant>,
    next_audio_at: Option<Instant>,
    began_at: Option<Instant>,
    keyframe_due: bool,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            codec: Codec::Vp8,
            layers: Vec::new(),
            id: 1,
            frame_interval: Duration::from_millis(33),
            audio_interval: Duration::from_millis(20),
            packets_per_frame: 5,
            packets_per_keyframe: 30,
            first_seq: 17,
            first_ts: 1_000,
            keyframe_requests: Vec::new(),
            frames_sent: 0,
            extra_payload_bytes: 0,
            obeys: true,
            mids: None,
            pending: None,
            video_seq: 0,
            layer_seqs: Vec::new(),
            audio_seq: 0,
            next_frame_at: None,
            next_audio_at: None,
            began_at: None,
            keyframe_due: true,
        }
    }
}

impl Host {
    /// One that sends few packets, for tests with many viewers.
    pub(crate) fn light() -> Self {
        Self { packets_per_frame: 1, packets_per_keyframe: 4, ..Self::default() }
    }

    /// One that sends just enough to notice when it stops, for long runs.
    pub(crate) fn sparse() -> Self {
        Self {
            frame_interval: Duration::from_millis(100),
            audio_interval: Duration::from_millis(60),
            ..Self::light()
        }
    }

    /// One with this encoder.
    pub(crate) fn encoding(codec: Codec) -> Self {
        Self { codec, ..Self::default() }
    }

    /// One that sends these layers, with their packets a frame.
    pub(crate) fn simulcast(layers: &[(&'static str, u16)]) -> Self {
        Self { layers: layers.to_vec(), ..Self::default() }
    }

    /// Goes on with another encoder.
    pub(crate) fn switch_codec(&mut self, codec: Codec) {
        self.codec = codec;
        self.keyframe_due = true;
    }

    /// Offers the same media with new ICE credentials.
    pub(crate) fn restart_ice(&mut self, rtc: &mut Rtc) -> String {
        let mut api = rtc.sdp_api();
        api.ice_restart(true);
        let (offer, pending) = api.apply().unwrap();
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    /// Takes the answer to an ICE restart.
    pub(crate) fn accept_restart(&mut self, rtc: &mut Rtc, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
    }

    /// One that can be told from others.
    pub(crate) fn named(id: u8) -> Self {
        Self { id, ..Self::default() }
    }

    /// The same with other first numbers.
    pub(crate) fn starting_at(self, first_seq: u64, first_ts: u32) -> Self {
        Self { first_seq, first_ts, ..self }
    }

    pub(crate) fn offer(&mut self, rtc: &mut Rtc) -> String {
        let mut api = rtc.sdp_api();
        // What addTrack writes.
        let audio = api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let simulcast = (!self.layers.is_empty()).then(|| {
            let mut simulcast = Simulcast::new();
            for (rid, _) in &self.layers {
                simulcast.add_send_layer(SimulcastLayer::new(rid));
            }
            simulcast
        });
        let video = api.add_media(MediaKind::Video, Direction::SendRecv, None, None, simulcast);
        let (offer, pending) = api.apply().unwrap();
        self.mids = Some((audio, video));
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(crate) fn accept_answer(&mut self, rtc: &mut Rtc, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
        let (_, video) = self.mids.unwrap();
        if let Some(tx) = rtc.direct_api().stream_tx_by_mid(video, None) {
            // A browser does not stop repeating at a share of 15 %.
            tx.set_rtx_cache(1_024, Duration::from_secs(3), None);
        }
        self.layer_seqs = self.layers.iter().map(|_| self.first_seq).collect();
        self.video_seq = self.first_seq;
        self.audio_seq = self.first_seq;
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.next_frame_at.into_iter().chain(self.next_audio_at).min()
    }

    pub(crate) fn handle_event(&mut self, event: &str0m::Event, now: Instant) {
        if let str0m::Event::KeyframeRequest(_) = event {
            self.keyframe_requests.push(now);
            self.keyframe_due |= self.obeys;
        }
    }

    /// Sends what is due.
    pub(crate) fn produce(&mut self, rtc: &mut Rtc, now: Instant) {
        let began = *self.began_at.get_or_insert(now);
        let Some((audio, video)) = self.mids else { return };
        while *self.next_frame_at.get_or_insert(now) <= now {
            let at = self.next_frame_at.unwrap();
            self.next_frame_at = Some(at + self.frame_interval);
            let ts = self.ts(at - began, 90_000);
            self.write_frame(rtc, video, ts, now);
        }
        while *self.next_audio_at.get_or_insert(now) <= now {
            let at = self.next_audio_at.unwrap();
            self.next_audio_at = Some(at + self.audio_interval);
            let ts = self.ts(at - began, 48_000);
            let payload = vec![0xF8; 80];
            let seq = self.audio_seq;
            self.audio_seq += 1;
            write(
                rtc,
                audio,
                RtpWrite::new(payload_type(rtc, audio), seq.into(), ts, now, payload),
            );
        }
    }

    fn ts(&self, elapsed: Duration, clock_rate: u32) -> u32 {
        let ticks = (elapsed.as_micros() * u128::from(clock_rate) / 1_000_000) as u64;
        self.first_ts.wrapping_add(ticks as u32)
    }

    fn write_frame(&mut self, rtc: &mut Rtc, mid: Mid, ts: u32, now: Instant) {
        let is_key = std::mem::take(&mut self.keyframe_due);
        let pt = self.video_payload_type(rtc, mid);
        let mut write_layer = |rid: Option<&str>, seq: &mut u64, count: u16| {
            for index in 0..count {
                let frame = Frame { host: self.id, number: self.frames_sent, is_key, index, count };
                let mut payload = frame.write(self.codec);
                payload.resize(payload.len() + self.extra_payload_bytes, 0);
                let packet = RtpWrite::new(pt, (*seq).into(), ts, now, payload)
                    .marker(index + 1 == count)
                    .nackable(true);
                *seq += 1;
                let mut api = rtc.direct_api();
                api.stream_tx_by_mid(mid, rid.map(Rid::from)).unwrap().write_rtp(packet);
            }
        };
        if self.layers.is_empty() {
            let count = if is_key { self.packets_per_keyframe } else { self.packets_per_frame };
            write_layer(None, &mut self.video_seq, count);
        }
        for ((rid, count), seq) in self.layers.iter().zip(&mut self.layer_seqs) {
            write_layer(Some(rid), seq, *count);
        }
        self.frames_sent += 1;
    }

    fn video_payload_type(&self, rtc: &Rtc, mid: Mid) -> Pt {
        let agreed = rtc.media(mid).unwrap().remote_pts();
        let params = rtc.codec_config().params();
        let fits =
            |pt: &&Pt| params.iter().any(|it| it.pt() == **pt && it.spec().codec == self.codec);
        *agreed.iter().find(fits).unwrap_or_else(|| panic!("{:?} was not agreed", self.codec))
    }
}

/// What every video packet says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) host: u8,
    pub(crate) number: u32,
    pub(crate) is_key: bool,
    pub(crate) index: u16,
    pub(crate) count: u16,
}

impl Frame {
    /// Five bytes by which the codec tells what this is, and then our own.
    fn write(self, codec: Codec) -> Vec<u8> {
        let begins = self.index == 0;
        let bit = |is: bool, value: u8| if is { value } else { 0 };
        let id = self.number as u16 & 0x7FFF;
        let mut bytes = match codec {
            // A payload descriptor with a picture id (RFC 7741, section 4.2), and P of the frame.
            Codec::Vp8 => vec![
                0x80 | bit(begins, 0x10),
                0x80,
                0x80 | (id >> 8) as u8,
                id as u8,
                bit(!self.is_key, 1),
            ],
            // FU-A of an IDR or other slice (RFC 6184, section 5.8).
            Codec::H264 => {
                vec![0x7C, bit(begins, 0x80) | if self.is_key { 5 } else { 1 }, 0, 0, 0]
            }
            // P and B (RFC 9628, section 4.2).
            Codec::Vp9 => vec![bit(!self.is_key, 0x40) | bit(begins, 0x08), 0, 0, 0, 0],
            // N, of the aggregation header.
            Codec::Av1 => vec![0x10 | bit(self.is_key && begins, 0x08), 0, 0, 0, 0],
            other => panic!("no host encodes {other:?}"),
        };
        bytes.push(self.host);
        bytes.extend(self.number.to_be_bytes());
        bytes.push(u8::from(self.is_key));
        bytes.extend(self.index.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes.resize(PAYLOAD_BYTES, 0);
        bytes
    }

    /// Reads it back; also returns the VP8 picture id as the viewer got it.
    pub(crate) fn read(payload: &[u8]) -> Option<(Self, u16)> {
        let u16_at =
            |at: usize| Some(u16::from_be_bytes([*payload.get(at)?, *payload.get(at + 1)?]));
        let picture_id = u16_at(2)? & 0x7FFF;
        let number = u32::from_be_bytes(payload.get(6..10)?.try_into().ok()?);
        let is_key = *payload.get(10)? == 1;
        let frame =
            Self { host: *payload.get(5)?, number, is_key, index: u16_at(11)?, count: u16_at(13)? };
        Some((frame, picture_id))
    }
}

fn payload_type(rtc: &Rtc, mid: Mid) -> Pt {
    rtc.media(mid).unwrap().remote_pts()[0]
}

fn write(rtc: &mut Rtc, mid: Mid, packet: RtpWrite) {
    rtc.direct_api().stream_tx_by_mid(mid, None).unwrap().write_rtp(packet);
}
