//! HTTPS: the certificates, and the tasks that keep them new.
//!
//! | file | what |
//! | --- | --- |
//! | `keep.rs` | loads files again, renews the local certificate |
//! | `names.rs` | the names and addresses of this machine |

mod keep;
mod names;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tls::acme::{Acme, Challenges, Status};
use tls::{Certificate, Certificates, Files, Folder, LocalAuthority, ServerConfig, TlsError};
use tokio::sync::{mpsc, oneshot};

use crate::config::{Config, TlsMode};
use crate::shutdown::Shutdown;

pub(crate) use names::{local_ips, machine_name, own_names};

/// The folder of certificates and keys, in the data folder.
const FOLDER: &str = "tls";

/// What came of the certificate files when they were loaded again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesAgain {
    /// The server has no certificate from files.
    None,
    /// New connections are shown what is in them.
    Loaded,
    /// They cannot be used, for this reason: the certificate before stays.
    Failed(String),
}

/// Asks for the certificate files to be loaded again, though they seem unchanged.
#[derive(Debug)]
pub(crate) struct LoadAgain(mpsc::Sender<oneshot::Sender<FilesAgain>>);

impl LoadAgain {
    /// With what [`Keeper::run`] hears of it.
    pub(crate) fn channel() -> (Self, mpsc::Receiver<oneshot::Sender<FilesAgain>>) {
        // One asks at a time.
        let (asks, asked) = mpsc::channel(1);
        (Self(asks), asked)
    }

    /// Loads them. A server without HTTPS, or one that stops, has none.
    pub(crate) async fn load(&self) -> FilesAgain {
        let (reply, loaded) = oneshot::channel();
        _ = self.0.send(reply).await;
        loaded.await.unwrap_or(FilesAgain::None)
    }
}

/// What the server has of TLS.
#[derive(Debug, Clone)]
pub(crate) struct Https {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) certificates: Certificates,
    /// The certificate of the own authority, for devices to trust.
    pub(crate) authority: Option<Arc<Authority>>,
    /// Answers to the ACME server's HTTP-01 challenges.
    pub(crate) challenges: Challenges,
}

/// The certificate of the own authority, in the two forms that devices read.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) der: Vec<u8>,
}

/// HTTPS, and what keeps its certificates new.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) https: Https,
    pub(crate) keeper: Keeper,
    /// Orders certificates.
    pub(crate) acme: Option<Acme>,
    /// How far the orders are.
    pub(crate) orders: Option<Status>,
}

/// Why HTTPS cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// A file is missing or wrong.
    #[error(transparent)]
    File(#[from] TlsError),
    /// A setting of ACME cannot be used.
    #[error(transparent)]
    Acme(#[from] tls::acme::ConfigError),
    /// The TLS library refuses.
    #[error("TLS cannot be had: {0}")]
    Library(String),
}

impl Https {
    /// Loads or makes the certificates that the configuration asks for; `None` when it asks for none.
    ///
    /// # Errors
    /// When a file is missing or wrong.
    pub(crate) fn load(
        config: &Config,
        public_ips: &[IpAddr],
    ) -> Result<Option<Loaded>, HttpsError> {
        let now = SystemTime::now();
        let tls = &config.tls;
        let certificates = Certificates::default();
        let mut keeper = Keeper { certificates: certificates.clone(), files: None, local: None };
        let mut acme = None;
        let mut orders = None;
        let challenges = Challenges::default();
        let mut authority = None;
        match tls.effective_mode() {
            TlsMode::Off => return Ok(None),
            TlsMode::Files => {
                let (chain, key) = files(config);
                let (files, certificate) = Files::load(chain, key, now)?;
                keep::tell(&certificate, now);
                certificates.set("", certificate);
                keeper.files = Some(files);
            }
            // Until the ACME server has issued one, and where clients ask for other names, pages come under the local
            // certificate: a warning, but a page.
            TlsMode::Auto | TlsMode::Local => {
                let folder = Folder::open(&config.data.join(FOLDER))?;
                let local = LocalAuthority::open(&folder, &machine_name(), now)?;
                authority =
                    Some(Arc::new(Authority { pem: local.pem().to_owned(), der: local.der() }));
                let mut names = own_names();
                names.retain(|name| names::is_host_name(name));
                names.push("localhost".into());
                names.extend(tls.domains.iter().cloned());
                let ips = local_ips(public_ips);
                certificates.set("", local.certificate(&names, &ips, now)?);
                keeper.local = Some((local, names, public_ips.to_vec()));
                if tls.effective_mode() == TlsMode::Auto {
                    let status = Status::default();
                    acme = open_acme(
                        config,
                        public_ips,
                        &folder,
                        &certificates,
                        &challenges,
                        &status,
                        now,
                    )?;
                    orders = Some(status);
                }
            }
        }
        let server = tls::server_config(certificates.clone())
            .map_err(|error| HttpsError::Library(error.to_string()))?;
        let https = Self { server, certificates, authority, challenges };
        Ok(Some(Loaded { https, keeper, acme, orders }))
    }
}

/// The certificate in the files that the configuration names, if it names any.
///
/// # Errors
/// When a file is missing or wrong.
pub(crate) fn look_at_files(config: &Config) -> Result<Option<Certificate>, HttpsError> {
    if config.tls.effective_mode() != TlsMode::Files {
        return Ok(None);
    }
    let (chain, key) = files(config);
    Ok(Some(Files::load(chain, key, SystemTime::now())?.1))
}

/// The files of `--tls-cert` and `--tls-key`.
fn files(config: &Config) -> (&Path, &Path) {
    let (chain, key) = (config.tls.cert.as_deref(), config.tls.key.as_deref());
    (chain.unwrap_or("".as_ref()), key.unwrap_or("".as_ref()))
}

/// Opens what orders certificates; `None` when there is nothing to order them for.
fn open_acme(
    config: &Config,
    public_ips: &[IpAddr],
    folder: &Folder,
    certificates: &Certificates,
    challenges: &Challenges,
    status: &Status,
    now: SystemTime,
) -> Result<Option<Acme>, HttpsError> {
    let addresses = if public_ips.is_empty() { local_ips(public_ips) } else { public_ips.to_vec() };
    let settings = config.acme(&addresses)?;
    if settings.names.is_empty() {
        tracing::warn!(
            "no certificate is ordered: this machine has no public address; name it with --public-ip, or a domain with \
             --domain"
        );
        return Ok(None);
    }
    let (certificates, challenges) = (certificates.clone(), challenges.clone());
    let acme = Acme::open(settings, folder, certificates, challenges, status.clone(), now)?;
    Ok(Some(acme))
}

/// What keeps the certificates new.
#[derive(Debug)]
pub(crate) struct Keeper {
    certificates: Certificates,
    files: Option<Files>,
    /// With the names and the public addresses that its certificate is for.
    local: Option<(LocalAuthority, Vec<String>, Vec<IpAddr>)>,
}

impl Keeper {
    /// Keeps them new until the server stops.
    pub(crate) async fn run(
        mut self,
        mut asked: mpsc::Receiver<oneshot::Sender<FilesAgain>>,
        shutdown: Shutdown,
    ) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(keep::LOOK_EVERY) => {
                    self.look(false);
                }
                Some(reply) = asked.recv() => {
                    // Who asked may have left.
                    _ = reply.send(self.look(true));
                }
                () = shutdown.wait() => return,
            }
        }
    }
}
