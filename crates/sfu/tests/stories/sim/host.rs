//! A publishing browser: VP8 frames whose every packet says which frame it belongs to, keyframes
//! only at the start and when asked for, and sound every 20 ms.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::bwe::BweKind;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::rtp::{ExtensionValues, RtpWrite, Ssrc};

use super::in_place::InPlace;
use super::scalable::{Descriptor, Scaled, descriptor};

/// The SSRC of a layer that the offer does not name.
const STRAY: u32 = 0x5757;

/// The first of the SSRCs that are grouped.
const GROUPED: u32 = 0x6000;

/// The size of a simulated RTP payload.
const PAYLOAD_BYTES: usize = 1_000;

pub(crate) struct Host {
    /// What it encodes with.
    pub(crate) codec: Codec,
    /// Whether its layers have no names, and their SSRCs are grouped (`a=ssrc-group:SIM`), as older clients have it.
    pub(crate) is_grouped: bool,
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
    /// Packets that it was sent, as a guest that watches on the same connection.
    pub(crate) received: usize,
    /// When it was asked for a keyframe.
    pub(crate) keyframe_requests: Vec<Instant>,
    pub(crate) frames_sent: u32,
    /// How much larger than usual its video packets are.
    pub(crate) extra_payload_bytes: usize,
    /// Whether it answers requests for keyframes.
    pub(crate) obeys: bool,
    /// How often it makes a keyframe of its own accord, in frames, as encoders do that are no browsers.
    pub(crate) keyframe_every: Option<u32>,
    /// Whether it sends a second picture, of keyframes of one packet; its host is 50 more.
    pub(crate) has_second: bool,
    second: Option<(Mid, u64)>,
    /// The level of its sound, in -dBov, if it tells it.
    pub(crate) level: Option<i8>,
    /// Whether it has a microphone.
    pub(crate) has_sound: bool,
    /// Whether only its best layer repeats what is lost, as that of OBS 32 does.
    pub(crate) repeats_best_only: bool,
    /// Whether it repeats without a stream for that, as OBS does, and then what it has sent.
    pub(crate) in_place: Option<InPlace>,
    /// How many padding-only packets follow each frame.
    pub(crate) pads: u16,
    /// Whether it repeats padding when asked, which libwebrtc does not.
    pub(crate) repeats_padding: bool,
    /// Whether it sends a simulcast layer that its offer does not name.
    pub(crate) strays: bool,
    stray_seq: u64,
    /// Whether its H264 has no parameter sets in the stream.
    pub(crate) hides_parameter_sets: bool,
    /// What its offer says instead of what str0m writes.
    pub(crate) saying: fn(String) -> String,
    /// What it was told that its path carries, in bits a second.
    pub(crate) rembs: Vec<u64>,
    /// Requests for repetition that it received, by layer, or by media description without layers.
    pub(crate) nacks: BTreeMap<String, u64>,
    /// Whether it sends three temporal layers.
    pub(crate) is_temporal: bool,
    /// How many spatial layers are in its stream, each of twice the packets of the one below.
    pub(crate) n_spatial: u8,
    /// The dependency descriptors it sent, by frame and packet.
    pub(crate) descriptors: Vec<(u32, u16, Vec<u8>)>,
    /// The number of the last keyframe.
    last_key: u32,
    /// What it does when it is told which layers nobody watches.
    pub(crate) pauses: Pauses,
    /// The layers that it does not send, and those that it will not from then on.
    pub(crate) paused: Vec<String>,
    told: Vec<(Instant, Vec<String>)>,
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

/// What a host makes of it that nobody watches a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pauses {
    /// Nothing: it has never heard of it.
    Never,
    /// It does not send the layer, and begins again with a keyframe.
    Yes,
    /// It does not send the layer, and never again.
    ForGood,
}

/// How long it takes from the server to the encoder of a page.
const SIGNALLING: Duration = Duration::from_millis(50);

impl Default for Host {
    fn default() -> Self {
        Self {
            codec: Codec::Vp8,
            is_grouped: false,
            layers: Vec::new(),
            id: 1,
            frame_interval: Duration::from_millis(33),
            audio_interval: Duration::from_millis(20),
            packets_per_frame: 5,
            packets_per_keyframe: 30,
            first_seq: 17,
            first_ts: 1_000,
            received: 0,
            keyframe_requests: Vec::new(),
            frames_sent: 0,
            extra_payload_bytes: 0,
            obeys: true,
            keyframe_every: None,
            has_second: false,
            second: None,
            level: None,
            has_sound: true,
            repeats_best_only: false,
            in_place: None,
            pads: 0,
            repeats_padding: true,
            strays: false,
            stray_seq: 1,
            hides_parameter_sets: false,
            saying: |offer| offer,
            rembs: Vec::new(),
            nacks: BTreeMap::new(),
            is_temporal: false,
            n_spatial: 1,
            descriptors: Vec::new(),
            last_key: 0,
            pauses: Pauses::Never,
            paused: Vec::new(),
            told: Vec::new(),
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
    #[allow(dead_code, reason = "for `endurance.rs`, a program of its own")]
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

    /// One that repeats on the same SSRC, as OBS does.
    pub(crate) fn obs() -> Self {
        Self { in_place: Some(InPlace::default()), ..Self::encoding(Codec::H264) }
    }

    /// One that sends these layers, with their packets a frame.
    pub(crate) fn simulcast(layers: &[(&'static str, u16)]) -> Self {
        Self { layers: layers.to_vec(), ..Self::default() }
    }

    /// The same without names for the layers.
    pub(crate) fn grouped(self) -> Self {
        Self { is_grouped: true, ..self }
    }

    /// The same in three temporal layers.
    pub(crate) fn temporal(self) -> Self {
        Self { is_temporal: true, ..self }
    }

    /// One with this encoder that sends three temporal and so many spatial layers in one stream, the
    /// smallest of so many packets a frame.
    pub(crate) fn scalable(codec: Codec, n_spatial: u8, packets_per_frame: u16) -> Self {
        let packets_per_keyframe = 2 * packets_per_frame;
        let host = Self { n_spatial, packets_per_frame, packets_per_keyframe, ..Self::default() };
        Self { codec, ..host }.temporal()
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

    /// It is told which layers nobody watches.
    pub(crate) fn hears_of_unwanted(&mut self, layers: &[String], now: Instant) {
        self.told.push((now + SIGNALLING, layers.to_vec()));
    }

    fn pause(&mut self, now: Instant) {
        let Some((_, layers)) = self.told.pop_if(|it| it.0 <= now) else { return };
        self.told.clear();
        match self.pauses {
            Pauses::Never => {}
            Pauses::Yes => {
                self.keyframe_due |= self.paused.iter().any(|it| !layers.contains(it));
                self.paused = layers;
            }
            Pauses::ForGood => self.paused.extend(layers),
        }
    }

    /// One that can be told from others.
    pub(crate) fn named(id: u8) -> Self {
        Self { id, ..Self::default() }
    }

    /// The same as another host.
    pub(crate) fn with_id(self, id: u8) -> Self {
        Self { id, ..self }
    }

    /// The same, which does this when nobody watches a layer.
    pub(crate) fn which(self, pauses: Pauses) -> Self {
        Self { pauses, ..self }
    }

    /// The same without a microphone.
    pub(crate) fn silent(self) -> Self {
        Self { has_sound: false, ..self }
    }

    /// One that sends padding after each frame.
    pub(crate) fn padding() -> Self {
        Self { pads: 1, ..Self::default() }
    }

    /// The same, and it sends a simulcast layer that its offer does not name.
    pub(crate) fn straying(self) -> Self {
        Self { strays: true, ..self }
    }

    /// One whose offer says something else.
    pub(crate) fn saying(saying: fn(String) -> String) -> Self {
        Self { saying, ..Self::default() }
    }

    /// The same with H264 that has no parameter sets in the stream.
    pub(crate) fn without_parameter_sets(self) -> Self {
        Self { codec: Codec::H264, hides_parameter_sets: true, ..self }
    }

    /// The same with the encoder of a program that is no browser: it makes a keyframe every so many frames,
    /// and hears no requests.
    pub(crate) fn with_own_keyframes(self, every: u32) -> Self {
        Self { keyframe_every: Some(every), obeys: false, ..self }
    }

    /// The same, with sound of this level, in -dBov.
    pub(crate) fn speaking_at(self, level: i8) -> Self {
        Self { level: Some(level), ..self }
    }

    /// The same, with a second picture.
    pub(crate) fn with_second(self) -> Self {
        Self { has_second: true, ..self }
    }

    /// The same with other first numbers.
    pub(crate) fn starting_at(self, first_seq: u64, first_ts: u32) -> Self {
        Self { first_seq, first_ts, ..self }
    }

    pub(crate) fn offer(&mut self, rtc: &mut Rtc) -> String {
        let mut api = rtc.sdp_api();
        // What addTrack writes.
        let audio = api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let simulcast = (!self.layers.is_empty() && !self.is_grouped).then(|| {
            let mut simulcast = Simulcast::new();
            for (rid, _) in &self.layers {
                simulcast.add_send_layer(SimulcastLayer::new(rid));
            }
            simulcast
        });
        let video = api.add_media(MediaKind::Video, Direction::SendRecv, None, None, simulcast);
        let second = self
            .has_second
            .then(|| api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None));
        self.second = second.map(|mid| (mid, self.first_seq));
        let (offer, pending) = api.apply().unwrap();
        self.mids = Some((audio, video));
        self.pending = Some(pending);
        let offer = preferring(&offer.to_sdp_string(), self.codec);
        if self.is_grouped { grouping(&offer, self.layers.len()) } else { offer }
    }

    /// Answers an offer of the server for both ways.
    pub(crate) fn answer(&mut self, rtc: &mut Rtc, offer: &str) -> String {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        let answer = rtc.sdp_api().accept_offer(offer).unwrap();
        // The server's offers begin with sound.
        self.mids = Some((Mid::from("0"), Mid::from("1")));
        self.video_seq = self.first_seq;
        self.audio_seq = self.first_seq;
        answer.to_sdp_string()
    }

    pub(crate) fn accept_answer(&mut self, rtc: &mut Rtc, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
        let (_, video) = self.mids.unwrap();
        if let Some(tx) = rtc.direct_api().stream_tx_by_mid(video, None) {
            // A browser does not stop repeating at a share of 15 %.
            tx.set_rtx_cache(1_024, Duration::from_secs(3), None);
        }
        for (n, (rid, _)) in self.layers.iter().enumerate().filter(|_| self.is_grouped) {
            // str0m tells its streams apart by names, and sends none, as no header extension is agreed on.
            let rid = Some(Rid::from(*rid));
            rtc.direct_api().declare_stream_tx(grouped_ssrc(n), None, video, rid);
        }
        if self.repeats_best_only {
            // The last is the best one.
            for (rid, _) in self.layers.iter().rev().skip(1) {
                let mut api = rtc.direct_api();
                let tx = api.stream_tx_by_mid(video, Some(Rid::from(*rid))).unwrap();
                tx.set_rtx_cache(0, Duration::ZERO, None);
            }
        }
        self.layer_seqs = self.layers.iter().map(|_| self.first_seq).collect();
        self.video_seq = self.first_seq;
        self.audio_seq = self.first_seq;
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.next_frame_at.into_iter().chain(self.next_audio_at).min()
    }

    pub(crate) fn handle_event(&mut self, event: &str0m::Event, now: Instant) {
        self.received += usize::from(matches!(event, str0m::Event::RtpPacket(_)));
        if let str0m::Event::KeyframeRequest(_) = event {
            self.keyframe_requests.push(now);
            self.keyframe_due |= self.obeys;
        }
        if let str0m::Event::EgressBitrateEstimate(BweKind::Remb { estimate, .. }) = event {
            self.rembs.push(estimate.as_u64());
        }
        if let str0m::Event::MediaEgressStats(stats) = event {
            let layer = stats.rid.map_or(stats.mid.to_string(), |it| it.to_string());
            self.nacks.insert(layer, stats.nacks);
        }
    }

    /// Sends what is due.
    pub(crate) fn produce(&mut self, rtc: &mut Rtc, now: Instant) {
        let began = *self.began_at.get_or_insert(now);
        let Some((audio, video)) = self.mids else { return };
        self.pause(now);
        while *self.next_frame_at.get_or_insert(now) <= now {
            let at = self.next_frame_at.unwrap();
            self.next_frame_at = Some(at + self.frame_interval);
            let ts = self.ts(at - began, 90_000);
            self.write_frame(rtc, video, ts, now);
            self.write_second(rtc, ts, now);
        }
        while *self.next_audio_at.get_or_insert(now) <= now {
            let at = self.next_audio_at.unwrap();
            self.next_audio_at = Some(at + self.audio_interval);
            if !self.has_sound {
                continue;
            }
            let ts = self.ts(at - began, 48_000);
            let payload = vec![0xF8; 80];
            let seq = self.audio_seq;
            self.audio_seq += 1;
            let values = ExtensionValues {
                audio_level: self.level,
                voice_activity: self.level.map(|it| it > -50),
                ..ExtensionValues::default()
            };
            let packet = RtpWrite::new(payload_type(rtc, audio), seq.into(), ts, now, payload);
            write(rtc, audio, packet.ext_vals(values));
        }
    }

    fn ts(&self, elapsed: Duration, clock_rate: u32) -> u32 {
        let ticks = (elapsed.as_micros() * u128::from(clock_rate) / 1_000_000) as u64;
        self.first_ts.wrapping_add(ticks as u32)
    }

    fn write_second(&mut self, rtc: &mut Rtc, ts: u32, now: Instant) {
        let Some((mid, seq)) = self.second.filter(|_| self.has_second) else { return };
        self.second = Some((mid, seq + 1));
        let number = self.frames_sent;
        let frame = Frame { host: self.id + 50, number, is_key: true, index: 0, count: 1 };
        let payload = frame.write(self.codec, false, &Scaled::single(number, 0));
        let pt = self.video_payload_type(rtc, mid);
        let packet = RtpWrite::new(pt, seq.into(), ts, now, payload).marker(true).nackable(true);
        write(rtc, mid, packet);
    }

    fn write_frame(&mut self, rtc: &mut Rtc, mid: Mid, ts: u32, now: Instant) {
        let own = self.keyframe_every.is_some_and(|every| self.frames_sent.is_multiple_of(every));
        let is_key = std::mem::take(&mut self.keyframe_due) | own;
        if is_key {
            self.last_key = self.frames_sent;
        }
        let pt = self.video_payload_type(rtc, mid);
        let (number, last_key) = (self.frames_sent, self.last_key);
        let scaled = |spatial: u8| match (self.codec, self.is_temporal) {
            (Codec::Vp8, true) => Scaled::vp8(number, number - last_key),
            (_, true) => Scaled::svc(number, number - last_key, spatial),
            _ => Scaled::single(number, number - last_key),
        };
        let mut descriptors = Vec::new();
        let is_grouped = self.is_grouped;
        let mut write_layer =
            |layer: Option<(usize, &str)>, seq: &mut u64, count: u16, spatial: u8| {
                for index in 0..count {
                    let scaled = scaled(spatial);
                    let is_last = spatial + 1 == self.n_spatial;
                    let frame = Frame { host: self.id, number, is_key, index, count };
                    let mut payload = frame.write(self.codec, self.is_temporal, &scaled);
                    if self.hides_parameter_sets && payload.starts_with(&PARAMETER_SETS) {
                        // The slice that stood behind them, as the first of an FU-A.
                        payload.splice(..=PARAMETER_SETS.len(), [0x7C, 0x85]);
                        payload.remove(4);
                    }
                    payload.resize(payload.len() + self.extra_payload_bytes, 0);
                    let mut packet = RtpWrite::new(pt, (*seq).into(), ts, now, payload)
                        .marker(index + 1 == count && is_last)
                        .nackable(true);
                    if self.codec == Codec::Av1 && self.is_temporal {
                        let it = descriptor(&scaled, number, index == 0, index + 1 == count);
                        let mut values = ExtensionValues::default();
                        values.user_values.set(Descriptor(it.as_slice().into()));
                        descriptors.push((number, index, it));
                        packet = packet.ext_vals(values);
                    }
                    *seq += 1;
                    let mut api = rtc.direct_api();
                    let stream = match layer {
                        Some((n, _)) if is_grouped => api.stream_tx(&grouped_ssrc(n)),
                        layer => api.stream_tx_by_mid(mid, layer.map(|it| Rid::from(it.1))),
                    };
                    stream.unwrap().write_rtp(packet);
                }
            };
        if self.layers.is_empty() {
            let count = if is_key { self.packets_per_keyframe } else { self.packets_per_frame };
            for spatial in 0..self.n_spatial {
                write_layer(None, &mut self.video_seq, count << spatial, spatial);
            }
        }
        for (n, ((rid, count), seq)) in self.layers.iter().zip(&mut self.layer_seqs).enumerate() {
            if !self.paused.iter().any(|it| it == rid) {
                write_layer(Some((n, rid)), seq, *count, 0);
            }
        }
        self.descriptors.extend(descriptors);
        for _ in 0..self.pads {
            let padding = RtpWrite::new(pt, self.video_seq.into(), ts, now, Vec::new());
            self.video_seq += 1;
            write(rtc, mid, padding.nackable(self.repeats_padding));
        }
        if self.strays {
            let stray = RtpWrite::new(pt, self.stray_seq.into(), ts, now, vec![0; PAYLOAD_BYTES]);
            self.stray_seq += 1;
            let (mut api, ssrc) = (rtc.direct_api(), STRAY.into());
            if api.stream_tx(&ssrc).is_none() {
                api.declare_stream_tx(ssrc, None, mid, Some(Rid::from("stray")));
            }
            api.stream_tx(&ssrc).unwrap().write_rtp(stray);
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

/// Bytes by which the codec tells what this is; then come our own.
const HEAD: usize = 8;

/// STAP-A with the parameter sets of x264's Constrained Baseline, and the length of what comes behind them (RFC 6184,
/// section 5.7.1).
const PARAMETER_SETS: [u8; 20] = [
    0x78, 0, 9, 0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x01, 0x40, 0x16, 0xE8, 0, 4, 0x68, 0xCE, 0x3C, 0x80,
    0x03, 0xD4,
];

/// Where our own bytes begin.
fn head_of(payload: &[u8]) -> usize {
    if payload.starts_with(&PARAMETER_SETS) { PARAMETER_SETS.len() + HEAD } else { HEAD }
}

impl Frame {
    fn write(self, codec: Codec, is_temporal: bool, scaled: &Scaled) -> Vec<u8> {
        let begins = self.index == 0;
        let ends = self.index + 1 == self.count;
        let bit = |is: bool, value: u8| if is { value } else { 0 };
        let id = self.number as u16 & 0x7FFF;
        let [high, low] = (id | 0x8000).to_be_bytes();
        let not_key = bit(!self.is_key, 1);
        let mut bytes = match codec {
            // A payload descriptor with a picture id and a temporal layer (RFC 7741, section 4.2), and P
            // of the frame.
            Codec::Vp8 if is_temporal => {
                let layer = scaled.temporal << 6 | bit(scaled.is_switch, 0x20);
                vec![0x80 | bit(begins, 0x10), 0xA0, high, low, layer, not_key]
            }
            Codec::Vp8 => vec![0x80 | bit(begins, 0x10), 0x80, high, low, not_key],
            // FU-A of an IDR or other slice (RFC 6184, section 5.8), and how its slice header begins; behind the
            // parameter sets that a keyframe needs.
            Codec::H264 if self.is_key && begins => {
                [&PARAMETER_SETS[..], &[0x65, 0x88, 0x80]].concat()
            }
            Codec::H264 => {
                vec![0x7C, bit(begins, 0x80) | if self.is_key { 5 } else { 1 }]
            }
            // I, P, L, B and E, and `TID|U|SID|D` (RFC 9628, section 4.2).
            Codec::Vp9 if is_temporal => {
                let flags = 0xA0 | not_key << 6 | bit(begins, 0x08) | bit(ends, 0x04);
                let layer = scaled.temporal << 5
                    | bit(scaled.is_switch, 0x10)
                    | scaled.spatial << 1
                    | bit(scaled.spatial > 0, 1);
                vec![flags, high, low, layer, 0]
            }
            // P and B.
            Codec::Vp9 => vec![bit(!self.is_key, 0x40) | bit(begins, 0x08)],
            // N, of the aggregation header.
            Codec::Av1 => vec![0x10 | bit(self.is_key && begins, 0x08)],
            other => panic!("no host encodes {other:?}"),
        };
        let head = head_of(&bytes);
        bytes.resize(head, 0);
        bytes.push(self.host);
        bytes.extend(self.number.to_be_bytes());
        bytes.push(u8::from(self.is_key));
        bytes.extend(self.index.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        scaled.write(&mut bytes);
        bytes.resize(PAYLOAD_BYTES, 0);
        bytes
    }

    /// Reads it back; also returns the VP8 picture id as the viewer got it.
    pub(crate) fn read(payload: &[u8]) -> Option<(Self, Scaled, u16)> {
        let picture_id = u16::from_be_bytes([*payload.get(2)?, *payload.get(3)?]) & 0x7FFF;
        let (&[host, a, b, c, d, is_key, i, j, k, l], rest) =
            payload.get(head_of(payload)..)?.split_first_chunk()?;
        let frame = Self {
            host,
            number: u32::from_be_bytes([a, b, c, d]),
            is_key: is_key == 1,
            index: u16::from_be_bytes([i, j]),
            count: u16::from_be_bytes([k, l]),
        };
        Some((frame, Scaled::read(rest)?, picture_id))
    }
}

fn payload_type(rtc: &Rtc, mid: Mid) -> Pt {
    rtc.media(mid).unwrap().remote_pts()[0]
}

fn write(rtc: &mut Rtc, mid: Mid, packet: RtpWrite) {
    rtc.direct_api().stream_tx_by_mid(mid, None).unwrap().write_rtp(packet);
}

/// The SSRC of a layer without a name.
fn grouped_ssrc(n: usize) -> Ssrc {
    (GROUPED + n as u32).into()
}

/// The offer with so many layers in place of its one video stream (`a=ssrc-group:SIM`).
fn grouping(offer: &str, n: usize) -> String {
    let (before, video) = offer.split_at(offer.find("m=video").unwrap());
    let is_other = |line: &&str| !line.starts_with("a=ssrc") && !line.contains("rtp-stream-id");
    let mut lines: Vec<String> =
        video.split_terminator("\r\n").filter(is_other).map(str::to_owned).collect();
    let ssrcs: Vec<String> = (0..n).map(|it| grouped_ssrc(it).to_string()).collect();
    lines.push(format!("a=ssrc-group:SIM {}", ssrcs.join(" ")));
    lines.extend(ssrcs.iter().map(|it| format!("a=ssrc:{it} cname:older")));
    format!("{before}{}\r\n", lines.join("\r\n"))
}

/// The offer with this codec first, as `setCodecPreferences` has it.
fn preferring(offer: &str, codec: Codec) -> String {
    let name = format!(" {codec}/");
    let rtpmap = offer.lines().find(|it| it.starts_with("a=rtpmap:") && it.contains(&name));
    let pt = rtpmap.and_then(|it| it["a=rtpmap:".len()..].split(' ').next()).unwrap();
    let reordered = |line: &str| {
        let Some(at) = line.find(" UDP/TLS/RTP/SAVPF ").filter(|_| line.starts_with("m=video"))
        else {
            return line.to_owned();
        };
        let (head, pts) = line.split_at(at + " UDP/TLS/RTP/SAVPF ".len());
        let others = pts.split(' ').filter(|it| *it != pt);
        let pts: Vec<&str> = std::iter::once(pt).chain(others).collect();
        format!("{head}{}", pts.join(" "))
    };
    offer.split("\r\n").map(reordered).collect::<Vec<_>>().join("\r\n")
}
