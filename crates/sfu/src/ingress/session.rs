//! One WebRTC session on str0m: ICE, DTLS, SRTP, RTCP and the session descriptions, for a
//! publisher and for a viewer alike. This file, `publisher.rs` and `egress/rtc.rs` are the only
//! ones that drive an `Rtc`.
//!
//! Nothing enters before `accepts` (a 15-byte forged alert would end a session otherwise), and no
//! error of what entered ends it: it is counted, and the timeouts decide.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::format::PayloadParams;
use str0m::media::Mid;
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::{Extension, ExtensionMap};
use str0m::{Candidate, IceConnectionState, IceCreds, Input, Output, Rtc};

use crate::core::outbox::Outbox;
use crate::core::rate_limit::{FEEDBACK_PER_SECOND, RateLimit};
use crate::core::ufrag::{name_worker, named_worker};
use crate::datagram::Datagram;
use crate::ingress::diagnostics::Limits;
use crate::ingress::str0m_sdp;
use crate::media::codec::dependency_descriptor;
use crate::transport::dtls;
use crate::{CONNECT_TIMEOUT, CONSENT_TIMEOUT, CloseReason, Config, NegotiationError};

/// The media stream that all tracks of a broadcast belong to (RFC 8830).
pub(crate) const STREAM_ID: &str = "kaibo";

/// str0m calls ICE disconnected after 15 s without a check; what is left of the consent's time
/// runs from there.
const AFTER_DISCONNECTED: Duration = CONSENT_TIMEOUT.saturating_sub(Duration::from_secs(15));

/// How long an offer of ours may stay unanswered before its session is given up.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// When to look again at a session that failed to say when.
const RETRY: Duration = Duration::from_millis(100);

/// What all sessions share.
#[derive(Clone)]
pub(crate) struct Shared {
    crypto: Arc<CryptoProvider>,
    /// The process's certificate.
    pub(crate) cert: DtlsCert,
    /// Its SHA-256, as descriptions write it.
    pub(crate) fingerprint: Arc<str>,
    candidates: Arc<[Candidate]>,
    /// The candidates' addresses.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// The canonical name of our streams (RFC 7022): random, one a process.
    pub(crate) cname: Arc<str>,
    /// See [`Config::clock`].
    pub(crate) clock: Option<(Instant, SystemTime)>,
    /// See [`Config::worker`].
    pub(crate) worker: u8,
    /// See [`Config::max_publish_kbps`].
    pub(crate) max_publish_kbps: u32,
    /// See [`Config::publish_limits`].
    pub(crate) publish_limits: Limits,
}

impl Shared {
    /// Makes the process's certificate and DTLS configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let candidates = config.candidates.iter().filter_map(|address| {
            Candidate::host(*address, "udp")
                .inspect_err(|error| tracing::warn!(%address, %error, "candidate left out"))
                .ok()
        });
        let cert = dtls::generate_certificate();
        let fingerprint = cert.fingerprint_str();
        // No secret: some of what everybody is told anyway, and another at each start.
        let cname = fingerprint.replace(':', "").chars().take(16).collect::<String>();
        Self {
            crypto: Arc::new(dtls::crypto_provider()),
            fingerprint: fingerprint.into(),
            cert,
            candidates: candidates.collect(),
            addresses: config.candidates.clone().into(),
            cname: cname.into(),
            clock: config.clock,
            worker: config.worker,
            max_publish_kbps: config.max_publish_kbps,
            publish_limits: config.publish_limits(),
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("candidates", &self.candidates).finish_non_exhaustive()
    }
}

/// What a session yields.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "moved on at once, never stored: a box would allocate"
)]
pub(crate) enum Polled {
    /// Something for the publisher or viewer around it.
    Event(str0m::Event),
    /// Nothing more before this time.
    Timeout(Instant),
}

/// The `mid`s of the first audio and video media description.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mids {
    /// Of sound.
    pub(crate) audio: Option<Mid>,
    /// Of the picture.
    pub(crate) video: Option<Mid>,
}

/// One WebRTC session.
pub(crate) struct Session {
    /// The state machine. The publisher and the egress write to and read from it.
    pub(crate) rtc: Rtc,
    /// What was negotiated.
    pub(crate) mids: Mids,
    stage: Stage,
    dtls_errors: u32,
    rtcp: RateLimit,
    /// Whether the peer nominated a path.
    has_path: bool,
    /// The worker that our username fragments name.
    worker: u8,
}

/// Whether a datagram is RTCP (RFC 5761, section 4).
fn is_rtcp(contents: &[u8]) -> bool {
    matches!(contents, [128..=191, second, ..] if (64..96).contains(&(second & 0x7F)))
}

/// How far a session is, with the time it must have moved on by.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Negotiating {
        until: Instant,
    },
    Connecting {
        until: Instant,
    },
    Connected,
    /// No connectivity check for a while.
    Fading {
        until: Instant,
    },
    Closed(CloseReason),
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Session {
    /// A session that nothing is negotiated of.
    pub(crate) fn new(shared: &Shared, now: Instant) -> Self {
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::clone(&shared.crypto))
            .set_dtls_cert(shared.cert.clone())
            .set_ice_lite(true)
            .set_local_ice_credentials(named(IceCreds::new(), shared.worker))
            .set_fingerprint_verification(true)
            .set_rtp_mode(true)
            .set_extension_map(extensions())
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .enable_h264(true)
            .enable_vp9(true)
            .enable_av1(true)
            .build(now);
        for candidate in &*shared.candidates {
            rtc.add_local_candidate(candidate.clone());
        }
        let stage = Stage::Negotiating { until: now + ANSWER_TIMEOUT };
        Self {
            rtc,
            mids: Mids::default(),
            stage,
            dtls_errors: 0,
            rtcp: RateLimit::default(),
            has_path: false,
            worker: shared.worker,
        }
    }

    /// Our ICE username fragment, which a connectivity check for us carries.
    pub(crate) fn ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// Takes an offer; returns the answer.
    pub(crate) fn accept_offer(
        &mut self,
        offer: SdpOffer,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|it| refused(&it))?;
        self.negotiated(now);
        let answer = self.named(answer.to_sdp_string());
        self.mids = mids(&answer);
        Ok(str0m_sdp::finished(&answer, STREAM_ID, via))
    }

    /// str0m makes credentials of its own when the other side restarts ICE; ours name the worker.
    fn named(&mut self, answer: String) -> String {
        let made = self.rtc.direct_api().local_ice_credentials();
        if named_worker(&made.ufrag) == Some(self.worker) {
            return answer;
        }
        let ours = named(made.clone(), self.worker);
        let answer = renamed(&answer, &made, &ours);
        self.rtc.direct_api().set_local_ice_credentials(ours);
        answer
    }

    fn negotiated(&mut self, now: Instant) {
        if let Stage::Negotiating { .. } = self.stage {
            self.stage = Stage::Connecting { until: now + CONNECT_TIMEOUT };
        }
    }

    /// The payload types that the other side agreed to, sound first, in its order of preference.
    pub(crate) fn remote_params(&self) -> impl Iterator<Item = &PayloadParams> {
        let params = self.rtc.codec_config().params();
        [self.mids.audio, self.mids.video]
            .into_iter()
            .flatten()
            .filter_map(|mid| self.rtc.media(mid))
            .flat_map(|media| media.remote_pts())
            .filter_map(|pt| params.iter().find(|it| it.pt() == *pt))
    }

    /// Takes a datagram, if it is for this session: from the address that ICE verified, or a
    /// connectivity check with the right credentials. Returns whether it was taken.
    pub(crate) fn handle_datagram(&mut self, datagram: &Datagram<'_>, now: Instant) -> bool {
        let Ok(contents) = DatagramRecv::try_from(datagram.contents) else { return false };
        let input = Input::Receive(
            now,
            Receive {
                proto: Protocol::Udp,
                source: datagram.source,
                destination: datagram.destination,
                contents,
            },
        );
        if !self.rtc.accepts(&input) {
            return false;
        }
        // The answer would wait for the path, and reach the peer just after its own hello even when this one
        // is somebody else's. The peer says its own once it has the path, or again.
        if !self.has_path && dtls::is_hello(datagram.contents) {
            return true;
        }
        if is_rtcp(datagram.contents) && !self.rtcp.take(FEEDBACK_PER_SECOND, now) {
            return true;
        }
        if let Err(error) = self.rtc.handle_input(input) {
            self.failed(&error);
        }
        true
    }

    /// Lets time pass.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            self.failed(&error);
        }
        let expired = |until: Instant| now >= until;
        match self.stage {
            Stage::Negotiating { until } if expired(until) => {
                self.stage = Stage::Closed(CloseReason::ConnectTimeout);
            }
            Stage::Connecting { until } if expired(until) => {
                let dtls = self.dtls_errors > 0;
                let reason = if dtls { CloseReason::Dtls } else { CloseReason::ConnectTimeout };
                self.stage = Stage::Closed(reason);
            }
            Stage::Fading { until } if expired(until) => {
                self.stage = Stage::Closed(CloseReason::ConsentExpired);
            }
            _ => {}
        }
    }

    /// Whether ICE and DTLS are up.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Connected | Stage::Fading { .. })
    }

    /// Why the session is over, once it is.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        match self.stage {
            Stage::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Says goodbye to the other side (RTCP BYE, DTLS `close_notify`); the datagrams are polled.
    pub(crate) fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            self.failed(&error);
        }
    }

    /// What comes next; polled until it is a timeout. Datagrams go to the outbox.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) -> Polled {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.check_alive();
                    return Polled::Timeout(self.deadline(at));
                }
                Ok(Output::Transmit(it)) => out.push(it.source, it.destination, &it.contents),
                Ok(Output::Event(event)) => {
                    if let Some(event) = self.handle_event(event, now) {
                        return Polled::Event(event);
                    }
                }
                Err(error) => {
                    self.failed(&error);
                    return Polled::Timeout(self.deadline(now + RETRY));
                }
            }
        }
    }

    /// Takes what concerns the session itself; passes the rest on.
    fn handle_event(&mut self, event: str0m::Event, now: Instant) -> Option<str0m::Event> {
        use str0m::Event;
        match &event {
            Event::Connected => {
                self.stage = Stage::Connected;
                tracing::debug!("connected");
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                if self.is_connected() {
                    self.stage = Stage::Fading { until: now + AFTER_DISCONNECTED };
                }
                return None;
            }
            // An ICE restart: without a check on the new credentials nothing else would end it.
            Event::IceConnectionStateChange(IceConnectionState::Checking) => {
                if self.is_connected() {
                    self.stage = Stage::Fading { until: now + CONSENT_TIMEOUT };
                }
                return None;
            }
            Event::IceConnectionStateChange(state) if state.is_connected() => {
                self.has_path = true;
                if let Stage::Fading { .. } = self.stage {
                    self.stage = Stage::Connected;
                }
                return None;
            }
            Event::Closed => {
                self.stage = Stage::Closed(CloseReason::Remote);
                return None;
            }
            _ => {}
        }
        Some(event)
    }

    /// str0m gives up by itself, without an event, on a wrong certificate and on a DTLS timeout.
    fn check_alive(&mut self) {
        if !self.rtc.is_alive() && self.closed().is_none() {
            self.stage = Stage::Closed(CloseReason::Dtls);
        }
    }

    fn deadline(&self, of_rtc: Instant) -> Instant {
        match self.stage {
            Stage::Negotiating { until }
            | Stage::Connecting { until }
            | Stage::Fading { until } => of_rtc.min(until),
            Stage::Connected | Stage::Closed(_) => of_rtc,
        }
    }

    /// What entered was bad. Not fatal: anybody can send anything.
    fn failed(&mut self, error: &str0m::RtcError) {
        if matches!(error, str0m::RtcError::Dtls(_)) {
            self.dtls_errors = self.dtls_errors.saturating_add(1);
        }
        tracing::debug!(%error, "input refused");
    }
}

/// The first audio and the first video of a description of ours that anything can flow in.
fn mids(description: &str) -> Mids {
    let mut mids = Mids::default();
    for (kind, mid) in str0m_sdp::flowing(description) {
        let slot = if kind == "audio" { &mut mids.audio } else { &mut mids.video };
        slot.get_or_insert_with(|| Mid::from(mid));
    }
    mids
}

/// The same credentials with a fragment that names a worker.
fn named(mut credentials: IceCreds, worker: u8) -> IceCreds {
    name_worker(&mut credentials.ufrag, worker);
    credentials
}

/// A description with the one fragment in place of the other.
fn renamed(description: &str, made: &IceCreds, ours: &IceCreds) -> String {
    description.replace(&made.ufrag, &ours.ufrag)
}

/// What we offer and accept of RTP header extensions (RFC 8285): what str0m uses itself, and what goes
/// through: capture time, playout delay, kind of content, and which frames a frame needs.
fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::standard();
    map.set(5, Extension::AbsoluteCaptureTime);
    map.set(6, Extension::PlayoutDelay);
    map.set(7, Extension::VideoContentType);
    map.set(
        8,
        Extension::with_serializer(dependency_descriptor::URI, dependency_descriptor::Serializer),
    );
    map
}

/// What str0m does not accept, in our words: its own may quote the description.
fn refused(error: &str0m::RtcError) -> NegotiationError {
    NegotiationError::malformed(match error {
        str0m::RtcError::RemoteSdp(_) => {
            "its m-lines, ICE credentials or a=setup do not fit each other, or what was agreed before"
        }
        _ => "it cannot be taken now",
    })
}
