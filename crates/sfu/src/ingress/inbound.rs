//! What a viewer publishes on its own connection.

use std::time::Instant;

use media_api::{CloseReason, NegotiationError, Seat};
use rtp::srtp;

use super::webrtc::WebRtc;
use crate::config::Config;
use crate::core::outbox::Outbox;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::transport::Plain;
use crate::transport::ice::Path;
use crate::transport::shared::Shared;

/// The publishing half of a guest whose connection is that of a viewer.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) seat: Seat,
    source: Box<WebRtc>,
}

impl Inbound {
    /// One that has negotiated nothing yet.
    pub(crate) fn new(seat: Seat, shared: &Shared, config: &Config, now: Instant) -> Self {
        let limits = config.publish_limits(None);
        Self { seat, source: Box::new(WebRtc::inside(shared, seat, limits, now)) }
    }

    /// Takes what the answer to the viewer's offer publishes.
    pub(crate) fn take_answer(&mut self, text: &str) -> Result<(), NegotiationError> {
        self.source.take_answer(text)
    }

    /// What it sent so far.
    pub(crate) fn figures(&self) -> media_api::Ingress {
        self.source.figures()
    }

    /// Takes what came on the connection, decrypted.
    pub(crate) fn take(&mut self, plain: Plain<'_>, now: Instant) {
        match plain {
            Plain::Rtp { packet, payload_len, index } => {
                self.source.take_inside(packet, payload_len, index, now);
            }
            Plain::Rtcp(compound) => self.source.take_rtcp_inside(compound, now),
        }
    }

    /// The next packet for the room.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<(StreamKey, Format, Packet)> {
        self.source.poll_inside(now)
    }

    /// Whether a packet for the room is due.
    pub(crate) fn has_media(&self, now: Instant) -> bool {
        self.source.has_media_inside(now)
    }

    /// Sends the RTCP that is due, under the keys of the connection.
    pub(crate) fn send_rtcp(
        &mut self,
        keys: &mut srtp::Sender,
        path: Path,
        now: Instant,
        out: &mut Outbox,
    ) {
        self.source.send_rtcp_inside(keys, path, now, out);
    }

    /// Requests a keyframe of one stream.
    pub(crate) fn request_keyframe(&mut self, stream: StreamKey, now: Instant) {
        self.source.request_keyframe(stream.ssrc, now);
    }

    /// When it is next due.
    pub(crate) fn deadline(&self, now: Instant) -> Instant {
        self.source.deadline_inside(now)
    }

    /// Why the session has to end, if it has.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.source.closed_inside()
    }
}
