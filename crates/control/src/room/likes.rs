//! Likes and gestures: counted, and told together.

use std::collections::BTreeMap;
use std::time::Instant;

use protocol::{ReactionCount, ReactionKind, ServerMessage};

use crate::limits::LIKES_EVERY;

/// The likes of one broadcast.
#[derive(Debug, Default)]
pub(crate) struct Likes {
    total: u32,
    delta: u32,
    reactions: BTreeMap<ReactionKind, u32>,
    /// The number of before was told, and does not hold.
    is_reset: bool,
    told_at: Option<Instant>,
}

impl Likes {
    pub(crate) fn like(&mut self, n: u8) {
        self.total = self.total.saturating_add(n.into());
        self.delta = self.delta.saturating_add(n.into());
    }

    pub(crate) fn react(&mut self, kind: ReactionKind) {
        *self.reactions.entry(kind).or_default() += 1;
    }

    /// A new broadcast has none.
    pub(crate) fn reset(&mut self) {
        self.is_reset = self.total > 0;
        (self.total, self.delta) = (0, 0);
    }

    /// When they may be told next.
    pub(crate) fn due(&self, now: Instant) -> Instant {
        self.told_at.map_or(now, |at| (at + LIKES_EVERY).max(now))
    }

    /// What is new, if anything is.
    pub(crate) fn take(&mut self, now: Instant) -> Option<ServerMessage> {
        if self.delta == 0 && self.reactions.is_empty() && !self.is_reset {
            return None;
        }
        self.told_at = Some(now);
        self.is_reset = false;
        let reactions = std::mem::take(&mut self.reactions).into_iter();
        let reactions = reactions.map(|(kind, n)| ReactionCount { kind, n }).collect();
        let delta = std::mem::take(&mut self.delta);
        Some(ServerMessage::Likes { total: self.total, delta, reactions })
    }

    /// What who comes now is told; nothing when there are none.
    pub(crate) fn so_far(&self) -> Option<ServerMessage> {
        let total = self.total - self.delta;
        let message = ServerMessage::Likes { total, delta: 0, reactions: Vec::new() };
        (total > 0).then_some(message)
    }
}
