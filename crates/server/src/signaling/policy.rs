//! Who may publish. Watching is open to all.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{BAD_KEYS, BAD_KEYS_WINDOW, Caller};

/// Who may publish without a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishOpen {
    /// Anyone.
    All,
    /// Programs of this machine, when no proxy stands in between.
    #[default]
    Loopback,
    /// Nobody.
    None,
}

/// Who may publish.
#[derive(Clone, Default)]
pub struct PublishPolicy {
    /// Without a key.
    pub open: PublishOpen,
    /// The key that lets anyone publish; never printed.
    pub key: Option<String>,
}

impl fmt::Debug for PublishPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "…");
        f.debug_struct("PublishPolicy").field("open", &self.open).field("key", &key).finish()
    }
}

/// Why somebody may not publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// A key is needed.
    KeyRequired,
    /// The key is wrong.
    KeyBad,
}

impl PublishPolicy {
    /// Whether a caller with a key, or none, may publish.
    pub(super) fn check(&self, caller: Caller, key: Option<&str>) -> Result<(), Denied> {
        let open = match self.open {
            PublishOpen::All => true,
            PublishOpen::Loopback => caller.local,
            PublishOpen::None => false,
        };
        match (key, &self.key) {
            (Some(given), Some(ours)) if same_key(given, ours) => Ok(()),
            _ if open => Ok(()),
            (Some(_), _) => Err(Denied::KeyBad),
            (None, _) => Err(Denied::KeyRequired),
        }
    }
}

/// Compares keys in a time that does not depend on where they differ.
pub(crate) fn same_key(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Counts wrong keys by address, so that guessing is slow.
#[derive(Debug, Default)]
pub(super) struct BadKeys {
    seen: HashMap<IpAddr, (Instant, u32)>,
}

impl BadKeys {
    /// Notes a wrong key.
    pub(super) fn note(&mut self, ip: IpAddr, now: Instant) {
        self.seen.retain(|_, (since, _)| now.duration_since(*since) < BAD_KEYS_WINDOW);
        let (_, n) = self.seen.entry(ip).or_insert((now, 0));
        *n += 1;
    }

    /// Whether keys from this address are not looked at for now.
    pub(super) fn is_blocked(&self, ip: IpAddr, now: Instant) -> bool {
        self.seen.get(&ip).is_some_and(|(since, n)| {
            *n >= BAD_KEYS && now.duration_since(*since) < BAD_KEYS_WINDOW
        })
    }
}
