//! The ICE-lite agent of one peer (RFC 8445, section 2.5). It answers connectivity checks, follows the path that the
//! viewer nominates, and tracks consent (RFC 7675). It gathers no candidates and starts no checks of candidates, so
//! nobody can make it send to an address of their choice.
//!
//! Media never follows a check alone: anybody who saw a check can forge its source address, and anybody who is faster
//! than the viewer can do so with any of its packets. A new path is used after a check of ours was answered from there,
//! like path validation in QUIC (RFC 9000, section 9.3); for a publisher that answers no check, after its media came from
//! there while nothing at all came from the old path ([`Ice::heard_from`]). So a viewer whose NAT lost its mapping is followed within a
//! round trip of its first check from the new address.
//!
//! The first path needs no such proof if the whole handshake goes through it. On a bad network, a browser may begin the
//! handshake from one of its addresses and continue from another, because answers to its checks were lost. Then each of
//! its addresses is answered, and media waits until one is proven.

mod moving;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::{hmac, rand};
use is::stun::{StunMessage, TransId};

use crate::core::outbox::Outbox;
use crate::core::ufrag::{ICE_CHARS, name_worker};
use crate::datagram::{Datagram, RemoteAddr};

/// Characters of a username fragment: 66 random bits, as the first character names a worker. RFC 8445, section 5.3,
/// requires 24.
const UFRAG_CHARS: usize = 12;
/// Characters of a password: 144 random bits. RFC 8445, section 5.3, requires 128.
const PWD_CHARS: usize = 24;

/// A path is kept if the viewer was heard on it within this time, even if the viewer also nominates a path of no higher
/// priority: feedback comes ten times a second. After this much silence the other path is used.
pub(crate) const SILENT: Duration = Duration::from_millis(500);

/// After this much silence, any path that the viewer checks is used: browsers check every 2.5 s.
const DEAD: Duration = Duration::from_secs(3);

/// A viewer checks all its paths within this time after one is in use.
const SETTLED: Duration = Duration::from_secs(2);

/// If no datagram at all came on the path in use for this long, packets from another address are no copies.
const UNHEARD: Duration = Duration::from_secs(1);

/// The shortest time between two checks of ours to one new address.
const BETWEEN_CHECKS: Duration = Duration::from_millis(100);

/// While no path is in use, checks of ours are repeated until this long after the viewer's last datagram from there.
const ASK_FOR: Duration = Duration::from_secs(1);

/// Answers per second to one new address at most.
const ANSWERS_PER_SECOND: u32 = 10;

/// New paths examined at once; a phone has two.
const MAX_PROPOSED: usize = 4;

/// Changes of path in [`MOVES_WINDOW`] at most; a viewer on a train has fewer.
const MAX_MOVES: u32 = 6;
const MOVES_WINDOW: Duration = Duration::from_secs(10);

/// Transaction ids remembered, so that a check repeated by an eavesdropper is not answered. A browser sends fewer
/// checks in the time that a change of path takes.
const SEEN_IDS: usize = 16;

/// The pair of addresses that media is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    /// Our candidate.
    pub(crate) local: SocketAddr,
    /// The viewer's address.
    pub(crate) remote: RemoteAddr,
}

/// ICE username fragment and password (RFC 8445, section 5.3).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    /// Shared, as it is used outside the session too.
    pub(crate) pwd: Arc<str>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Creates random credentials, with a fragment that names a worker.
    pub(crate) fn random(worker: u8) -> Self {
        let chars = |n: usize| -> String {
            let mut bytes = vec![0; n];
            rand::fill(&mut bytes).expect("the system has random numbers");
            bytes.iter().map(|it| char::from(ICE_CHARS[usize::from(it & 63)])).collect()
        };
        let mut ufrag = chars(UFRAG_CHARS);
        name_worker(&mut ufrag, worker);
        Self { ufrag, pwd: chars(PWD_CHARS).into() }
    }
}

/// Credentials of both sides from one negotiation.
#[derive(Debug)]
struct Generation {
    /// Increases with each negotiation.
    number: u32,
    local: Credentials,
    /// From the viewer's description.
    remote: Option<Credentials>,
}

/// Result of handling a STUN message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is not from the viewer.
    Refused,
    /// It is from the viewer; the path has not changed.
    Taken,
    /// It is from the viewer; the path has changed.
    Moved,
    /// The sender has our offer: handle the message again after the viewer's answer.
    Pending,
}

/// A check that was received.
#[derive(Debug, Clone, Copy)]
struct Seen {
    id: TransId,
    source: RemoteAddr,
    /// Whether it waits for the viewer's answer, and will be handled again as if new.
    is_pending: bool,
}

/// The path in use.
#[derive(Debug, Clone, Copy)]
struct InUse {
    path: Path,
    /// Its priority when nominated (RFC 8445, section 8.1.2).
    priority: u32,
    /// The generation of the credentials that nominated it.
    generation: u32,
    /// When an authenticated packet last arrived on it.
    heard_at: Instant,
    /// When any datagram last arrived on it, copies of other ones included.
    noticed_at: Instant,
    /// When it came into use.
    since: Instant,
}

/// An address that the viewer was heard from soon after the path in use was. It is checked if the path in use becomes
/// silent.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    path: Path,
    priority: u32,
    generation: u32,
    at: Instant,
}

/// A path that the viewer may want to use. It is used once it is proven and the path in use is given up.
#[derive(Debug, Clone, Copy)]
struct Proposed {
    path: Path,
    priority: u32,
    generation: u32,
    /// The silence on the path in use after which this path replaces it.
    patience: Duration,
    check: TransId,
    asked_first_at: Instant,
    asked_at: Instant,
    /// When the viewer last checked it.
    checked_at: Instant,
    /// Whether a check of ours was answered.
    is_proven: bool,
}

/// The ICE-lite agent of one peer.
#[derive(Debug)]
pub(crate) struct Ice {
    /// The worker that our fragments name.
    worker: u8,
    current: Generation,
    /// The credentials before a restart, until the viewer uses the new ones.
    previous: Option<Generation>,
    in_use: Option<InUse>,
    /// Whether the path in use is proven: a check of ours was answered there, or the whole handshake went through it.
    is_proven: bool,
    /// Whether the handshake came from several paths before one was proven. Then none is in use.
    is_disputed: bool,
    /// Addresses that the viewer checked from, with the generation; a new one replaces the oldest.
    checked: [Option<(RemoteAddr, u32)>; MAX_PROPOSED],
    next_checked: usize,
    consented_at: Option<Instant>,
    proposed: [Option<Proposed>; MAX_PROPOSED],
    suspect: Option<Suspect>,
    /// Whether media from an address that does not answer our checks can prove a path. ffmpeg answers none while it
    /// publishes, and a publisher receives too little to be useful in an attack.
    believes_media: bool,
    /// Our unanswered check on the path in use.
    asked: Option<TransId>,
    /// Recent checks and their source addresses.
    seen: [Option<Seen>; SEEN_IDS],
    next_seen: usize,
    /// The last address beside the path in use that was answered, how often, and since when.
    answered: Option<(RemoteAddr, u32, Instant)>,
    moves: u32,
    moves_since: Option<Instant>,
    /// 64 random bits for the whole session (RFC 8445, sections 7.1 and 16.1). libjuice treats 0 as missing, and
    /// answers such a check with error 400.
    tie_breaker: u64,
}

impl Ice {
    /// Creates an agent with new credentials.
    pub(crate) fn new(worker: u8) -> Self {
        Self {
            worker,
            current: Generation { number: 0, local: Credentials::random(worker), remote: None },
            previous: None,
            in_use: None,
            is_proven: false,
            is_disputed: false,
            checked: [None; MAX_PROPOSED],
            next_checked: 0,
            consented_at: None,
            proposed: [None; MAX_PROPOSED],
            suspect: None,
            believes_media: false,
            asked: None,
            seen: [None; SEEN_IDS],
            next_seen: 0,
            answered: None,
            moves: 0,
            moves_since: None,
            tie_breaker: random_u64(),
        }
    }

    /// Creates the agent of a publisher.
    pub(crate) fn of_publisher(worker: u8) -> Self {
        Self { believes_media: true, ..Self::new(worker) }
    }

    /// Our credentials, for the next description.
    pub(crate) fn local(&self) -> &Credentials {
        &self.current.local
    }

    /// Sets the viewer's credentials from its description. If they have changed, the viewer restarts ICE (RFC 8445,
    /// section 9): then ours change as well, unless they just have.
    pub(crate) fn set_remote(&mut self, remote: Credentials) {
        let is_restart = self.current.remote.as_ref().is_some_and(|it| *it != remote);
        if is_restart {
            self.restart();
        }
        self.current.remote = Some(remote);
    }

    /// Creates new credentials of ours. The old ones stay valid until the viewer uses the new ones.
    pub(crate) fn restart(&mut self) {
        let number = self.current.number.wrapping_add(1);
        let new = Generation { number, local: Credentials::random(self.worker), remote: None };
        let old = std::mem::replace(&mut self.current, new);
        // After two restarts without an answer in between, keep the credentials that connected.
        if old.remote.is_some() || self.previous.is_none() {
            self.previous = Some(old);
        }
    }

    /// The path that media is sent on.
    pub(crate) fn path(&self) -> Option<Path> {
        self.in_use.map(|it| it.path)
    }

    /// When the viewer last consented to receive on the path in use.
    pub(crate) fn consented_at(&self) -> Option<Instant> {
        self.consented_at
    }

    /// For how long no authenticated packet arrived on the path in use.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        let heard_at = self.in_use.map(|it| it.heard_at);
        heard_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    /// When the last authenticated packet arrived on the path in use.
    pub(crate) fn heard_at(&self) -> Option<Instant> {
        self.in_use.map(|it| it.heard_at)
    }

    /// Sends the viewer a check on the path in use; its answer counts as heard.
    pub(crate) fn ask(&mut self, out: &mut Outbox) {
        let Some(InUse { path, priority, .. }) = self.in_use else { return };
        // Repeat the same transaction id, so that an answer to either check is valid.
        let check = *self.asked.get_or_insert_with(TransId::new);
        self.check(check, priority, path, out);
    }

    /// Processes a STUN message; answers it if it is valid.
    pub(crate) fn handle(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Checked {
        let Ok(message) = StunMessage::parse(datagram.contents) else { return Checked::Refused };
        let path = Path { local: datagram.destination, remote: datagram.source };
        if message.is_successful_binding_response() {
            return self.handle_response(&message, path, now);
        }
        if !message.is_binding_request() {
            return Checked::Refused;
        }
        let Some(generation) = self.authenticate(&message) else {
            let is_taken = self.is_pending(&message)
                && self.seen(message.trans_id(), path.remote, true) != Some(false);
            return if is_taken { Checked::Pending } else { Checked::Refused };
        };
        let (number, local_pwd) = (generation.number, Arc::clone(&generation.local.pwd));
        let seen = self.seen(message.trans_id(), path.remote, false);
        let is_answered = seen != Some(false)
            && self.path().is_none_or(|it| it.remote == path.remote || self.answers(path, now));
        if !is_answered {
            return Checked::Refused;
        }
        if message.ice_controlled().is_some() {
            // Our agent is lite, so the viewer controls (RFC 8445, section 6.1.1). It changes its role after this
            // answer.
            let reply = StunMessage::binding_role_conflict_reply(message.trans_id());
            write(reply, &local_pwd, path, out);
            return Checked::Taken;
        }
        let reply = StunMessage::binding_reply(message.trans_id(), path.remote.addr);
        write(reply, &local_pwd, path, out);
        if seen.is_some() {
            // Our answer was lost, or an eavesdropper repeats the check: no proof that the viewer is there.
            return Checked::Taken;
        }
        let priority = message.prio().unwrap_or(0);
        let is_nominated = message.use_candidate();
        let is_new = !self.checked.contains(&Some((path.remote, number)));
        if is_new {
            self.checked[self.next_checked] = Some((path.remote, number));
            self.next_checked = (self.next_checked + 1) % MAX_PROPOSED;
        }
        let Some(in_use) = &mut self.in_use else {
            if self.is_disputed {
                if is_nominated || self.proposed.iter().flatten().any(|it| it.path == path) {
                    self.propose(path, priority, number, Duration::ZERO, now, out);
                }
                return Checked::Taken;
            }
            if !is_nominated {
                return Checked::Taken;
            }
            // The DTLS handshake proves the first path: nothing larger is sent before.
            self.move_to(path, priority, number, now);
            return Checked::Moved;
        };
        // A check is consent for its source address, whichever of our addresses it was sent to: Firefox nominates
        // several of ours, and refreshes consent with one.
        if in_use.path.remote == path.remote {
            in_use.heard_at = now;
            if is_nominated && (in_use.path == path || priority > in_use.priority) {
                (in_use.priority, in_use.generation) = (priority, number);
                in_use.path = path;
            }
            self.consented_at = Some(now);
            return Checked::Taken;
        }
        // A nomination with new credentials takes precedence over any with the old ones.
        let is_better = priority > in_use.priority || number != in_use.generation;
        // An address that is new after all others were checked is a new NAT mapping. libjuice does not nominate it
        // again.
        let is_rebound = is_new && now.saturating_duration_since(in_use.since) >= SETTLED;
        let patience = match is_nominated {
            true if is_better => Duration::ZERO,
            true => SILENT,
            false if is_rebound => SILENT,
            false => DEAD,
        };
        // Most paths that are not nominated are in reserve, and need no check.
        if is_nominated || now.saturating_duration_since(in_use.heard_at) >= patience {
            self.propose(path, priority, number, patience, now, out);
        } else if is_rebound {
            self.suspect = Some(Suspect { path, priority, generation: number, at: now });
        }
        Checked::Taken
    }

    /// Whether the viewer has sent a check on this path.
    pub(crate) fn has_checked(&self, path: Path) -> bool {
        self.checked.iter().flatten().any(|it| it.0 == path.remote)
    }

    /// A handshake record arrived on this path. Returns whether to process it: only if a check came from its source
    /// address before, as a browser uses any path that it checked.
    ///
    /// Before a nomination, the first record selects the path in use, if the viewer is to begin the handshake
    /// (`may_begin`). Chromium nominates 50 ms later, and starts again after another 50 ms without an answer.
    pub(crate) fn record(
        &mut self,
        path: Path,
        may_begin: bool,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        if self.in_use.is_some_and(|it| it.path.remote == path.remote) {
            return true;
        }
        let checked = self.checked.iter().flatten().rfind(|it| it.0 == path.remote);
        let Some((_, generation)) = checked.copied() else { return false };
        if self.in_use.is_none() && !self.is_disputed {
            if may_begin {
                // Priority 0: any nomination takes precedence.
                self.move_to(path, 0, generation, now);
            }
            return may_begin;
        }
        if let Some(first) = self.in_use.filter(|_| !self.is_proven) {
            // One of the two may be a faster copy, so completing the handshake proves neither path.
            self.in_use = None;
            self.is_disputed = true;
            self.propose(first.path, first.priority, first.generation, Duration::ZERO, now, out);
        }
        let proposed = self.proposed.iter().flatten().find(|it| it.path == path);
        let priority = proposed.map_or(0, |it| it.priority);
        self.propose(path, priority, generation, Duration::ZERO, now, out);
        true
    }

    /// The handshake is done: if all of it went through one path, that path is proven.
    pub(crate) fn shook_hands(&mut self) {
        self.is_proven = self.in_use.is_some();
    }

    /// The generation whose credentials the message has, on both sides. A message of the current generation ends the
    /// previous one.
    fn authenticate(&mut self, message: &StunMessage<'_>) -> Option<&Generation> {
        let (local, remote) = message.split_username()?;
        let is_of = |it: &Generation| {
            it.local.ufrag == local
                && it.remote.as_ref().is_some_and(|it| it.ufrag == remote)
                && message.verify(it.local.pwd.as_bytes(), hmac_sha1)
        };
        if is_of(&self.current) {
            self.previous = None;
            return Some(&self.current);
        }
        self.previous.as_ref().filter(|it| is_of(it))
    }

    /// Whether a check is from a peer that has our offer and whose answer has not arrived yet.
    fn is_pending(&self, message: &StunMessage<'_>) -> bool {
        let Generation { local, remote, .. } = &self.current;
        remote.is_none()
            && message.split_username().is_some_and(|it| it.0 == local.ufrag)
            && message.verify(local.pwd.as_bytes(), hmac_sha1)
    }

    /// Whether a check arrived before; if so, whether it came from the same address: the viewer itself repeats an
    /// unanswered check.
    fn seen(&mut self, id: TransId, source: RemoteAddr, is_pending: bool) -> Option<bool> {
        if let Some(before) = self.seen.iter_mut().flatten().find(|it| it.id == id) {
            if before.source != source {
                return Some(false);
            }
            let has_waited = std::mem::replace(&mut before.is_pending, is_pending);
            return if has_waited { None } else { Some(true) };
        }
        self.seen[self.next_seen] = Some(Seen { id, source, is_pending });
        self.next_seen = (self.next_seen + 1) % SEEN_IDS;
        None
    }

    /// Whether to answer a check from beside the path in use. Limited: an eavesdropper who repeats a check is answered
    /// as well, once its id is forgotten.
    fn answers(&mut self, path: Path, now: Instant) -> bool {
        let is_recent = |it: &(RemoteAddr, u32, Instant)| {
            it.0 == path.remote && now.saturating_duration_since(it.2) < Duration::from_secs(1)
        };
        let (_, n, since) = self.answered.filter(is_recent).unwrap_or((path.remote, 0, now));
        self.answered = Some((path.remote, n.saturating_add(1), since));
        n < ANSWERS_PER_SECOND
    }

    /// Sends a check.
    fn check(&self, check: TransId, priority: u32, path: Path, out: &mut Outbox) {
        let Some((local, remote)) = self.credentials() else { return };
        let username = format!("{}:{}", remote.ufrag, local.ufrag);
        // Our agent is lite, so the viewer controls (RFC 8445, section 6.1.1).
        let is_controlling = false;
        let request = StunMessage::binding_request(
            &username,
            check,
            is_controlling,
            self.tie_breaker,
            priority,
            false,
        );
        write(request, &remote.pwd, path, out);
    }

    fn handle_response(&mut self, message: &StunMessage<'_>, path: Path, now: Instant) -> Checked {
        let Some((_, remote)) = self.credentials() else { return Checked::Refused };
        let is_right = message.verify(remote.pwd.as_bytes(), hmac_sha1);
        if is_right
            && self.asked == Some(message.trans_id())
            && let Some(in_use) = self.in_use.as_mut().filter(|it| it.path.remote == path.remote)
        {
            self.asked = None;
            in_use.heard_at = now;
            return Checked::Taken;
        }
        let is_of = |it: &&mut Proposed| it.check == message.trans_id() && it.path == path;
        let proposed = self.proposed.iter_mut().flatten().find(is_of);
        let Some(it) = proposed.filter(|_| is_right) else { return Checked::Refused };
        it.is_proven = true;
        if self.handle_timeout(now) { Checked::Moved } else { Checked::Taken }
    }

    /// The credentials in use for checks.
    fn credentials(&self) -> Option<(&Credentials, &Credentials)> {
        let generation = self.previous.as_ref().unwrap_or(&self.current);
        Some((&generation.local, generation.remote.as_ref()?))
    }
}

fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).expect("the system has random numbers");
    u64::from_ne_bytes(bytes)
}

fn write(message: StunMessage<'_>, pwd: &str, path: Path, out: &mut Outbox) {
    // It fits: an answer has 60 bytes, a check 130 bytes and the username.
    if let Ok(len) = message.to_bytes(Some(pwd.as_bytes()), out.reserve(), hmac_sha1) {
        out.commit(len, path.local, path.remote);
    }
}

/// HMAC-SHA1 of the concatenated parts, as in STUN (RFC 8489, section 14.5).
fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    let tag = context.sign();
    let mut bytes = [0; 20];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}
