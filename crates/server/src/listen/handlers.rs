//! What connections are served with, and what requests know of their connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tls::{Certificates, ServerConfig};

use super::handshakes::Handshakes;
use crate::media::Media;
use crate::own_turn::OwnTurn;
use crate::shutdown::Shutdown;

/// The address of ours that a connection reached. Handlers find it in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalAddr(pub(crate) SocketAddr);

/// TLS of a connection. Handlers find it in the request's extensions of those that have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OverTls {
    /// Whether browsers trust the certificate's issuer.
    pub(crate) is_public: bool,
}

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: Option<SocketAddr>,
    pub(super) tls: Option<OverTls>,
}

/// What connections are served with; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Handlers {
    pub(crate) router: Router,
    /// None without HTTPS.
    pub(crate) tls: Option<(Arc<ServerConfig>, Certificates)>,
    pub(crate) handshakes: Handshakes,
    /// Takes connections that carry media.
    pub(crate) media: Arc<dyn Media>,
    /// Serves TURN clients; none without HTTPS.
    pub(crate) turn: Option<OwnTurn>,
    pub(crate) shutdown: Shutdown,
}
