//! What the peer sends under its keys, each number once. A packet that is not authentic changes
//! nothing.

use super::cipher::{Cipher, ENCRYPTED};
use super::sender::rtcp_ssrc;
use super::window::Window;
use crate::header::Header;
use crate::seq::extend;

/// How many SSRCs a peer may send RTP under: simulcast of three layers with retransmissions and
/// sound takes eight, and a browser that renegotiates brings new ones.
const MAX_RTP_SOURCES: usize = 32;

/// How many SSRCs a peer may send RTCP under.
const MAX_RTCP_SOURCES: usize = 16;

/// An index has 48 bits (RFC 3711, section 3.3.1).
const MAX_INDEX: u64 = (1 << 48) - 1;

/// Why a packet was not decrypted. Nothing was learnt from it; its bytes are no longer what they
/// were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnprotectError {
    /// Shorter than SRTP or SRTCP can be, or no RTP header.
    #[error("malformed")]
    Malformed,
    /// This index came before, or is too old to know (RFC 3711, section 3.3.2).
    #[error("replayed")]
    Replayed,
    /// Not sent by the peer, or changed on the way.
    #[error("not authentic")]
    NotAuthentic,
    /// SRTCP that is not encrypted: in WebRTC it must be (RFC 8827, section 6.5).
    #[error("not encrypted")]
    NotEncrypted,
    /// From one more SSRC than a peer may have: 32 of RTP, 16 of RTCP.
    #[error("too many SSRCs")]
    TooManySources,
}

/// A decrypted RTP packet, in the buffer that the protected one was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unprotected {
    /// Bytes of the header, with its extension: where the payload begins.
    pub header_len: usize,
    /// Bytes of the payload, its padding still inside
    /// ([`payload_without_padding`](crate::header::Header::payload_without_padding)).
    pub payload_len: usize,
    /// The extended sequence number: the roll-over counter and, in its low 16 bits, the header's.
    pub index: u64,
}

/// The peer's keys, and what came under them.
#[derive(Debug)]
pub struct Receiver {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_sources: Vec<Source<16>>,
    rtcp_sources: Vec<Source<2>>,
}

/// What came from one SSRC.
#[derive(Debug)]
struct Source<const WORDS: usize> {
    ssrc: u32,
    seen: Window<WORDS>,
}

impl Receiver {
    pub(super) fn new(rtp: Cipher, rtcp: Cipher) -> Self {
        Self { rtp, rtcp, rtp_sources: Vec::new(), rtcp_sources: Vec::new() }
    }

    /// Decrypts an SRTP packet in place: header and payload are at its front after that. The
    /// roll-over counter is estimated from what came before (RFC 3711, section 3.3.1).
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<Unprotected, UnprotectError> {
        let Header { ssrc, seq, header_len, .. } =
            Header::parse(packet).ok_or(UnprotectError::Malformed)?;
        if packet.len() < header_len + self.rtp.tag_len() {
            return Err(UnprotectError::Malformed);
        }
        let known = find(&self.rtp_sources, ssrc);
        let highest = known.and_then(|it| it.seen.highest());
        let index = extend(seq, highest.unwrap_or(seq.into()));
        check(known, index, self.rtp_sources.len() < MAX_RTP_SOURCES)?;
        if index > MAX_INDEX {
            return Err(UnprotectError::Replayed);
        }
        let opened = self.rtp.open_rtp(ssrc, index, packet, header_len);
        let payload_len = opened.ok_or(UnprotectError::NotAuthentic)?;
        mark(&mut self.rtp_sources, ssrc, index);
        Ok(Unprotected { header_len, payload_len, index })
    }

    /// Decrypts an SRTCP packet in place and returns the length of the compound packet that is at
    /// its front after that.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let word = self.rtcp.rtcp_word(packet).ok_or(UnprotectError::Malformed)?;
        if word & ENCRYPTED == 0 {
            return Err(UnprotectError::NotEncrypted);
        }
        let index = word & !ENCRYPTED;
        let known = find(&self.rtcp_sources, ssrc);
        check(known, index.into(), self.rtcp_sources.len() < MAX_RTCP_SOURCES)?;
        let opened = self.rtcp.open_rtcp(ssrc, index, packet);
        let len = opened.ok_or(UnprotectError::NotAuthentic)?;
        mark(&mut self.rtcp_sources, ssrc, index.into());
        Ok(len)
    }
}

fn find<const N: usize>(sources: &[Source<N>], ssrc: u32) -> Option<&Source<N>> {
    sources.iter().find(|it| it.ssrc == ssrc)
}

/// What can be refused without any cryptography.
fn check<const N: usize>(
    known: Option<&Source<N>>,
    index: u64,
    has_room: bool,
) -> Result<(), UnprotectError> {
    match known {
        Some(source) if !source.seen.is_fresh(index) => Err(UnprotectError::Replayed),
        None if !has_room => Err(UnprotectError::TooManySources),
        Some(_) | None => Ok(()),
    }
}

/// Remembers what was authentic.
fn mark<const N: usize>(sources: &mut Vec<Source<N>>, ssrc: u32, index: u64) {
    match sources.iter_mut().find(|it| it.ssrc == ssrc) {
        Some(source) => source.seen.mark(index),
        None => {
            let mut source = Source { ssrc, seen: Window::new() };
            source.seen.mark(index);
            sources.push(source);
        }
    }
}
