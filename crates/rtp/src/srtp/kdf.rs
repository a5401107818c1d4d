//! Session keys from the master keys (RFC 3711, section 4.3). They are derived once: the key
//! derivation rate that DTLS-SRTP uses is zero.

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::Profile;

/// Bytes of a key for HMAC-SHA1 (RFC 3711, section 8.2).
pub(super) const AUTH_KEY_LEN: usize = 20;

/// What keys are for. They are different for RTP and for RTCP.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope {
    Rtp,
    Rtcp,
}

/// The labels of RFC 3711, section 4.3.2, for RTP; those for RTCP are three more.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
}

/// The master key and salt of one direction.
pub(super) struct Master<'a> {
    key: &'a [u8],
    salt: &'a [u8],
}

impl<'a> Master<'a> {
    #[cfg(test)]
    pub(super) fn new(key: &'a [u8], salt: &'a [u8]) -> Self {
        Self { key, salt }
    }

    /// The client's and the server's (RFC 5764, section 4.2); `None` when the length is wrong.
    pub(super) fn pair(profile: Profile, material: &'a [u8]) -> Option<(Self, Self)> {
        if material.len() != profile.keying_material_len() {
            return None;
        }
        let (client_key, rest) = material.split_at_checked(profile.key_len())?;
        let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
        let (client_salt, server_salt) = rest.split_at_checked(profile.salt_len())?;
        Some((
            Self { key: client_key, salt: client_salt },
            Self { key: server_key, salt: server_salt },
        ))
    }

    /// Fills `out` with the key of that label: the key stream of AES in counter mode from the
    /// label and the salt. `None` when there is no AES with keys of this length.
    pub(super) fn derive(&self, scope: Scope, label: Label, out: &mut [u8]) -> Option<()> {
        let algorithm = if self.key.len() == 32 { &AES_256 } else { &AES_128 };
        let key = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, self.key).ok()?).ok()?;
        // A salt of 96 bits counts as one of 112 that ends with zeros (RFC 7714, section 11).
        let mut iv = [0; 16];
        iv.get_mut(..self.salt.len())?.copy_from_slice(self.salt);
        iv[7] ^= label as u8 + if matches!(scope, Scope::Rtcp) { 3 } else { 0 };
        out.fill(0);
        key.less_safe_encrypt(out, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
        Some(())
    }
}
