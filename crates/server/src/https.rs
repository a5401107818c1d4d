//! HTTPS: the certificates, and the tasks that keep them new.
//!
//! | file | what |
//! | --- | --- |
//! | `keep.rs` | loads files again, renews the local certificate |
//! | `names.rs` | the names and addresses of this machine |

mod keep;
mod names;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tls::acme::{Acme, Challenges, Status};
use tls::{Certificate, Certificates, Files, Folder, LocalAuthority, ServerConfig, TlsError};
use tokio::sync::Notify;

use crate::config::{Config, TlsMode};
use crate::shutdown::Shutdown;

pub(crate) use names::{local_ips, machine_name, own_names};

/// The folder of certificates and keys, in the data folder.
const FOLDER: &str = "tls";

/// Asks for the certificate files to be loaded again, though they seem unchanged. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Reload(Arc<Notify>);

impl Reload {
    /// Asks for it.
    pub fn trigger(&self) {
        self.0.notify_one();
    }

    async fn wait(&self) {
        self.0.notified().await;
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
    pub(crate) fn load(config: &Config) -> Result<Option<Loaded>, HttpsError> {
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
                let ips = local_ips(&config.public_ips);
                certificates.set("", local.certificate(&names, &ips, now)?);
                keeper.local = Some((local, names, config.public_ips.clone()));
                if tls.effective_mode() == TlsMode::Auto {
                    let status = Status::default();
                    acme = open_acme(config, &folder, &certificates, &challenges, &status, now)?;
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
    folder: &Folder,
    certificates: &Certificates,
    challenges: &Challenges,
    status: &Status,
    now: SystemTime,
) -> Result<Option<Acme>, HttpsError> {
    let public = &config.public_ips;
    let addresses = if public.is_empty() { local_ips(public) } else { public.clone() };
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
    local: Option<(LocalAuthority, Vec<String>, Vec<std::net::IpAddr>)>,
}

impl Keeper {
    /// Keeps them new until the server stops.
    pub(crate) async fn run(mut self, reload: Reload, shutdown: Shutdown) {
        loop {
            let always = tokio::select! {
                () = tokio::time::sleep(keep::LOOK_EVERY) => false,
                () = reload.wait() => true,
                () = shutdown.wait() => return,
            };
            self.look(always);
        }
    }
}
