//! SRTP and SRTCP of one session that was keyed by DTLS (RFC 3711, RFC 5764, RFC 7714).
//!
//! [`session`] makes a [`Sender`] and a [`Receiver`] of what the DTLS handshake exported. What is
//! sent under a key has one owner, which cannot be copied and counts for itself: encrypting twice
//! with one nonce, which with AES-GCM gives the key away, is refused whatever the caller does.
//!
//! Packets are changed in place. Nothing is allocated for a packet.

mod cipher;
mod kdf;
mod profile;
mod receiver;
mod sender;
mod window;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use profile::Profile;
pub use receiver::{Receiver, UnprotectError, Unprotected};
pub use sender::{ProtectError, Sender, Stream};

use cipher::Cipher;
use kdf::{Master, Scope};

/// The most bytes that [`Sender::protect`] adds to a packet, whatever the profile.
pub const MAX_OVERHEAD: usize = 16;

/// The most bytes that [`Sender::protect_rtcp`] adds to a packet, whatever the profile.
pub const MAX_RTCP_OVERHEAD: usize = MAX_OVERHEAD + 4;

/// Our side of the DTLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We sent the ClientHello (`a=setup:active`).
    Client,
    /// We answered it (`a=setup:passive`).
    Server,
}

/// The keying material has not the length that the profile asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{profile} takes {} bytes of keying material, not {len}", profile.keying_material_len())]
pub struct BadKeyingMaterial {
    /// The profile that was negotiated.
    pub profile: Profile,
    /// The bytes that were given.
    pub len: usize,
}

/// Both directions of a session, keyed with what DTLS exported under the label
/// `EXTRACTOR-dtls_srtp` (RFC 5764, section 4.2): the client's key, the server's, the client's
/// salt, the server's.
///
/// # Errors
///
/// When the material is not [`Profile::keying_material_len`] bytes long.
pub fn session(
    profile: Profile,
    keying_material: &[u8],
    role: Role,
) -> Result<(Sender, Receiver), BadKeyingMaterial> {
    let bad = BadKeyingMaterial { profile, len: keying_material.len() };
    let (client, server) = Master::pair(profile, keying_material).ok_or(bad)?;
    let (ours, theirs) = match role {
        Role::Client => (client, server),
        Role::Server => (server, client),
    };
    let cipher = |master: &Master<'_>, scope| Cipher::derive(profile, master, scope).ok_or(bad);
    let sender = Sender::new(cipher(&ours, Scope::Rtp)?, cipher(&ours, Scope::Rtcp)?);
    let receiver = Receiver::new(cipher(&theirs, Scope::Rtp)?, cipher(&theirs, Scope::Rtcp)?);
    Ok((sender, receiver))
}
