//! What a client shows for its right, and why that is not enough.

use std::sync::Arc;
use std::time::Duration;

use crate::Secret;
use crate::grant::{BadToken, Grant};

/// What a client shows for its right.
#[derive(Debug, Clone, Default)]
pub struct Credential {
    /// A key to publish with, or the password or the code of an invitation to watch with. In the place of a token its
    /// [`Secret::fingerprint`].
    pub key: Option<Secret>,
    /// What makes the client the same person when it comes again: one person uses an invitation once.
    pub person: Option<Secret>,
    /// What its door learned of it from a token, or from the operator's service.
    pub shown: Option<Shown>,
}

/// What a token or the operator's service allows, or why it allows nothing.
pub type Shown = Result<Arc<Grant>, Denied>;

impl Credential {
    /// One with a key, a password or a code alone.
    pub fn of_key(key: Option<Secret>) -> Self {
        Self { key, ..Self::default() }
    }

    /// What a token or a service allows.
    pub(crate) fn grant(&self) -> Option<&Grant> {
        self.shown.as_ref()?.as_deref().ok()
    }
}

/// Why a client may not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It showed no key.
    #[error("publishing here needs a key")]
    KeyRequired,
    /// The key is wrong.
    #[error("the publishing key is wrong")]
    KeyWrong,
    /// It showed no password.
    #[error("watching this room needs its password, which its host has")]
    PasswordRequired,
    /// The password is wrong.
    #[error("the password of this room is wrong")]
    PasswordWrong,
    /// It showed no invitation.
    #[error("watching this room needs an invitation: ask its host for a link")]
    InviteRequired,
    /// There is no such invitation, or no longer.
    #[error("this invitation does not hold: ask the host for another link")]
    InviteWrong,
    /// The invitation holds no longer.
    #[error("this invitation has expired: ask the host for another link")]
    InviteExpired,
    /// As many people as may have used the invitation.
    #[error("this invitation was used as often as it may be: ask the host for another link")]
    InviteUsedUp,
    /// It showed no token.
    #[error("watching this room needs a token, which the site that sent you here gives")]
    TokenRequired,
    /// Its token is not good.
    #[error("the token is refused: {0}")]
    TokenBad(BadToken),
    /// The operator's service says no.
    #[error("this server's operator does not let you in")]
    ServiceRefused,
    /// The operator's service says nothing.
    #[error("the service that decides who may enter does not answer; try again soon")]
    ServiceSilent,
    /// Its network has sent too many wrong secrets: whether this one was near says nothing.
    #[error("too many wrong keys from this network; try again in {} s", seconds(*retry_after))]
    TooManyWrong {
        /// What is left of the window.
        retry_after: Duration,
    },
}

/// A secret is not the one it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongSecret {
    /// It is another.
    #[error("the secret is wrong")]
    Wrong,
    /// Its network has sent too many wrong ones.
    #[error("too many wrong secrets from this network; try again in {} s", seconds(*retry_after))]
    TooMany {
        /// What is left of the window.
        retry_after: Duration,
    },
}

/// Seconds to wait, rounded up.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
