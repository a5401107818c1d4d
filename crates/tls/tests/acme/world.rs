//! A CA and a server that gets certificates from it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tls::acme::{Acme, Challenge, Challenges, Config, Entry, State, Status};
use tls::{Certificates, Folder, LocalAuthority};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::server::{serve_http, serve_tls};

/// A CA that runs.
pub(crate) struct Authority {
    pub(crate) directory: String,
    /// Of the CA's own HTTPS.
    pub(crate) root: PathBuf,
    /// Of the certificates that it issues, in PEM form.
    pub(crate) roots: Vec<String>,
    pub(crate) process: Child,
}

pub(crate) struct World {
    temp: TempDir,
    pub(crate) ca: Authority,
    folder: Folder,
    certificates: Certificates,
    challenges: Challenges,
}

impl World {
    pub(crate) async fn new(temp: TempDir, ca: Authority) -> Self {
        let folder = Folder::open(&temp.path().join("tls")).unwrap();
        let (certificates, challenges) = (Certificates::default(), Challenges::default());
        serve_tls(certificates.clone()).await;
        serve_http(challenges.clone()).await;
        Self { temp, ca, folder, certificates, challenges }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub(crate) fn config(&self, names: &[&str], challenge: Challenge) -> Config {
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        let mut config = Config::new(names, challenge);
        config.directory = self.ca.directory.clone();
        config.root = Some(self.ca.root.clone());
        config.check().unwrap();
        config
    }

    /// Opens ACME as a start of the server does.
    pub(crate) fn open(&self, config: &Config, status: Status, now: SystemTime) -> Acme {
        let (certificates, challenges) = (self.certificates.clone(), self.challenges.clone());
        Acme::open(config.clone(), &self.folder, certificates, challenges, status, now).unwrap()
    }

    /// Runs ACME until every name has a certificate.
    pub(crate) async fn issue(
        &self,
        config: &Config,
        clock: impl Fn() -> SystemTime + Send + Sync,
    ) -> Vec<Entry> {
        let entries = self.settle(config, clock).await;
        let is_issued = |entry: &Entry| matches!(entry.state, State::Issued { .. });
        assert!(entries.iter().all(is_issued), "{entries:#?}");
        entries
    }

    /// Runs ACME until every order is decided.
    pub(crate) async fn settle(
        &self,
        config: &Config,
        clock: impl Fn() -> SystemTime + Send + Sync,
    ) -> Vec<Entry> {
        self.run_until(config, clock, |entry| entry.state != State::Ordering).await
    }

    /// Runs ACME until every certificate is in a state.
    pub(crate) async fn run_until(
        &self,
        config: &Config,
        clock: impl Fn() -> SystemTime + Send + Sync,
        is_there: impl Fn(&Entry) -> bool,
    ) -> Vec<Entry> {
        let status = Status::default();
        let acme = self.open(config, status.clone(), clock());
        let mut changes = status.subscribe();
        let there = async {
            _ = changes.wait_for(|entries| entries.iter().all(&is_there)).await.unwrap();
        };
        acme.run(clock, there).await;
        status.get()
    }

    /// A client of the server.
    pub(crate) async fn connect(&self, name: &str) -> Connection {
        Connection::open("127.0.0.1:443", name, &self.ca.roots).await
    }
}

pub(crate) struct Connection(TlsStream<TcpStream>);

impl Connection {
    /// Connects as a client that trusts these roots.
    pub(crate) async fn open(address: &str, name: &str, roots: &[String]) -> Self {
        let mut trusted = RootCertStore::empty();
        for root in roots {
            trusted.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        Self(connector.connect(name, stream).await.unwrap())
    }

    /// The certificate that the server showed.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.0.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) async fn echo(&mut self, text: &str) -> String {
        self.0.write_all(text.as_bytes()).await.unwrap();
        let mut answer = vec![0; text.len()];
        self.0.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// The body of an HTTP resource.
    #[cfg(feature = "pebble")]
    pub(crate) async fn get(mut self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        self.0.read_to_string(&mut response).await.unwrap();
        response.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

/// Writes `local.pem` and `local-key.pem`, for the CA's own HTTPS. The result is the root of it, as a file and as PEM.
pub(crate) fn own_https(temp: &TempDir) -> (PathBuf, String) {
    let folder = Folder::open(temp.path()).unwrap();
    let now = SystemTime::now();
    let authority = LocalAuthority::open(&folder, "the CA", now).unwrap();
    let names = ["ca.kaibo.test".to_owned(), "busy.kaibo.test".to_owned()];
    authority.certificate(&names, &["127.0.0.1".parse().unwrap()], now).unwrap();
    (temp.path().join("local-authority.pem"), authority.pem().to_owned())
}

/// Reads a program's log until it has these words, and on, so that the program never waits for a reader.
pub(crate) async fn log_until(log: impl AsyncRead + Unpin + Send + 'static, words: &str) {
    let mut lines = BufReader::new(log).lines();
    let mut seen = Vec::new();
    loop {
        let line = lines.next_line().await.unwrap();
        let line = line.unwrap_or_else(|| panic!("the CA does not run:\n{}", seen.join("\n")));
        let is_there = line.contains(words);
        seen.push(line);
        if is_there {
            break;
        }
    }
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            eprintln!("{line}");
        }
    });
}
