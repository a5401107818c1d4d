//! STUN and TURN servers as clients are given them.
//!
//! A TURN server with a shared secret (coturn's `use-auth-secret`, draft-uberti-behave-turn-rest-00) gets
//! credentials that expire, so that what one client was given is of no use to others tomorrow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use protocol::IceServer;
use sha1::Sha1;

use crate::limits::TURN_LIFETIME;

/// A STUN or TURN server, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServerConfig {
    /// Its addresses, and for TURN a user name and a credential that never expire.
    pub server: IceServer,
    /// The secret that a TURN server shares with us; never given to a client.
    pub secret: Option<TurnSecret>,
}

/// A secret that does not show in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnSecret(pub String);

impl std::fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl IceServerConfig {
    /// The server as one client is given it. `label` names the client in the TURN server's log.
    pub(crate) fn for_client(&self, label: &str, unix_ms: f64) -> IceServer {
        let Some(TurnSecret(secret)) = &self.secret else { return self.server.clone() };
        let expires = (unix_ms / 1000.0) as u64 + TURN_LIFETIME.as_secs();
        let username = format!("{expires}:{label}");
        let mut mac =
            Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length is taken");
        mac.update(username.as_bytes());
        let credential = STANDARD.encode(mac.finalize().into_bytes());
        IceServer {
            urls: self.server.urls.clone(),
            username: Some(username),
            credential: Some(credential),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_that_coturn_computes_and_expire_in_an_hour() {
        let server = IceServerConfig {
            server: IceServer {
                urls: vec!["turn:turn.example.com".into()],
                username: None,
                credential: None,
            },
            secret: Some(TurnSecret("north".into())),
        };
        let given = server.for_client("s7", 1_700_000_000_000.0);
        assert_eq!(given.username.as_deref(), Some("1700003600:s7"));
        // printf 1700003600:s7 | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(given.credential.as_deref(), Some("+wpyqvr0aNjyP7QSWy1LkaKfxys="));
        assert!(!format!("{server:?}").contains("north"));
    }
}
