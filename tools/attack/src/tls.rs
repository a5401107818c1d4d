//! Our side of TLS. The server is on this machine and is attacked, so its certificate is not verified.

use std::net::IpAddr;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};

/// What clients speak in TLS.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    http: Arc<ClientConfig>,
    /// Without ALPN, as a TURN client.
    turn: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    pub(crate) fn new(server: IpAddr) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions();
        // The provider has both versions.
        let builder = builder.unwrap_or_else(|_| ClientConfig::builder());
        let mut turn = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        // Each client is a new one.
        turn.resumption = Resumption::disabled();
        let mut http = turn.clone();
        http.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { http: http.into(), turn: turn.into(), name: server.into() }
    }

    pub(crate) fn http(&self) -> TlsConnector {
        self.http.clone().into()
    }

    pub(crate) fn turn(&self) -> TlsConnector {
        self.turn.clone().into()
    }

    pub(crate) fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }

    /// The first message of a handshake.
    pub(crate) fn client_hello(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Ok(mut session) = ClientConnection::new(self.http.clone(), self.name()) {
            // Writing to memory does not fail.
            _ = session.write_tls(&mut bytes);
        }
        bytes
    }
}

/// Takes every certificate.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
