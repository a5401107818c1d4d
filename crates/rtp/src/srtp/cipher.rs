//! The transforms: what the bytes of a packet become, given its number. Whether the number may be
//! used is the business of the callers.

use std::fmt;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::Profile;
use super::kdf::{AUTH_KEY_LEN, Label, Master, Scope};

/// Bytes of an RTCP packet that stay readable: its header and its sender (RFC 3711, section 3.4).
pub(super) const RTCP_CLEAR_LEN: usize = 8;

/// The bit beside the SRTCP index that says: encrypted.
pub(super) const ENCRYPTED: u32 = 1 << 31;

/// Bytes of a GCM tag.
const GCM_TAG_LEN: usize = 16;

/// Bytes of an HMAC-SHA1-80 tag.
const CM_TAG_LEN: usize = 10;

/// The session keys of one direction, for RTP or for RTCP.
pub(super) enum Cipher {
    Gcm(Gcm),
    /// In a box, since it is six times as large, and rare.
    Cm(Box<Cm>),
}

/// AES-GCM (RFC 7714).
pub(super) struct Gcm {
    key: LessSafeKey,
    /// The 96 bits of the salt.
    salt: u128,
}

/// AES-CM with HMAC-SHA1-80 (RFC 3711). Both keys are expanded once: a packet costs neither.
pub(super) struct Cm {
    aes: EncryptingKey,
    hmac: hmac::Key,
    /// The 112 bits of the salt and, below it, the 16 of the block counter.
    salt: u128,
}

impl Cipher {
    /// Derives the session keys; `None` when a key has not the length that its profile asks for.
    pub(super) fn derive(profile: Profile, master: &Master<'_>, scope: Scope) -> Option<Self> {
        let (mut key, mut salt, mut auth) = ([0; 32], [0; 14], [0; AUTH_KEY_LEN]);
        let key = key.get_mut(..profile.key_len())?;
        let salt = salt.get_mut(..profile.salt_len())?;
        master.derive(scope, Label::Encryption, key)?;
        master.derive(scope, Label::Authentication, &mut auth)?;
        master.derive(scope, Label::Salt, salt)?;
        Self::new(profile, key, salt, &auth)
    }

    /// Takes session keys; `auth` is for AES-CM alone.
    pub(super) fn new(profile: Profile, key: &[u8], salt: &[u8], auth: &[u8]) -> Option<Self> {
        let salt = salt.iter().fold(0, |all, byte| all << 8 | u128::from(*byte));
        let algorithm = match profile {
            Profile::AeadAes256Gcm => &AES_256_GCM,
            Profile::AeadAes128Gcm => &AES_128_GCM,
            Profile::Aes128CmHmacSha1_80 => {
                let aes = UnboundCipherKey::new(&AES_128, key).ok()?;
                return Some(Self::Cm(Box::new(Cm {
                    aes: EncryptingKey::ctr(aes).ok()?,
                    hmac: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth),
                    salt: salt << 16,
                })));
            }
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
        Some(Self::Gcm(Gcm { key, salt }))
    }

    /// Bytes of a tag.
    #[inline]
    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Gcm(_) => GCM_TAG_LEN,
            Self::Cm(_) => CM_TAG_LEN,
        }
    }

    /// Encrypts what follows `header` in `packet` and writes the tag to its last bytes. The
    /// sender has made sure of all lengths; `None` when they are wrong.
    #[inline]
    pub(super) fn seal_rtp(
        &self,
        ssrc: u32,
        index: u64,
        packet: &mut [u8],
        header_len: usize,
    ) -> Option<()> {
        match self {
            Self::Gcm(gcm) => {
                let (header, rest) = packet.split_at_mut_checked(header_len)?;
                let (payload, tag) = rest.split_last_chunk_mut::<GCM_TAG_LEN>()?;
                gcm.seal(ssrc, index, header, payload, tag)
            }
            Self::Cm(cm) => {
                let (plain, tag) = packet.split_last_chunk_mut::<CM_TAG_LEN>()?;
                cm.apply_key_stream(ssrc, index, plain.get_mut(header_len..)?)?;
                tag.copy_from_slice(cm.sign(plain, roc(index)).as_ref().get(..CM_TAG_LEN)?);
                Some(())
            }
        }
    }

    /// Authenticates and decrypts a whole packet; the length of its payload, or `None` when the
    /// packet is not authentic.
    pub(super) fn open_rtp(
        &self,
        ssrc: u32,
        index: u64,
        packet: &mut [u8],
        header_len: usize,
    ) -> Option<usize> {
        match self {
            Self::Gcm(gcm) => {
                let (header, rest) = packet.split_at_mut_checked(header_len)?;
                let (payload, tag) = rest.split_last_chunk_mut::<GCM_TAG_LEN>()?;
                gcm.open(ssrc, index, header, payload, tag)?;
                Some(payload.len())
            }
            Self::Cm(cm) => {
                let (cipher, tag) = packet.split_last_chunk_mut::<CM_TAG_LEN>()?;
                cm.verify(cipher, roc(index), tag)?;
                let payload = cipher.get_mut(header_len..)?;
                cm.apply_key_stream(ssrc, index, payload)?;
                Some(payload.len())
            }
        }
    }

    /// Encrypts a compound packet and writes tag and index to the last bytes of `packet`, in the
    /// order of the profile (RFC 3711, section 3.4; RFC 7714, section 9.1).
    pub(super) fn seal_rtcp(&self, ssrc: u32, index: u32, packet: &mut [u8]) -> Option<()> {
        let word = (index | ENCRYPTED).to_be_bytes();
        match self {
            Self::Gcm(gcm) => {
                let (rest, end) = packet.split_last_chunk_mut::<4>()?;
                *end = word;
                let (header, rest) = rest.split_first_chunk_mut::<RTCP_CLEAR_LEN>()?;
                let (payload, tag) = rest.split_last_chunk_mut::<GCM_TAG_LEN>()?;
                gcm.seal(ssrc, index.into(), &rtcp_aad(*header, word), payload, tag)
            }
            Self::Cm(cm) => {
                let (rest, tag) = packet.split_last_chunk_mut::<CM_TAG_LEN>()?;
                let (plain, end) = rest.split_last_chunk_mut::<4>()?;
                *end = word;
                cm.apply_key_stream(ssrc, index.into(), plain.get_mut(RTCP_CLEAR_LEN..)?)?;
                tag.copy_from_slice(cm.sign(plain, word).as_ref().get(..CM_TAG_LEN)?);
                Some(())
            }
        }
    }

    /// The index of a protected compound packet, and the bit that says: encrypted.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let end = match self {
            Self::Gcm(_) => packet.len(),
            Self::Cm(_) => packet.len().checked_sub(CM_TAG_LEN)?,
        };
        packet.get(..end)?.last_chunk().map(|it| u32::from_be_bytes(*it))
    }

    /// Authenticates and decrypts an encrypted compound packet; the length of what is left, or
    /// `None` when the packet is not authentic.
    pub(super) fn open_rtcp(&self, ssrc: u32, index: u32, packet: &mut [u8]) -> Option<usize> {
        match self {
            Self::Gcm(gcm) => {
                let (rest, word) = packet.split_last_chunk_mut::<4>()?;
                let (header, rest) = rest.split_first_chunk_mut::<RTCP_CLEAR_LEN>()?;
                let (payload, tag) = rest.split_last_chunk_mut::<GCM_TAG_LEN>()?;
                gcm.open(ssrc, index.into(), &rtcp_aad(*header, *word), payload, tag)?;
                Some(RTCP_CLEAR_LEN + payload.len())
            }
            Self::Cm(cm) => {
                let (rest, tag) = packet.split_last_chunk_mut::<CM_TAG_LEN>()?;
                let (cipher, word) = rest.split_last_chunk_mut::<4>()?;
                cm.verify(cipher, *word, tag)?;
                cm.apply_key_stream(ssrc, index.into(), cipher.get_mut(RTCP_CLEAR_LEN..)?)?;
                Some(cipher.len())
            }
        }
    }
}

impl Gcm {
    #[inline]
    fn seal(
        &self,
        ssrc: u32,
        index: u64,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &mut [u8; GCM_TAG_LEN],
    ) -> Option<()> {
        let nonce = self.nonce(ssrc, index);
        self.key.seal_in_place_scatter(nonce, Aad::from(aad), in_out, &[], tag).ok()
    }

    fn open(
        &self,
        ssrc: u32,
        index: u64,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; GCM_TAG_LEN],
    ) -> Option<()> {
        let nonce = self.nonce(ssrc, index);
        self.key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, in_out).ok()?;
        Some(())
    }

    /// Two zero bytes, the SSRC and 48 bits of index, against the salt (RFC 7714, sections 8.1
    /// and 9.1: a roll-over counter and a sequence number, or zeros and an SRTCP index).
    #[inline]
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let number = self.salt ^ u128::from(ssrc) << 48 ^ u128::from(index);
        let [_, _, _, _, nonce @ ..] = number.to_be_bytes();
        Nonce::assume_unique_for_key(nonce)
    }
}

impl Cm {
    /// Encrypts or decrypts (RFC 3711, section 4.1.1).
    fn apply_key_stream(&self, ssrc: u32, index: u64, in_out: &mut [u8]) -> Option<()> {
        let iv = self.salt ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        let iv = EncryptionContext::Iv128(FixedLength::from(iv.to_be_bytes()));
        self.aes.less_safe_encrypt(in_out, iv).ok()?;
        Some(())
    }

    /// The tag of a packet and the four bytes that are authenticated after it: the roll-over
    /// counter, or the SRTCP index (RFC 3711, section 4.2).
    fn sign(&self, packet: &[u8], end: [u8; 4]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.hmac);
        context.update(packet);
        context.update(&end);
        context.sign()
    }

    fn verify(&self, packet: &[u8], end: [u8; 4], tag: &[u8; CM_TAG_LEN]) -> Option<()> {
        let expected = self.sign(packet, end);
        verify_slices_are_equal(expected.as_ref().get(..CM_TAG_LEN)?, tag).ok()
    }
}

/// The keys stay out of logs.
impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gcm(_) => "Gcm",
            Self::Cm(_) => "Cm",
        })
    }
}

/// The roll-over counter of an index.
fn roc(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

/// What is authenticated of an encrypted compound packet beside the payload (RFC 7714, section
/// 9.2).
fn rtcp_aad(header: [u8; RTCP_CLEAR_LEN], word: [u8; 4]) -> [u8; 12] {
    let mut aad = [0; 12];
    let (front, end) = aad.split_at_mut(RTCP_CLEAR_LEN);
    front.copy_from_slice(&header);
    end.copy_from_slice(&word);
    aad
}
