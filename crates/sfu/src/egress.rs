//! A viewer without a WebRTC stack of its own: ICE-lite, the DTLS handshake by `dimpl`, and SRTP
//! written straight into the outbox. A microsecond or two a packet and 18 kB a viewer; what it leaves
//! out is all that a viewer of a broadcast never needs: candidates to check, tracks to receive, data
//! channels, renegotiation of what flows.

pub(crate) mod close_check;
mod feedback;
pub(crate) mod outgoing;
mod probe;
pub(crate) mod send_history;
mod sender;
pub(crate) mod sender_reports;
pub(crate) mod stream;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::rand;
use rtp::srtp;

use self::close_check::{CloseCheck, Step};
use self::feedback::Feedback;
use self::sender::{Sender, Ssrcs};
use self::sender_reports::Reports;
use crate::core::outbox::{MAX_DATAGRAM_BYTES, Outbox};
use crate::core::rate_limit::{FEEDBACK_PER_SECOND, RateLimit};
use crate::datagram::Datagram;
use crate::egress::outgoing::{Outgoing, Output, Receipt};
use crate::ingress::session::{ANSWER_TIMEOUT, STREAM_ID, Shared};
use crate::media::format::Format;
use crate::transport::dtls::channel::{Channel, Handshake, may_be_goodbye};
use crate::transport::dtls::is_hello;
use crate::transport::ice::{Checked, Credentials, Ice, Path};
use crate::transport::sdp::{self, DtlsRole, Layout, Local, Remote};
use crate::{CONNECT_TIMEOUT, CONSENT_TIMEOUT, CloseReason, Codec, NegotiationError};
use bwe::Estimator;
use media_api::MediaKind;

/// DTLS records that are looked at before the handshake is done, in a second: it has a dozen, and
/// whoever shares the viewer's address must not keep us busy.
const RECORDS_PER_SECOND: u32 = 50;

/// What a link is thought to carry at first: what most do. Probes tell more within a second.
const START_BPS: u64 = 2_000_000;
/// Sound and a word.
const MIN_BPS: u64 = 50_000;
/// Nobody sends a broadcast of more.
const MAX_BPS: u64 = 30_000_000;

/// The estimate is not thought over more often for the sake of time alone.
const ESTIMATE_INTERVAL: Duration = Duration::from_millis(10);

/// A viewer that was silent for this long before its address changed has lost what it was sent.
const GAP: Duration = Duration::from_millis(200);

/// Before a report told it.
const UNKNOWN_ROUND_TRIP: Duration = Duration::from_millis(20);

/// One lean viewer.
#[derive(Debug)]
pub(crate) struct Egress {
    shared: Shared,
    ice: Ice,
    ssrcs: Ssrcs,
    session_id: u64,
    version: u64,
    is_offered: bool,
    remote: Option<Remote>,
    /// Until the viewer has the keys of its media: in a box, since it is as large as all the rest.
    channel: Option<Box<Channel>>,
    /// The record that says goodbye, once the channel is gone.
    goodbye: Box<[u8]>,
    close_check: CloseCheck,
    /// Whether the channel may have something to say.
    is_channel_touched: bool,
    /// Where the last record came from that was answered.
    answered: Option<Path>,
    media: Option<Media>,
    stage: Stage,
    /// ICE and DTLS came up, and nobody was told yet.
    is_news: bool,
    /// A goodbye is to be said.
    is_closing: bool,
    records: RateLimit,
    feedbacks: RateLimit,
    /// When something is to be done, unless something comes before.
    due: Instant,
    /// Where microseconds count from.
    began: Instant,
    /// A bug: its timer panics from then on, and the answer to it whenever that comes.
    #[cfg(test)]
    pub(crate) panics_at: Option<Instant>,
}

/// What there is once the keys are known.
#[derive(Debug)]
struct Media {
    sender: Sender,
    receiver: srtp::Receiver,
    feedback: Feedback,
    estimator: Estimator,
}

/// How far it is, with the time by which it must have moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Negotiating { until: Instant },
    Connecting { until: Instant },
    Connected,
    Closed(CloseReason),
}

impl Egress {
    /// A viewer that nothing is negotiated with.
    pub(crate) fn new(shared: &Shared, now: Instant) -> Self {
        let mut random = [0; 20];
        rand::fill(&mut random).expect("the system has random numbers");
        let word = |at: usize| {
            u32::from_be_bytes([random[at], random[at + 1], random[at + 2], random[at + 3]])
        };
        // Three different ones, and none of them 0.
        let base = word(0) | 1;
        let ssrcs = Ssrcs { audio: base, video: base ^ 2, rtx: base ^ 4 };
        Self {
            shared: shared.clone(),
            ice: Ice::new(shared.worker),
            ssrcs,
            // RFC 8829, section 5.2.1: 63 bits.
            session_id: (u64::from(word(4)) << 32 | u64::from(word(8))) >> 1,
            version: 0,
            is_offered: false,
            remote: None,
            channel: None,
            goodbye: Box::default(),
            close_check: CloseCheck::default(),
            is_channel_touched: false,
            answered: None,
            media: None,
            stage: Stage::Negotiating { until: now + ANSWER_TIMEOUT },
            is_news: false,
            is_closing: false,
            records: RateLimit::default(),
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
        let credentials = self.ice.local();
        let local = Local {
            ufrag: &credentials.ufrag,
            pwd: &credentials.pwd,
            fingerprint: &self.shared.fingerprint,
            candidates: &self.shared.addresses,
            via,
            session_id: self.session_id,
            version: self.version,
            cname: &self.shared.cname,
            stream_id: STREAM_ID,
            audio_ssrc: self.ssrcs.audio,
            video_ssrc: self.ssrcs.video,
            rtx_ssrc: self.ssrcs.rtx,
        };
        write(&local, self)
    }

    fn negotiated(&mut self, mut remote: Remote, now: Instant) -> Result<(), NegotiationError> {
        if let Some(before) = &self.remote {
            if before.fingerprint != remote.fingerprint {
                // RFC 8842, section 4: another certificate is another association.
                let message = "the certificate's fingerprint is another than before";
                return Err(NegotiationError::malformed(message));
            }
            // Who began stays who began, whatever a later description allows.
            remote.role = before.role;
        }
        if sdp::codecs(&remote).is_empty() {
            return Err(NegotiationError::NoCodec);
        }
        let credentials =
            Credentials { ufrag: remote.ufrag.clone(), pwd: remote.pwd.as_str().into() };
        self.ice.set_remote(credentials);
        if self.channel.is_none() && self.media.is_none() {
            let role = match remote.role {
                DtlsRole::Server => srtp::Role::Server,
                DtlsRole::Client => srtp::Role::Client,
            };
            let fingerprint = remote.fingerprint.0;
            let channel = Channel::new(&self.shared.cert, role, fingerprint, now);
            self.channel = Some(Box::new(channel));
        }
        if let Some(media) = &mut self.media {
            media.sender.negotiated(&remote);
        }
        self.remote = Some(remote);
        self.due = now;
        if let Stage::Negotiating { .. } = self.stage {
            self.stage = Stage::Connecting { until: now + CONNECT_TIMEOUT };
        }
        Ok(())
    }

    fn micros(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_micros() as u64
    }

    /// Media goes elsewhere, after as much silence.
    fn moved(&mut self, silence: Duration, now: Instant) {
        // What was sent meanwhile is lost, and so are the viewer's requests: they came from nowhere.
        if let Some(media) = self.media.as_mut().filter(|_| silence >= GAP) {
            media.feedback.wants_keyframe = true;
        }
        if let Some(channel) = self.channel.as_mut().filter(|_| self.media.is_none()) {
            if self.remote.as_ref().is_some_and(|it| it.role == DtlsRole::Client) {
                channel.start(now);
            }
            // It may have waited for that.
            self.is_channel_touched = true;
        }
    }

    fn handle_record(&mut self, datagram: &Datagram<'_>, now: Instant, out: &mut Outbox) -> bool {
        let path = Path { local: datagram.destination, remote: datagram.source };
        let Some(channel) = &mut self.channel else {
            let is_expected = self.ice.path().is_some_and(|it| it.remote == path.remote);
            if is_expected && self.media.is_some() && may_be_goodbye(datagram.contents) {
                self.close_check.said(now);
            }
            return is_expected;
        };
        // Where it is us who begin the handshake, a nomination says where.
        let may_begin = self.remote.as_ref().is_some_and(|it| it.role == DtlsRole::Server);
        if !self.ice.record(path, may_begin, now, out) {
            return false;
        }
        // Hellos, which anybody can forge, have a bound of their own in there.
        if is_hello(datagram.contents) || self.records.take(RECORDS_PER_SECOND, now) {
            channel.handle(datagram.contents, &self.shared.cert, now);
            // The answer is for where the viewer is now, whatever was nominated before.
            self.poll_channel(Some(path), now, out);
        }
        true
    }

    fn handle_feedback(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt {
        let now_us = self.micros(now);
        let Some(media) = &mut self.media else { return Receipt::Foreign };
        // RFC 5761, section 4: RTCP. Nothing else is expected of a viewer.
        if !matches!(datagram.contents, [_, kind, ..] if (192..=223).contains(kind)) {
            return Receipt::Foreign;
        }
        let mut buffer = [0; MAX_DATAGRAM_BYTES];
        let Some(packet) = buffer.get_mut(..datagram.contents.len()) else {
            return Receipt::Foreign;
        };
        packet.copy_from_slice(datagram.contents);
        let Ok(len) = media.receiver.unprotect_rtcp(packet) else { return Receipt::Foreign };
        self.ice.heard_from(datagram, now, out);
        // The viewer has its keys, so the last flight of the handshake will not be asked for again.
        if let Some(channel) = self.channel.take() {
            self.goodbye = channel.finish();
        }
        // Counted once it is known to be the viewer's: whoever forges its address would use it up.
        if !self.feedbacks.take(FEEDBACK_PER_SECOND, now) {
            return Receipt::Taken;
        }
        let compound = packet.get(..len).unwrap_or_default();
        let Media { sender, feedback, estimator, .. } = media;
        feedback.handle(compound, self.ssrcs, sender, now, now_us, estimator);
        if feedback.is_pressing() { Receipt::Taken } else { Receipt::CanWait }
    }

    /// Sends what the channel has to say there, or to where the last record came from.
    fn poll_channel(&mut self, to: Option<Path>, now: Instant, out: &mut Outbox) {
        let path = self.ice.path();
        let Some(channel) = &mut self.channel else { return };
        let Some(to) = to.or(self.answered).or(path) else { return };
        let Path { local, remote } = to;
        let mut is_answer = false;
        let result = channel.poll(path.is_some(), |record| {
            is_answer = true;
            out.push(local, remote, record);
        });
        if is_answer {
            self.answered = Some(to);
        }
        match result {
            None => {}
            Some(Handshake::Done(keys, profile)) => self.keyed(*keys, profile, now),
            Some(Handshake::Failed) => self.stage = Stage::Closed(CloseReason::Dtls),
            Some(Handshake::Goodbye) => self.stage = Stage::Closed(CloseReason::Remote),
        }
    }

    fn poll_parting(&mut self, now: Instant, out: &mut Outbox) {
        let Some(heard_at) = self.ice.heard_at() else { return };
        match self.close_check.poll(heard_at, now) {
            Step::Wait => {}
            Step::Ask => self.ice.ask(out),
            Step::Gone => self.stage = Stage::Closed(CloseReason::Remote),
        }
    }

    /// The payload type for repetitions of what was sent with this one, or of anything.
    fn rtx_payload_type(&self, of: Option<u8>) -> Option<u8> {
        let video = self.remote.as_ref()?.media(MediaKind::Video)?;
        let mut formats = video.formats.iter().filter(|it| of.is_none_or(|of| it.pt == of));
        formats.find_map(|it| it.rtx)
    }

    fn keyed(
        &mut self,
        (keys, receiver): (srtp::Sender, srtp::Receiver),
        profile: srtp::Profile,
        now: Instant,
    ) {
        if self.media.is_some() {
            return;
        }
        let Some(remote) = &self.remote else { return };
        let clock = self.shared.clock.unwrap_or((self.began, SystemTime::UNIX_EPOCH));
        let reports = Reports::new(clock);
        let cname = self.shared.cname.to_string();
        let sender = Sender::new(keys, self.ssrcs, remote, reports, cname, now);
        let Some(sender) = sender else {
            self.stage = Stage::Closed(CloseReason::Internal);
            return;
        };
        tracing::debug!(%profile, "connected");
        let estimator = Estimator::new(self.micros(now), START_BPS, MIN_BPS, MAX_BPS);
        self.media = Some(Media { sender, receiver, feedback: Feedback::default(), estimator });
        self.stage = Stage::Connected;
        self.ice.shook_hands();
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
        let channel = self.channel.as_ref().and_then(|it| it.deadline());
        let consent = self.ice.consented_at().map(|at| at + CONSENT_TIMEOUT);
        let of_stage = match self.stage {
            Stage::Negotiating { until } | Stage::Connecting { until } => Some(until),
            Stage::Connected => self.media.as_ref().map(|it| self.media_deadline(it, now)),
            Stage::Closed(_) => None,
        };
        // Without any of them there is nothing to wait for; it is closed by whoever asks.
        let next = [channel, consent, of_stage, self.ice.deadline(), self.close_check.deadline()];
        let next = next.into_iter().flatten().min();
        next.unwrap_or(self.began + CONSENT_TIMEOUT)
    }
}

impl Egress {
    /// Makes an offer of sound and picture, the candidate of address `via` first.
    pub(crate) fn offer(&mut self, via: Option<IpAddr>) -> String {
        self.is_offered = true;
        self.describe(via, |local, it| match &it.remote {
            Some(remote) => sdp::offer(local, &remote.layout),
            None => sdp::offer(local, Layout::ours()),
        })
    }

    /// Makes the same offer with new ICE credentials.
    pub(crate) fn offer_ice_restart(
        &mut self,
        via: Option<IpAddr>,
    ) -> Result<String, NegotiationError> {
        if self.remote.is_none() {
            return Err(NegotiationError::OutOfOrder);
        }
        self.ice.restart();
        Ok(self.offer(via))
    }

    /// Takes the answer to the last offer.
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
        let remote = match &self.remote {
            Some(before) => sdp::read_answer(answer, &before.layout)?,
            None => sdp::read_answer(answer, Layout::ours())?,
        };
        self.negotiated(remote, now)
    }

    /// Takes the viewer's own offer; returns the answer.
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
        self.ice.local().ufrag.clone()
    }

    /// Our address and the viewer's, between which media goes; an egress that does not tell is never
    /// handed over to another worker.
    pub(crate) fn path(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.ice.path().map(|it| (it.local, it.remote))
    }

    /// Codecs that the viewer accepts.
    pub(crate) fn codecs(&self) -> Vec<Codec> {
        self.remote.as_ref().map(sdp::codecs).unwrap_or_default()
    }

    /// The payload type in which the viewer accepts this format; `None` when it cannot play it.
    pub(crate) fn payload_type(&self, kind: MediaKind, format: &Format) -> Option<u8> {
        let media = self.remote.as_ref()?.media(kind)?;
        media.payload_type(format).map(|it| it.pt)
    }

    /// Takes a datagram.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt {
        self.due = now;
        // RFC 7983, section 7.
        match datagram.contents.first() {
            Some(0..=3) => {
                let silence = self.ice.silence(now);
                let checked = self.ice.handle(datagram, now, out);
                if checked == Checked::Moved {
                    self.moved(silence, now);
                }
                match checked {
                    Checked::Refused => Receipt::Foreign,
                    Checked::Early => Receipt::Early,
                    Checked::Taken | Checked::Moved => Receipt::Taken,
                }
            }
            Some(20..=63) => self.handle_record(datagram, now, out).into(),
            Some(128..=191) => self.handle_feedback(datagram, now, out),
            _ => Receipt::Foreign,
        }
    }

    /// Reads a little of what serving it reads, so that the processor has it at hand by then. Returns
    /// a number that means nothing.
    pub(crate) fn warm(&self) -> u64 {
        let Some(media) = &self.media else { return 0 };
        let is_due = u64::from(self.stage == Stage::Connected) + u64::from(self.due > self.began);
        media
            .sender
            .warm()
            .wrapping_add(is_due)
            .wrapping_add(u64::from(self.ice.path().is_some()))
            .wrapping_add(u64::from(media.feedback.is_pressing()))
    }

    /// The same for what is found by that.
    pub(crate) fn warm_logs(&self) -> u64 {
        self.media.as_ref().map_or(0, |it| it.sender.warm_logs())
    }

    /// Lets time pass.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        #[cfg(test)]
        assert!(self.panics_at.is_none_or(|it| now < it), "a bug in a timer");
        if now < self.due {
            return;
        }
        if let Some(channel) = &mut self.channel
            && channel.deadline().is_some_and(|at| now >= at)
        {
            channel.handle_timeout(now);
            self.is_channel_touched = true;
        }
        let silence = self.ice.silence(now);
        if self.ice.handle_timeout(now) {
            self.moved(silence, now);
        }
        let is_over = |until: Instant| now >= until;
        match self.stage {
            Stage::Negotiating { until } if is_over(until) => {
                self.stage = Stage::Closed(CloseReason::ConnectTimeout);
            }
            Stage::Connecting { until } if is_over(until) => {
                let n_errors = self.channel.as_ref().map_or(0, |it| it.n_errors);
                let dtls = n_errors > 0;
                let reason = if dtls { CloseReason::Dtls } else { CloseReason::ConnectTimeout };
                self.stage = Stage::Closed(reason);
            }
            Stage::Connected
                if self.ice.consented_at().is_none_or(|at| is_over(at + CONSENT_TIMEOUT)) =>
            {
                self.stage = Stage::Closed(CloseReason::ConsentExpired);
            }
            _ => {}
        }
        let now_us = self.micros(now);
        if let Some(media) = &mut self.media {
            media.estimator.handle_timeout(now_us);
        }
    }

    /// Sends a packet, now or when polled.
    pub(crate) fn forward(&mut self, packet: &Outgoing<'_>, now: Instant, out: &mut Outbox) {
        let now_us = self.micros(now);
        if let (Some(media), Some(path)) = (&mut self.media, self.ice.path()) {
            media.estimator.on_sent(now_us);
            media.sender.forward(packet, path, now_us, out);
        }
    }

    /// What the viewer's link carries, in bits a second with all headers; `None` when it is not
    /// estimated: then the best layer is sent.
    pub(crate) fn estimate_bps(&self) -> Option<u64> {
        self.media.as_ref().map(|it| it.estimator.estimate_bps())
    }

    /// Whether much gets lost now, and no queue is the reason.
    pub(crate) fn loses_much(&self) -> bool {
        self.media.as_ref().is_some_and(|it| it.estimator.loses_much())
    }

    /// What arrives at the viewer, in bits a second.
    pub(crate) fn arriving_bps(&self) -> u64 {
        self.media.as_ref().map_or(0, |it| it.estimator.arriving_bps())
    }

    /// What is sent to the viewer, and what would be with the next better layer (0: there is none), in
    /// bits a second.
    pub(crate) fn set_demand(&mut self, current_bps: u64, next_bps: u64) {
        if let Some(media) = &mut self.media {
            media.estimator.set_demand(current_bps, next_bps);
        }
    }

    /// Bytes that a probe of the link lacks now.
    pub(crate) fn probe_bytes(&mut self, now: Instant) -> usize {
        let now_us = self.micros(now);
        self.media.as_mut().map_or(0, |it| it.sender.probe_lacks(now_us))
    }

    /// Whether the viewer is known to read the picture. Before that nothing of it goes out on the
    /// retransmission stream unasked: pion drops a track whose retransmissions it reads first.
    pub(crate) fn is_picture_read(&self) -> bool {
        self.media.as_ref().is_some_and(|it| it.feedback.is_picture_read)
    }

    /// Fills a probe with a packet that was sent before, or without one with nothing.
    pub(crate) fn fill(&mut self, packet: Option<&Outgoing<'_>>, now: Instant, out: &mut Outbox) {
        let now_us = self.micros(now);
        let sent_as = packet.map(|it| it.payload_type);
        let Some(payload_type) = self.rtx_payload_type(sent_as) else { return };
        if let (Some(media), Some(path)) = (&mut self.media, self.ice.path()) {
            media.sender.fill(payload_type, packet, now, path, now_us, out);
        }
    }

    /// The next sequence number that the viewer asked to have repeated (generic NACK); the room's
    /// ring has the packet. An egress that keeps its own copies has none.
    pub(crate) fn next_request(&mut self) -> Option<u16> {
        self.media.as_mut()?.feedback.next_request()
    }

    /// The least time between two repetitions of one packet, in milliseconds: about a round trip.
    pub(crate) fn repeat_gap_ms(&self) -> u64 {
        let trip = self.media.as_ref().and_then(|it| it.feedback.round_trip);
        // Receivers repeat a request about once a round trip, and by a clock that is not quite ours.
        (trip.unwrap_or(UNKNOWN_ROUND_TRIP) / 2).as_millis() as u64
    }

    /// Whether what is repeated is likely to get lost as well.
    pub(crate) fn is_lossy(&self) -> bool {
        self.media.as_ref().is_some_and(|it| it.estimator.is_lossy())
    }

    /// Sends a packet again (RFC 4588), if that is within bounds.
    pub(crate) fn repeat(&mut self, packet: &Outgoing<'_>, now: Instant, out: &mut Outbox) {
        let now_us = self.micros(now);
        let sent_as = Some(packet.payload_type);
        let Some(payload_type) = self.rtx_payload_type(sent_as) else { return };
        if let (Some(media), Some(path)) = (&mut self.media, self.ice.path()) {
            media.sender.bound_repeats(media.estimator.estimate_bps());
            media.sender.repeat(payload_type, packet, path, now_us, out);
        }
    }

    /// What comes next. Datagrams go to the outbox.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output {
        // Most of the time a packet was forwarded and nothing else happened.
        if now < self.due {
            return Output::Timeout(self.due);
        }
        if std::mem::take(&mut self.is_channel_touched) {
            self.poll_channel(None, now, out);
        }
        self.ice.poll(now, out);
        self.poll_parting(now, out);
        if std::mem::take(&mut self.is_news) {
            return Output::Connected;
        }
        if let (Some(media), Some(path)) = (&mut self.media, self.ice.path()) {
            if std::mem::take(&mut media.feedback.wants_keyframe) {
                return Output::KeyframeWanted;
            }
            if std::mem::take(&mut self.is_closing) {
                media.sender.goodbye(path, out);
                out.push(path.local, path.remote, &std::mem::take(&mut self.goodbye));
            }
            media.sender.report(path, now, out);
            let now_us = now.saturating_duration_since(self.began).as_micros() as u64;
            if let Some(probe) = media.estimator.poll_probe(now_us) {
                media.sender.probe(probe, now_us);
            }
        }
        self.due = self.deadline(now);
        Output::Timeout(self.due)
    }

    /// Whether ICE and DTLS are up.
    pub(crate) fn is_connected(&self) -> bool {
        self.stage == Stage::Connected
    }

    /// Why the session is over, once it is.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        match self.stage {
            Stage::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Says goodbye; the datagrams come with the next poll.
    pub(crate) fn close(&mut self) {
        self.due = self.began;
        self.is_closing = true;
        if let Some(channel) = &mut self.channel {
            channel.close();
            self.is_channel_touched = true;
        }
    }
}
