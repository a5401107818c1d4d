//! Asks a server over HTTP: this machine's own, or one by its URL.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use url::{Host, Position, Url};

/// The longest wait for a connection to one address.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// The most of an answer that is read, in bytes.
const ANSWER_BYTES: u64 = 1024 * 1024;

/// What is asked.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a Url,
    /// Shown as a bearer token.
    pub(crate) secret: Option<&'a str>,
    /// JSON that is sent.
    pub(crate) body: Option<&'a str>,
    /// Whether its certificate has to be good: it is no server of this machine.
    pub(crate) is_verified: bool,
    /// The longest wait for each part of the answer.
    pub(crate) within: Duration,
}

/// What the server says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// An address of this machine at which a server is reached that listens there.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        // Every address of both families, or of IPv4 where the system has no IPv6.
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Whether an address is one of this machine: only such a one can be bound.
pub(crate) fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// Sends a request.
///
/// # Errors
/// When there is no server, or it does not speak HTTP.
pub(crate) fn ask(request: &Request<'_>) -> anyhow::Result<Answer> {
    let Request { method, url, secret, body, is_verified, within } = *request;
    let host = url.host().context("the URL has no host")?;
    let port = url.port_or_known_default().context("the URL has no port")?;
    let tcp = connect(&addresses(&host, port)?)?;
    tcp.set_read_timeout(Some(within))?;
    tcp.set_write_timeout(Some(within))?;
    let authority = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let secret = secret.map(|it| format!("authorization: Bearer {it}\r\n")).unwrap_or_default();
    let kind = body.map(|_| "content-type: application/json\r\n").unwrap_or_default();
    let body = body.unwrap_or_default();
    let n = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: kaibo\r\n{secret}{kind}content-length: {n}\r\n\
         connection: close\r\n\r\n{body}"
    );
    if url.scheme() == "http" {
        return exchange(tcp, &request);
    }
    let name = match &host {
        Host::Domain(name) => ServerName::try_from((*name).to_owned())?,
        Host::Ipv4(ip) => ServerName::from(IpAddr::from(*ip)),
        Host::Ipv6(ip) => ServerName::from(IpAddr::from(*ip)),
    };
    let tls = if is_verified { server::client_config() } else { tls_config()? };
    let connection = ClientConnection::new(Arc::new(tls), name)?;
    exchange(StreamOwned::new(connection, tcp), &request)
}

fn addresses(host: &Host<&str>, port: u16) -> anyhow::Result<Vec<SocketAddr>> {
    Ok(match host {
        // Without a resolver, as in an image that has no file of hosts.
        Host::Domain("localhost") => {
            vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
        }
        Host::Domain(name) => (*name, port).to_socket_addrs()?.collect(),
        Host::Ipv4(ip) => vec![(*ip, port).into()],
        Host::Ipv6(ip) => vec![(*ip, port).into()],
    })
}

fn connect(addresses: &[SocketAddr]) -> anyhow::Result<TcpStream> {
    let mut last = anyhow!("the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT_WITHIN) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// Sends a request; the answer.
fn exchange(mut stream: impl Read + Write, request: &str) -> anyhow::Result<Answer> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    let read = stream.take(ANSWER_BYTES).read_to_end(&mut answer);
    match status(&answer) {
        Some(status) => Ok(Answer { status, body: body(&answer).to_vec() }),
        // A peer may end TLS without saying so, once it has answered.
        None => Err(read.err().map_or_else(|| anyhow!("it does not speak HTTP"), Into::into)),
    }
}

/// What follows the head.
fn body(answer: &[u8]) -> &[u8] {
    const END: &[u8] = b"\r\n\r\n";
    let at = answer.windows(END.len()).position(|it| it == END);
    at.and_then(|at| answer.get(at + END.len()..)).unwrap_or_default()
}

/// The status in the first line of an answer.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|&byte| byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next()?.strip_prefix("HTTP/1.")?;
    words.next()?.parse().ok()
}

fn tls_config() -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let verifier = Arc::new(Unverified(provider));
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Takes every certificate: the name of a server is not its address on this machine, and secrets are sent to this machine
/// alone.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_on_loopback() {
        let at = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(at("[::]:3000"), "127.0.0.1:3000");
        assert_eq!(at("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(at("[::1]:3000"), "[::1]:3000");
        assert_eq!(at("192.0.2.7:443"), "192.0.2.7:443");
    }

    #[test]
    fn only_own_addresses_are_here() {
        assert!(is_here(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_here([198, 51, 100, 254].into()));
    }

    #[test]
    fn only_http_has_a_status() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\n{}"), Some(200));
        assert_eq!(status(b"HTTP/1.0 503\r\n"), Some(503));
        for other in
            [&b""[..], b"SSH-2.0-x\r\n", b"HTTP/2 200\r\n", b"HTTP/1.1 ok\r\n", b"\xff\r\n"]
        {
            assert_eq!(status(other), None);
        }
    }
}
