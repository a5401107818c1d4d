//! The TLS settings.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::NoServerSessionStorage;

use crate::certificate::provider;
use crate::certificates::Certificates;

/// HTTP/2 (RFC 9113, section 3.2).
pub const ALPN_H2: &[u8] = b"h2";
/// HTTP/1.1 (RFC 7301, section 6).
pub const ALPN_HTTP1: &[u8] = b"http/1.1";
/// TLS-ALPN-01 (RFC 8737, section 6.2).
pub const ALPN_ACME: &[u8] = b"acme-tls/1";
/// TURN over TLS (RFC 7443).
const ALPN_TURN: &[u8] = b"stun.turn";

/// TLS 1.2 and 1.3 with these certificates. Sessions are resumed by tickets alone: the server keeps nothing for a
/// client that has left.
///
/// # Errors
/// When the system has no random numbers for the keys of the tickets.
pub fn server_config(certificates: Certificates) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    config.alpn_protocols =
        [ALPN_H2, ALPN_HTTP1, ALPN_ACME, ALPN_TURN].map(<[u8]>::to_vec).to_vec();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Ticketer::new()?;
    Ok(Arc::new(config))
}
