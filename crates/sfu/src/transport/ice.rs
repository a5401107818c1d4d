//! The ICE-lite side of one viewer (RFC 8445, section 2.5): it answers connectivity checks, follows
//! the path that the viewer nominates, and counts consent (RFC 7675). It gathers nothing and checks
//! no candidates, so nobody can make it send to an address of their choice.
//!
//! Media never follows a check alone: its source address can be forged by whoever saw one, and so can
//! that of any packet of the viewer's by whoever is faster. A new path is taken after an answer to a
//! check of ours came from there, as QUIC does it (RFC 9000, section 9.3). So a viewer whose NAT forgot
//! it is followed within a round trip of its first check from the new address.
//!
//! The first path needs no such proof when the whole handshake goes through it. On a bad network a
//! browser begins it from one of its addresses and goes on from another, because answers to its checks
//! got lost: then it is heard and answered at each, and media waits for a proof of one.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::{hmac, rand};
use is::stun::{StunMessage, TransId};

use crate::core::outbox::Outbox;
use crate::core::ufrag::{ICE_CHARS, name_worker};
use crate::datagram::Datagram;

/// 66 and 144 random bits: the first character names a worker (RFC 8445, section 5.3, asks for 24 and 128).
const UFRAG_CHARS: usize = 12;
const PWD_CHARS: usize = 24;

/// A path that the viewer was heard on this recently is not given up for another that it nominated as
/// well: feedback comes ten times a second. After as much silence it is, whatever the priorities.
pub(crate) const SILENT: Duration = Duration::from_millis(500);

/// After this much silence any path that the viewer checks is as good: browsers check every 2.5 s.
const DEAD: Duration = Duration::from_secs(3);

/// Within this time after a path is in use the viewer has checked all others that it has.
const SETTLED: Duration = Duration::from_secs(2);

/// When nothing at all came on the path in use for this long, what comes elsewhere is no copy.
const UNHEARD: Duration = Duration::from_secs(1);

/// The least time between two checks of ours to one new address.
const BETWEEN_CHECKS: Duration = Duration::from_millis(100);

/// For how long we go on asking after the viewer was last heard there, while no path is known.
const ASK_FOR: Duration = Duration::from_secs(1);

/// Answers to one new address in a second.
const ANSWERS_PER_SECOND: u32 = 10;

/// New paths that are looked at at once; a phone has two.
const MAX_PROPOSED: usize = 4;

/// Changes of path in [`MOVES_WINDOW`]; a viewer on a train has fewer.
const MAX_MOVES: u32 = 6;
const MOVES_WINDOW: Duration = Duration::from_secs(10);

/// Transaction ids that are remembered, so that a check that is sent again by somebody who
/// overheard it is not even answered. A browser sends fewer in the time a move takes.
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
    /// The password; shared, as it is needed beside the session that has it.
    pub(crate) pwd: Arc<str>,
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
            rand::fill(&mut bytes).expect("the system has random numbers");
            bytes.iter().map(|it| char::from(ICE_CHARS[usize::from(it & 63)])).collect()
        };
        let mut ufrag = chars(UFRAG_CHARS);
        name_worker(&mut ufrag, worker);
        Self { ufrag, pwd: chars(PWD_CHARS).into() }
    }
}

/// Both sides' credentials of one negotiation.
#[derive(Debug)]
struct Generation {
    /// Rises with each.
    number: u32,
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
    /// It is from who has our offer: to be handled again once there is an answer.
    Early,
}

/// A check that came.
#[derive(Debug, Clone, Copy)]
struct Seen {
    id: TransId,
    source: SocketAddr,
    /// Whether it waits for the viewer's answer, and will come as if for the first time.
    is_early: bool,
}

/// The path in use.
#[derive(Debug, Clone, Copy)]
struct InUse {
    path: Path,
    /// That it was nominated with (RFC 8445, section 8.1.2), and in which generation.
    priority: u32,
    generation: u32,
    /// When something came on it that only the viewer can have sent.
    heard_at: Instant,
    /// When anything came on it at all, a copy of what came elsewhere before as well.
    noticed_at: Instant,
    /// Since when it is in use.
    since: Instant,
}

/// Where something of the viewer's came from, too soon after what came on the path in use: it is asked there if that
/// stays silent.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    path: Path,
    priority: u32,
    generation: u32,
    at: Instant,
}

/// A path that the viewer would have us use, until it is proven and the one in use is given up.
#[derive(Debug, Clone, Copy)]
struct Proposed {
    path: Path,
    priority: u32,
    generation: u32,
    /// After how much silence on the path in use this one is better.
    patience: Duration,
    check: TransId,
    asked_first_at: Instant,
    asked_at: Instant,
    /// When the viewer last checked it.
    checked_at: Instant,
    /// Whether our check was answered.
    is_proven: bool,
}

/// The ICE-lite side of one viewer.
#[derive(Debug)]
pub(crate) struct Ice {
    /// The worker that our fragments name.
    worker: u8,
    current: Generation,
    /// Before a restart, until the viewer uses the new credentials.
    previous: Option<Generation>,
    in_use: Option<InUse>,
    /// Whether the path in use is where the viewer is, and not just where it seems to have begun.
    is_proven: bool,
    /// Whether its handshake came from several paths before any was proven; none is in use then.
    is_disputed: bool,
    /// Where the viewer checked from, and in which generation; the oldest gives way.
    checked: [Option<(SocketAddr, u32)>; MAX_PROPOSED],
    next_checked: usize,
    consented_at: Option<Instant>,
    proposed: [Option<Proposed>; MAX_PROPOSED],
    suspect: Option<Suspect>,
    /// Whether media from where checks of ours are not answered can prove a path in the end. ffmpeg answers none while
    /// it publishes, and a publisher is sent so little that it is no weapon against anybody.
    believes_media: bool,
    /// A check of ours on the path in use that was not answered.
    asked: Option<TransId>,
    /// Which checks came, and from where.
    seen: [Option<Seen>; SEEN_IDS],
    next_seen: usize,
    /// The last address beside the path in use that was answered; how often, since when.
    answered: Option<(SocketAddr, u32, Instant)>,
    moves: u32,
    moves_since: Option<Instant>,
    /// 64 random bits for the life of the session (RFC 8445, sections 7.1 and 16.1). libjuice takes 0 for
    /// none, and answers such a check with 400.
    tie_breaker: u64,
}

impl Ice {
    /// A side with new credentials that knows nothing of the viewer.
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

    /// The same of a publisher.
    pub(crate) fn of_publisher(worker: u8) -> Self {
        Self { believes_media: true, ..Self::new(worker) }
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
        let number = self.current.number.wrapping_add(1);
        let new = Generation { number, local: Credentials::random(self.worker), remote: None };
        let old = std::mem::replace(&mut self.current, new);
        // Of two restarts without an answer between, the one that connected counts.
        if old.remote.is_some() || self.previous.is_none() {
            self.previous = Some(old);
        }
    }

    /// Where media goes.
    pub(crate) fn path(&self) -> Option<Path> {
        self.in_use.map(|it| it.path)
    }

    /// When the viewer last consented to be sent to where media goes.
    pub(crate) fn consented_at(&self) -> Option<Instant> {
        self.consented_at
    }

    /// For how long nothing came from where media goes.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        let heard_at = self.in_use.map(|it| it.heard_at);
        heard_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    /// When something last came from where media goes that only the viewer can have sent.
    pub(crate) fn heard_at(&self) -> Option<Instant> {
        self.in_use.map(|it| it.heard_at)
    }

    /// Asks the viewer whether it is there, where media goes; its answer is heard.
    pub(crate) fn ask(&mut self, out: &mut Outbox) {
        let Some(InUse { path, priority, .. }) = self.in_use else { return };
        // The same again, so that the answer to either is right.
        let check = *self.asked.get_or_insert_with(TransId::new);
        self.check(check, priority, path, out);
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
        let Some(generation) = self.authenticate(&message) else {
            let is_taken = self.is_early(&message)
                && self.seen(message.trans_id(), path.remote, true) != Some(false);
            return if is_taken { Checked::Early } else { Checked::Refused };
        };
        let (number, local_pwd) = (generation.number, Arc::clone(&generation.local.pwd));
        let seen = self.seen(message.trans_id(), path.remote, false);
        let is_answered = seen != Some(false)
            && self.path().is_none_or(|it| it.remote == path.remote || self.answers(path, now));
        if !is_answered {
            return Checked::Refused;
        }
        if message.ice_controlled().is_some() {
            // We are lite, so the viewer controls (RFC 8445, section 6.1.1); it changes its role.
            let reply = StunMessage::binding_role_conflict_reply(message.trans_id());
            write(reply, &local_pwd, path, out);
            return Checked::Taken;
        }
        let reply = StunMessage::binding_reply(message.trans_id(), path.remote);
        write(reply, &local_pwd, path, out);
        if seen.is_some() {
            // Our answer was lost, or somebody would have us believe that the viewer is still there.
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
            // The first path proves itself by the DTLS handshake: nothing larger goes out before.
            self.move_to(path, priority, number, now);
            return Checked::Moved;
        };
        // The viewer consents to be sent to where it checks from, to whichever address of ours it checks:
        // Firefox nominates several of ours and refreshes consent with one.
        if in_use.path.remote == path.remote {
            in_use.heard_at = now;
            if is_nominated && (in_use.path == path || priority > in_use.priority) {
                (in_use.priority, in_use.generation) = (priority, number);
                in_use.path = path;
            }
            self.consented_at = Some(now);
            return Checked::Taken;
        }
        // A nomination with new credentials is worth more than any with the old ones.
        let is_better = priority > in_use.priority || number != in_use.generation;
        // What is new once all others were checked is where a NAT put the viewer. libjuice nominates nothing again.
        let is_rebound = is_new && now.saturating_duration_since(in_use.since) >= SETTLED;
        let patience = match is_nominated {
            true if is_better => Duration::ZERO,
            true => SILENT,
            false if is_rebound => SILENT,
            false => DEAD,
        };
        // Most of what is not nominated is kept in reserve and need not be looked at.
        if is_nominated || now.saturating_duration_since(in_use.heard_at) >= patience {
            self.propose(path, priority, number, patience, now, out);
        } else if is_rebound {
            self.suspect = Some(Suspect { path, priority, generation: number, at: now });
        }
        Checked::Taken
    }

    /// Whether the viewer checked from here.
    pub(crate) fn has_checked(&self, path: Path) -> bool {
        self.checked.iter().flatten().any(|it| it.0 == path.remote)
    }

    /// A record of the handshake came from here. Returns whether it is looked at: when a check came from
    /// there before, for a browser uses any of the paths that it checked.
    ///
    /// Until a path is nominated, the first record says which is in use, if the viewer is to begin:
    /// Chromium nominates 50 ms later, and when nobody answers begins anew after as long again.
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
                // Whichever it nominates is worth more.
                self.move_to(path, 0, generation, now);
            }
            return may_begin;
        }
        if let Some(first) = self.in_use.filter(|_| !self.is_proven) {
            // One of them may be a copy that was faster, so that the end of the handshake proves neither.
            self.in_use = None;
            self.is_disputed = true;
            self.propose(first.path, first.priority, first.generation, Duration::ZERO, now, out);
        }
        let proposed = self.proposed.iter().flatten().find(|it| it.path == path);
        let priority = proposed.map_or(0, |it| it.priority);
        self.propose(path, priority, generation, Duration::ZERO, now, out);
        true
    }

    /// The handshake is done: if all of it went through one path, that is proven.
    pub(crate) fn shook_hands(&mut self) {
        self.is_proven = self.in_use.is_some();
    }

    /// Asks again for proofs that may have got lost, while media waits for one.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Outbox) {
        if self.suspect_at().is_some_and(|at| now >= at)
            && let Some(Suspect { path, priority, generation, .. }) = self.suspect.take()
        {
            self.propose(path, priority, generation, SILENT, now, out);
        }
        for at in 0..MAX_PROPOSED {
            let is_due = |it: &Proposed| ask_again_at(it).is_some_and(|at| now >= at);
            if self.is_disputed
                && let Some(it) = self.proposed[at].as_mut().filter(|it| is_due(it))
            {
                it.asked_at = now;
                let Proposed { check, priority, path, .. } = *it;
                self.check(check, priority, path, out);
            }
        }
    }

    /// A datagram came from here, whatever is in it.
    pub(crate) fn notice(&mut self, source: SocketAddr, now: Instant) {
        if let Some(in_use) = self.in_use.as_mut().filter(|it| it.path.remote == source) {
            in_use.noticed_at = now;
        }
    }

    /// An authenticated packet came from here. It may be a copy that was faster, so it proves nothing; but it asks
    /// again for a proof that got lost, and for a first one when the path in use is silent: a NAT that forgot the
    /// peer shows its next packet from a new address, and its next check may be seconds away.
    ///
    /// Returns whether the path is another now.
    pub(crate) fn heard_from(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let path = Path { local: datagram.destination, remote: datagram.source };
        let Some(in_use) = &mut self.in_use else {
            self.ask_again(path, now, out);
            return false;
        };
        if in_use.path.remote == path.remote {
            in_use.heard_at = now;
            return false;
        }
        let InUse { priority, generation, heard_at, noticed_at, .. } = *in_use;
        let is_over = |at: Instant, time| now.saturating_duration_since(at) >= time;
        let believes = self.believes_media && is_over(noticed_at, UNHEARD);
        let proposed = self.proposed.iter_mut().flatten().find(|it| it.path == path);
        if let Some(it) = proposed {
            it.is_proven |= believes && is_over(it.asked_first_at, SILENT);
            self.ask_again(path, now, out);
            return believes && self.handle_timeout(now);
        }
        if is_over(heard_at, SILENT) {
            self.propose(path, priority, generation, SILENT, now, out);
        } else {
            self.suspect = Some(Suspect { path, priority, generation, at: now });
        }
        false
    }

    /// Asks again for a proof of this path, if there was none.
    fn ask_again(&mut self, path: Path, now: Instant, out: &mut Outbox) {
        let proposed = self.proposed.iter().flatten().find(|it| it.path == path).copied();
        if let Some(it) = proposed.filter(|it| !it.is_proven) {
            self.propose(path, it.priority, it.generation, it.patience, now, out);
        }
    }

    /// When it is asked where something came from, if the path in use stays silent.
    fn suspect_at(&self) -> Option<Instant> {
        let (in_use, suspect) = (self.in_use?, self.suspect?);
        (in_use.heard_at < suspect.at).then_some(in_use.heard_at + SILENT)
    }

    /// When a path that is proven takes the place of the one in use, if that stays silent; or when a
    /// proof is asked for again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let proposed = self.proposed.iter().flatten();
        let Some(InUse { heard_at, .. }) = self.in_use else {
            return proposed.filter_map(ask_again_at).min();
        };
        let proven = proposed.filter(|it| it.is_proven).map(|it| heard_at + it.patience);
        proven.chain(self.suspect_at()).min()
    }

    /// Lets time pass. Returns whether the path is another now.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        let heard_at = self.in_use.map(|it| it.heard_at);
        for at in 0..MAX_PROPOSED {
            let is_over = |it: &Proposed| heard_at.is_none_or(|at| now >= at + it.patience);
            let is_due = |it: &Proposed| it.is_proven && is_over(it);
            let Some(it) = self.proposed[at].filter(is_due) else { continue };
            self.proposed[at] = None;
            // One that the viewer no longer checks is of the past.
            if now.saturating_duration_since(it.checked_at) < DEAD && self.may_move(now) {
                self.move_to(it.path, it.priority, it.generation, now);
                (self.is_proven, self.is_disputed) = (true, false);
                return true;
            }
        }
        false
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

    /// Whether a check is from who has our offer, and whose answer is still under way.
    fn is_early(&self, message: &StunMessage<'_>) -> bool {
        let Generation { local, remote, .. } = &self.current;
        remote.is_none()
            && message.split_username().is_some_and(|it| it.0 == local.ufrag)
            && message.verify(local.pwd.as_bytes(), hmac_sha1)
    }

    /// Whether a check came before, and then whether it came from the same address: the viewer itself
    /// repeats one that was not answered.
    fn seen(&mut self, id: TransId, source: SocketAddr, is_early: bool) -> Option<bool> {
        if let Some(before) = self.seen.iter_mut().flatten().find(|it| it.id == id) {
            if before.source != source {
                return Some(false);
            }
            let has_waited = std::mem::replace(&mut before.is_early, is_early);
            return if has_waited { None } else { Some(true) };
        }
        self.seen[self.next_seen] = Some(Seen { id, source, is_early });
        self.next_seen = (self.next_seen + 1) % SEEN_IDS;
        None
    }

    /// Whether a check from beside the path in use is answered: not more often than it takes, for
    /// who repeats what he overheard has one answered as well, once it is forgotten.
    fn answers(&mut self, path: Path, now: Instant) -> bool {
        let is_recent = |it: &(SocketAddr, u32, Instant)| {
            it.0 == path.remote && now.saturating_duration_since(it.2) < Duration::from_secs(1)
        };
        let (_, n, since) = self.answered.filter(is_recent).unwrap_or((path.remote, 0, now));
        self.answered = Some((path.remote, n.saturating_add(1), since));
        n < ANSWERS_PER_SECOND
    }

    /// Asks whether the viewer is there (RFC 8445, section 7.3.1.4, a triggered check).
    fn propose(
        &mut self,
        path: Path,
        priority: u32,
        generation: u32,
        patience: Duration,
        now: Instant,
        out: &mut Outbox,
    ) {
        if !self.may_move(now) {
            return;
        }
        let known = self.proposed.iter().position(|it| it.is_some_and(|it| it.path == path));
        // In place of the one that the viewer checked last the longest ago, if there are too many.
        let oldest =
            || (0..MAX_PROPOSED).min_by_key(|at| self.proposed[*at].map(|it| it.checked_at));
        let Some(at) = known.or_else(oldest) else { return };
        let before = self.proposed[at].filter(|it| it.path == path);
        let is_asked = before.is_some_and(|it| {
            it.is_proven || now.saturating_duration_since(it.asked_at) < BETWEEN_CHECKS
        });
        // The same again, so that the answer to either is right.
        let check = before.map_or_else(TransId::new, |it| it.check);
        self.proposed[at] = Some(Proposed {
            path,
            priority,
            generation,
            patience,
            check,
            asked_first_at: before.map_or(now, |it| it.asked_first_at),
            asked_at: before.filter(|_| is_asked).map_or(now, |it| it.asked_at),
            checked_at: now,
            is_proven: before.is_some_and(|it| it.is_proven),
        });
        if is_asked {
            return;
        }
        self.check(check, priority, path, out);
    }

    /// Sends a check of ours.
    fn check(&self, check: TransId, priority: u32, path: Path, out: &mut Outbox) {
        let Some((local, remote)) = self.credentials() else { return };
        let username = format!("{}:{}", remote.ufrag, local.ufrag);
        // We are lite, so the viewer controls (RFC 8445, section 6.1.1).
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

    /// The credentials that checks are exchanged with now.
    fn credentials(&self) -> Option<(&Credentials, &Credentials)> {
        let generation = self.previous.as_ref().unwrap_or(&self.current);
        Some((&generation.local, generation.remote.as_ref()?))
    }

    fn may_move(&mut self, now: Instant) -> bool {
        let is_over = |at: Instant| now.saturating_duration_since(at) >= MOVES_WINDOW;
        if self.moves_since.is_none_or(is_over) {
            self.moves = 0;
            self.moves_since = Some(now);
        }
        self.moves < MAX_MOVES
    }

    fn move_to(&mut self, path: Path, priority: u32, generation: u32, now: Instant) {
        let (heard_at, noticed_at, since) = (now, now, now);
        self.in_use = Some(InUse { path, priority, generation, heard_at, noticed_at, since });
        self.consented_at = Some(now);
        self.proposed = [None; MAX_PROPOSED];
        self.suspect = None;
        self.moves += 1;
    }
}

fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).expect("the system has random numbers");
    u64::from_ne_bytes(bytes)
}

/// When a proof is asked for again, if it is.
fn ask_again_at(it: &Proposed) -> Option<Instant> {
    let at = it.asked_at + BETWEEN_CHECKS;
    (!it.is_proven && at < it.checked_at + ASK_FOR).then_some(at)
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
