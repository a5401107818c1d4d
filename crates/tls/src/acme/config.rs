//! What the operator says about ACME.

use std::path::PathBuf;

use url::Url;

use super::limits::MAX_NAMES;
use super::name::{Name, NameError};

/// Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Let's Encrypt's test CA: browsers do not trust it, and its rate limits are high.
pub const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// How the server proves that it has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// TLS-ALPN-01 (RFC 8737): a TLS handshake on port 443.
    TlsAlpn,
    /// HTTP-01 (RFC 8555, section 8.3): a request on port 80.
    Http,
}

/// The settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// URL of the ACME server's directory.
    pub directory: String,
    /// Mail address for the CA's messages.
    pub contact: Option<String>,
    /// The names and addresses to get certificates for.
    pub names: Vec<Name>,
    /// How the server proves that it has them.
    pub challenge: Challenge,
    /// PEM file of the roots that the ACME server's own certificate leads to; without it, Mozilla's. An ACME server
    /// with a root of its own is a private one: it may issue certificates for private names.
    pub root: Option<PathBuf>,
    /// The profile of the certificates; without it, `shortlived` for addresses if the CA has it, else the CA's
    /// default.
    pub profile: Option<String>,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The directory is no HTTPS URL.
    #[error("the ACME directory `{0}` is not an https:// URL")]
    Directory(String),
    /// The contact is no mail address.
    #[error("the contact `{0}` is not a mail address")]
    Contact(String),
    /// A name that the CA cannot issue a certificate for.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Too many names.
    #[error("{0} names are more than {MAX_NAMES}")]
    TooManyNames(usize),
}

impl Config {
    /// Let's Encrypt for these names.
    pub fn new(names: Vec<Name>, challenge: Challenge) -> Self {
        let directory = LETS_ENCRYPT.to_owned();
        Self { directory, contact: None, names, challenge, root: None, profile: None }
    }

    /// Checks what can be checked without the CA.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self) -> Result<(), ConfigError> {
        let url = Url::parse(&self.directory).ok();
        if !url.is_some_and(|url| url.scheme() == "https" && url.has_host()) {
            return Err(ConfigError::Directory(self.directory.clone()));
        }
        if let Some(contact) = &self.contact
            && !is_mail_address(contact)
        {
            return Err(ConfigError::Contact(contact.clone()));
        }
        if self.names.len() > MAX_NAMES {
            return Err(ConfigError::TooManyNames(self.names.len()));
        }
        if self.root.is_none() {
            self.names.iter().try_for_each(Name::check_public)?;
        }
        Ok(())
    }

    /// The names of each certificate. Each DNS name has its own, so that one bad name costs the others nothing. All
    /// addresses share one: a client that comes by an address names none (RFC 6066, section 3).
    pub(super) fn certificates(&self) -> Vec<Vec<Name>> {
        let mut certificates: Vec<Vec<Name>> = Vec::new();
        let mut addresses = Vec::new();
        for name in &self.names {
            let list = match name {
                Name::Dns(_) => &mut certificates,
                Name::Ip(_) => &mut addresses,
            };
            let alone = vec![name.clone()];
            if !list.contains(&alone) {
                list.push(alone);
            }
        }
        let addresses = addresses.concat();
        if !addresses.is_empty() {
            certificates.push(addresses);
        }
        certificates
    }

    /// The contact as a URL (RFC 8555, section 7.3).
    pub(super) fn contact_url(&self) -> Option<String> {
        self.contact.as_ref().map(|contact| format!("mailto:{contact}"))
    }

    /// The name of the folder of this CA: an account and its certificates are of one CA alone.
    pub(super) fn folder_name(&self) -> String {
        let rest = self.directory.strip_prefix("https://").unwrap_or(&self.directory);
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        rest.chars().map(plain).take(MAX_FOLDER_NAME).collect()
    }
}

/// File systems take 255 bytes.
const MAX_FOLDER_NAME: usize = 200;

/// The name of a certificate, in files, in the log and for people: its names.
pub(super) fn label(names: &[Name]) -> String {
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    names.join(", ")
}

/// The addresses among the names.
pub(super) fn has_address(names: &[Name]) -> bool {
    names.iter().any(|name| matches!(name, Name::Ip(_)))
}

fn is_mail_address(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !",;<>?%&\"".contains(c);
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && text.chars().all(is_plain)
    })
}
