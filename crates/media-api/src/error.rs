//! Why a description is refused and why a peer is closed.

/// Why an offer or answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// It is not a session description that we can read.
    #[error("the session description cannot be read: {}{why}", line_of(*.line))]
    Malformed {
        /// The line that is meant, from 1 on, if it is a line.
        line: Option<u32>,
        /// A sentence of ours: what a library says of it may quote memory or secrets.
        why: &'static str,
    },
    /// It is larger than we read: bytes, lines, m-lines, payload types or candidates.
    #[error("the session description is too large: {0}")]
    TooLarge(&'static str),
    /// It has no audio or video m-line, or none in the direction needed.
    #[error("the session description has no audio or video {0}")]
    NoMedia(&'static str),
    /// None of its codecs is one that we forward.
    #[error(
        "the session description has no codec that this server forwards: Opus, VP8, H264, VP9, AV1"
    )]
    NoCodec,
    /// It refers to a negotiation that is over.
    #[error("there is no offer that this could answer")]
    OutOfOrder,
    /// The peer does not exist, or no longer.
    #[error("the connection is closed")]
    UnknownPeer,
    /// As many peers exist as `max_peers` allows.
    #[error("the server has as many connections as it takes")]
    Full,
}

impl NegotiationError {
    /// [`Self::Malformed`], of no line or none known.
    pub const fn malformed(why: &'static str) -> Self {
        Self::Malformed { line: None, why }
    }

    /// Adds the line, from 1 on, to a [`Self::Malformed`]; returns any other error unchanged.
    #[must_use]
    pub fn at_line(self, number: usize) -> Self {
        match self {
            Self::Malformed { why, .. } => Self::Malformed { line: number.try_into().ok(), why },
            other => other,
        }
    }
}

fn line_of(line: Option<u32>) -> String {
    line.map(|it| format!("line {it}: ")).unwrap_or_default()
}

/// Why a peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// [`Command::Close`].
    Requested,
    /// A new publisher took its place.
    Replaced,
    /// The remote side said goodbye (DTLS `close_notify`).
    Remote,
    /// It never connected, in [`crate::CONNECT_TIMEOUT`] from the answer.
    ConnectTimeout,
    /// Its connectivity checks stopped for [`crate::CONSENT_TIMEOUT`] (RFC 7675).
    ConsentExpired,
    /// The DTLS handshake failed.
    Dtls,
    /// A publisher sent more than the ceiling for 5 s ([`crate::Finding::OverCeiling`]).
    Flooding,
    /// A fault of ours, contained to this peer.
    Internal,
}
