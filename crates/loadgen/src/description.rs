//! Session descriptions, as little of them as a viewer needs: what the server says of itself, our answer as an echo of
//! its offer, and an offer of our own for WHEP.

mod change;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::net::SocketAddr;

pub(crate) use change::{with_candidates, with_credentials};
pub(crate) use write::{answer, offer};

/// The transport-wide sequence number.
const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// What a payload type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carries {
    Nothing,
    Audio,
    Video,
    /// Repeated video (RFC 4588).
    Rtx,
}

/// What we say of ourselves.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// The certificate's SHA-256, as SDP writes it.
    pub(crate) fingerprint: String,
    /// Our only candidate.
    pub(crate) address: SocketAddr,
}

/// What the server says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// The certificate's SHA-256.
    pub(crate) fingerprint: Vec<u8>,
    /// Whether the server begins the DTLS handshake.
    pub(crate) is_dtls_client: bool,
    pub(crate) candidates: Vec<SocketAddr>,
    /// By payload type.
    pub(crate) formats: [Carries; 128],
    /// The id of the transport-wide sequence number's header extension.
    pub(crate) twcc: Option<u8>,
    /// Whether lost video is repeated on request.
    pub(crate) rtx: bool,
    /// The source of video, where the description names it.
    pub(crate) video_ssrc: Option<u32>,
}
