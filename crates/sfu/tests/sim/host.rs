//! A publishing browser: VP8 frames whose every packet says which frame it belongs to, keyframes
//! only at the start and when asked for, and sound every 20 ms.

use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::rtp::RtpWrite;

/// The size of a simulated RTP payload.
const PAYLOAD_BYTES: usize = 1_000;

pub(crate) struct Host {
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
    /// Whether it answers requests for keyframes.
    pub(crate) obeys: bool,
    mids: Option<(Mid, Mid)>,
    pending: Option<SdpPendingOffer>,
    video_seq: u64,
    audio_seq: u64,
    next_frame_at: Option<Instant>,
    next_audio_at: Option<Instant>,
    began_at: Option<Instant>,
    keyframe_due: bool,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            id: 1,
            frame_interval: Duration::from_millis(33),
            audio_interval: Duration::from_millis(20),
            packets_per_frame: 5,
            packets_per_keyframe: 30,
            first_seq: 17,
            first_ts: 1_000,
            keyframe_requests: Vec::new(),
            frames_sent: 0,
            obeys: true,
            mids: None,
            pending: None,
            video_seq: 0,
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
        let video = api.add_media(MediaKind::Video, Direction::SendRecv, None, None, None);
        let (offer, pending) = api.apply().unwrap();
        self.mids = Some((audio, video));
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(crate) fn accept_answer(&mut self, rtc: &mut Rtc, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
        let mut api = rtc.direct_api();
        let (_, video) = self.mids.unwrap();
        // A browser does not stop repeating at a share of 15 %.
        api.stream_tx_by_mid(video, None).unwrap().set_rtx_cache(
            1_024,
            Duration::from_secs(3),
            None,
        );
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
        let count = if is_key { self.packets_per_keyframe } else { self.packets_per_frame };
        for index in 0..count {
            let payload =
                Frame { host: self.id, number: self.frames_sent, is_key, index, count }.write();
            let seq = self.video_seq;
            self.video_seq += 1;
            let packet = RtpWrite::new(payload_type(rtc, mid), seq.into(), ts, now, payload)
                .marker(index + 1 == count)
                .nackable(true);
            write(rtc, mid, packet);
        }
        self.frames_sent += 1;
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
    /// A VP8 payload descriptor with a picture id (RFC 7741, section 4.2), the first byte of the
    /// frame, and then our own.
    fn write(self) -> Vec<u8> {
        let starts = if self.index == 0 { 0x10 } else { 0 };
        let id = self.number as u16 & 0x7FFF;
        let mut bytes = vec![0x80 | starts, 0x80, 0x80 | (id >> 8) as u8, id as u8];
        bytes.push(u8::from(!self.is_key));
        bytes.push(self.host);
        bytes.extend(self.number.to_be_bytes());
        bytes.push(u8::from(self.is_key));
        bytes.extend(self.index.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes.resize(PAYLOAD_BYTES, 0);
        bytes
    }

    /// Reads it back; also returns the picture id as the viewer got it.
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
