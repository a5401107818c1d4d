//! What doors refused over HTTP, by code.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::ErrorCode;

use crate::whip_whep;

/// Where something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusedAt {
    /// A WebSocket that did not open.
    Ws,
    /// WHIP.
    Whip,
    /// WHEP.
    Whep,
    /// Any other address.
    Http,
}

impl RefusedAt {
    pub(crate) const ALL: [Self; 4] = [Self::Ws, Self::Whip, Self::Whep, Self::Http];

    /// Where a request with this path was refused.
    pub(crate) fn of(path: &str) -> Self {
        let path = path.trim_end_matches('/');
        if path == "/ws" {
            Self::Ws
        } else if !whip_whep::has_path(path) {
            Self::Http
        } else if path.split('/').any(|it| it == "whip") {
            Self::Whip
        } else {
            Self::Whep
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Whip => "whip",
            Self::Whep => "whep",
            Self::Http => "http",
        }
    }
}

/// Counters by door and code. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Refusals(Arc<[[AtomicU64; ErrorCode::ALL.len()]; RefusedAt::ALL.len()]>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0)))))
    }
}

impl Refusals {
    /// One more.
    pub(crate) fn note(&self, at: RefusedAt, code: ErrorCode) {
        let index = ErrorCode::ALL.iter().position(|it| *it == code);
        if let Some(n) = index.and_then(|it| self.0[at as usize].get(it)) {
            n.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Those that ever were.
    pub(crate) fn read(&self) -> impl Iterator<Item = (RefusedAt, ErrorCode, u64)> {
        RefusedAt::ALL.into_iter().flat_map(move |at| {
            let counts = self.0[at as usize].iter().map(|it| it.load(Ordering::Relaxed));
            let all = ErrorCode::ALL.into_iter().zip(counts);
            all.filter(|(_, n)| *n > 0).map(move |(code, n)| (at, code, n))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_door_counts_by_itself() {
        let refusals = Refusals::default();
        for path in ["/ws", "/ws", "/whip/stage", "/whep/stage", "/api/rooms"] {
            refusals.note(RefusedAt::of(path), ErrorCode::RateLimited);
        }
        let told: Vec<_> = refusals.read().map(|(at, _, n)| (at.as_str(), n)).collect();
        assert_eq!(told, [("ws", 2), ("whip", 1), ("whep", 1), ("http", 1)]);
    }
}
