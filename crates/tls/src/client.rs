//! TLS settings of the server as a client.

use rustls::{ClientConfig, RootCertStore};

use crate::certificate::provider;

/// Trusts certificates that lead to one of Mozilla's roots.
pub fn client_config() -> ClientConfig {
    trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// Trusts certificates that lead to one of these roots.
pub(crate) fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
