//! One WebRTC transport of a peer, for a publisher and a viewer alike: ICE-lite, the DTLS handshake, and how
//! far both are. What flows on it is its owner's: the owner is given the keys, and asks where to send.
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
use crate::datagram::Datagram;
use crate::{CONNECT_TIMEOUT, CONSENT_TIMEOUT, CloseReason, NegotiationError};

/// How long an offer of ours may stay unanswered before its session is given up.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// DTLS records that are looked at before the handshake is done, in a second: it has a dozen, and
/// whoever shares the peer's address must not keep us busy.
const RECORDS_PER_SECOND: u32 = 50;

/// One transport.
#[derive(Debug)]
pub(crate) struct Transport {
    shared: Shared,
    ice: Ice,
    /// What the peer's first description said of its certificate and of the handshake.
    peer: Option<(Fingerprint, DtlsRole)>,
    /// Until the peer is known to have its keys: in a box, since it is as large as all the rest.
    channel: Option<Box<Channel>>,
    /// The record that says goodbye, once the channel is gone.
    goodbye: Box<[u8]>,
    close_check: CloseCheck,
    /// Whether the channel may have something to say.
    is_channel_touched: bool,
    /// Where the last record came from that was answered.
    answered: Option<Path>,
    stage: Stage,
    /// Keys that the owner has not taken yet.
    keys: Option<Box<Keys>>,
    has_keys: bool,
    records: RateLimit,
    /// Whether the peer publishes. Then we wait longer for answers to a handshake of ours (see [`dtls`]), and take no
    /// ClientHello before a path is nominated.
    is_publisher: bool,
}

/// The keys of what flows on a transport.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) sender: srtp::Sender,
    pub(crate) receiver: srtp::Receiver,
}

/// How far it is, with the time by which it must have moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Negotiating { until: Instant },
    Connecting { until: Instant },
    Connected,
    Closed(CloseReason),
}

/// What a datagram was to a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// Not the peer's.
    Foreign,
    /// The peer's; something may be due at once.
    Taken,
    /// The peer's, before the answer that it needs: to be handled again once that is here.
    Early,
    /// The peer is heard elsewhere now, after so much silence.
    Moved(Duration),
    /// RTP or RTCP: the owner decrypts it, and tells with [`Transport::authentic`] that it is the peer's.
    Media,
}

/// What a datagram was to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// Not for this session.
    Foreign,
    /// The peer's; something may be due at once.
    Taken,
    /// The peer's; what it says can wait until the peer is served anyway: with the next packet, or
    /// at its deadline.
    CanWait,
    /// The peer's, before the answer that it needs: to be handled again once that is here.
    Early,
}

impl From<bool> for Receipt {
    /// Of whether it was the peer's.
    fn from(is_taken: bool) -> Self {
        if is_taken { Self::Taken } else { Self::Foreign }
    }
}

impl Transport {
    /// One that nothing is negotiated of.
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

    /// The same for a publisher, to whom a second at the start matters less than to a viewer.
    pub(crate) fn of_publisher(shared: &Shared, now: Instant) -> Self {
        let ice = Ice::of_publisher(shared.worker);
        Self { is_publisher: true, ice, ..Self::new(shared, now) }
    }

    /// Our ICE credentials, for the next description.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.ice.local()
    }

    /// New ICE credentials of ours; the old ones hold until the peer uses these.
    pub(crate) fn restart_ice(&mut self) {
        self.ice.restart();
    }

    /// Who began the handshake stays who began, whatever a later description allows.
    pub(crate) fn role(&self, of_description: DtlsRole) -> DtlsRole {
        self.peer.as_ref().map_or(of_description, |it| it.1)
    }

    /// Takes what a description of the peer says of it.
    ///
    /// # Errors
    /// When the certificate is another than before, which would be another association (RFC 8842, section 4).
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
            let Self { shared, is_publisher, .. } = self;
            let channel = Channel::new(&shared.cert, role, remote.fingerprint, *is_publisher, now);
            self.channel = Some(Box::new(channel));
        }
        if let Stage::Negotiating { .. } = self.stage {
            self.stage = Stage::Connecting { until: now + CONNECT_TIMEOUT };
        }
        Ok(())
    }

    /// Whether [`Self::negotiated`] takes this.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn can_negotiate(&self, remote: &RemoteTransport) -> Result<(), NegotiationError> {
        if self.peer.as_ref().is_some_and(|it| it.0 != remote.fingerprint) {
            let message = "the certificate's fingerprint is another than before";
            return Err(NegotiationError::malformed(message));
        }
        Ok(())
    }

    /// Where media goes.
    pub(crate) fn path(&self) -> Option<Path> {
        self.ice.path()
    }

    /// For how long nothing came from where media goes.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        self.ice.silence(now)
    }

    /// Our address and the peer's, between which media goes.
    pub(crate) fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.ice.path().map(|it| (it.local, it.remote))
    }

    /// Takes a datagram (RFC 7983, section 7).
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
                    Checked::Early => Handled::Early,
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

    /// A datagram was the peer's: only who has the keys can have sent it. Returns whether media goes elsewhere now.
    pub(crate) fn authentic(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let has_moved = self.ice.heard_from(datagram, now, out);
        // The peer has its keys, so the last flight of the handshake will not be asked for again.
        if let Some(channel) = self.channel.take() {
            self.goodbye = channel.finish();
        }
        has_moved
    }

    /// Media goes elsewhere.
    fn moved(&mut self, now: Instant) {
        if let Some(channel) = self.channel.as_mut().filter(|_| !self.has_keys) {
            if self.peer.as_ref().is_some_and(|it| it.1 == DtlsRole::Client) {
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
            if is_expected && self.has_keys && may_be_goodbye(datagram.contents) {
                self.close_check.said(now);
            }
            return is_expected;
        };
        // Anybody can forge a hello from the peer's address. Answered before the path is known, the answer may reach the
        // peer just after its own hello. The peer says its own once it has the path, or again.
        if self.is_publisher && self.ice.path().is_none() && is_hello(datagram.contents) {
            return self.ice.has_checked(path);
        }
        // Where it is us who begin the handshake, a nomination says where.
        let may_begin = self.peer.as_ref().is_some_and(|it| it.1 == DtlsRole::Server);
        if !self.ice.record(path, may_begin, now, out) {
            return false;
        }
        // Hellos, which anybody can forge, have a bound of their own in there.
        if is_hello(datagram.contents) || self.records.take(RECORDS_PER_SECOND, now) {
            channel.handle(datagram.contents, &self.shared.cert, now);
            // The answer is for where the peer is now, whatever was nominated before.
            self.poll_channel(Some(path), out);
        }
        true
    }

    /// Sends what the channel has to say there, or to where the last record came from.
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

    /// The keys, once.
    pub(crate) fn take_keys(&mut self) -> Option<Box<Keys>> {
        self.keys.take()
    }

    /// Lets time pass. Returns after how much silence the peer is heard elsewhere now, if it is.
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

    /// When it has something to do; `None` when it is closed, or was never negotiated.
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

    /// Why it is over, once it is.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        match self.stage {
            Stage::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Ends it for a reason of the owner's.
    pub(crate) fn fail(&mut self, reason: CloseReason) {
        self.stage = Stage::Closed(reason);
    }

    /// Says goodbye with the next poll, if the handshake is still kept; otherwise the owner sends
    /// [`Self::take_goodbye`].
    pub(crate) fn close(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.close();
            self.is_channel_touched = true;
        }
    }

    /// The record that says goodbye, where the handshake is no longer kept.
    pub(crate) fn take_goodbye(&mut self) -> Box<[u8]> {
        std::mem::take(&mut self.goodbye)
    }
}
