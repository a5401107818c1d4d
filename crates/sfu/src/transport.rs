//! One WebRTC transport of a publisher or a viewer: ICE-lite, the DTLS handshake, and the state of both. RTP and RTCP
//! are the owner's: it takes the keys, and asks for the path to send on.
//!
//! ```text
//! datagram ─► Transport::handle ─┬─ STUN: answered; the path follows the peer
//!                                ├─ DTLS: answered, until there are keys
//!                                └─ RTP, RTCP: Handled::Media ─► owner decrypts ─► Transport::authentic
//! ```

pub(crate) mod close_check;
pub(crate) mod dtls;
pub(crate) mod ice;
pub(crate) mod sdp;
pub(crate) mod shared;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ::sdp::Fingerprint;
use rtp::srtp;

use self::close_check::{CloseCheck, Step};
use self::dtls::channel::{Channel, Handshake, may_be_goodbye};
use self::dtls::is_hello;
use self::ice::{Checked, Credentials, Ice, Path};
use self::sdp::{DtlsRole, RemoteTransport};
use self::shared::Shared;
use crate::core::outbox::Outbox;
use crate::core::rate_limit::RateLimit;
use crate::datagram::{Datagram, RemoteAddr};
use crate::{CONNECT_TIMEOUT, CONSENT_TIMEOUT, CloseReason, NegotiationError};

/// How long an offer of ours may stay unanswered before its session is closed.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// DTLS records processed per second before the handshake is done. A handshake has a dozen; an attacker who shares the
/// peer's address must not cause more work.
const RECORDS_PER_SECOND: u32 = 50;

/// One transport.
#[derive(Debug)]
pub(crate) struct Transport {
    shared: Shared,
    ice: Ice,
    /// The certificate's fingerprint and our DTLS role, from the peer's first description.
    peer: Option<(Fingerprint, DtlsRole)>,
    /// The DTLS channel, until the peer is known to have its keys. Boxed, since it is as large as the rest of the
    /// transport.
    channel: Option<Box<Channel>>,
    /// The DTLS `close_notify` record, once the channel is gone.
    goodbye: Box<[u8]>,
    close_check: CloseCheck,
    /// Whether the channel may have output.
    is_channel_touched: bool,
    /// The path of the last DTLS record that was answered.
    answered: Option<Path>,
    stage: Stage,
    /// Keys that the owner has not taken yet.
    keys: Option<Box<Keys>>,
    has_keys: bool,
    records: RateLimit,
    /// Whether the peer publishes. Then a DTLS flight of ours is repeated later (see [`dtls`]), and a ClientHello is
    /// only accepted after a path is nominated.
    is_publisher: bool,
}

/// The SRTP keys of a transport.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) sender: srtp::Sender,
    pub(crate) receiver: srtp::Receiver,
}

/// The state of the session, with the time limit of the states before it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Negotiating { until: Instant },
    Connecting { until: Instant },
    Connected,
    Closed(CloseReason),
}

/// Result of [`Transport::handle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// Not from the peer.
    Foreign,
    /// From the peer. Poll it: something may be due.
    Taken,
    /// From the peer, but before its answer to our offer: handle it again after the answer.
    Pending,
    /// From the peer, whose path has changed. Holds the time for which the old path was silent.
    Moved(Duration),
    /// RTP or RTCP. The owner decrypts it and, if it is authentic, calls [`Transport::authentic`].
    Media,
}

/// RTP or RTCP of a peer, decrypted and authentic.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plain<'a> {
    Rtp {
        /// Header and payload.
        packet: &'a [u8],
        payload_len: usize,
        /// The extended sequence number on its SSRC.
        index: u64,
    },
    /// A compound packet.
    Rtcp(&'a [u8]),
}

/// What a session did with a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// Not for this session.
    Foreign,
    /// From the peer. Poll it: something may be due.
    Taken,
    /// From the peer. It can wait until the peer is polled anyway: at the next packet or at its deadline.
    CanWait,
    /// From the peer, but before its answer to our offer: handle it again after the answer.
    Pending,
}

impl From<bool> for Receipt {
    /// From whether the datagram is the peer's.
    fn from(is_taken: bool) -> Self {
        if is_taken { Self::Taken } else { Self::Foreign }
    }
}

impl Transport {
    /// Creates a transport before negotiation.
    pub(crate) fn new(shared: &Shared, now: Instant) -> Self {
        Self {
            shared: shared.clone(),
            ice: Ice::new(shared.worker),
            peer: None,
            channel: None,
            goodbye: Box::default(),
            close_check: CloseCheck::default(),
            is_channel_touched: false,
            answered: None,
            stage: Stage::Negotiating { until: now + ANSWER_TIMEOUT },
            keys: None,
            has_keys: false,
            records: RateLimit::default(),
            is_publisher: false,
        }
    }

    /// Creates a transport for a publisher, to whom a second at the start matters less than to a viewer.
    pub(crate) fn of_publisher(shared: &Shared, now: Instant) -> Self {
        let ice = Ice::of_publisher(shared.worker);
        Self { is_publisher: true, ice, ..Self::new(shared, now) }
    }

    /// Our ICE credentials, for the next description.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.ice.local()
    }

    /// Creates new ICE credentials of ours. The old ones stay valid until the peer uses the new ones.
    pub(crate) fn restart_ice(&mut self) {
        self.ice.restart();
    }

    /// Our DTLS role: the one of the first description, whatever a later one allows.
    pub(crate) fn role(&self, of_description: DtlsRole) -> DtlsRole {
        self.peer.as_ref().map_or(of_description, |it| it.1)
    }

    /// Applies the peer's description of this transport.
    ///
    /// # Errors
    /// If the certificate differs from the one before, which would be another association (RFC 8842, section 4).
    pub(crate) fn negotiated(
        &mut self,
        remote: &RemoteTransport,
        now: Instant,
    ) -> Result<(), NegotiationError> {
        self.can_negotiate(remote)?;
        let role = self.role(remote.role);
        self.peer = Some((remote.fingerprint, role));
        let credentials =
            Credentials { ufrag: remote.ufrag.clone(), pwd: remote.pwd.as_str().into() };
        self.ice.set_remote(credentials);
        if self.channel.is_none() && !self.has_keys {
            let role = match role {
                DtlsRole::Server => srtp::Role::Server,
                DtlsRole::Client => srtp::Role::Client,
            };
            let cert = &self.shared.identity(self.is_publisher).cert;
            let channel = Channel::new(cert, role, remote.fingerprint, self.is_publisher, now);
            self.channel = Some(Box::new(channel));
        }
        if let Stage::Negotiating { .. } = self.stage {
            self.stage = Stage::Connecting { until: now + CONNECT_TIMEOUT };
        }
        Ok(())
    }

    /// Whether [`Self::negotiated`] accepts this description.
    ///
    /// # Errors
    /// As for [`Self::negotiated`].
    pub(crate) fn can_negotiate(&self, remote: &RemoteTransport) -> Result<(), NegotiationError> {
        if self.peer.as_ref().is_some_and(|it| it.0 != remote.fingerprint) {
            let message = "the certificate's fingerprint is another than before";
            return Err(NegotiationError::malformed(message));
        }
        Ok(())
    }

    /// The path that media is sent on.
    pub(crate) fn path(&self) -> Option<Path> {
        self.ice.path()
    }

    /// For how long no authenticated packet arrived on the path in use.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        self.ice.silence(now)
    }

    /// Our address and the peer's on the path in use.
    pub(crate) fn addresses(&self) -> Option<(SocketAddr, RemoteAddr)> {
        self.ice.path().map(|it| (it.local, it.remote))
    }

    /// Processes a datagram (RFC 7983, section 7).
    pub(crate) fn handle(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Handled {
        self.ice.notice(datagram.source, now);
        match datagram.contents.first() {
            Some(0..=3) => {
                let silence = self.ice.silence(now);
                match self.ice.handle(datagram, now, out) {
                    Checked::Refused => Handled::Foreign,
                    Checked::Pending => Handled::Pending,
                    Checked::Taken => Handled::Taken,
                    Checked::Moved => {
                        self.moved(now);
                        Handled::Moved(silence)
                    }
                }
            }
            Some(20..=63) if self.handle_record(datagram, now, out) => Handled::Taken,
            Some(128..=191) if self.has_keys => Handled::Media,
            _ => Handled::Foreign,
        }
    }

    /// Tells that a datagram was authentic: only the peer has the keys. Returns whether the path has changed.
    pub(crate) fn authentic(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let has_moved = self.ice.heard_from(datagram, now, out);
        // The peer has its keys, so it will not ask for the last flight of the handshake again.
        if let Some(channel) = self.channel.take() {
            self.goodbye = channel.finish();
        }
        has_moved
    }

    /// The path has changed.
    fn moved(&mut self, now: Instant) {
        if let Some(channel) = self.channel.as_mut().filter(|_| !self.has_keys) {
            if self.peer.as_ref().is_some_and(|it| it.1 == DtlsRole::Client) {
                channel.start(now);
            }
            // The channel may have waited for a path.
            self.is_channel_touched = true;
        }
    }

    fn handle_record(&mut self, datagram: &Datagram<'_>, now: Instant, out: &mut Outbox) -> bool {
        let path = Path { local: datagram.destination, remote: datagram.source };
        let Some(channel) = &mut self.channel else {
            let is_expected = self.ice.path().is_some_and(|it| it.remote == path.remote);
            if is_expected && self.has_keys && may_be_goodbye(datagram.contents) {
                self.close_check.said(now);
            }
            return is_expected;
        };
        // Anybody can forge a ClientHello from the peer's address. An answer before the path is known may reach the
        // peer just after it sent its own ClientHello. The peer sends its own once it has the path, or sends it again.
        if self.is_publisher && self.ice.path().is_none() && is_hello(datagram.contents) {
            return self.ice.has_checked(path);
        }
        // If we begin the handshake, a nomination selects the path.
        let may_begin = self.peer.as_ref().is_some_and(|it| it.1 == DtlsRole::Server);
        if !self.ice.record(path, may_begin, now, out) {
            return false;
        }
        // ClientHellos, which anybody can forge, have their own limit in the channel.
        if is_hello(datagram.contents) || self.records.take(RECORDS_PER_SECOND, now) {
            let cert = &self.shared.identity(self.is_publisher).cert;
            channel.handle(datagram.contents, cert, now);
            // Answer to the address that the record came from, whatever path was nominated before.
            self.poll_channel(Some(path), out);
        }
        true
    }

    /// Sends the channel's output to `to`, or else to where the last answered record came from.
    fn poll_channel(&mut self, to: Option<Path>, out: &mut Outbox) {
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
            Some(Handshake::Done(keys, profile)) => self.keyed(*keys, profile),
            Some(Handshake::Failed) => self.stage = Stage::Closed(CloseReason::Dtls),
            Some(Handshake::Goodbye) => self.stage = Stage::Closed(CloseReason::Remote),
        }
    }

    fn keyed(&mut self, (sender, receiver): (srtp::Sender, srtp::Receiver), of: srtp::Profile) {
        if self.has_keys {
            return;
        }
        tracing::debug!(profile = %of, "connected");
        self.has_keys = true;
        self.keys = Some(Box::new(Keys { sender, receiver }));
        self.stage = Stage::Connected;
        self.ice.shook_hands();
    }

    /// Takes the keys; `Some` once.
    pub(crate) fn take_keys(&mut self) -> Option<Box<Keys>> {
        self.keys.take()
    }

    /// Handles timers that are due. If the path has changed, returns for how long the old one was silent.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Duration> {
        if let Some(channel) = &mut self.channel
            && channel.deadline().is_some_and(|at| now >= at)
        {
            channel.handle_timeout(now);
            self.is_channel_touched = true;
        }
        let silence = self.ice.silence(now);
        let has_moved = self.ice.handle_timeout(now);
        if has_moved {
            self.moved(now);
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
        has_moved.then_some(silence)
    }

    /// Sends what is due.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) {
        if std::mem::take(&mut self.is_channel_touched) {
            self.poll_channel(None, out);
        }
        self.ice.poll(now, out);
        let Some(heard_at) = self.ice.heard_at() else { return };
        match self.close_check.poll(heard_at, now) {
            Step::Wait => {}
            Step::Ask => self.ice.ask(out),
            Step::Gone => self.stage = Stage::Closed(CloseReason::Remote),
        }
    }

    /// When it is next due; `None` if it is closed or was never negotiated.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let channel = self.channel.as_ref().and_then(|it| it.deadline());
        let consent = self.ice.consented_at().map(|at| at + CONSENT_TIMEOUT);
        let of_stage = match self.stage {
            Stage::Negotiating { until } | Stage::Connecting { until } => Some(until),
            Stage::Connected | Stage::Closed(_) => None,
        };
        let next = [channel, consent, of_stage, self.ice.deadline(), self.close_check.deadline()];
        next.into_iter().flatten().min()
    }

    /// Whether ICE and DTLS are up.
    pub(crate) fn is_connected(&self) -> bool {
        self.stage == Stage::Connected
    }

    /// Why it is closed; `None` while it is not.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        match self.stage {
            Stage::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Closes it for a reason of the owner's.
    pub(crate) fn fail(&mut self, reason: CloseReason) {
        self.stage = Stage::Closed(reason);
    }

    /// Sends a DTLS `close_notify` at the next poll, while the channel is kept. After that the owner sends
    /// [`Self::take_goodbye`].
    pub(crate) fn close(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.close();
            self.is_channel_touched = true;
        }
    }

    /// The `close_notify` record, if the channel is no longer kept; else empty.
    pub(crate) fn take_goodbye(&mut self) -> Box<[u8]> {
        std::mem::take(&mut self.goodbye)
    }
}
