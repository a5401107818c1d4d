//! The sending half of one viewer: SRTP packets, written in place in the outbox, sender reports, probes, and
//! the viewer's feedback. It costs one or two microseconds per packet and 18 kB per viewer. ICE and DTLS
//! are in [`crate::transport`].

mod capture_report;
mod feedback;
mod guests;
pub(crate) mod outgoing;
mod probe;
pub(crate) mod send_history;
mod sender;
pub(crate) mod sender_reports;
pub(crate) mod stream;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::rand;
use bwe::Estimator;
use media_api::{Cast, MediaKind, Seat};
use rtp::srtp;

pub(crate) use self::capture_report::CaptureTime;
use self::feedback::Feedback;
use self::outgoing::{Outgoing, Output};
use self::sender::Sender;
use self::sender_reports::Reports;
use crate::core::outbox::{MAX_DATAGRAM_BYTES, Outbox};
use crate::core::rate_limit::{FEEDBACK_PER_SECOND, RateLimit};
use crate::datagram::{Datagram, RemoteAddr, StreamId};
use crate::media::format::Format;
use crate::transport::ice::Path;
use crate::transport::sdp::{self, Layout, Line, Local, LocalTransport, Remote, STREAM_ID, Ssrcs};
use crate::transport::shared::Shared;
use crate::transport::{Handled, Keys, Plain, Receipt, Transport};
use crate::{CONSENT_TIMEOUT, CloseReason, Codec, NegotiationError};

/// The initial bitrate estimate. Most links carry it, and probes raise it within a second.
const START_BPS: u64 = 2_000_000;
/// The lowest bitrate estimate: audio and little more.
const MIN_BPS: u64 = 50_000;
/// The highest bitrate estimate. No broadcast exceeds it.
const MAX_BPS: u64 = 30_000_000;

/// The minimum time until the next timer of the estimator.
const ESTIMATE_INTERVAL: Duration = Duration::from_millis(10);

/// A viewer that was silent for this long before its address changed has lost packets that were sent to
/// the old address.
const GAP: Duration = Duration::from_millis(200);

/// A viewer that reports several times a second, and was silent for this long, had no network: packets that were sent to
/// it meanwhile are lost. Chromium then waits up to three seconds before it requests a keyframe.
const OUTAGE: Duration = Duration::from_secs(1);

/// The round trip that is assumed before a report gives one.
const UNKNOWN_ROUND_TRIP: Duration = Duration::from_millis(20);

/// The sending half of one viewer. After every call that takes `&mut self`, the caller polls it until it
/// returns a timeout.
#[derive(Debug)]
pub(crate) struct Egress {
    shared: Shared,
    transport: Transport,
    ssrcs: Ssrcs,
    session_id: u64,
    version: u64,
    is_offered: bool,
    /// Whether the viewer publishes, too, on the host's media descriptions.
    is_both_ways: bool,
    /// Whose media it is sent; `None`: the host's alone, for good.
    cast: Option<Box<Cast>>,
    /// The layout of our last offer, unless that is [`Layout::ours`] or the viewer's.
    offered: Option<Box<Layout>>,
    remote: Option<Remote>,
    media: Option<Media>,
    /// Whether [`Output::Connected`] is due.
    is_news: bool,
    /// Whether a goodbye is due.
    is_closing: bool,
    /// A TCP connection that has too much to send.
    full: Option<StreamId>,
    feedbacks: RateLimit,
    /// When there is something to do, even without input.
    due: Instant,
    /// The origin of its times in microseconds.
    began: Instant,
    /// Simulates a bug: timers panic from this time on, and an answer panics at any time.
    #[cfg(test)]
    pub(crate) panics_at: Option<Instant>,
}

/// The part that exists once the SRTP keys are known.
#[derive(Debug)]
struct Media {
    sender: Sender,
    receiver: srtp::Receiver,
    feedback: Feedback,
    estimator: Estimator,
}

impl Egress {
    /// A viewer that has negotiated nothing yet.
    pub(crate) fn new(shared: &Shared, now: Instant) -> Self {
        let mut random = [0; 12];
        rand::fill(&mut random).expect("the system has random numbers");
        let word = |at: usize| {
            u32::from_be_bytes([random[at], random[at + 1], random[at + 2], random[at + 3]])
        };
        Self {
            shared: shared.clone(),
            transport: Transport::new(shared, now),
            ssrcs: Ssrcs::from_random(word(0)),
            // RFC 8829, section 5.2.1: 63 bits.
            session_id: (u64::from(word(4)) << 32 | u64::from(word(8))) >> 1,
            version: 0,
            is_offered: false,
            is_both_ways: false,
            cast: None,
            offered: None,
            remote: None,
            media: None,
            is_news: false,
            is_closing: false,
            full: None,
            feedbacks: RateLimit::default(),
            due: now,
            began: now,
            #[cfg(test)]
            panics_at: None,
        }
    }

    fn describe(
        &mut self,
        via: Option<IpAddr>,
        write: impl FnOnce(&Local<'_>, &Self) -> String,
    ) -> String {
        self.version += 1;
        let credentials = self.transport.credentials();
        let transports = [LocalTransport { ufrag: &credentials.ufrag, pwd: &credentials.pwd }];
        let local = Local {
            transports: &transports,
            fingerprint: &self.shared.to_viewers.fingerprint,
            candidates: &self.shared.addresses,
            tcp_candidates: &self.shared.tcp_addresses,
            via,
            session_id: self.session_id,
            version: self.version,
            cname: &self.shared.cname,
            stream_id: STREAM_ID,
            ssrcs: self.ssrcs,
            is_both_ways: self.is_both_ways,
            guests: self.cast.as_ref().map_or(&[], |it| &it.guests),
        };
        write(&local, self)
    }

    fn negotiated(&mut self, mut remote: Remote, now: Instant) -> Result<(), NegotiationError> {
        self.transport.can_negotiate(&remote.transport)?;
        self.transport.negotiated(&remote.transport, now)?;
        remote.transport.role = self.transport.role(remote.transport.role);
        if let Some(media) = &mut self.media {
            media.sender.negotiated(&remote);
        }
        self.remote = Some(remote);
        self.due = now;
        Ok(())
    }

    fn micros(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_micros() as u64
    }

    /// Handles a change of the media path, before which nothing came for `silence`.
    fn moved(&mut self, silence: Duration) {
        let has_guests = self.has_guests();
        // Packets sent meanwhile are lost. So are the viewer's requests: they came from an unknown address.
        if let Some(media) = self.media.as_mut().filter(|_| silence >= GAP) {
            media.feedback.want_all_keyframes(has_guests);
        }
    }

    /// Handles the return of a viewer that was silent for [`OUTAGE`] and has not moved.
    fn returned(&mut self) {
        let has_guests = self.has_guests();
        if let Some(media) = self.media.as_mut().filter(|it| it.feedback.is_frequent) {
            media.feedback.want_all_keyframes(has_guests);
        }
    }

    fn handle_feedback(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
        mut publishes: Option<&mut dyn FnMut(Plain<'_>)>,
    ) -> Receipt {
        let now_us = self.micros(now);
        let Some(media) = &mut self.media else { return Receipt::Foreign };
        // Only RTCP is expected of a viewer that does not publish (RFC 5761, section 4).
        let is_rtcp = matches!(datagram.contents, [_, kind, ..] if (192..=223).contains(kind));
        if !is_rtcp && publishes.is_none() {
            return Receipt::Foreign;
        }
        let mut buffer = [0; MAX_DATAGRAM_BYTES];
        let Some(packet) = buffer.get_mut(..datagram.contents.len()) else {
            return Receipt::Foreign;
        };
        packet.copy_from_slice(datagram.contents);
        if let Some(publishes) = publishes.as_deref_mut().filter(|_| !is_rtcp) {
            let Ok(it) = media.receiver.unprotect_rtp(packet) else { return Receipt::Foreign };
            _ = self.transport.authentic(datagram, now, out);
            if let Some(packet) = packet.get(..it.header_len + it.payload_len) {
                let (payload_len, index) = (it.payload_len, it.index);
                publishes(Plain::Rtp { packet, payload_len, index });
            }
            return Receipt::Taken;
        }
        let Ok(len) = media.receiver.unprotect_rtcp(packet) else { return Receipt::Foreign };
        _ = self.transport.authentic(datagram, now, out);
        if self.transport.path().is_none_or(|it| it.remote != datagram.source) {
            // A connectivity check to the new address may be due at once.
            self.due = now;
        }
        // Counted after authentication, so that a forger of the viewer's address cannot use up its limit.
        if !self.feedbacks.take(FEEDBACK_PER_SECOND, now) {
            return Receipt::Taken;
        }
        let compound = packet.get(..len).unwrap_or_default();
        let Media { sender, feedback, estimator, .. } = media;
        feedback.handle(compound, self.ssrcs, sender, now, now_us, estimator);
        if let Some(publishes) = publishes {
            publishes(Plain::Rtcp(compound));
        }
        if feedback.is_pressing() { Receipt::Taken } else { Receipt::CanWait }
    }

    /// The payload type for retransmissions of packets with payload type `of` of a seat's picture; `None`: of any.
    fn rtx_payload_type(&self, seat: Seat, of: Option<u8>) -> Option<u8> {
        let line = Line { seat, kind: MediaKind::Video };
        let video = self.remote.as_ref()?.media_of(line)?;
        let mut formats = video.formats.iter().filter(|it| of.is_none_or(|of| it.pt == of));
        formats.find_map(|it| it.rtx)
    }

    fn keyed(&mut self, keys: Keys, now: Instant) {
        let Keys { sender, receiver } = keys;
        let Some(remote) = &self.remote else { return };
        let clock = self.shared.clock.unwrap_or((self.began, SystemTime::UNIX_EPOCH));
        let reports = Reports::new(clock);
        let cname = self.shared.cname.to_string();
        let Some(sender) = Sender::new(sender, self.ssrcs, remote, reports, cname, now) else {
            self.transport.fail(CloseReason::Internal);
            return;
        };
        let estimator = Estimator::new(self.micros(now), START_BPS, MIN_BPS, MAX_BPS);
        self.media = Some(Media { sender, receiver, feedback: Feedback::default(), estimator });
        self.is_news = true;
    }

    fn media_deadline(&self, media: &Media, now: Instant) -> Instant {
        let at = |us: u64| self.began + Duration::from_micros(us);
        let estimate = media.estimator.next_timeout_us();
        let estimate = estimate.map(|us| at(us).max(now + ESTIMATE_INTERVAL));
        let probe = media.sender.probe_at(self.micros(now)).map(at);
        let report = media.sender.report_at();
        [estimate, probe].into_iter().flatten().fold(report, Instant::min)
    }

    fn deadline(&self, now: Instant) -> Instant {
        let media = self.media.as_ref().filter(|_| self.is_connected());
        let of_media = media.map(|it| self.media_deadline(it, now));
        // Without any deadline the session is closed, and its caller removes it.
        let next = [self.transport.deadline(), of_media].into_iter().flatten().min();
        next.unwrap_or(self.began + CONSENT_TIMEOUT)
    }
}

impl Egress {
    /// Makes an offer of audio and video. The candidate with the address `via` comes first.
    pub(crate) fn offer(&mut self, via: Option<IpAddr>) -> String {
        self.is_offered = true;
        let base = self.remote.as_ref().map_or(Layout::ours(), |it| &it.layout);
        let is_plain = |it: &Cast| it.has_host && it.guests.is_empty() && self.remote.is_none();
        let cast = self.cast.as_ref().filter(|it| !is_plain(it));
        self.offered = cast.map(|it| Box::new(base.with_cast(it)));
        self.describe(via, |local, it| sdp::offer(local, it.offered_layout()))
    }

    fn offered_layout(&self) -> &Layout {
        match (&self.offered, &self.remote) {
            (Some(offered), _) => offered,
            (None, Some(remote)) => &remote.layout,
            (None, None) => Layout::ours(),
        }
    }

    /// Sets whose media it is sent from its answer to the next offer on.
    pub(crate) fn set_cast(&mut self, cast: Cast) {
        self.cast = cast.may_change.then(|| Box::new(cast));
    }

    /// Makes an offer of another cast.
    pub(crate) fn recast(
        &mut self,
        cast: Cast,
        via: Option<IpAddr>,
    ) -> Result<String, NegotiationError> {
        if self.remote.is_none() || self.cast.is_none() {
            return Err(NegotiationError::OutOfOrder);
        }
        self.set_cast(cast);
        Ok(self.offer(via))
    }

    fn has_guests(&self) -> bool {
        self.guest_lines().next().is_some()
    }

    /// What the viewer receives of guests.
    pub(crate) fn guest_lines(&self) -> impl Iterator<Item = Line> {
        self.remote.iter().flat_map(|it| it.guests()).map(|it| it.0)
    }

    /// Makes the same offer with new ICE credentials.
    pub(crate) fn offer_ice_restart(
        &mut self,
        via: Option<IpAddr>,
    ) -> Result<String, NegotiationError> {
        if self.remote.is_none() {
            return Err(NegotiationError::OutOfOrder);
        }
        self.transport.restart_ice();
        Ok(self.offer(via))
    }

    /// Accepts the answer to the last offer.
    pub(crate) fn accept_answer(
        &mut self,
        answer: &str,
        now: Instant,
    ) -> Result<(), NegotiationError> {
        #[cfg(test)]
        assert_eq!(self.panics_at, None, "a bug in an answer");
        if !std::mem::take(&mut self.is_offered) {
            return Err(NegotiationError::OutOfOrder);
        }
        let remote = sdp::read_answer(answer, self.offered_layout())?;
        self.offered = None;
        self.negotiated(remote, now)
    }

    /// Accepts an offer of the viewer; returns the answer.
    pub(crate) fn accept_offer(
        &mut self,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        self.is_offered = false;
        let remote = sdp::read_offer(offer)?;
        self.negotiated(remote, now)?;
        let Some(remote) = self.remote.take() else { return Err(NegotiationError::OutOfOrder) };
        let answer = self.describe(via, |local, _| sdp::answer(local, &remote));
        self.remote = Some(remote);
        Ok(answer)
    }

    /// Our ICE username fragment.
    pub(crate) fn ufrag(&mut self) -> String {
        self.transport.credentials().ufrag.clone()
    }

    /// Our address and the viewer's on the media path. A viewer without a path never migrates.
    pub(crate) fn path(&self) -> Option<(SocketAddr, RemoteAddr)> {
        self.transport.addresses()
    }

    /// The codecs that the viewer accepts.
    pub(crate) fn codecs(&self) -> Vec<Codec> {
        self.remote.as_ref().map(sdp::codecs).unwrap_or_default()
    }

    /// The viewer's payload type for this format of a track; `None` if it cannot play it.
    pub(crate) fn payload_type(&self, line: Line, format: &Format) -> Option<u8> {
        let media = self.remote.as_ref()?.media_of(line)?;
        media.payload_type(format).map(|it| it.pt)
    }

    /// The viewer publishes, too, on the host's media descriptions.
    pub(crate) fn set_both_ways(&mut self) {
        self.is_both_ways = true;
    }

    /// The keys for RTCP of ours, and the path to send it on.
    pub(crate) fn rtcp_out(&mut self) -> Option<(&mut srtp::Sender, Path)> {
        let path = self.transport.path()?;
        Some((self.media.as_mut()?.sender.keys(), path))
    }

    /// Handles a received datagram. What a viewer publishes is given to `publishes`, if it may.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
        publishes: Option<&mut dyn FnMut(Plain<'_>)>,
    ) -> Receipt {
        self.due = now;
        let silent_for = self.transport.silence(now);
        let receipt = match self.transport.handle(datagram, now, out) {
            Handled::Foreign => Receipt::Foreign,
            Handled::Pending => Receipt::Pending,
            Handled::Taken => Receipt::Taken,
            Handled::Moved(silence) => {
                self.moved(silence);
                Receipt::Taken
            }
            Handled::Media => self.handle_feedback(datagram, now, out, publishes),
        };
        let is_authentic = self.transport.silence(now) < silent_for;
        if silent_for >= OUTAGE && is_authentic {
            self.returned();
        }
        receipt
    }

    /// Reads a little of the data that serving it reads, so that it is in the processor's cache by then.
    /// The returned number has no meaning.
    pub(crate) fn warm(&self) -> u64 {
        let Some(media) = &self.media else { return 0 };
        let is_due = u64::from(self.is_connected()) + u64::from(self.due > self.began);
        media
            .sender
            .warm()
            .wrapping_add(is_due)
            .wrapping_add(u64::from(self.transport.path().is_some()))
            .wrapping_add(u64::from(media.feedback.is_pressing()))
    }

    /// The same for the data that [`Self::warm`] leads to.
    pub(crate) fn warm_logs(&self) -> u64 {
        self.media.as_ref().map_or(0, |it| it.sender.warm_logs())
    }

    /// Runs the timers that are due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        #[cfg(test)]
        assert!(self.panics_at.is_none_or(|it| now < it), "a bug in a timer");
        if now < self.due {
            return;
        }
        if let Some(silence) = self.transport.handle_timeout(now) {
            self.moved(silence);
        }
        let now_us = self.micros(now);
        if let Some(media) = &mut self.media {
            media.estimator.handle_timeout(now_us);
        }
    }

    /// Sends a packet, if there are keys and a path.
    pub(crate) fn forward(&mut self, packet: &Outgoing<'_>, now: Instant, out: &mut Outbox) {
        let now_us = self.micros(now);
        if let (Some(media), Some(path)) = (&mut self.media, self.transport.path()) {
            media.estimator.on_sent(now_us);
            media.sender.forward(packet, path, now_us, out);
        }
    }

    /// The bitrate estimate of the viewer's link, in bit/s with all headers. `None` if there is none: then
    /// the best layer is sent.
    pub(crate) fn estimate_bps(&self) -> Option<u64> {
        self.media.as_ref().map(|it| it.estimator.estimate_bps())
    }

    /// Whether much is lost now, and a queue is not the reason.
    pub(crate) fn loses_much(&self) -> bool {
        self.media.as_ref().is_some_and(|it| it.estimator.loses_much())
    }

    /// The smoothed round trip; `None` before a report gave one.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.media.as_ref()?.feedback.round_trip
    }

    /// What it was sent and reported so far.
    pub(crate) fn figures(&self) -> media_api::Egress {
        let Some(media) = &self.media else { return media_api::Egress::default() };
        let mut figures = media.feedback.counted;
        media.sender.count(&mut figures);
        figures
    }

    /// The rate received by the viewer, in bit/s.
    pub(crate) fn arriving_bps(&self) -> u64 {
        self.media.as_ref().map_or(0, |it| it.estimator.arriving_bps())
    }

    /// Sets the bitrate sent to the viewer, and that with the next better layer (0: there is none), in
    /// bit/s.
    pub(crate) fn set_demand(&mut self, current_bps: u64, next_bps: u64) {
        if let Some(media) = &mut self.media {
            media.estimator.set_demand(current_bps, next_bps);
        }
    }

    /// The bytes that a probe of the link still has to send now.
    pub(crate) fn probe_bytes(&mut self, now: Instant) -> usize {
        let now_us = self.micros(now);
        self.media.as_mut().map_or(0, |it| it.sender.probe_lacks(now_us))
    }

    /// Whether the viewer is known to read the video. Before that, no packet is retransmitted without a
    /// request: pion drops a track if it reads the retransmissions first.
    pub(crate) fn is_picture_read(&self) -> bool {
        self.media.as_ref().is_some_and(|it| it.feedback.is_picture_read)
    }

    /// Fills a probe with a retransmission of `packet`, or with padding if there is none.
    pub(crate) fn fill(&mut self, packet: Option<&Outgoing<'_>>, now: Instant, out: &mut Outbox) {
        let now_us = self.micros(now);
        let sent_as = packet.map(|it| it.payload_type);
        let Some(payload_type) = self.rtx_payload_type(Seat::HOST, sent_as) else { return };
        if let (Some(media), Some(path)) = (&mut self.media, self.transport.path()) {
            media.sender.fill(payload_type, packet, now, path, now_us, out);
        }
    }

    /// The next sequence number to retransmit, by a NACK or by transport-wide feedback. The room's ring
    /// has the packet.
    pub(crate) fn next_request(&mut self) -> Option<u16> {
        self.media.as_mut()?.feedback.next_request()
    }

    /// The same of a guest's picture, by a NACK.
    pub(crate) fn next_request_of_guest(&mut self) -> Option<(Seat, u16)> {
        self.media.as_mut()?.feedback.next_request_of_guest()
    }

    /// The next guest whose picture the viewer cannot decode (PLI or FIR).
    pub(crate) fn next_guest_without_picture(&mut self) -> Option<Seat> {
        self.media.as_mut()?.feedback.next_guest_without_picture()
    }

    /// The minimum interval between two retransmissions of one packet, in milliseconds: half a round trip
    /// and [`Feedback::late`].
    pub(crate) fn repeat_gap_ms(&self) -> u64 {
        let Some(Media { feedback, .. }) = &self.media else { return 0 };
        // A receiver repeats a request about once per round trip, by a clock that differs from ours.
        let trip = feedback.round_trip.unwrap_or(UNKNOWN_ROUND_TRIP) / 2;
        (trip + feedback.late).as_millis() as u64
    }

    /// Tells whether the TCP connection has too much to send.
    pub(crate) fn set_full(&mut self, stream: StreamId, is_full: bool) {
        self.full = is_full.then_some(stream);
    }

    /// Whether the media path is a TCP connection that has too much to send: no video until it has sent some.
    pub(crate) fn is_full(&self) -> bool {
        self.full.is_some() && self.full == self.stream()
    }

    /// The TCP connection that the media path is; `None` over UDP.
    pub(crate) fn stream(&self) -> Option<StreamId> {
        self.transport.path().and_then(|it| it.remote.stream)
    }

    /// How long nothing has come from the viewer's address on the media path.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        self.transport.silence(now)
    }

    /// Whether a retransmission is likely to be lost as well.
    pub(crate) fn is_lossy(&self) -> bool {
        self.media.as_ref().is_some_and(|it| it.estimator.is_lossy())
    }

    /// Retransmits a packet (RFC 4588), unless the limit of retransmissions is reached.
    pub(crate) fn repeat(&mut self, packet: &Outgoing<'_>, now: Instant, out: &mut Outbox) {
        let now_us = self.micros(now);
        let sent_as = Some(packet.payload_type);
        let Some(payload_type) = self.rtx_payload_type(packet.seat, sent_as) else { return };
        if let (Some(media), Some(path)) = (&mut self.media, self.transport.path()) {
            media.sender.bound_repeats(media.estimator.estimate_bps());
            media.sender.repeat(payload_type, packet, path, now_us, out);
        }
    }

    /// Returns the next output. Datagrams go to the outbox.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        // Most calls follow a forwarded packet, with nothing else to do.
        if now < self.due {
            return Output::Timeout(self.due);
        }
        self.transport.poll(now, out);
        if let Some(keys) = self.transport.take_keys() {
            self.keyed(*keys, now);
        }
        if std::mem::take(&mut self.is_news) {
            return Output::Connected;
        }
        if let (Some(media), Some(path)) = (&mut self.media, self.transport.path()) {
            if std::mem::take(&mut media.feedback.wants_keyframe) {
                return Output::KeyframeWanted;
            }
            if std::mem::take(&mut self.is_closing) {
                media.sender.goodbye(path, out);
                out.push(path.local, path.remote, &self.transport.take_goodbye());
            }
            media.sender.report(path, now, out);
            if let Some(time) = media.sender.take_capture_time() {
                return Output::Captured(time);
            }
            let now_us = now.saturating_duration_since(self.began).as_micros() as u64;
            if let Some(probe) = media.estimator.poll_probe(now_us) {
                media.sender.probe(probe, now_us);
            }
        }
        self.due = self.deadline(now);
        Output::Timeout(self.due)
    }

    /// Whether ICE and DTLS are connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.media.is_some() && self.transport.is_connected()
    }

    /// Why the session is over, if it is.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.transport.closed()
    }

    /// Closes the session. The next poll sends the goodbye.
    pub(crate) fn close(&mut self) {
        self.due = self.began;
        self.is_closing = true;
        self.transport.close();
    }
}
