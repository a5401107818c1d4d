//! Connectivity checks (RFC 8445, section 7).

use std::sync::OnceLock;

use str0m::config::CryptoProvider;
use str0m::ice::{StunMessage, TransId};

/// The priority of a peer-reflexive candidate (RFC 8445, section 5.1.2).
const PRIORITY: u32 = (110 << 24) | (65_535 << 8) | 255;

/// Longer than any check of ours.
const MAX_BYTES: usize = 512;

/// A check that names its peer by `username` and is signed with `password`.
#[must_use]
pub fn check(username: &str, password: &str) -> Vec<u8> {
    check_of(username, password, TransId::new(), fastrand::u64(..))
}

/// The same with a transaction of the caller's.
pub(crate) fn check_of(username: &str, password: &str, id: TransId, tie_breaker: u64) -> Vec<u8> {
    let check = StunMessage::binding_request(username, id, true, tie_breaker, PRIORITY, true);
    to_bytes(&check, password)
}

/// Signed; nothing when it is too long.
pub(crate) fn to_bytes(message: &StunMessage<'_>, password: &str) -> Vec<u8> {
    let mut bytes = vec![0; MAX_BYTES];
    let len = message.to_bytes(Some(password.as_bytes()), &mut bytes, sha1_hmac);
    bytes.truncate(len.unwrap_or_default());
    bytes
}

fn crypto() -> &'static CryptoProvider {
    static CRYPTO: OnceLock<CryptoProvider> = OnceLock::new();
    CRYPTO.get_or_init(str0m::crypto::from_feature_flags)
}

pub(crate) fn sha1_hmac(key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
    crypto().sha1_hmac_provider.sha1_hmac(key, payloads)
}
