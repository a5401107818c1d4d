//! What we send under our keys, each number once.

use std::sync::Arc;

use super::cipher::{Cipher, RTCP_CLEAR_LEN};
use super::window::Window;
use crate::header::FIXED_LEN;

/// How many SSRCs one session may send under. A viewer has four: sound, picture, and a
/// retransmission stream of each.
const MAX_STREAMS: usize = 64;

/// The longest packet that is encrypted: no datagram is longer, and the key stream of AES-CM
/// would repeat after 2^20 bytes (RFC 3711, section 4.1.1).
const MAX_LEN: usize = 65_535;

/// An index has 48 bits (RFC 3711, section 3.3.1).
const MAX_INDEX: u64 = (1 << 48) - 1;

/// An SRTCP index has 31 bits (RFC 3711, section 3.4).
const MAX_RTCP_INDEX: u32 = (1 << 31) - 1;

/// Why a packet was not encrypted. It was not changed, and must not be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtectError {
    /// This index was encrypted before, or is too old to know.
    #[error("the packet's index was used before")]
    Reused,
    /// The tag does not fit behind the packet.
    #[error("the buffer has no room for the tag")]
    NoSpace,
    /// The header does not say what the caller says: another SSRC or sequence number, a stream of
    /// another session, or lengths that cannot be.
    #[error("the packet's header and its stream do not match")]
    Mismatch,
    /// Longer than any datagram.
    #[error("the packet is longer than a datagram")]
    TooLong,
    /// All indices that the key is good for are used up (RFC 3711, section 9.2): the session
    /// needs new keys.
    #[error("the key is used up")]
    Exhausted,
}

/// Our keys. There is one of it in a session and it cannot be copied.
#[derive(Debug)]
pub struct Sender {
    rtp: Cipher,
    rtcp: Cipher,
    /// The SSRCs that streams were handed out for.
    ssrcs: Vec<u32>,
    next_rtcp_index: u32,
    /// Whose a stream is, by address: it has no content.
    identity: Arc<()>,
}

/// What was sent under one SSRC of one [`Sender`]: the highest index, and which of the 1024 up to
/// it. There is one of it for each SSRC and it cannot be copied.
#[derive(Debug)]
pub struct Stream {
    ssrc: u32,
    used: Window<16>,
    sender: Arc<()>,
}

impl Sender {
    pub(super) fn new(rtp: Cipher, rtcp: Cipher) -> Self {
        Self { rtp, rtcp, ssrcs: Vec::new(), next_rtcp_index: 0, identity: Arc::default() }
    }

    /// The stream of an SSRC. `None` when it was handed out before, even if it was dropped since:
    /// what it had used would be forgotten. `None` as well for more than 64 in one session.
    pub fn stream(&mut self, ssrc: u32) -> Option<Stream> {
        if self.ssrcs.len() >= MAX_STREAMS || self.ssrcs.contains(&ssrc) {
            return None;
        }
        self.ssrcs.push(ssrc);
        Some(Stream { ssrc, used: Window::new(), sender: Arc::clone(&self.identity) })
    }

    /// Encrypts an RTP packet in place and returns the length of the SRTP packet, which is
    /// [`Profile::overhead`](super::Profile::overhead) more than `plain_len`.
    ///
    /// `packet[..header_len]` is the header with its extension, which stays readable;
    /// `packet[header_len..plain_len]` the payload with its padding. `index` is the extended
    /// sequence number: the roll-over counter in its upper 32 bits, the header's in its low 16.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`]; `packet` is as it was, and `index` may be used still.
    #[inline]
    pub fn protect(
        &self,
        stream: &mut Stream,
        index: u64,
        packet: &mut [u8],
        header_len: usize,
        plain_len: usize,
    ) -> Result<usize, ProtectError> {
        let fixed = packet.first_chunk::<FIXED_LEN>().ok_or(ProtectError::Mismatch)?;
        let [_, _, s0, s1, _, _, _, _, ssrc @ ..] = *fixed;
        let is_same = u16::from_be_bytes([s0, s1]) == index as u16
            && u32::from_be_bytes(ssrc) == stream.ssrc
            && (FIXED_LEN..=plain_len).contains(&header_len)
            && Arc::ptr_eq(&self.identity, &stream.sender);
        if !is_same {
            return Err(ProtectError::Mismatch);
        }
        if plain_len > MAX_LEN {
            return Err(ProtectError::TooLong);
        }
        if index > MAX_INDEX {
            return Err(ProtectError::Exhausted);
        }
        if !stream.used.is_fresh(index) {
            return Err(ProtectError::Reused);
        }
        let len = plain_len + self.rtp.tag_len();
        let packet = packet.get_mut(..len).ok_or(ProtectError::NoSpace)?;
        // Before the cipher sees it: used is used, whatever comes of it.
        stream.used.mark(index);
        self.rtp.seal_rtp(stream.ssrc, index, packet, header_len).ok_or(ProtectError::Mismatch)?;
        Ok(len)
    }

    /// Encrypts a compound RTCP packet, `packet[..plain_len]`, in place and returns the length of
    /// the SRTCP packet, which is
    /// [`Profile::rtcp_overhead`](super::Profile::rtcp_overhead) more. Its index is counted here.
    ///
    /// # Errors
    ///
    /// [`Mismatch`](ProtectError::Mismatch) when it is shorter than an RTCP header with an SSRC;
    /// otherwise see [`ProtectError`]. `packet` is as it was.
    pub fn protect_rtcp(
        &mut self,
        packet: &mut [u8],
        plain_len: usize,
    ) -> Result<usize, ProtectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(ProtectError::Mismatch)?;
        if plain_len < RTCP_CLEAR_LEN {
            return Err(ProtectError::Mismatch);
        }
        if plain_len > MAX_LEN {
            return Err(ProtectError::TooLong);
        }
        if self.next_rtcp_index > MAX_RTCP_INDEX {
            return Err(ProtectError::Exhausted);
        }
        let len = plain_len + self.rtcp.tag_len() + 4;
        let packet = packet.get_mut(..len).ok_or(ProtectError::NoSpace)?;
        let index = self.next_rtcp_index;
        self.next_rtcp_index += 1;
        self.rtcp.seal_rtcp(ssrc, index, packet).ok_or(ProtectError::Mismatch)?;
        Ok(len)
    }

    #[cfg(test)]
    pub(super) fn set_next_rtcp_index(&mut self, index: u32) {
        self.next_rtcp_index = index;
    }
}

impl Stream {
    /// The SSRC that it is for.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The highest index that was encrypted; `None` before the first.
    pub fn highest_index(&self) -> Option<u64> {
        self.used.highest()
    }
}

/// The sender of a compound packet: that of the first packet in it.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let [_, _, _, _, ssrc @ ..] = *packet.first_chunk::<RTCP_CLEAR_LEN>()?;
    Some(u32::from_be_bytes(ssrc))
}
