//! The controlling side of ICE (RFC 8445), for one socket and a server with a public address. Checks the server's
//! candidates in turn until one answers, then keeps consent (RFC 7675). Answers the checks of a full ICE server.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::ice::{StunMessage, TransId};

use super::Send;
use crate::description::{Local, Remote};
use crate::stun::{self, sha1_hmac};

/// Interval of checks until one is answered.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// Checks of one candidate before the next one's turn.
const CHECKS_EACH: usize = 4;
/// Interval of checks once one was answered (RFC 7675 has five seconds).
const CONSENT_INTERVAL: Duration = Duration::from_millis(2_500);
/// Unanswered this long, the server is gone (RFC 7675).
const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
/// Checks whose answers are still accepted: one for each candidate, or those of 40 s.
const REMEMBERED: usize = 16;

/// What a datagram did to ICE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing new.
    Nothing,
    /// The server answered for the first time.
    Connected,
}

pub(crate) struct Ice {
    username: String,
    local_pwd: String,
    remote_pwd: String,
    tie_breaker: u64,
    candidates: Vec<SocketAddr>,
    n_checks: usize,
    under_way: Vec<(TransId, Instant, SocketAddr)>,
    chosen: Option<SocketAddr>,
    /// Whether a check with the present credentials was answered.
    is_proven: bool,
    next_check_at: Instant,
    answered_at: Instant,
    rtt: Duration,
}

impl fmt::Debug for Ice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ice").field("chosen", &self.chosen).finish_non_exhaustive()
    }
}

impl Ice {
    pub(crate) fn new(local: &Local, remote: &Remote, now: Instant) -> Self {
        Self {
            username: format!("{}:{}", remote.ufrag, local.ufrag),
            local_pwd: local.pwd.clone(),
            remote_pwd: remote.pwd.clone(),
            tie_breaker: fastrand::u64(..),
            candidates: remote.candidates.clone(),
            n_checks: 0,
            under_way: Vec::with_capacity(REMEMBERED),
            chosen: None,
            is_proven: false,
            next_check_at: now,
            answered_at: now,
            rtt: Duration::ZERO,
        }
    }

    /// Begins again with other credentials (RFC 8445, section 9). What is chosen stays so until a check
    /// with them is answered; without candidates those that are known remain.
    pub(crate) fn restart(&mut self, local: &Local, remote: &Remote, now: Instant) {
        self.username = format!("{}:{}", remote.ufrag, local.ufrag);
        self.local_pwd.clone_from(&local.pwd);
        self.remote_pwd.clone_from(&remote.pwd);
        if !remote.candidates.is_empty() {
            self.candidates.clone_from(&remote.candidates);
        }
        self.under_way.clear();
        self.n_checks = 0;
        self.is_proven = false;
        self.next_check_at = now;
    }

    /// Whether a check with the present credentials was answered.
    pub(crate) fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// The server's address, once it answered.
    pub(crate) fn chosen(&self) -> Option<SocketAddr> {
        self.chosen
    }

    /// The round-trip time of the last answered check.
    pub(crate) fn rtt(&self) -> Duration {
        self.rtt
    }

    /// Whether the server stopped answering.
    pub(crate) fn is_lost(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.answered_at) > CONSENT_TIMEOUT
    }

    pub(crate) fn next_at(&self) -> Instant {
        self.next_check_at
    }

    /// Sends a check when one is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant, send: &mut Send<'_>) {
        if now < self.next_check_at {
            return;
        }
        let turn = self.n_checks / CHECKS_EACH % self.candidates.len().max(1);
        let settled = self.chosen.filter(|_| self.is_proven);
        let Some(to) = settled.or_else(|| self.candidates.get(turn).copied()) else {
            self.next_check_at = now + CONSENT_INTERVAL;
            return;
        };
        self.n_checks += 1;
        let interval = if self.is_proven { CONSENT_INTERVAL } else { CHECK_INTERVAL };
        self.next_check_at = now + interval;
        let id = self.transaction(to, now);
        send(to, &stun::check_of(&self.username, &self.remote_pwd, id, self.tie_breaker));
    }

    /// The transaction of a check. Before the first answer checks of one candidate are repetitions of
    /// one transaction (RFC 8489, section 6.2.1): its answer counts however late it is.
    fn transaction(&mut self, to: SocketAddr, now: Instant) -> TransId {
        let known = self.under_way.iter().find(|it| it.2 == to).map(|it| it.0);
        if let Some(id) = known.filter(|_| !self.is_proven) {
            return id;
        }
        if self.under_way.len() == REMEMBERED {
            self.under_way.remove(0);
        }
        let id = TransId::new();
        self.under_way.push((id, now, to));
        id
    }

    /// Takes a STUN message.
    pub(crate) fn handle(
        &mut self,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
        send: &mut Send<'_>,
    ) -> Progress {
        let Ok(message) = StunMessage::parse(bytes) else { return Progress::Nothing };
        if message.is_binding_request() {
            if message.verify(self.local_pwd.as_bytes(), sha1_hmac) {
                let reply = StunMessage::binding_reply(message.trans_id(), source);
                send(source, &stun::to_bytes(&reply, &self.local_pwd));
            }
            return Progress::Nothing;
        }
        let is_ours = |it: &(TransId, Instant, SocketAddr)| it.0 == message.trans_id();
        let Some(at) = self.under_way.iter().position(is_ours) else { return Progress::Nothing };
        let is_success = message.is_successful_binding_response();
        if !is_success || !message.verify(self.remote_pwd.as_bytes(), sha1_hmac) {
            return Progress::Nothing;
        }
        let (_, asked_at, to) = self.under_way.remove(at);
        self.rtt = now.saturating_duration_since(asked_at);
        self.answered_at = now;
        if self.is_proven {
            return Progress::Nothing;
        }
        self.is_proven = true;
        self.chosen = Some(to);
        self.next_check_at = now + CONSENT_INTERVAL;
        Progress::Connected
    }
}
