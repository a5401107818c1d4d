//! Why something is refused or over: a code for a program, a sentence for a person.

use auth::{Denied, WrongSecret};
use media_api::{CONNECT_TIMEOUT, CloseReason, NegotiationError};
use protocol::{ErrorCode, ServerMessage};
use serde_json::Value;

/// Why a client does not get what it asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For a program.
    pub code: ErrorCode,
    /// For a person, in English.
    pub message: String,
    /// What exactly, such as the codec that is missing.
    pub detail: Option<String>,
    /// When another try makes sense, in milliseconds.
    pub retry_ms: Option<u32>,
    /// The client is disconnected after it.
    pub is_fatal: bool,
}

impl Refusal {
    /// A refusal with a sentence for a person.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None, retry_ms: None, is_fatal: false }
    }

    /// Something that cannot be done now, or not in this order.
    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unexpected, message)
    }

    /// Its client asks for something after the session ended.
    pub(crate) fn session_over() -> Self {
        Self::new(ErrorCode::NotFound, "the session is over")
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Says when another try makes sense.
    pub fn retry_ms(self, ms: u32) -> Self {
        Self { retry_ms: Some(ms), ..self }
    }

    /// Disconnects the client after it.
    pub(crate) fn fatal(self) -> Self {
        Self { is_fatal: true, ..self }
    }

    /// The `error` message of `/ws`; `re` is the `id` of the message that caused it.
    pub(crate) fn into_message(self, re: Option<Value>) -> ServerMessage {
        let Self { code, message, detail, retry_ms, is_fatal } = self;
        ServerMessage::Error { code, message, re, fatal: is_fatal, retry_ms, detail }
    }

    /// What a client is told when its peer is closed; `None` when it knows, or need not know.
    pub(crate) fn of_close(reason: CloseReason) -> Option<Self> {
        let (code, message) = match reason {
            CloseReason::Requested | CloseReason::Replaced | CloseReason::Remote => return None,
            CloseReason::ConnectTimeout => {
                let message = format!(
                    "the media connection did not come up in {} s: a firewall between the browser and this \
                     server may block UDP, or the server announces an address that cannot be reached \
                     (see --public-ip)",
                    CONNECT_TIMEOUT.as_secs()
                );
                return Some(Self::new(ErrorCode::IceTimeout, message));
            }
            CloseReason::ConsentExpired => (
                ErrorCode::IceFailed,
                "the media connection was lost: the network may have changed",
            ),
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
        Some(Self::new(code, message))
    }
}

impl From<NegotiationError> for Refusal {
    fn from(error: NegotiationError) -> Self {
        let code = match error {
            NegotiationError::Malformed { .. } => ErrorCode::SdpBad,
            NegotiationError::TooLarge(_) => ErrorCode::TooLarge,
            NegotiationError::NoMedia(_) => ErrorCode::SdpNoMedia,
            NegotiationError::NoCodec => ErrorCode::CodecUnsupported,
            NegotiationError::OutOfOrder | NegotiationError::UnknownPeer => ErrorCode::Unexpected,
            NegotiationError::Full => ErrorCode::ServerFull,
        };
        let refusal = Self::new(code, error.to_string());
        if code == ErrorCode::ServerFull { refusal.retry_ms(10_000) } else { refusal }
    }
}

/// In the words of the media plane, which reads the same.
impl From<sdp::Error> for Refusal {
    fn from(error: sdp::Error) -> Self {
        let why = error.why();
        if error.is_too_large() {
            return NegotiationError::TooLarge(why).into();
        }
        NegotiationError::Malformed { line: error.line(), why }.into()
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        let required = || Self::new(ErrorCode::AuthRequired, denied.to_string());
        let bad = || Self::new(ErrorCode::AuthBad, denied.to_string());
        match denied {
            Denied::KeyRequired => required(),
            Denied::KeyWrong => bad(),
            Denied::PasswordRequired => required().detail("password"),
            Denied::PasswordWrong => bad().detail("password"),
            Denied::InviteRequired => required().detail("invite"),
            Denied::InviteWrong | Denied::InviteExpired | Denied::InviteUsedUp => {
                bad().detail("invite")
            }
            Denied::TokenRequired => required().detail("token"),
            Denied::TokenBad(_) => bad().detail("token"),
            Denied::ServiceRefused => bad().detail("service"),
            Denied::ServiceSilent => {
                Self::new(ErrorCode::AuthRequired, denied.to_string()).retry_ms(5_000)
            }
            Denied::TooManyWrong { retry_after } => too_many_wrong(retry_after),
        }
    }
}

impl From<WrongSecret> for Refusal {
    fn from(wrong: WrongSecret) -> Self {
        match wrong {
            WrongSecret::Wrong => {
                Self::new(ErrorCode::HostTaken, "somebody else is live in this room")
            }
            WrongSecret::TooMany { retry_after } => too_many_wrong(retry_after),
        }
    }
}

/// The client is disconnected, so that each further guess costs a join.
fn too_many_wrong(retry_after: std::time::Duration) -> Refusal {
    let ms = u32::try_from(retry_after.as_millis()).unwrap_or(u32::MAX);
    let message = "too many wrong keys from this network; the right one still works";
    Refusal::new(ErrorCode::RateLimited, message).retry_ms(ms).fatal()
}
