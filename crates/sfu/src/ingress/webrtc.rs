//! A publisher that comes by WebRTC: its transports, its streams, and what it is told of them.
//!
//! ```text
//! datagram ─► Transport ─► SRTP ─► Streams: whose SSRC? ─► Received, NackGenerator
//!                                     │ RTX unwrapped              │
//!                                     ▼                            ▼
//!                        Numbering, Timeline, parameter sets    RTCP: NACK, TWCC, RR, PLI, FIR
//!                                     ▼
//!                              Packet for the room
//! ```

mod packets;
mod rtcp_out;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use media_api::{CloseReason, Codec, Finding, MediaKind, NegotiationError};
use rtp::header::Header;
use rtp::rtcp;

use super::diagnostics::{Arrivals, Ingest};
use super::receive_estimate::ReceiveEstimate;
use super::streams::{Role, Streams};
use super::transport_feedback::FeedbackBuilder;
use super::{Limits, Output};
use crate::core::outbox::{MAX_DATAGRAM_BYTES, Outbox};
use crate::core::rate_limit::{FEEDBACK_PER_SECOND, RateLimit};
use crate::datagram::Datagram;
use crate::media::capture_clock::CaptureClock;
use crate::media::codec::dependency_descriptor::Structures;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::transport::sdp::{self, Local, LocalTransport, PublisherOffer, STREAM_ID, Ssrcs};
use crate::transport::shared::Shared;
use crate::transport::{Handled, Keys, Receipt, Transport};

/// A media description of a kind takes over from another of the same kind when that has been
/// silent for this long: the host switched from one to the other.
const SECTION_SILENCE: Duration = Duration::from_secs(1);

/// Nothing is due for longer than this.
const LATER: Duration = Duration::from_secs(60);

/// A publisher that comes by WebRTC.
#[derive(Debug)]
pub(crate) struct WebRtc {
    /// What is wrong with what it sends.
    pub(super) ingest: Ingest,
    shared: Shared,
    links: Vec<Link>,
    offer: PublisherOffer,
    streams: Streams,
    clock: CaptureClock,
    structures: Structures,
    /// The media description that sound is taken from, and that of the picture.
    audio: Option<Active>,
    video: Option<Active>,
    /// What the last datagram made: three packets at most, which are parameter sets, itself, and one that is empty.
    taken: VecDeque<(StreamKey, Format, Packet)>,
    /// Packets for the room, in order.
    ready: VecDeque<(StreamKey, Format, Packet)>,
    session_id: u64,
    version: u64,
    /// It is connected, and nobody was told yet.
    is_news: bool,
    was_connected: bool,
    /// It sent more than is taken of any, for too long.
    is_flooding: bool,
    is_closing: bool,
}

/// One transport of a publisher, and what flows on it.
#[derive(Debug)]
struct Link {
    transport: Transport,
    keys: Option<Box<Keys>>,
    /// When its packets arrived, if it wants to know.
    feedback: FeedbackBuilder,
    /// Our SSRC in RTCP.
    ssrc: u32,
    /// The SSRC that came last, which feedback names.
    media_ssrc: u32,
    report_at: Instant,
    /// Its RTCP that is looked at.
    rtcp: RateLimit,
    /// What its path carries, for who is told no other way.
    estimate: ReceiveEstimate,
    /// SSRCs that a keyframe is to be asked of.
    keyframes: Vec<u32>,
}

/// The media description that sound or picture is taken from.
#[derive(Debug, Clone, Copy)]
struct Active {
    section: u8,
    last_at: Instant,
}

impl WebRtc {
    /// Takes a publisher's first offer; returns it with the answer.
    pub(super) fn accept(
        shared: &Shared,
        limits: (u32, Limits),
        text: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<(Self, String), NegotiationError> {
        let offer = sdp::read_publisher(text)?;
        let mut random = [0; 8];
        rand::fill(&mut random).expect("the system has random numbers");
        let mut publisher = Self {
            ingest: Ingest::new(limits.0, limits.1, now),
            shared: shared.clone(),
            links: Vec::new(),
            offer: offer.clone(),
            streams: Streams::default(),
            clock: CaptureClock::default(),
            structures: Structures::default(),
            audio: None,
            video: None,
            taken: VecDeque::with_capacity(4),
            ready: VecDeque::with_capacity(4),
            // RFC 8829, section 5.2.1: 63 bits.
            session_id: u64::from_be_bytes(random) >> 1,
            version: 0,
            is_news: false,
            was_connected: false,
            is_flooding: false,
            is_closing: false,
        };
        let answer = publisher.take_offer(offer, text, via, now)?;
        Ok((publisher, answer))
    }

    /// Takes another offer of the same peer.
    pub(super) fn reoffer(
        &mut self,
        text: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        self.take_offer(sdp::read_publisher(text)?, text, via, now)
    }

    fn take_offer(
        &mut self,
        mut offer: PublisherOffer,
        text: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let codecs = offer.layout.incoming_codecs();
        if codecs.is_empty() {
            return Err(NegotiationError::NoCodec);
        }
        for (remote, link) in offer.transports.iter().zip(&self.links) {
            link.transport.can_negotiate(remote)?;
        }
        while self.links.len() < offer.transports.len() {
            self.links.push(Link::new(&self.shared, self.ingest.ceiling_kbps(), now));
        }
        for (remote, link) in offer.transports.iter_mut().zip(&mut self.links) {
            link.transport.negotiated(remote, now)?;
            remote.role = link.transport.role(remote.role);
        }
        // One that was left out of an offer has ended.
        self.links.truncate(offer.transports.len());
        self.streams.negotiated(&offer.layout);
        self.ingest.negotiated(text, &codecs);
        self.offer = offer;
        Ok(self.answer(via))
    }

    fn answer(&mut self, via: Option<IpAddr>) -> String {
        self.version += 1;
        let transports: Vec<LocalTransport<'_>> = self
            .links
            .iter()
            .map(|it| it.transport.credentials())
            .map(|it| LocalTransport { ufrag: &it.ufrag, pwd: &it.pwd })
            .collect();
        let local = Local {
            transports: &transports,
            fingerprint: &self.shared.fingerprint,
            candidates: &self.shared.addresses,
            via,
            session_id: self.session_id,
            version: self.version,
            cname: &self.shared.cname,
            stream_id: STREAM_ID,
            ssrcs: Ssrcs::default(),
        };
        sdp::answer_publisher(&local, &self.offer)
    }

    /// The codecs that both sides know.
    pub(super) fn codecs(&self) -> Vec<Codec> {
        self.offer.layout.incoming_codecs()
    }

    /// Our ICE username fragments.
    pub(super) fn ufrags(&self) -> impl Iterator<Item = &str> {
        self.links.iter().map(|it| it.transport.credentials().ufrag.as_str())
    }

    /// Takes a datagram.
    pub(super) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt {
        for at in 0..self.links.len() {
            let Some(link) = self.links.get_mut(at) else { break };
            let is_taken = match link.transport.handle(datagram, now, out) {
                Handled::Foreign => false,
                Handled::Media => self.handle_media(at, datagram, now, out),
                Handled::Taken | Handled::Early => true,
                Handled::Moved(_) => {
                    // It hears at once that it is heard.
                    link.report_at = now;
                    true
                }
            };
            if is_taken {
                return Receipt::Taken;
            }
        }
        Receipt::Foreign
    }

    /// Decrypts RTP or RTCP that came on a link; returns whether it was the publisher's.
    fn handle_media(
        &mut self,
        at: usize,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let Some(link) = self.links.get_mut(at) else { return false };
        let Some(keys) = &mut link.keys else { return false };
        let mut buffer = [0; MAX_DATAGRAM_BYTES];
        let Some(packet) = buffer.get_mut(..datagram.contents.len()) else { return false };
        packet.copy_from_slice(datagram.contents);
        // RFC 5761, section 4.
        if matches!(datagram.contents, [_, kind, ..] if (192..=223).contains(kind)) {
            let Ok(len) = keys.receiver.unprotect_rtcp(packet) else { return false };
            if link.transport.authentic(datagram, now, out) {
                link.report_at = now;
            }
            // Counted once it is known to be the publisher's: whoever forges its address would use it up.
            if link.rtcp.take(FEEDBACK_PER_SECOND, now) {
                self.handle_rtcp(packet.get(..len).unwrap_or_default(), now);
            }
            return true;
        }
        let Ok(unprotected) = keys.receiver.unprotect_rtp(packet) else { return false };
        if link.transport.authentic(datagram, now, out) {
            link.report_at = now;
        }
        link.estimate.received(unprotected.payload_len);
        let len = unprotected.header_len + unprotected.payload_len;
        let Some(packet) = packet.get(..len) else { return true };
        // The rate counts from here on: a packet that only came from the publisher's address may be anybody's.
        let is_admitted = self.ingest.admits(unprotected.payload_len, now);
        self.is_flooding |= !is_admitted && self.ingest.is_flooded(now);
        let Some(header) = Header::parse(packet) else { return true };
        self.handle_rtp(at, &header, packet, (unprotected.index, is_admitted), now);
        true
    }

    fn handle_rtcp(&mut self, compound: &[u8], now: Instant) {
        for packet in rtcp::packets(compound) {
            match packet {
                rtcp::Packet::SenderReport(it) => {
                    let info = it.info;
                    if let Some(at) = self.streams.position(info.ssrc)
                        && let Some(stream) = self.streams.all.get_mut(at)
                    {
                        stream.received.sender_report(info.ntp, info.rtp_ts, now);
                    }
                }
                rtcp::Packet::Bye(it) => it.ssrcs.for_each(|ssrc| self.streams.end(ssrc)),
                _ => {}
            }
        }
    }

    /// Asks for a keyframe of one stream, in the way that was agreed on.
    pub(super) fn request_keyframe(&mut self, ssrc: u32, now: Instant) {
        self.ingest.asked(ssrc, now);
        let Some(stream) = self.streams.position(ssrc).and_then(|at| self.streams.all.get(at))
        else {
            return;
        };
        let link = self.streams.section(stream.section).map(|it| it.link);
        if let Some(link) = link.and_then(|at| self.links.get_mut(at))
            && !link.keyframes.contains(&ssrc)
        {
            link.keyframes.push(ssrc);
        }
    }

    /// Lets time pass.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for link in &mut self.links {
            if link.transport.handle_timeout(now).is_some() {
                link.report_at = now;
            }
        }
    }

    /// What comes next; polled until it is a timeout. Datagrams go to the outbox.
    pub(super) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        if let Some((key, format, packet)) = self.ready.pop_front() {
            return Output::Media(key, format, packet);
        }
        if self.order_deadline(now).is_some_and(|at| now >= at) {
            self.let_go_in_time(now);
            if let Some((key, format, packet)) = self.ready.pop_front() {
                return Output::Media(key, format, packet);
            }
        }
        for link in &mut self.links {
            link.transport.poll(now, out);
            if let Some(keys) = link.transport.take_keys() {
                link.keys = Some(keys);
                self.is_news = !std::mem::replace(&mut self.was_connected, true);
            }
        }
        if std::mem::take(&mut self.is_news) {
            return Output::Connected;
        }
        for at in 0..self.links.len() {
            self.send_rtcp(at, now, out);
        }
        if std::mem::take(&mut self.is_closing) {
            self.say_goodbye(out);
        }
        Output::Timeout(self.deadline(now))
    }

    fn deadline(&self, now: Instant) -> Instant {
        let of_links =
            self.links.iter().flat_map(|it| [it.transport.deadline(), self.rtcp_deadline(it)]);
        of_links.flatten().chain(self.order_deadline(now)).fold(now + LATER, Instant::min)
    }

    /// When something that waits for a missing packet waits no longer.
    fn order_deadline(&self, now: Instant) -> Option<Instant> {
        let media = self.streams.all.iter().filter_map(|it| it.media.as_ref());
        let waiting = media.filter(|it| !it.order.is_empty());
        waiting.map(|it| it.nack.awaited(now).map_or(now, |it| it.1)).min()
    }

    /// What is wrong with what it sends, when that is other than it was; due once a second.
    pub(super) fn review(&mut self, now: Instant) -> Option<Vec<Finding>> {
        let (media, unmatched) = self.streams.take_tally();
        self.ingest.review(&Arrivals { media, unmatched }, now)
    }

    /// Why the session is over, once it is.
    pub(super) fn closed(&self) -> Option<CloseReason> {
        let mut of_links = self.links.iter().filter_map(|it| it.transport.closed());
        of_links.next().or(self.is_flooding.then_some(CloseReason::Flooding))
    }

    /// Says goodbye; the datagrams come with the next poll.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
        for link in &mut self.links {
            link.transport.close();
        }
    }

    /// Whether packets of this media description are taken: those of a kind come from one at a time.
    fn is_active(&mut self, section: u8, kind: MediaKind, now: Instant) -> bool {
        let slot = match kind {
            MediaKind::Audio => &mut self.audio,
            MediaKind::Video => &mut self.video,
        };
        match slot {
            Some(active) if active.section == section => active.last_at = now,
            Some(active) if now.saturating_duration_since(active.last_at) < SECTION_SILENCE => {
                return false;
            }
            _ => *slot = Some(Active { section, last_at: now }),
        }
        true
    }

    /// The stream whose packets a repetition belongs to.
    fn repaired(&self, role: Role) -> Option<usize> {
        match role {
            Role::Media => None,
            Role::Repair(ssrc) => self.streams.position(ssrc),
        }
    }
}

impl Link {
    fn new(shared: &Shared, max_kbps: u32, now: Instant) -> Self {
        let mut random = [0; 4];
        rand::fill(&mut random).expect("the system has random numbers");
        Self {
            transport: Transport::of_publisher(shared, now),
            keys: None,
            feedback: FeedbackBuilder::new(now),
            ssrc: u32::from_be_bytes(random) | 1,
            media_ssrc: 0,
            report_at: now,
            rtcp: RateLimit::default(),
            estimate: ReceiveEstimate::new(max_kbps, now),
            keyframes: Vec::new(),
        }
    }
}
