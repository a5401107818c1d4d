//! What a page is told when something fails.

use engine::{CloseReason, NegotiationError};
use protocol::{ErrorCode, ServerMessage};
use serde_json::Value;

/// An `error` in the making.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) code: ErrorCode,
    message: String,
    re: Option<Value>,
    detail: Option<String>,
    retry_ms: Option<u32>,
    fatal: bool,
}

impl Fault {
    /// A fault with a sentence for a person, in English.
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, re: None, detail: None, retry_ms: None, fatal: false }
    }

    /// What cannot be done now, or not in this order.
    pub(super) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unexpected, message)
    }

    /// The `id` of the message that caused it.
    pub(super) fn re(mut self, re: Option<Value>) -> Self {
        self.re = re;
        self
    }

    /// What exactly.
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// When another try makes sense, in milliseconds.
    pub(super) fn retry_ms(mut self, ms: u32) -> Self {
        self.retry_ms = Some(ms);
        self
    }

    /// The socket is closed after it.
    pub(super) fn fatal(mut self) -> Self {
        self.fatal = true;
        self
    }

    /// The message on the wire.
    pub(super) fn into_message(self) -> ServerMessage {
        let Self { code, message, re, detail, retry_ms, fatal } = self;
        ServerMessage::Error { code, message, re, fatal, retry_ms, detail }
    }
}

impl From<NegotiationError> for Fault {
    fn from(error: NegotiationError) -> Self {
        let code = match error {
            NegotiationError::Malformed { .. } => ErrorCode::SdpBad,
            NegotiationError::TooLarge(_) => ErrorCode::TooLarge,
            NegotiationError::NoMedia(_) => ErrorCode::SdpNoMedia,
            NegotiationError::NoCodec => ErrorCode::CodecUnsupported,
            NegotiationError::OutOfOrder | NegotiationError::UnknownPeer => ErrorCode::Unexpected,
            NegotiationError::Full => ErrorCode::ServerFull,
        };
        let fault = Self::new(code, error.to_string());
        if code == ErrorCode::ServerFull { fault.retry_ms(10_000) } else { fault }
    }
}

/// What to tell the page whose connection is gone; nothing when it knows or need not know.
pub(super) fn of_close(reason: CloseReason) -> Option<Fault> {
    let (code, message) = match reason {
        CloseReason::Requested | CloseReason::Replaced | CloseReason::Remote => return None,
        CloseReason::ConnectTimeout => (
            ErrorCode::IceTimeout,
            "the media connection did not come up in 15 s: a firewall between the browser and this \
             server may block UDP, or the server announces an address that cannot be reached \
             (see --public-ip)",
        ),
        CloseReason::ConsentExpired => {
            (ErrorCode::IceFailed, "the media connection was lost: the network may have changed")
        }
        CloseReason::Dtls => {
            (ErrorCode::DtlsFailed, "the encrypted media connection could not be set up")
        }
        CloseReason::Flooding => (
            ErrorCode::RateLimited,
            "far more was sent than this server takes of one publisher, for 5 s: set a lower bit rate",
        ),
        CloseReason::Internal => {
            (ErrorCode::Internal, "the media connection was closed by a fault of the server")
        }
    };
    Some(Fault::new(code, message))
}
