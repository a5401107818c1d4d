//! Why a connection or a broadcast is over, in a word for the log.

use std::fmt;

use media_api::CloseReason;

/// Why a publisher or a viewer left, or a broadcast ended. `docs/operate.md` lists the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The client left: it closed its connection or its tab, or deleted its session.
    Left,
    /// The host ended the broadcast.
    Ended,
    /// Another connection took the place of this one.
    Replaced,
    /// The host sent nothing for the grace, [`crate::limits::HOST_GRACE`] unless configured.
    NoMedia,
    /// The client is gone without a word, and nobody came back for the session.
    ClientGone,
    /// It made room for somebody else.
    GaveWay,
    /// It did not answer the server's offer.
    Unanswered,
    /// What it said was refused.
    Refused,
    /// It may not be in the room.
    Banned,
    /// Its right to be here was taken away.
    Revoked,
    /// The operator ended it.
    Kicked,
    /// The server stops.
    ServerStopped,
    /// The media plane closed it.
    Media(CloseReason),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left | Self::Media(CloseReason::Remote) => "left",
            Self::Ended => "ended",
            Self::Replaced | Self::Media(CloseReason::Replaced) => "replaced",
            Self::NoMedia => "no_media",
            Self::Banned => "banned",
            Self::Revoked => "revoked",
            Self::Kicked => "kicked",
            Self::ClientGone => "client_gone",
            Self::GaveWay => "gave_way",
            Self::Unanswered => "unanswered",
            Self::Refused => "refused",
            Self::ServerStopped => "server_stopped",
            Self::Media(CloseReason::Requested) => "closed",
            Self::Media(CloseReason::ConnectTimeout) => "never_connected",
            Self::Media(CloseReason::ConsentExpired) => "connection_lost",
            Self::Media(CloseReason::Dtls) => "dtls_failed",
            Self::Media(CloseReason::Flooding) => "flooding",
            Self::Media(CloseReason::Internal) => "server_fault",
        })
    }
}
