//! Who sent a request: long-term credentials (RFC 8489, section 9.2).

use std::time::Instant;

use stun_types::attribute::{
    ErrorCode, MessageIntegrity, Nonce as NonceAttribute, Realm, Username,
};
use stun_types::message::{IntegrityAlgorithm, IntegrityKey, LongTermCredentials, Message};
use stun_types::prelude::*;

use super::response::{REALM, Refused};
use super::{Core, Start};
use crate::credentials::Credentials;
use crate::limits::NONCE_LIFETIME;

/// The nonce of one stream, so that a request is of no use on another.
pub(super) struct Nonce {
    credentials: Credentials,
    stream: [u8; 16],
    number: u32,
    text: String,
    expires: Instant,
}

impl Nonce {
    pub(super) fn new(credentials: &Credentials, start: Start) -> Self {
        Self {
            credentials: credentials.clone(),
            stream: start.random,
            number: 0,
            text: credentials.nonce(&start.random, 0),
            expires: start.now + NONCE_LIFETIME,
        }
    }

    pub(super) fn text(&mut self, now: Instant) -> &str {
        if self.expires <= now {
            self.number += 1;
            self.text = self.credentials.nonce(&self.stream, self.number);
            self.expires = now + NONCE_LIFETIME;
        }
        &self.text
    }
}

impl Core {
    /// The user name of a request, and the key of its response.
    pub(super) fn authenticate(
        &mut self,
        now: Instant,
        request: &Message<'_>,
    ) -> Result<(String, IntegrityKey), Refused> {
        let unauthorized = || Refused::new(ErrorCode::UNAUTHORIZED);
        let malformed = |_| Refused::new(ErrorCode::BAD_REQUEST);
        if !request.has_attribute(MessageIntegrity::TYPE) {
            return Err(unauthorized());
        }
        let username = request.attribute::<Username>().map_err(malformed)?;
        let nonce = request.attribute::<NonceAttribute>().map_err(malformed)?;
        request.attribute::<Realm>().map_err(malformed)?;
        let key = self.key_of(username.username(), now).ok_or_else(unauthorized)?;
        request.validate_integrity_with_key(&key).map_err(|_| unauthorized())?;
        if nonce.nonce() != self.nonce.text(now) {
            return Err(Refused::new(ErrorCode::STALE_NONCE));
        }
        Ok((username.username().to_owned(), key))
    }

    fn key_of(&self, username: &str, now: Instant) -> Option<IntegrityKey> {
        // An allocation is refreshed under the name that began it, though it expired since: a viewer may watch for
        // longer than an hour, and nobody else can send on its stream.
        if let Some(live) = self.live()
            && live.username == username
        {
            return Some(live.key.clone());
        }
        let password = self.config.credentials.password_of(username, self.unix(now))?;
        let credentials = LongTermCredentials::new(username.to_owned(), password);
        Some(credentials.to_key(REALM.to_owned()).make_key(IntegrityAlgorithm::Sha1))
    }
}
