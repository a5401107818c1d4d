//! TLS that trusts the system's certificates, as browsers do.

use std::sync::{Arc, OnceLock};

use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, Error};

/// Made when it is needed: reading the system's certificates takes a while.
#[derive(Default)]
pub(super) struct Connector(OnceLock<Result<TlsConnector, String>>);

impl Connector {
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let connector = self.0.get_or_init(|| config().map_err(|it| it.to_string())).clone()?;
        let name = ServerName::try_from(host.to_owned()).map_err(|it| it.to_string())?;
        connector.connect(name, stream).await.map_err(|it| format!("TLS: {it}"))
    }
}

fn config() -> Result<TlsConnector, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
