//! One certificate with its key.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::error::Because;

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Files that the operator names.
    Files,
    /// An ACME server.
    Acme,
    /// The server's own authority.
    Local,
}

/// A chain of certificates with the private key of the first.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    /// Where it comes from.
    pub source: Source,
    /// The host names and addresses that it is for, in lower case.
    pub names: Vec<String>,
    /// When it becomes valid.
    pub not_before: SystemTime,
    /// When it expires.
    pub not_after: SystemTime,
    /// Whether browsers trust its issuer: the chain leads to one of Mozilla's roots.
    pub is_public: bool,
}

impl Certificate {
    /// Reads a chain and its key from PEM texts. `name_of_chain` names the chain's file in errors about the key.
    ///
    /// # Errors
    /// What is wrong, and with which of the two.
    pub fn from_pem(
        source: Source,
        chain: &str,
        key: &str,
        name_of_chain: &str,
        now: SystemTime,
    ) -> Result<Self, InvalidPem> {
        let chain = parse_chain(chain).map_err(InvalidPem::Chain)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| InvalidPem::Key(Because::NoKey))?;
        let (names, not_before, not_after) = describe(&chain).map_err(InvalidPem::Chain)?;
        let provider = provider();
        let signer = provider.key_provider.load_private_key(key).map_err(|error| {
            InvalidPem::Key(Because::Invalid(format!("the private key is not usable: {error}")))
        })?;
        let key = CertifiedKey::new(chain, signer);
        match key.keys_match() {
            // A key whose public half cannot be told is taken: a wrong one fails in the first handshake.
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(InvalidPem::Key(Because::KeyMismatch(name_of_chain.into())));
            }
            // Such as one of X.509 version 1, which browsers do not take either.
            Err(error) => {
                let why = format!("the certificate cannot be used: {error}");
                return Err(InvalidPem::Chain(Because::Invalid(why)));
            }
        }
        let is_public = names.first().is_some_and(|name| is_public(&key.cert, name, now));
        Ok(Self { key: Arc::new(key), source, names, not_before, not_after, is_public })
    }

    /// Whether it is for this host name or address.
    pub fn is_for(&self, name: &str) -> bool {
        self.names.iter().any(|own| is_name_of(own, name))
    }

    /// Whether it has expired.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        now >= self.not_after
    }

    /// When it should be renewed: after half of its lifetime.
    pub fn renew_at(&self) -> SystemTime {
        let lifetime = self.not_after.duration_since(self.not_before).unwrap_or_default();
        self.not_before + lifetime / 2
    }
}

/// Which of the two texts is wrong, and why.
#[derive(Debug)]
pub enum InvalidPem {
    /// The chain.
    Chain(Because),
    /// The key.
    Key(Because),
}

/// RFC 9525, section 6.3: a `*` stands for the whole first label.
fn is_name_of(own: &str, name: &str) -> bool {
    if own.eq_ignore_ascii_case(name) {
        return true;
    }
    let rest = |text: &str| text.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase());
    own.starts_with("*.") && rest(own).is_some() && rest(own) == rest(name)
}

fn parse_chain(text: &str) -> Result<Vec<CertificateDer<'static>>, Because> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let chain = chain
        .map_err(|error| Because::Invalid(format!("the certificate is not valid PEM: {error}")))?;
    if chain.is_empty() { Err(Because::NoCertificate) } else { Ok(chain) }
}

/// The names of the first certificate, and the time in which it is valid.
fn describe(
    chain: &[CertificateDer<'_>],
) -> Result<(Vec<String>, SystemTime, SystemTime), Because> {
    let invalid = |what: String| Because::Invalid(what);
    let first = chain.first().ok_or(Because::NoCertificate)?;
    let (_, parsed) = X509Certificate::from_der(first)
        .map_err(|error| invalid(format!("the certificate is damaged: {error}")))?;
    let names = parsed
        .subject_alternative_name()
        .map_err(|error| invalid(format!("the certificate's names are damaged: {error}")))?
        .map(|extension| extension.value.general_names.iter().filter_map(name).collect())
        .unwrap_or_default();
    let at = |time: x509_parser::time::ASN1Time| {
        let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
        UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
    };
    Ok((names, at(parsed.validity().not_before), at(parsed.validity().not_after)))
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let ip: Option<IpAddr> = match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from),
                16 => <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from),
                _ => None,
            };
            ip.map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// Whether the chain leads to a root that browsers trust. Mozilla's list stands for all: public authorities are in
/// every browser's.
fn is_public(chain: &[CertificateDer<'_>], name: &str, now: SystemTime) -> bool {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let (Ok(verifier), Some((first, rest))) = (verifier, chain.split_first()) else { return false };
    // A `*` stands for any label.
    let name = name.replacen('*', "a", 1);
    let Ok(name) = ServerName::try_from(name) else { return false };
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    verifier.verify_server_cert(first, rest, &name, &[], UnixTime::since_unix_epoch(now)).is_ok()
}

/// The cryptography of the whole program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        assert!(is_name_of("*.example.com", "live.example.com"));
        assert!(is_name_of("*.Example.com", "LIVE.example.COM"));
        assert!(is_name_of("203.0.113.7", "203.0.113.7"));
        assert!(!is_name_of("*.example.com", "a.live.example.com"));
        assert!(!is_name_of("*.example.com", "example.com"));
        assert!(!is_name_of("live.example.com", "other.example.com"));
    }
}
