//! The TLS settings.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::NoServerSessionStorage;

use crate::alpn::{ALPN_ACME, ALPN_H2, ALPN_HTTP1, ALPN_TURN};
use crate::certificate::provider;
use crate::certificates::Certificates;

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
