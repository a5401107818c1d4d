//! Errors as HTTP tells them.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use control::Refusal;
use protocol::{ErrorBody, ErrorCode};

/// When a server that stops may be there again, in milliseconds.
const RESTART_MS: u32 = 2_000;

/// What a caller of the HTTP API did wrong, or we did: `{"code", "message"}` with a fitting status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    retry_ms: Option<u32>,
}

impl ApiError {
    /// An error with a sentence for a person, in English.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_ms: None }
    }

    /// What went wrong, for a program and for a person; when to come again, in milliseconds.
    pub(crate) fn into_parts(self) -> (ErrorCode, String, Option<u32>) {
        let retry_ms = self.retry_ms();
        (self.code, self.message, retry_ms)
    }

    fn retry_ms(&self) -> Option<u32> {
        self.retry_ms.or((self.code == ErrorCode::Draining).then_some(RESTART_MS))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Json(ErrorBody { code: self.code, message: self.message.clone() });
        let mut response = (status, body).into_response();
        // For the count of refusals.
        response.extensions_mut().insert(self.code);
        if let Some(ms) = self.retry_ms() {
            response.headers_mut().insert(RETRY_AFTER, ms.div_ceil(1000).into());
        }
        // For those who are told a problem.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::StoreError> for ApiError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(%error, "the store does not do what was asked of it");
        Self::new(ErrorCode::Internal, "the data folder cannot be read or written")
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, retry_ms, .. } = refusal;
        Self { code, message, retry_ms }
    }
}

/// Why the server did not start, each a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The TCP port is in use.
    #[error(
        "port {port} is in use by another program; stop it or choose another with \
         --listen {host}:{next}"
    )]
    PortInUse {
        /// The port.
        port: u16,
        /// The address, as it stands in `--listen`.
        host: String,
        /// A port that may be free.
        next: u16,
    },
    /// The TCP port cannot be had.
    #[error("cannot listen on {addr}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        addr: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A setting makes no sense.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The store in the data folder cannot be used.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The rules of rooms cannot be read.
    #[error("the rules of rooms cannot be read, and without them private rooms would be open: {0}")]
    Rules(#[from] store::StoreError),
    /// The UDP port is in use.
    #[error(
        "UDP port {port} is in use by another program; stop it or choose another with \
         --udp-port {next}"
    )]
    UdpInUse {
        /// The port.
        port: u16,
        /// A port that may be free.
        next: u16,
    },
    /// HTTPS cannot be had.
    #[error(transparent)]
    Https(#[from] crate::HttpsError),
    /// The media plane did not start.
    #[error("{message}")]
    Media {
        /// What and why.
        message: String,
    },
}

impl From<engine::StartError> for ServeError {
    fn from(error: engine::StartError) -> Self {
        match error {
            engine::StartError::Bind { addr, source }
                if source.kind() == std::io::ErrorKind::AddrInUse =>
            {
                let port = addr.port();
                Self::UdpInUse { port, next: next_port(port) }
            }
            engine::StartError::Bind { addr, source } => Self::Media {
                message: format!("cannot open UDP {addr}: {source}; choose a port with --udp-port"),
            },
            engine::StartError::Thread(source) => {
                Self::Media { message: format!("cannot start the media thread: {source}") }
            }
            error @ engine::StartError::NoAddress => Self::Media { message: error.to_string() },
        }
    }
}

/// The port after this one, for advice.
pub(crate) fn next_port(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(3000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_meets_a_server_that_stops_is_told_when_to_come_again() {
        let retry_after =
            |error: ApiError| error.into_response().headers().get(RETRY_AFTER).cloned();
        let draining = ApiError::new(ErrorCode::Draining, "the server is stopping");
        assert_eq!(retry_after(draining).unwrap(), "2");
        let refusal = Refusal::new(ErrorCode::Draining, "the server is stopping");
        assert_eq!(retry_after(refusal.into()).unwrap(), "2");
        assert_eq!(retry_after(ApiError::new(ErrorCode::NotFound, "no such room")), None);
    }
}
