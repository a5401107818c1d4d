//! What can be negotiated.

use std::fmt;

/// A protection profile of SRTP, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// AES-256 in Galois/counter mode, 16 bytes of tag (RFC 7714).
    AeadAes256Gcm,
    /// AES-128 in Galois/counter mode, 16 bytes of tag (RFC 7714).
    AeadAes128Gcm,
    /// AES-128 in counter mode, and 10 bytes of HMAC-SHA1 (RFC 3711): what every peer has, at
    /// four times the cost.
    Aes128CmHmacSha1_80,
}

impl Profile {
    /// The profile of a DTLS `use_srtp` id (RFC 5764, section 4.1.2; RFC 7714, section 14.2), when
    /// it is one of ours.
    pub fn from_id(id: u16) -> Option<Self> {
        Some(match id {
            0x0001 => Self::Aes128CmHmacSha1_80,
            0x0007 => Self::AeadAes128Gcm,
            0x0008 => Self::AeadAes256Gcm,
            _ => return None,
        })
    }

    /// The id in DTLS `use_srtp`.
    pub fn id(self) -> u16 {
        match self {
            Self::Aes128CmHmacSha1_80 => 0x0001,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    /// Bytes of a master key, and of a session key.
    pub fn key_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm => 32,
            Self::AeadAes128Gcm | Self::Aes128CmHmacSha1_80 => 16,
        }
    }

    /// Bytes of a master salt, and of a session salt.
    pub fn salt_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AeadAes128Gcm => 12,
            Self::Aes128CmHmacSha1_80 => 14,
        }
    }

    /// Bytes that DTLS has to export: a key and a salt for each direction.
    pub fn keying_material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    /// Bytes that protection adds to an RTP packet: the tag.
    pub fn overhead(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AeadAes128Gcm => 16,
            Self::Aes128CmHmacSha1_80 => 10,
        }
    }

    /// Bytes that protection adds to an RTCP packet: the tag and the index.
    pub fn rtcp_overhead(self) -> usize {
        self.overhead() + 4
    }
}

/// The name in IANA's registry of DTLS-SRTP protection profiles.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::Aes128CmHmacSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
        })
    }
}
