//! How far the CA is, for people: the log, `kaibo doctor`, the administrator's page.

use std::time::SystemTime;

use tokio::sync::watch;

use super::error::Failure;
use super::name::Name;

/// The state of all certificates. Clones are the same.
#[derive(Debug, Clone)]
pub struct Status(watch::Sender<Vec<Entry>>);

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its names.
    pub names: Vec<Name>,
    /// When the certificate that clients are shown expires; `None`: there is none yet.
    pub valid_until: Option<SystemTime>,
    /// What comes next.
    pub state: State,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// An order is about to begin or under way.
    Ordering,
    /// A certificate is there, and is renewed at this time.
    Issued {
        /// When it is renewed.
        renew_at: SystemTime,
    },
    /// The last order failed.
    Failed {
        /// Why, in the CA's own words if it refused.
        failure: Failure,
        /// When the next order begins.
        next_try: SystemTime,
    },
}

impl Default for Status {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl Status {
    /// The state now.
    pub fn get(&self) -> Vec<Entry> {
        self.0.borrow().clone()
    }

    /// Tells each change.
    pub fn subscribe(&self) -> watch::Receiver<Vec<Entry>> {
        self.0.subscribe()
    }

    pub(super) fn set(&self, entries: Vec<Entry>) {
        self.0.send_if_modified(|old| {
            let is_changed = *old != entries;
            *old = entries;
            is_changed
        });
    }
}
