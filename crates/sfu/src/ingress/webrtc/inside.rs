//! A publisher on the connection of a viewer, which has the transport and the keys: a guest of the basic profile.

use std::time::Instant;

use media_api::{CloseReason, NegotiationError, Seat};
use rtp::srtp;

use super::{LATER, Link, WebRtc};
use crate::config::PublishLimits;
use crate::core::outbox::Outbox;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::transport::ice::Path;
use crate::transport::sdp::{self, Layout, PublisherOffer};
use crate::transport::shared::Shared;

impl WebRtc {
    /// A publisher that has negotiated nothing yet.
    pub(in crate::ingress) fn inside(
        shared: &Shared,
        seat: Seat,
        limits: PublishLimits,
        now: Instant,
    ) -> Self {
        let nothing = PublisherOffer { transports: Vec::new(), layout: Layout::ours().clone() };
        let mut it = Self::new(shared, seat, limits, nothing, now);
        // Its transport is not used.
        it.links.push(Link::new(shared, it.ingest.ceiling_kbps(), now));
        it
    }

    /// Takes what the answer to the viewer's offer publishes.
    pub(in crate::ingress) fn take_answer(&mut self, text: &str) -> Result<(), NegotiationError> {
        let answer = sdp::read_publisher(text)?;
        let codecs = answer.layout.incoming_codecs();
        if codecs.is_empty() {
            return Err(NegotiationError::NoCodec);
        }
        self.streams.negotiated(&answer.layout);
        self.ingest.negotiated(text, &codecs);
        self.offer = answer;
        Ok(())
    }

    /// Takes a packet that was decrypted, and is authentic.
    pub(in crate::ingress) fn take_inside(
        &mut self,
        packet: &[u8],
        payload_len: usize,
        index: u64,
        now: Instant,
    ) {
        self.take_rtp(0, packet, payload_len, index, now);
    }

    /// Takes RTCP that was decrypted, and is authentic.
    pub(in crate::ingress) fn take_rtcp_inside(&mut self, compound: &[u8], now: Instant) {
        self.handle_rtcp(compound, now);
    }

    /// The next packet for the room.
    pub(in crate::ingress) fn poll_inside(
        &mut self,
        now: Instant,
    ) -> Option<(StreamKey, Format, Packet)> {
        self.poll_media(now)
    }

    /// Whether a packet for the room is due.
    pub(in crate::ingress) fn has_media_inside(&self, now: Instant) -> bool {
        !self.ready.is_empty() || self.order_deadline(now).is_some_and(|at| now >= at)
    }

    /// Sends the RTCP that is due, under the keys of the viewer.
    pub(in crate::ingress) fn send_rtcp_inside(
        &mut self,
        keys: &mut srtp::Sender,
        path: Path,
        now: Instant,
        out: &mut Outbox,
    ) {
        if self.links.first().is_some_and(|it| self.is_rtcp_due(it, now)) {
            self.write_rtcp(0, keys, path, now, out);
        }
    }

    /// When it is next due.
    pub(in crate::ingress) fn deadline_inside(&self, now: Instant) -> Instant {
        let rtcp = self.links.first().and_then(|it| self.rtcp_deadline(it));
        [rtcp, self.order_deadline(now)].into_iter().flatten().fold(now + LATER, Instant::min)
    }

    /// Why the session has to end, if it has.
    pub(in crate::ingress) fn closed_inside(&self) -> Option<CloseReason> {
        self.is_flooding.then_some(CloseReason::Flooding)
    }
}
