//! The peer that sends: one str0m session, its packets parsed once, on their way to the room.

pub(crate) mod diagnostics;
pub(crate) mod session;
pub(crate) mod str0m_sdp;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use str0m::Event as RtcEvent;
use str0m::media::{KeyframeRequestKind, Mid};
use str0m::rtp::RtpPacket;

use crate::core::outbox::Outbox;
use crate::datagram::Datagram;
use crate::ingress::diagnostics::Ingest;
use crate::ingress::session::{Polled, Session, Shared};
use crate::media::capture_clock::CaptureClock;
use crate::media::codec::dependency_descriptor::{self, Structures};
use crate::media::codec::{vp8, vp9};
use crate::media::header_ext::HeaderExtensions;
use crate::media::format::Format;
use crate::media::packet::{Packet, codecs, forwarded, starts_keyframe};
use crate::media::stream_key::StreamKey;
use crate::media::svc::{SvcPosition, SwitchPoint};
use crate::{CloseReason, Codec, NegotiationError, PeerId};

/// A media description of a kind takes over from another of the same kind when that has been
/// silent for this long: the host switched from one to the other.
const MID_SILENCE: Duration = Duration::from_secs(1);

/// The peer that sends.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// Its name.
    pub(crate) id: PeerId,
    /// What is wrong with what it sends.
    pub(crate) ingest: Ingest,
    session: Session,
    clock: CaptureClock,
    audio: Option<Active>,
    video: Option<Active>,
    structures: Structures,
    /// It sent more than is taken of any, for too long.
    is_flooding: bool,
}

/// The media description that sound or picture is taken from.
#[derive(Debug, Clone, Copy)]
struct Active {
    mid: Mid,
    last_at: Instant,
}

/// What a publisher yields.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "moved on at once, never stored: a box would allocate"
)]
pub(crate) enum Output {
    /// A packet for the viewers.
    Media(StreamKey, Format, Packet),
    /// ICE and DTLS are up.
    Connected,
    /// Nothing more before this time.
    Timeout(Instant),
}

impl Publisher {
    /// Takes a publisher's first offer; returns it with the answer.
    pub(crate) fn accept(
        id: PeerId,
        shared: &Shared,
        text: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<(Self, String), NegotiationError> {
        let offer = str0m_sdp::publisher_offer(text)?;
        let session = Session::new(shared, now);
        let clock = CaptureClock::default();
        let mut publisher = Self {
            id,
            ingest: Ingest::new(shared.max_publish_kbps, shared.publish_limits, now),
            session,
            clock,
            audio: None,
            video: None,
            structures: Structures::default(),
            is_flooding: false,
        };
        let answer = publisher.session.accept_offer(offer, via, now)?;
        let codecs = publisher.codecs();
        if codecs.is_empty() {
            return Err(NegotiationError::NoCodec);
        }
        publisher.ingest.negotiated(text, &codecs);
        Ok((publisher, str0m_sdp::h264::answered_as_offered(&answer, text)))
    }

    /// Takes another offer of the same peer.
    pub(crate) fn reoffer(
        &mut self,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let answer = self.session.accept_offer(str0m_sdp::publisher_offer(offer)?, via, now)?;
        let codecs = self.codecs();
        self.ingest.negotiated(offer, &codecs);
        Ok(str0m_sdp::h264::answered_as_offered(&answer, offer))
    }

    /// The codecs that both sides know.
    pub(crate) fn codecs(&self) -> Vec<Codec> {
        codecs(self.session.remote_params())
    }

    /// Our ICE username fragment.
    pub(crate) fn ufrag(&mut self) -> String {
        self.session.ufrag()
    }

    /// Takes a datagram; returns whether it was for this peer.
    pub(crate) fn handle_datagram(&mut self, datagram: &Datagram<'_>, now: Instant) -> bool {
        self.session.handle_datagram(datagram, now)
    }

    /// Lets time pass.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
    }

    /// Asks for a keyframe of one stream (RFC 4585, section 6.3.1).
    pub(crate) fn request_keyframe(&mut self, stream: StreamKey, now: Instant) {
        self.ingest.asked(stream.ssrc, now);
        let mut api = self.session.rtc.direct_api();
        if let Some(rx) = api.stream_rx(&stream.ssrc.into()) {
            rx.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Why the session is over, once it is.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.session.closed().or(self.is_flooding.then_some(CloseReason::Flooding))
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self) {
        self.session.close();
    }

    /// What comes next; polled until it is a timeout. Datagrams go to the outbox.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        loop {
            match self.session.poll(now, out) {
                Polled::Timeout(at) => return Output::Timeout(at),
                Polled::Event(RtcEvent::Connected) => return Output::Connected,
                // The first that is known to be the publisher's: any that only came from its address may
                // be anybody's.
                Polled::Event(RtcEvent::RtpPacket(packet))
                    if !self.ingest.admits(packet.payload.len(), now) =>
                {
                    self.is_flooding |= self.ingest.is_flooded(now);
                }
                Polled::Event(RtcEvent::RtpPacket(packet)) => {
                    if let Some((key, format, packet)) = self.read(packet) {
                        return Output::Media(key, format, packet);
                    }
                }
                Polled::Event(_) => {}
            }
        }
    }

    /// Parses a packet for the room; `None` for what is not forwarded: probes, unknown payload
    /// types, media descriptions beyond the first of their kind.
    fn read(&mut self, packet: RtpPacket) -> Option<(StreamKey, Format, Packet)> {
        if packet.payload.is_empty() {
            return None;
        }
        let header = &packet.header;
        let params = self.session.rtc.codec_config().params();
        let params = params.iter().find(|it| it.pt() == header.payload_type)?;
        let (format, is_nack_negotiated) = (Format::of(params)?, params.fb_nack());
        let (mid, rid) = {
            let mut api = self.session.rtc.direct_api();
            let stream = api.stream_rx(&header.ssrc)?;
            if is_nack_negotiated {
                // str0m asks only who has a retransmission stream (RFC 4588). OBS has none and repeats on
                // the same SSRC (RFC 4585, section 6.2.1).
                stream.suppress_nack(false);
            }
            (stream.mid(), stream.rid())
        };
        let arrived = packet.timestamp;
        let slot = if format.codec.is_video() { &mut self.video } else { &mut self.audio };
        match slot {
            Some(active) if active.mid == mid => active.last_at = arrived,
            Some(active) if arrived.saturating_duration_since(active.last_at) < MID_SILENCE => {
                return None;
            }
            _ => *slot = Some(Active { mid, last_at: arrived }),
        }

        let ssrc = *header.ssrc;
        let vp8 =
            (format.codec == Codec::Vp8).then(|| vp8::Descriptor::parse(&packet.payload)).flatten();
        let dependency =
            header.ext_vals.user_values.get::<dependency_descriptor::Descriptor>().cloned();
        let is_keyframe = starts_keyframe(format.codec, &packet.payload);
        // Where there is a dependency descriptor browsers leave layers and picture id out of VP8's own.
        let described =
            dependency.as_ref().and_then(|it| self.structures.place(ssrc, *packet.seq_no, it));
        let place = described.or_else(|| match format.codec {
            Codec::Vp8 => vp8.as_ref().map(vp8::Descriptor::place),
            Codec::Vp9 => vp9::place(&packet.payload),
            Codec::Opus | Codec::H264 | Codec::Av1 => None,
        });
        let place = place.unwrap_or_default();
        let opens = if is_keyframe { SwitchPoint::All } else { place.opens };
        let report = packet.last_sender_info;
        let extensions = forwarded(&header.ext_vals);
        let read = Packet {
            seq: *packet.seq_no,
            ts: header.timestamp,
            marker: header.marker,
            header_ext: HeaderExtensions::of(&extensions),
            extensions,
            dependency,
            place: SvcPosition { opens, ..place },
            vp8,
            is_keyframe,
            arrived,
            captured: self.clock.captured(
                header.timestamp,
                format.clock_rate(),
                report.as_ref(),
                arrived,
            ),
            payload: packet.payload,
        };
        self.ingest.take(ssrc, format.codec, &read);
        Some((StreamKey { mid, rid, ssrc }, format, read))
    }
}
