//! User names and passwords that expire (draft-uberti-behave-turn-rest-00, coturn's `use-auth-secret`), and nonces.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::limits::CREDENTIALS_LIFETIME;

/// Longest user name that is looked at. Ours have a time and a short label.
const MAX_USERNAME_BYTES: usize = 128;

/// Issues credentials of a TURN client, and verifies them without remembering any.
#[derive(Clone)]
pub struct Credentials {
    secret: [u8; 32],
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Credentials {
    /// `secret`: random bytes that nobody else knows. Credentials are good for as long as it stays the same.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// A user name `expires:label` and its password, which begin an allocation within [`CREDENTIALS_LIFETIME`].
    /// `label` names the client in the log, and has at most 100 bytes.
    #[must_use]
    pub fn issue(&self, label: &str, now_unix: u64) -> (String, String) {
        let expires = now_unix.saturating_add(CREDENTIALS_LIFETIME.as_secs());
        let username = format!("{expires}:{label}");
        let password = self.password(&username);
        (username, password)
    }

    fn password(&self, username: &str) -> String {
        STANDARD.encode(self.hmac(&[username.as_bytes()]))
    }

    /// The password of a user name, unless it is expired or none of ours. Whoever knows the password proves it by the
    /// HMAC of a message, which `stun-types` compares in constant time.
    pub(crate) fn password_of(&self, username: &str, now_unix: u64) -> Option<String> {
        let (expires, _) = username.split_once(':')?;
        let expires: u64 = expires.parse().ok()?;
        (username.len() <= MAX_USERNAME_BYTES && expires > now_unix)
            .then(|| self.password(username))
    }

    /// A nonce that nobody can guess: `stream` has random bytes of one stream, `number` counts its nonces.
    pub(crate) fn nonce(&self, stream: &[u8; 16], number: u32) -> String {
        // A user name begins with a digit, so no nonce is a password.
        URL_SAFE_NO_PAD.encode(self.hmac(&[b"nonce", stream, &number.to_be_bytes()]))
    }

    fn hmac(&self, parts: &[&[u8]]) -> [u8; 20] {
        let mut mac =
            Hmac::<Sha1>::new_from_slice(&self.secret).expect("a key of any length is taken");
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_that_coturn_computes() {
        let credentials = Credentials::new([b'k'; 32]);
        let (username, password) = credentials.issue("s7", 1_700_000_000);
        assert_eq!(username, "1700003600:s7");
        // printf 1700003600:s7 | openssl dgst -sha1 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk -binary | base64
        assert_eq!(password, "Iqf0wj7a1+WEaCQThkj7uoayJl4=");
        assert!(!format!("{credentials:?}").contains('k'));
    }

    #[test]
    fn a_password_is_known_for_an_hour() {
        let credentials = Credentials::new([7; 32]);
        let (username, password) = credentials.issue("s7", 1_000);
        let at = |unix| credentials.password_of(&username, unix);
        assert_eq!(at(1_000 + 3_599), Some(password));
        assert_eq!(at(1_000 + 3_600), None);
    }

    #[test]
    fn a_name_of_another_form_has_no_password() {
        let credentials = Credentials::new([7; 32]);
        for username in ["", ":", "alice", "-1:a", "99999999999999999999:a", "1e9:a", " 99:a"] {
            assert_eq!(credentials.password_of(username, 0), None, "{username}");
        }
        assert_eq!(credentials.password_of(&format!("99:{}", "a".repeat(126)), 0), None);
    }
}
