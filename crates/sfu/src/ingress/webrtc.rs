//! A publisher over WebRTC: its transports, its streams, and the feedback it receives.
//!
//! ```text
//! datagram ─► Transport ─► SRTP ─► Streams: whose SSRC? ─► Received, NackGenerator
//!                                     │ RTX unwrapped              │
//!                                     ▼                            ▼
//!                        Numbering, Timeline, parameter sets    RTCP: NACK, TWCC, RR, PLI, FIR
//!                                     ▼
//!                              Packet for the room
//! ```

mod inside;
mod packets;
mod rtcp_out;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use media_api::{CloseReason, Codec, Finding, MediaKind, NegotiationError, Seat};
use rtp::header::Header;
use rtp::rtcp;

use super::Output;
use super::diagnostics::{Arrivals, Ingest};
use super::receive_estimate::ReceiveEstimate;
use super::streams::{Role, Streams};
use super::transport_feedback::FeedbackBuilder;
use crate::config::PublishLimits;
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

/// A media description replaces the active one of its kind when that has been silent for this long: the host switched
/// from one to the other.
const SECTION_SILENCE: Duration = Duration::from_secs(1);

/// A second media description of video is a picture of its own once both have come for this long: before that, the host
/// may be switching from one to the other.
const BESIDE_AFTER: Duration = Duration::from_secs(2);

/// The longest time until the next timeout.
const LATER: Duration = Duration::from_secs(60);

/// A publisher over WebRTC.
#[derive(Debug)]
pub(crate) struct WebRtc {
    /// Diagnostics of what it sends.
    pub(super) ingest: Ingest,
    /// What it sent so far.
    figures: media_api::Ingress,
    /// Whether it is the host, or which guest.
    seat: Seat,
    shared: Shared,
    links: Vec<Link>,
    offer: PublisherOffer,
    streams: Streams,
    clock: CaptureClock,
    structures: Structures,
    /// The media description that audio is taken from.
    audio: Option<Active>,
    /// The media description that video is taken from.
    video: Option<Active>,
    /// A media description of video beside the active one.
    second: Option<Second>,
    /// Packets made from the last datagram: a packet, before it its parameter sets if they are inserted, or one empty
    /// packet.
    taken: VecDeque<(StreamKey, Format, Packet)>,
    /// Packets for the room, in order.
    ready: VecDeque<(StreamKey, Format, Packet)>,
    session_id: u64,
    version: u64,
    /// Whether [`Output::Connected`] is due.
    is_news: bool,
    was_connected: bool,
    /// Whether it exceeded the publisher limits for too long.
    is_flooding: bool,
    is_closing: bool,
}

/// One transport of a publisher, and its state.
#[derive(Debug)]
struct Link {
    transport: Transport,
    keys: Option<Box<Keys>>,
    /// Arrival times, for transport-wide feedback if it was negotiated.
    feedback: FeedbackBuilder,
    /// Our SSRC in RTCP.
    ssrc: u32,
    /// SSRC of the last packet; transport-wide feedback names it as its media source.
    media_ssrc: u32,
    report_at: Instant,
    /// Limits the RTCP that is read from it.
    rtcp: RateLimit,
    /// Bandwidth estimate, for publishers without transport-wide feedback.
    estimate: ReceiveEstimate,
    /// SSRCs to request a keyframe of.
    keyframes: Vec<u32>,
}

/// The media description that audio or video is taken from.
#[derive(Debug, Clone, Copy)]
struct Active {
    section: u8,
    since: Instant,
    last_at: Instant,
}

/// A media description of video beside the active one.
#[derive(Debug, Clone, Copy)]
struct Second {
    section: u8,
    /// Since when both come.
    since: Instant,
    last_at: Instant,
}

impl WebRtc {
    /// Takes a publisher's first offer; returns the publisher and the answer.
    pub(super) fn accept(
        shared: &Shared,
        seat: Seat,
        limits: PublishLimits,
        text: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<(Self, String), NegotiationError> {
        let offer = sdp::read_publisher(text)?;
        let mut publisher = Self::new(shared, seat, limits, offer.clone(), now);
        let answer = publisher.take_offer(offer, text, via, now)?;
        Ok((publisher, answer))
    }

    fn new(
        shared: &Shared,
        seat: Seat,
        limits: PublishLimits,
        offer: PublisherOffer,
        now: Instant,
    ) -> Self {
        let mut random = [0; 8];
        rand::fill(&mut random).expect("the system has random numbers");
        Self {
            ingest: Ingest::new(limits.kbps, limits.drop, now),
            figures: media_api::Ingress::default(),
            seat,
            shared: shared.clone(),
            links: Vec::new(),
            offer,
            streams: Streams::default(),
            clock: CaptureClock::default(),
            structures: Structures::default(),
            audio: None,
            video: None,
            second: None,
            taken: VecDeque::with_capacity(4),
            ready: VecDeque::with_capacity(4),
            // RFC 8829, section 5.2.1: 63 bits.
            session_id: u64::from_be_bytes(random) >> 1,
            version: 0,
            is_news: false,
            was_connected: false,
            is_flooding: false,
            is_closing: false,
        }
    }

    /// Takes a further offer of the same peer; returns the answer.
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
        if !self.seat.is_host() {
            offer.keep_formats_of_guests();
        }
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
        // A transport that is missing in a new offer has ended.
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
            fingerprint: &self.shared.to_publishers.fingerprint,
            candidates: &self.shared.addresses,
            tcp_candidates: &self.shared.tcp_addresses,
            via,
            session_id: self.session_id,
            version: self.version,
            cname: &self.shared.cname,
            stream_id: STREAM_ID,
            ssrcs: Ssrcs::default(),
            is_both_ways: false,
            guests: &[],
        };
        sdp::answer_publisher(&local, &self.offer)
    }

    /// The codecs that were negotiated.
    pub(super) fn codecs(&self) -> Vec<Codec> {
        self.offer.layout.incoming_codecs()
    }

    /// Our ICE username fragments.
    pub(super) fn ufrags(&self) -> impl Iterator<Item = &str> {
        self.links.iter().map(|it| it.transport.credentials().ufrag.as_str())
    }

    /// Processes a datagram.
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
                Handled::Taken | Handled::Pending => true,
                Handled::Moved(_) => {
                    // Report at once on the new path, so that the publisher knows its packets arrive.
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

    /// Decrypts RTP or RTCP that arrived on a link; returns whether it was authentic.
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
            // Count only authentic packets: an attacker who forges the publisher's address would use up its limit.
            if link.rtcp.take(FEEDBACK_PER_SECOND, now) {
                self.handle_rtcp(packet.get(..len).unwrap_or_default(), now);
            }
            return true;
        }
        let Ok(unprotected) = keys.receiver.unprotect_rtp(packet) else { return false };
        if link.transport.authentic(datagram, now, out) {
            link.report_at = now;
        }
        let len = unprotected.header_len + unprotected.payload_len;
        let Some(packet) = packet.get(..len) else { return true };
        self.take_rtp(at, packet, unprotected.payload_len, unprotected.index, now);
        true
    }

    /// Takes a packet that was decrypted, and is authentic.
    fn take_rtp(&mut self, at: usize, packet: &[u8], payload_len: usize, index: u64, now: Instant) {
        if let Some(link) = self.links.get_mut(at) {
            link.estimate.received(payload_len);
        }
        self.figures.packets += 1;
        self.figures.bytes += payload_len as u64;
        // The limits count from here on: until it is authenticated, a packet from the publisher's address may be
        // forged.
        let is_admitted = self.ingest.admits(payload_len, now);
        self.is_flooding |= !is_admitted && self.ingest.is_flooded(now);
        let Some(header) = Header::parse(packet) else { return };
        self.handle_rtp(at, &header, packet, (index, is_admitted), now);
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

    /// Requests a keyframe of one stream, by the negotiated message (PLI or FIR).
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

    /// Handles timers that are due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for link in &mut self.links {
            if link.transport.handle_timeout(now).is_some() {
                link.report_at = now;
            }
        }
    }

    /// Returns the next output; call it until it returns a timeout. Datagrams go to the outbox.
    pub(super) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        if let Some((key, format, packet)) = self.poll_media(now) {
            return Output::Media(key, format, packet);
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

    /// The next packet for the room.
    fn poll_media(&mut self, now: Instant) -> Option<(StreamKey, Format, Packet)> {
        if self.ready.is_empty() && self.order_deadline(now).is_some_and(|at| now >= at) {
            self.let_go_in_time(now);
        }
        self.ready.pop_front()
    }

    fn deadline(&self, now: Instant) -> Instant {
        let rtcp = |it| self.rtcp_deadline(it).filter(|_| it.keys.is_some());
        let of_links = self.links.iter().flat_map(|it| [it.transport.deadline(), rtcp(it)]);
        of_links.flatten().chain(self.order_deadline(now)).fold(now + LATER, Instant::min)
    }

    /// When a packet that is held back for a missing one must go on.
    fn order_deadline(&self, now: Instant) -> Option<Instant> {
        let media = self.streams.all.iter().filter_map(|it| it.media.as_ref());
        let waiting = media.filter(|it| !it.order.is_empty());
        waiting.map(|it| it.nack.awaited(now).map_or(now, |it| it.1)).min()
    }

    /// Reviews what the publisher sends; due once a second. Returns all current findings if they have changed.
    pub(super) fn review(&mut self, now: Instant) -> Option<Vec<Finding>> {
        let (media, unmatched) = self.streams.take_tally();
        self.figures.expected += media.sent;
        self.figures.received += media.came;
        self.ingest.review(&Arrivals { media, unmatched }, now)
    }

    /// What it sent so far; losses as of the last review.
    pub(super) fn figures(&self) -> media_api::Ingress {
        self.figures
    }

    /// Why the session has ended; `None` while it lasts.
    pub(super) fn closed(&self) -> Option<CloseReason> {
        let mut of_links = self.links.iter().filter_map(|it| it.transport.closed());
        of_links.next().or(self.is_flooding.then_some(CloseReason::Flooding))
    }

    /// Ends the session. The next poll sends an RTCP BYE and a DTLS close.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
        for link in &mut self.links {
            link.transport.close();
        }
    }

    /// Whether packets of this media description are forwarded. Only one of each kind is active at a time.
    fn is_active(&mut self, section: u8, kind: MediaKind, now: Instant) -> bool {
        let slot = match kind {
            MediaKind::Audio => &mut self.audio,
            MediaKind::Video => &mut self.video,
        };
        match slot {
            Some(active) if active.section == section => active.last_at = now,
            // Of two that begin at once, the first in the offer is the one.
            Some(active)
                if section < active.section
                    && now.saturating_duration_since(active.since) < BESIDE_AFTER =>
            {
                *active = Active { section, since: now, last_at: now };
            }
            Some(active) if now.saturating_duration_since(active.last_at) < SECTION_SILENCE => {
                return kind == MediaKind::Video
                    && self.seat.is_host()
                    && self.is_beside(section, now);
            }
            _ => {
                *slot = Some(Active { section, since: now, last_at: now });
                self.second =
                    self.second.filter(|it| kind == MediaKind::Audio || it.section != section);
            }
        }
        true
    }

    /// Whether packets of this media description of video are forwarded beside the active one: the first other that has
    /// come for [`BESIDE_AFTER`].
    fn is_beside(&mut self, section: u8, now: Instant) -> bool {
        let is_live = |it: &Second| now.saturating_duration_since(it.last_at) < SECTION_SILENCE;
        match self.second.as_mut().filter(|it| is_live(it)) {
            Some(second) if second.section == section => second.last_at = now,
            Some(_) => return false,
            None => self.second = Some(Second { section, since: now, last_at: now }),
        }
        self.is_second_at(section, now)
    }

    fn is_second_at(&self, section: u8, now: Instant) -> bool {
        let second = self.second.filter(|it| it.section == section);
        second.is_some_and(|it| now.saturating_duration_since(it.since) >= BESIDE_AFTER)
    }

    /// Whether a media description is the host's second picture.
    pub(super) fn is_second(&self, section: u8) -> bool {
        self.second.is_some_and(|it| self.is_second_at(section, it.last_at))
    }

    /// Index of the stream that a repair stream retransmits; `None` for a media stream.
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
