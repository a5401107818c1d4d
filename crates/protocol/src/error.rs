//! The closed list of errors a client can be told, and of codes a socket closes with.

use serde::{Deserialize, Serialize};

/// What went wrong, for a program to act on. The list is part of the protocol: see `docs/protocol.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ErrorCode {
    /// The frame is not one JSON object, or is nested too deeply.
    BadJson,
    /// `type` is missing or unknown.
    BadType,
    /// A field is missing or has the wrong form; `detail` says which.
    BadField,
    /// The message is longer than its kind may be.
    TooLarge,
    /// Too many messages, joins, sessions or wrong secrets; what is over the limit is dropped or refused.
    RateLimited,
    /// The message makes no sense now, such as an answer to nothing.
    Unexpected,
    /// Publishing here needs a key.
    AuthRequired,
    /// The key is wrong.
    AuthBad,
    /// This is not allowed, key or not; or the page's origin is not allowed.
    Forbidden,
    /// The request names a host that is not one of the server's own.
    HostUnknown,
    /// The request came over plain HTTP to a server that is reached over HTTPS.
    HttpsRequired,
    /// No such room or resource.
    NotFound,
    /// The room has all the viewers it takes.
    RoomFull,
    /// Nobody is live in the room; the server will offer when that changes.
    RoomOffline,
    /// The server has all the sessions or media connections it takes.
    ServerFull,
    /// Somebody else is live in the room.
    HostTaken,
    /// The session description cannot be read.
    SdpBad,
    /// The session description has no audio or video that could flow.
    SdpNoMedia,
    /// No codec that both sides know; `detail` names the one that is needed.
    CodecUnsupported,
    /// The offer was not answered in time.
    AnswerTimeout,
    /// The media connection did not come up in time; a firewall may block UDP.
    IceTimeout,
    /// The media connection was lost.
    IceFailed,
    /// Too many candidates came before the description they belong to.
    IceQueueFull,
    /// The encrypted connection could not be set up.
    DtlsFailed,
    /// `hello` asked for a version this server does not speak.
    VersionUnsupported,
    /// The method is not one this address answers to.
    MethodNotAllowed,
    /// The person may not be in this room.
    Banned,
    /// The person may not write for a while; `retry_ms` says how long.
    Muted,
    /// Nobody may write in this room now, or only who was invited.
    ChatOff,
    /// Less time than the room asks for has passed since the person's last message.
    ChatSlow,
    /// The message has a word that this room does not want.
    ChatBlocked,
    /// Say a name first.
    NameNeeded,
    /// The stage has all the guests it takes, or takes none now.
    StageFull,
    /// The server is stopping.
    Draining,
    /// A fault of ours; it is in the server's log.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 35] = [
        Self::BadJson,
        Self::BadType,
        Self::BadField,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unexpected,
        Self::AuthRequired,
        Self::AuthBad,
        Self::Forbidden,
        Self::HostUnknown,
        Self::HttpsRequired,
        Self::NotFound,
        Self::RoomFull,
        Self::RoomOffline,
        Self::ServerFull,
        Self::HostTaken,
        Self::SdpBad,
        Self::SdpNoMedia,
        Self::CodecUnsupported,
        Self::AnswerTimeout,
        Self::IceTimeout,
        Self::IceFailed,
        Self::IceQueueFull,
        Self::DtlsFailed,
        Self::VersionUnsupported,
        Self::MethodNotAllowed,
        Self::Banned,
        Self::Muted,
        Self::ChatOff,
        Self::ChatSlow,
        Self::ChatBlocked,
        Self::NameNeeded,
        Self::StageFull,
        Self::Draining,
        Self::Internal,
    ];

    /// The code as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::BadType => "bad_type",
            Self::BadField => "bad_field",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unexpected => "unexpected",
            Self::AuthRequired => "auth_required",
            Self::AuthBad => "auth_bad",
            Self::Forbidden => "forbidden",
            Self::HostUnknown => "host_unknown",
            Self::HttpsRequired => "https_required",
            Self::NotFound => "not_found",
            Self::RoomFull => "room_full",
            Self::RoomOffline => "room_offline",
            Self::ServerFull => "server_full",
            Self::HostTaken => "host_taken",
            Self::SdpBad => "sdp_bad",
            Self::SdpNoMedia => "sdp_no_media",
            Self::CodecUnsupported => "codec_unsupported",
            Self::AnswerTimeout => "answer_timeout",
            Self::IceTimeout => "ice_timeout",
            Self::IceFailed => "ice_failed",
            Self::IceQueueFull => "ice_queue_full",
            Self::DtlsFailed => "dtls_failed",
            Self::VersionUnsupported => "version_unsupported",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Banned => "banned",
            Self::Muted => "muted",
            Self::ChatOff => "chat_off",
            Self::ChatSlow => "chat_slow",
            Self::ChatBlocked => "chat_blocked",
            Self::NameNeeded => "name_needed",
            Self::StageFull => "stage_full",
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status of a response with this code.
    pub fn http_status(self) -> u16 {
        match self {
            Self::BadJson
            | Self::BadType
            | Self::BadField
            | Self::SdpBad
            | Self::SdpNoMedia
            | Self::Unexpected
            | Self::NameNeeded
            | Self::VersionUnsupported => 400,
            Self::AuthRequired | Self::AuthBad => 401,
            Self::Forbidden
            | Self::HttpsRequired
            | Self::Banned
            | Self::Muted
            | Self::ChatOff
            | Self::ChatBlocked => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::CodecUnsupported => 406,
            Self::HostTaken | Self::RoomOffline | Self::StageFull => 409,
            Self::TooLarge => 413,
            Self::HostUnknown => 421,
            Self::RateLimited | Self::ChatSlow => 429,
            Self::Internal => 500,
            Self::RoomFull | Self::ServerFull | Self::Draining => 503,
            Self::AnswerTimeout
            | Self::IceTimeout
            | Self::IceFailed
            | Self::IceQueueFull
            | Self::DtlsFailed => 504,
        }
    }
}

/// The body of an HTTP error: the same code and sentence that the WebSocket would carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ErrorBody {
    /// For a program.
    pub code: ErrorCode,
    /// For a person, in English.
    pub message: String,
}

/// Why the server closes a WebSocket (RFC 6455, section 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// All is done.
    Normal,
    /// The server stops.
    GoingAway,
    /// A binary frame: this protocol is text.
    UnsupportedData,
    /// A frame over the limit.
    TooBig,
    /// Too many malformed messages.
    Malformed,
    /// A wrong or missing key. Reserved: the socket stays open for another key.
    Auth,
    /// The person may not be in this room.
    Banned,
    /// The client reads too slowly.
    TooSlow,
    /// Another connection took this one's place.
    Replaced,
    /// Too many messages in spite of a warning, too many wrong keys, or too many idle sockets.
    RateLimited,
    /// No room for one more.
    Full,
}

impl CloseCode {
    /// The number on the wire.
    pub fn as_u16(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::UnsupportedData => 1003,
            Self::TooBig => 1009,
            Self::Malformed => 4400,
            Self::Auth => 4401,
            Self::Banned => 4403,
            Self::TooSlow => 4408,
            Self::Replaced => 4409,
            Self::RateLimited => 4429,
            Self::Full => 4503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_as_it_is_spoken() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
