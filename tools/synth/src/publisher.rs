//! A synthetic publisher, sans-IO: a full WebRTC client (str0m) that sends what `media` makes.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

use crate::media::{Feed, Made, Sent, SentVideo, Shape, Source};
use crate::stats::Totals;
use crate::viewer::{JOIN_TIMEOUT, Send};

/// Packets kept for retransmission: a keyframe and two seconds.
const RTX_PACKETS: usize = 1_024;
const RTX_AGE: Duration = Duration::from_secs(2);

/// One track of a publisher.
#[derive(Debug, Clone, Copy)]
struct Track {
    mid: Mid,
    pt: Option<Pt>,
    seq: u64,
    clock_rate: u64,
}

impl Track {
    fn new(mid: Mid, clock_rate: u64) -> Self {
        Self { mid, pt: None, seq: 1, clock_rate }
    }
}

/// One publisher.
#[derive(Debug)]
pub struct Publisher {
    rtc: Rtc,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    video: Option<Track>,
    audio: Option<Track>,
    feed: Box<dyn Feed>,
    /// When the feed began.
    began: Option<Instant>,
    sent: Sent,
    is_connected: bool,
    /// Whether a check with the present credentials was answered.
    is_proven: bool,
    is_over: bool,
    /// Whether camera and microphone are off.
    is_silent: bool,
    give_up_at: Instant,
    next_at: Instant,
    made: Vec<Made>,
}

impl Publisher {
    /// A publisher whose socket has this address, and its offer.
    pub fn new(local: SocketAddr, shape: Shape, now: Instant) -> Result<(Self, String), String> {
        let sent = Sent { video: Some(shape.codec.into()), audio: shape.audio };
        let source = Source::new(shape, u64::from(local.port())).out_of_step();
        Self::of_feed(local, Box::new(source), sent, now)
    }

    /// A publisher of what a feed has.
    pub fn of_feed(
        local: SocketAddr,
        feed: Box<dyn Feed>,
        sent: Sent,
        now: Instant,
    ) -> Result<(Self, String), String> {
        let Sent { video, audio } = sent;
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_dtls_version(DtlsVersion::Dtls12)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(video == Some(SentVideo::Vp8))
            .enable_vp9(video == Some(SentVideo::Vp9))
            .enable_h264(matches!(video, Some(SentVideo::H264 { .. })))
            .enable_av1(video == Some(SentVideo::Av1))
            .build(now);
        let candidate = Candidate::host(local, "udp").map_err(|it| it.to_string())?;
        rtc.add_local_candidate(candidate);
        let mut api = rtc.sdp_api();
        let mut add =
            |kind| api.add_media(kind, Direction::SendOnly, Some("bench".into()), None, None);
        let audio = audio.then(|| Track::new(add(MediaKind::Audio), 48_000));
        let video = video.map(|_| Track::new(add(MediaKind::Video), 90_000));
        let (offer, pending) = api.apply().ok_or("nothing to offer")?;
        let publisher = Self {
            rtc,
            local,
            pending: Some(pending),
            video,
            audio,
            feed,
            began: None,
            sent,
            is_connected: false,
            is_proven: false,
            is_over: false,
            is_silent: false,
            give_up_at: now + JOIN_TIMEOUT,
            next_at: now,
            made: Vec::new(),
        };
        Ok((publisher, offer.to_sdp_string()))
    }

    /// Takes the server's answer.
    pub fn accept_answer(&mut self, sdp: &str) -> Result<(), String> {
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|it| it.to_string())?;
        let pending = self.pending.take().ok_or("answered twice")?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|it| it.to_string())?;
        if let (Some(mut video), Some(sent)) = (self.video, self.sent.video) {
            let codec = match sent {
                SentVideo::Vp8 => Codec::Vp8,
                SentVideo::Vp9 => Codec::Vp9,
                SentVideo::H264 { .. } => Codec::H264,
                SentVideo::Av1 => Codec::Av1,
            };
            video.pt = self.payload_type(video.mid, codec);
            if video.pt.is_none() {
                return Err(format!("the server does not take {codec:?}"));
            }
            self.video = Some(video);
            let mut api = self.rtc.direct_api();
            if let Some(stream) = api.stream_tx_by_mid(video.mid, None) {
                stream.set_rtx_cache(RTX_PACKETS, RTX_AGE, None);
            }
        }
        if let Some(mut audio) = self.audio {
            audio.pt = self.payload_type(audio.mid, Codec::Opus);
            if audio.pt.is_none() && self.video.is_none() {
                return Err("the server does not take Opus".to_owned());
            }
            self.audio = Some(audio);
        }
        Ok(())
    }

    /// Begins an ICE restart (RFC 8445, section 9): the username fragment and password to tell the
    /// server. Nothing changes before it agreed.
    pub fn offer_restart(&mut self) -> Option<(String, String)> {
        let mut api = self.rtc.sdp_api();
        let credentials = api.ice_restart(true);
        let (_, pending) = api.apply()?;
        self.pending = Some(pending);
        Some((credentials.ufrag, credentials.pass))
    }

    /// Takes the server's answer with its new credentials in it.
    pub fn accept_restart(&mut self, sdp: &str, now: Instant) -> Result<(), String> {
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|it| it.to_string())?;
        let pending = self.pending.take().ok_or("answered twice")?;
        self.is_proven = false;
        self.next_at = now;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|it| it.to_string())
    }

    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let params = self.rtc.codec_config().params();
        let format = |pt: &Pt| {
            let of = params.iter().find(|it| it.pt() == *pt && it.spec().codec == codec)?;
            Some((*pt, of.spec().format))
        };
        let formats: Vec<_> = self.rtc.media(mid)?.remote_pts().iter().filter_map(format).collect();
        let profile = match self.sent.video {
            Some(SentVideo::H264 { profile }) if codec == Codec::H264 => profile,
            _ => return formats.first().map(|(pt, _)| *pt),
        };
        // In mode 0 there are no fragments.
        let whole = formats.iter().filter(|(_, it)| it.packetization_mode == Some(1));
        let is_same = |id: u32| id >> 16 == u32::from(profile);
        let same = whole.clone().find(|(_, it)| it.profile_level_id.is_some_and(is_same));
        same.or_else(|| whole.clone().next()).map(|(pt, _)| *pt)
    }

    pub fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Switches camera and microphone off or on.
    pub fn set_silent(&mut self, is_silent: bool, now: Instant) {
        if !is_silent && self.is_silent && self.is_connected && !self.is_over {
            self.feed.skip_to(now);
            self.next_at = now;
        }
        self.is_silent = is_silent;
    }

    /// Takes a datagram.
    pub fn handle_datagram(
        &mut self,
        source: SocketAddr,
        datagram: &[u8],
        now: Instant,
        totals: &Totals,
        send: &mut Send<'_>,
    ) {
        let Ok(contents) = DatagramRecv::try_from(datagram) else { return };
        let (proto, destination) = (Protocol::Udp, self.local);
        let input = Input::Receive(now, Receive { proto, source, destination, contents });
        if self.rtc.accepts(&input) {
            // What is bad of it is the server's, and ends nothing.
            _ = self.rtc.handle_input(input);
        }
        self.drain(now, totals, send);
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant, totals: &Totals, send: &mut Send<'_>) {
        if self.is_connected && !self.is_silent {
            let began = *self.began.get_or_insert(now);
            self.feed.produce(now, &mut self.made);
            for made in std::mem::take(&mut self.made) {
                // A frame that is sent late was not captured late: sender reports tell of the capture.
                let captured = (began + made.media_time).min(now);
                self.write(made, captured);
            }
        }
        _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(now, totals, send);
        if !self.is_connected && !self.is_over && now >= self.give_up_at {
            self.over("no connection", totals);
        }
    }

    /// Closes the connection.
    pub fn close(&mut self, now: Instant, totals: &Totals, send: &mut Send<'_>) {
        self.is_over = true;
        _ = self.rtc.close();
        _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(now, totals, send);
    }

    fn write(&mut self, made: Made, captured: Instant) {
        let track = if made.is_video { self.video.as_mut() } else { self.audio.as_mut() };
        let Some((track, pt)) = track.and_then(|it| it.pt.map(|pt| (it, pt))) else { return };
        let ticks = made.media_time.as_micros() as u64 * track.clock_rate / 1_000_000;
        let seq = track.seq;
        track.seq += 1;
        let packet = RtpWrite::new(pt, seq.into(), ticks as u32, captured, made.payload)
            .marker(made.marker)
            .nackable(made.is_video);
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(track.mid, None) {
            stream.write_rtp(packet);
        }
    }

    fn drain(&mut self, now: Instant, totals: &Totals, send: &mut Send<'_>) {
        let far = now + Duration::from_secs(3_600);
        let of_rtc = loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => break at,
                Ok(Output::Transmit(it)) => send(it.destination, &it.contents),
                Ok(Output::Event(Event::Connected)) => {
                    self.is_connected = true;
                    totals.publishing.fetch_add(1, Ordering::Relaxed);
                    // The first frame is due.
                    self.next_at = now;
                }
                Ok(Output::Event(Event::IceConnectionStateChange(state))) => {
                    self.is_proven = state.is_connected();
                }
                Ok(Output::Event(Event::KeyframeRequest(_))) => self.feed.want_keyframe(),
                Ok(Output::Event(_)) => {}
                Err(_) => break far,
            }
        };
        if !self.rtc.is_alive() {
            self.over("closed by the server", totals);
        }
        if self.is_over {
            self.next_at = far;
            return;
        }
        let of_source = match self.feed.next_at() {
            _ if self.is_silent || !self.is_connected => far,
            next => next.unwrap_or(now),
        };
        // str0m may name a time that is past: then it wants to be asked at once, and once is enough.
        let of_rtc = of_rtc.max(now + Duration::from_millis(1));
        let give_up = if self.is_connected { far } else { self.give_up_at };
        self.next_at = of_rtc.min(of_source).min(give_up);
    }

    fn over(&mut self, reason: &str, totals: &Totals) {
        if !self.is_over {
            self.is_over = true;
            totals.lose_publisher(reason);
        }
    }
}
