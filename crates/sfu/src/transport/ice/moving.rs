//! How media moves from one path to another: paths that the peer proposes, or is heard on, and their proof.

use std::time::{Duration, Instant};

use is::stun::TransId;

use super::{
    ASK_FOR, BETWEEN_CHECKS, DEAD, Ice, InUse, MAX_MOVES, MAX_PROPOSED, MOVES_WINDOW, Path,
    Proposed, SILENT, Suspect, UNHEARD,
};
use crate::core::outbox::Outbox;
use crate::datagram::{Datagram, RemoteAddr};

impl Ice {
    /// Sends checks that are due, repeating those that may have been lost while media waits for a proof.
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

    /// A datagram with any content arrived from this address.
    pub(crate) fn notice(&mut self, source: RemoteAddr, now: Instant) {
        if let Some(in_use) = self.in_use.as_mut().filter(|it| it.path.remote == source) {
            in_use.noticed_at = now;
        }
    }

    /// An authenticated packet arrived. It may be a faster copy, so it proves nothing. It does repeat a check of a
    /// proposed path, and starts the first check if the path in use is silent: after a NAT lost its mapping, the peer's
    /// next packet comes from a new address, while its next check may be seconds away.
    ///
    /// Returns whether the path has changed.
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

    /// Repeats the check of this path if it is proposed and not proven.
    fn ask_again(&mut self, path: Path, now: Instant, out: &mut Outbox) {
        let proposed = self.proposed.iter().flatten().find(|it| it.path == path).copied();
        if let Some(it) = proposed.filter(|it| !it.is_proven) {
            self.propose(path, it.priority, it.generation, it.patience, now, out);
        }
    }

    /// When the suspect is checked if the path in use stays silent.
    fn suspect_at(&self) -> Option<Instant> {
        let (in_use, suspect) = (self.in_use?, self.suspect?);
        (in_use.heard_at < suspect.at).then_some(in_use.heard_at + SILENT)
    }

    /// When a proven path replaces the one in use if that stays silent, or when a check is repeated.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let proposed = self.proposed.iter().flatten();
        let Some(InUse { heard_at, .. }) = self.in_use else {
            return proposed.filter_map(ask_again_at).min();
        };
        let proven = proposed.filter(|it| it.is_proven).map(|it| heard_at + it.patience);
        proven.chain(self.suspect_at()).min()
    }

    /// Handles timers that are due. Returns whether the path has changed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        let heard_at = self.in_use.map(|it| it.heard_at);
        for at in 0..MAX_PROPOSED {
            let is_over = |it: &Proposed| heard_at.is_none_or(|at| now >= at + it.patience);
            let is_due = |it: &Proposed| it.is_proven && is_over(it);
            let Some(it) = self.proposed[at].filter(is_due) else { continue };
            self.proposed[at] = None;
            // A path that the viewer no longer checks is out of date.
            if now.saturating_duration_since(it.checked_at) < DEAD && self.may_move(now) {
                self.move_to(it.path, it.priority, it.generation, now);
                (self.is_proven, self.is_disputed) = (true, false);
                return true;
            }
        }
        false
    }

    /// Sends the viewer a triggered check on this path (RFC 8445, section 7.3.1.4).
    pub(super) fn propose(
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
        // If there are too many, it replaces the path that the viewer has not checked for longest.
        let oldest =
            || (0..MAX_PROPOSED).min_by_key(|at| self.proposed[*at].map(|it| it.checked_at));
        let Some(at) = known.or_else(oldest) else { return };
        let before = self.proposed[at].filter(|it| it.path == path);
        let is_asked = before.is_some_and(|it| {
            it.is_proven || now.saturating_duration_since(it.asked_at) < BETWEEN_CHECKS
        });
        // Repeat the same transaction id, so that an answer to either check is valid.
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

    fn may_move(&mut self, now: Instant) -> bool {
        let is_over = |at: Instant| now.saturating_duration_since(at) >= MOVES_WINDOW;
        if self.moves_since.is_none_or(is_over) {
            self.moves = 0;
            self.moves_since = Some(now);
        }
        self.moves < MAX_MOVES
    }

    pub(super) fn move_to(&mut self, path: Path, priority: u32, generation: u32, now: Instant) {
        let (heard_at, noticed_at, since) = (now, now, now);
        self.in_use = Some(InUse { path, priority, generation, heard_at, noticed_at, since });
        self.consented_at = Some(now);
        self.proposed = [None; MAX_PROPOSED];
        self.suspect = None;
        self.moves += 1;
    }
}

/// When the check of this path is repeated; `None` if it is not.
fn ask_again_at(it: &Proposed) -> Option<Instant> {
    let at = it.asked_at + BETWEEN_CHECKS;
    (!it.is_proven && at < it.checked_at + ASK_FOR).then_some(at)
}
