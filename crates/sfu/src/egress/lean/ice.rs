//! The ICE-lite side of one viewer (RFC 8445, section 2.5): it answers connectivity checks, follows
//! the path that the viewer nominates, and counts consent (RFC 7675). It gathers nothing and checks
//! no candidates, so nobody can make it send to an address of their choice.
//!
//! Media never follows a check alone: its source address can be forged by whoever saw one. A new
//! path is taken after an answer to a check of ours came from there, or a packet that only the
//! viewer can have encrypted. So a viewer whose NAT forgot it is followed within a round trip of its
//! first check from the new address.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use is::stun::{StunMessage, TransId};

use crate::datagram::Datagram;
use crate::fleet::{ICE_CHARS, name_worker};
use crate::outbox::Outbox;

/// 66 and 144 random bits: the first character names a worker (RFC 8445, section 5.3, asks for 24 and 128).
const UFRAG_CHARS: usize = 12;
const PWD_CHARS: usize = 24;

/// A path that was checked this recently is alive: browsers check every 2.5 s, and a viewer that
/// has another path in use has stopped nominating this one.
const ALIVE: Duration = Duration::from_secs(3);

/// The least time between two checks of ours to one new address: a round trip and some.
const BETWEEN_CHECKS: Duration = Duration::from_millis(100);

/// Changes of path in [`MOVES_WINDOW`]; a viewer on a train has fewer.
const MAX_MOVES: u32 = 6;
const MOVES_WINDOW: Duration = Duration::from_secs(10);

/// Transaction ids that are remembered, so that a check that is sent again by somebody who
/// overheard it moves nothing. A browser sends fewer in the time a move takes.
const SEEN_IDS: usize = 16;

/// Where media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    /// Our candidate.
    pub(crate) local: SocketAddr,
    /// The viewer.
    pub(crate) remote: SocketAddr,
}

/// Username fragment and password (RFC 8445, section 5.3).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The username fragment.
    pub(crate) ufrag: String,
    /// The password.
    pub(crate) pwd: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

impl Credentials {
    /// New random ones, whose fragment names a worker.
    pub(crate) fn random(worker: u8) -> Self {
        let chars = |n: usize| -> String {
            let mut bytes = vec![0; n];
            aws_lc_rs::rand::fill(&mut bytes).expect("the system has random numbers");
            bytes.iter().map(|it| char::from(ICE_CHARS[usize::from(it & 63)])).collect()
        };
        let mut ufrag = chars(UFRAG_CHARS);
        name_worker(&mut ufrag, worker);
        Self { ufrag, pwd: chars(PWD_CHARS) }
    }
}

/// Both sides' credentials of one negotiation.
#[derive(Debug)]
struct Generation {
    local: Credentials,
    /// From the viewer's description.
    remote: Option<Credentials>,
}

/// What became of a datagram that may be a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is not from the viewer.
    Refused,
    /// It is; the path is as before.
    Taken,
    /// It is, and the path is another now.
    Moved,
}

/// A path that the viewer would have us use, until it is proven.
#[derive(Debug, Clone, Copy)]
struct Proposed {
    path: Path,
    priority: u32,
    check: TransId,
    asked_at: Instant,
}

/// The ICE-lite side of one viewer.
#[derive(Debug)]
pub(crate) struct Ice {
    /// The worker that our fragments name.
    worker: u8,
    current: Generation,
    /// Before a restart, until the viewer uses the new credentials.
    previous: Option<Generation>,
    path: Option<Path>,
    /// Of the path: the priority it was nominated with (RFC 8445, section 8.1.2).
    priority: u32,
    nominated_at: Option<Instant>,
    checked_at: Option<Instant>,
    proposed: Option<Proposed>,
    seen: [Option<TransId>; SEEN_IDS],
    next_seen: usize,
    moves: u32,
    moves_since: Option<Instant>,
}

impl Ice {
    /// A side with new credentials that knows nothing of the viewer.
    pub(crate) fn new(worker: u8) -> Self {
        Self {
            worker,
            current: Generation { local: Credentials::random(worker), remote: None },
            previous: None,
            path: None,
            priority: 0,
            nominated_at: None,
            checked_at: None,
            proposed: None,
            seen: [None; SEEN_IDS],
            next_seen: 0,
            moves: 0,
            moves_since: None,
        }
    }

    /// Our credentials, for the next description.
    pub(crate) fn local(&self) -> &Credentials {
        &self.current.local
    }

    /// The viewer's credentials, from its description. Others than before are a restart by the
    /// viewer (RFC 8445, section 9): ours change as well then, unless they just have.
    pub(crate) fn set_remote(&mut self, remote: Credentials) {
        let is_restart = self.current.remote.as_ref().is_some_and(|it| *it != remote);
        if is_restart {
            self.restart();
        }
        self.current.remote = Some(remote);
    }

    /// New credentials of ours; the old ones hold until the viewer uses these.
    pub(crate) fn restart(&mut self) {
        let new = Generation { local: Credentials::random(self.worker), remote: None };
        let old = std::mem::replace(&mut self.current, new);
        // Of two restarts without an answer between, the one that connected counts.
        if old.remote.is_some() || self.previous.is_none() {
            self.previous = Some(old);
        }
    }

    /// Where media goes.
    pub(crate) fn path(&self) -> Option<Path> {
        self.path
    }

    /// When the viewer was last heard to consent.
    pub(crate) fn checked_at(&self) -> Option<Instant> {
        self.checked_at
    }

    /// Takes a STUN message; answers it when it is right.
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
        let Some(generation) = self.authenticate(&message) else { return Checked::Refused };
        let local_pwd = &generation.local.pwd;
        if message.ice_controlled().is_some() {
            // We are lite, so the viewer controls (RFC 8445, section 6.1.1); it changes its role.
            let reply = StunMessage::binding_role_conflict_reply(message.trans_id());
            write(reply, local_pwd, path, out);
            return Checked::Taken;
        }
        let reply = StunMessage::binding_reply(message.trans_id(), path.remote);
        write(reply, local_pwd, path, out);
        self.checked_at = Some(now);
        let priority = message.prio().unwrap_or(0);
        if self.is_replay(message.trans_id()) {
            return Checked::Taken;
        }
        if self.path == Some(path) {
            if message.use_candidate() {
                self.nominated_at = Some(now);
                self.priority = priority;
            }
            return Checked::Taken;
        }
        let Some(_) = self.path else {
            if !message.use_candidate() {
                return Checked::Taken;
            }
            // The first path proves itself by the DTLS handshake: nothing larger goes out before.
            self.move_to(path, priority, now);
            return Checked::Moved;
        };
        if self.is_better(path, message.use_candidate(), priority, now) {
            self.propose(path, priority, now, out);
        }
        Checked::Taken
    }

    /// An authenticated packet came from here: proof that the viewer is there.
    pub(crate) fn heard_from(&mut self, source: SocketAddr, now: Instant) -> bool {
        match self.proposed {
            Some(it) if it.path.remote == source => {
                self.move_to(it.path, it.priority, now);
                true
            }
            _ => false,
        }
    }

    /// The generation whose credentials, on both sides, the message has. One of the new generation
    /// ends the one before.
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

    fn is_replay(&mut self, id: TransId) -> bool {
        if self.seen.contains(&Some(id)) {
            return true;
        }
        self.seen[self.next_seen] = Some(id);
        self.next_seen = (self.next_seen + 1) % SEEN_IDS;
        false
    }

    /// Whether the viewer wants this other path rather than the one in use.
    fn is_better(&self, path: Path, is_nominated: bool, priority: u32, now: Instant) -> bool {
        let is_within = |at: Option<Instant>, limit: Duration| {
            at.is_some_and(|at| now.saturating_duration_since(at) < limit)
        };
        if !is_within(self.nominated_at, ALIVE) {
            return true;
        }
        // With the priority of before it is the same candidate behind a NAT that changed its mind.
        let is_rebound = self.path.is_some_and(|it| it.remote != path.remote);
        is_nominated && (priority > self.priority || priority == self.priority && is_rebound)
    }

    /// Asks whether the viewer is there (RFC 8445, section 7.3.1.4, a triggered check).
    fn propose(&mut self, path: Path, priority: u32, now: Instant, out: &mut Outbox) {
        if let Some(it) = &self.proposed
            && now.saturating_duration_since(it.asked_at) < BETWEEN_CHECKS
        {
            return;
        }
        let window = self.moves_since.filter(|at| now.duration_since(*at) < MOVES_WINDOW);
        if window.is_none() {
            self.moves = 0;
            self.moves_since = Some(now);
        }
        if self.moves >= MAX_MOVES {
            return;
        }
        let Some((local, remote)) = self.in_use() else { return };
        let check = TransId::new();
        let username = format!("{}:{}", remote.ufrag, local.ufrag);
        let request = StunMessage::binding_request(&username, check, false, 0, priority, false);
        write(request, &remote.pwd, path, out);
        self.proposed = Some(Proposed { path, priority, check, asked_at: now });
    }

    fn handle_response(&mut self, message: &StunMessage<'_>, path: Path, now: Instant) -> Checked {
        let Some(it) = self.proposed else { return Checked::Refused };
        let Some((_, remote)) = self.in_use() else { return Checked::Refused };
        let is_right = it.check == message.trans_id()
            && it.path == path
            && message.verify(remote.pwd.as_bytes(), hmac_sha1);
        if !is_right {
            return Checked::Refused;
        }
        self.move_to(path, it.priority, now);
        Checked::Moved
    }

    /// The credentials that checks are exchanged with now.
    fn in_use(&self) -> Option<(&Credentials, &Credentials)> {
        let generation = self.previous.as_ref().unwrap_or(&self.current);
        Some((&generation.local, generation.remote.as_ref()?))
    }

    fn move_to(&mut self, path: Path, priority: u32, now: Instant) {
        self.path = Some(path);
        self.priority = priority;
        self.nominated_at = Some(now);
        self.proposed = None;
        self.moves += 1;
    }
}

fn write(message: StunMessage<'_>, pwd: &str, path: Path, out: &mut Outbox) {
    // It fits: a reply has 60 bytes, a check of ours 130 and the username.
    if let Ok(len) = message.to_bytes(Some(pwd.as_bytes()), out.reserve(), hmac_sha1) {
        out.commit(len, path.local, path.remote);
    }
}

/// HMAC-SHA1 of the concatenated parts, as STUN has it (RFC 8489, section 14.5).
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
