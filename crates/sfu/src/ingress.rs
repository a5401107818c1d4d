//! Receives the media of a room's publisher, whatever the protocol.

pub(crate) mod diagnostics;
mod inbound;
mod nack;
mod numbering;
mod order;
mod parameter_sets;
mod receive_estimate;
mod received;
mod streams;
mod timeline;
mod transport_feedback;
mod webrtc;

use std::net::IpAddr;
use std::time::Instant;

use self::diagnostics::Ingest;
pub(crate) use self::inbound::Inbound;
use self::webrtc::WebRtc;
use crate::config::PublishLimits;
use crate::core::outbox::Outbox;
use crate::datagram::Datagram;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::transport::Receipt;
use crate::transport::shared::Shared;
use crate::{CloseReason, Codec, Finding, NegotiationError, PeerId};
use media_api::Seat;

/// The peer that publishes in a room.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) id: PeerId,
    source: Source,
}

/// How the publisher's packets reach the server.
#[derive(Debug)]
enum Source {
    /// WebRTC, from a browser or an encoder.
    WebRtc(Box<WebRtc>),
}

/// Result of [`Publisher::poll`].
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "moved on at once, never stored: a box would allocate"
)]
pub(crate) enum Output {
    /// A packet for the viewers. The key names the media description: see [`Publisher::is_second`].
    Media(StreamKey, Format, Packet),
    /// ICE and DTLS are up.
    Connected,
    /// There is nothing to do before this time.
    Timeout(Instant),
}

impl Publisher {
    /// Takes a publisher's first offer; returns the publisher and the answer.
    pub(crate) fn accept(
        (id, seat): (PeerId, Seat),
        (shared, limits): (&Shared, PublishLimits),
        text: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<(Self, String), NegotiationError> {
        let (publisher, answer) = WebRtc::accept(shared, seat, limits, text, via, now)?;
        Ok((Self { id, source: Source::WebRtc(Box::new(publisher)) }, answer))
    }

    /// Takes a further offer of the same peer; returns the answer.
    pub(crate) fn reoffer(
        &mut self,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let Source::WebRtc(it) = &mut self.source;
        it.reoffer(offer, via, now)
    }

    /// Whether a media description is the host's second picture.
    pub(crate) fn is_second(&self, section: u8) -> bool {
        let Source::WebRtc(it) = &self.source;
        it.is_second(section)
    }

    /// The codecs that were negotiated.
    pub(crate) fn codecs(&self) -> Vec<Codec> {
        let Source::WebRtc(it) = &self.source;
        it.codecs()
    }

    /// Our ICE username fragments, one per transport.
    pub(crate) fn ufrags(&self) -> Vec<String> {
        let Source::WebRtc(it) = &self.source;
        it.ufrags().map(str::to_owned).collect()
    }

    /// The diagnostics of what it sends.
    pub(crate) fn ingest(&mut self) -> &mut Ingest {
        let Source::WebRtc(it) = &mut self.source;
        &mut it.ingest
    }

    /// Reviews what the publisher sends. Returns all current findings if they have changed, else `None`.
    pub(crate) fn review(&mut self, now: Instant) -> Option<Vec<Finding>> {
        let Source::WebRtc(it) = &mut self.source;
        it.review(now)
    }

    /// What it sent so far.
    pub(crate) fn figures(&self) -> media_api::Ingress {
        let Source::WebRtc(it) = &self.source;
        it.figures()
    }

    /// Processes a datagram.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt {
        let Source::WebRtc(it) = &mut self.source;
        it.handle_datagram(datagram, now, out)
    }

    /// Handles timers that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let Source::WebRtc(it) = &mut self.source;
        it.handle_timeout(now);
    }

    /// Requests a keyframe of one stream.
    pub(crate) fn request_keyframe(&mut self, stream: StreamKey, now: Instant) {
        let Source::WebRtc(it) = &mut self.source;
        it.request_keyframe(stream.ssrc, now);
    }

    /// Why the session has ended; `None` while it lasts.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        let Source::WebRtc(it) = &self.source;
        it.closed()
    }

    /// Ends the session and tells the peer.
    pub(crate) fn close(&mut self) {
        let Source::WebRtc(it) = &mut self.source;
        it.close();
    }

    /// Returns the next output; call it until it returns a timeout. Datagrams go to the outbox.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        let Source::WebRtc(it) = &mut self.source;
        it.poll(now, out)
    }
}
