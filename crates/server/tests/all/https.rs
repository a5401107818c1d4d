//! HTTPS on the one TCP port: what a browser and an encoder meet there.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::common::{TestServer, soon, start_with};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use server::config::{Config, TlsMode};
use server::{FilesAgain, Shutdown, serve_with};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

struct Server {
    inner: TestServer,
    data: TempDir,
}

async fn start_local() -> Server {
    let data = tempfile::tempdir().unwrap();
    let inner = start_with(
        |config| {
            config.tls.mode = Some(TlsMode::Local);
            config.data = data.path().into();
        },
        16,
    )
    .await;
    Server { inner, data }
}

/// A device that trusts the authorities in a file.
fn trusting(file: &Path, alpn: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(
        tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
    ));
    let mut config = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(
    connector: &TlsConnector,
    addr: SocketAddr,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    soon(connector.connect(name, stream)).await
}

impl Server {
    async fn over_tls(&self, alpn: &[&str], name: &str) -> TlsStream<TcpStream> {
        let file = self.data.path().join("tls/local-authority.pem");
        connect(&trusting(&file, alpn), self.inner.addr, name).await.unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = self.over_tls(&["http/1.1"], "localhost").await;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        soon(stream.read_to_end(&mut response)).await.unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }
}

#[tokio::test]
async fn one_port_speaks_https_and_plain_http_to_its_own_machine() {
    let server = start_local().await;
    for name in ["localhost", "127.0.0.1"] {
        server.over_tls(&["h2", "http/1.1"], name).await;
    }
    let response = server.get("/healthz").await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(!response.to_lowercase().contains("strict-transport-security"), "{response}");
    let (head, _) = soon(server.inner.http("GET", "/healthz", "")).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[tokio::test]
async fn a_device_is_given_the_authority_to_trust() {
    let server = start_local().await;
    let ours = std::fs::read_to_string(server.data.path().join("tls/local-authority.pem")).unwrap();
    let (head, body) = soon(server.inner.http("GET", "/trust/kaibo.pem", "")).await;
    assert!(head.contains("application/x-x509-ca-cert"), "{head}");
    assert_eq!(body, ours);
    let plain = start_with(|_| {}, 16).await;
    let (head, body) = soon(plain.http("GET", "/trust/kaibo.crt", "")).await;
    assert!(head.starts_with("http/1.1 404") && body.contains("--tls local"), "{head} {body}");
}

async fn get_http2(
    sender: &mut hyper::client::conn::http2::SendRequest<Empty<Bytes>>,
    path: &str,
) -> Response<hyper::body::Incoming> {
    let uri = format!("https://localhost{path}");
    soon(sender.send_request(Request::get(uri).body(Empty::new()).unwrap())).await.unwrap()
}

#[tokio::test]
async fn http2_serves_many_requests_at_once() {
    let server = start_local().await;
    let stream = server.over_tls(&["h2"], "localhost").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut other = sender.clone();
    let (rooms, page) =
        tokio::join!(get_http2(&mut sender, "/api/rooms"), get_http2(&mut other, "/host"));
    assert_eq!((rooms.status().as_u16(), page.status().as_u16()), (200, 200));
    assert_eq!(rooms.into_body().collect().await.unwrap().to_bytes(), "[]");
    assert!(!page.into_body().collect().await.unwrap().to_bytes().is_empty());
    // The server stops: the connection ends in good order.
    server.inner.shutdown.trigger();
    soon(server.inner.running.wait()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_is_cut_off() {
    let server = start_local().await;
    let start = tokio::time::Instant::now();
    let mut stream = TcpStream::connect(server.inner.addr).await.unwrap();
    stream.write_all(&[0x16, 0x03, 0x01, 0x00]).await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(start.elapsed() <= server::listen::HANDSHAKE_WITHIN + server::listen::HEAD_WITHIN);
}

#[tokio::test]
async fn a_certificate_from_files_is_replaced_while_connections_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
        }
        trusting(&chain, &["http/1.1"])
    };
    let before = write();
    let server = start_with(
        |config| {
            config.tls.cert = Some(chain.clone());
            config.tls.key = Some(key.clone());
        },
        16,
    )
    .await;
    let mut open = connect(&before, server.addr, "localhost").await.unwrap();
    let after = write();
    let reloaded = soon(server.running.reload().run()).await.unwrap();
    assert_eq!(reloaded.certificates, FilesAgain::Loaded);
    assert!(connect(&after, server.addr, "localhost").await.is_ok(), "the new one is shown");
    assert!(connect(&before, server.addr, "localhost").await.is_err(), "the old one is gone");
    std::fs::write(&chain, "no certificate").unwrap();
    let reloaded = soon(server.running.reload().run()).await.unwrap();
    assert!(matches!(&reloaded.certificates, FilesAgain::Failed(why) if why.contains("chain.pem")));
    assert!(connect(&after, server.addr, "localhost").await.is_ok(), "the one before stays");
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    open.write_all(request).await.unwrap();
    let mut response = String::new();
    soon(open.read_to_string(&mut response)).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

#[tokio::test]
async fn a_certificate_that_is_missing_is_told_before_anything_listens() {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config { data: data.path().to_owned(), ..Config::default() };
    config.tls.cert = Some("/nowhere/chain.pem".into());
    config.tls.key = Some("/nowhere/key.pem".into());
    let error = serve_with(config, Shutdown::default(), |_, _| unreachable!()).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/chain.pem: the file cannot be read"), "{error}");
}
