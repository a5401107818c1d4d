//! Text that nobody may see or guess: a key, an identity, a token.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// A secret. It does not show in a log, and only [`Auth`](crate::Auth) compares it, so that every wrong one
/// is counted.
#[derive(Clone)]
pub struct Secret(Arc<str>);

/// What a secret is for. Each may be guessed, so all count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// The publishing key.
    Key,
    /// What makes a host the same host.
    HostIdentity,
    /// The token that a session was opened with.
    SessionToken,
    /// The password of a room.
    Password,
    /// The code of an invitation.
    Invite,
    /// A token.
    Token,
    /// The password of the owner, or the code of the link that makes it.
    Owner,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::HostIdentity => "host_identity",
            Self::SessionToken => "session_token",
            Self::Password => "password",
            Self::Invite => "invite",
            Self::Token => "token",
            Self::Owner => "owner",
        })
    }
}

/// A secret has more bytes than [`Secret::MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("longer than {} bytes", Secret::MAX_BYTES)]
pub struct TooLong;

impl Secret {
    /// The longest secret of a client, in bytes: sessions keep it.
    pub const MAX_BYTES: usize = 128;

    /// A secret of a client; `None` when the text is empty, as encoders send a key field left empty.
    ///
    /// # Errors
    /// When it is longer than [`Self::MAX_BYTES`].
    pub fn parse(text: &str) -> Result<Option<Self>, TooLong> {
        if text.len() > Self::MAX_BYTES {
            return Err(TooLong);
        }
        Ok(Some(text).filter(|text| !text.is_empty()).map(Self::new))
    }

    /// A secret of the server's own making, of any length. What a client sends goes through [`Self::parse`].
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// What stands for a token: it is too long to be kept with each session.
    pub fn fingerprint(token: &str) -> Self {
        let hash = Sha256::digest(token);
        Self(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }

    /// The text, for the one door where a token may name a room, and for hashes. It is never printed.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not depend on where two secrets of one length differ.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_bounded_and_an_empty_one_is_none() {
        assert!(Secret::parse("").unwrap().is_none());
        assert!(Secret::parse(&"a".repeat(128)).unwrap().is_some());
        assert_eq!(Secret::parse(&"a".repeat(129)).unwrap_err(), TooLong);
        assert_eq!(Secret::parse(&"播".repeat(43)).unwrap_err(), TooLong, "bytes are counted");
    }

    #[test]
    fn a_secret_does_not_show_in_a_log() {
        assert_eq!(format!("{:?}", Secret::new("swordfish")), "…");
    }

    #[test]
    fn only_the_same_secret_is_the_same() {
        let ours = Secret::new("swordfish");
        assert!(ours.is(&Secret::new("swordfish")));
        for other in ["swordfisH", "swordfis", "swordfishes", ""] {
            assert!(!ours.is(&Secret::new(other)), "{other}");
        }
    }
}
