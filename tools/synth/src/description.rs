//! Session descriptions, as far as a viewer needs them: reads the server's, answers its offer by echoing it, and writes an
//! offer for WHEP.

mod change;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::net::SocketAddr;

use crate::socket::Transport;

pub use change::with_candidates;
pub(crate) use change::with_credentials;
pub use write::{answer, offer};

/// The transport-wide sequence number.
const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// What a payload type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    Nothing,
    Audio,
    Video,
    /// Repeated video (RFC 4588).
    Rtx,
}

/// Our half of a description.
#[derive(Debug, Clone)]
pub struct Local {
    pub ufrag: String,
    pub pwd: String,
    /// The certificate's SHA-256 fingerprint, as in SDP.
    pub fingerprint: String,
    /// Our only candidate. Over TCP its port is not told.
    pub address: SocketAddr,
    pub transport: Transport,
}

/// The server's half of a description.
#[derive(Debug, Clone)]
pub struct Remote {
    pub ufrag: String,
    pub pwd: String,
    /// The certificate's SHA-256.
    pub fingerprint: Vec<u8>,
    /// Whether the server begins the DTLS handshake.
    pub is_dtls_client: bool,
    /// Of the transport that was asked for.
    pub candidates: Vec<SocketAddr>,
    /// By payload type.
    pub formats: [Carries; 128],
    /// The id of the transport-wide sequence number's header extension.
    pub twcc: Option<u8>,
    /// Whether lost video is repeated on request.
    pub rtx: bool,
    /// The source of video, where the description names it.
    pub video_ssrc: Option<u32>,
}
