//! Answers to the CA's challenges.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use instant_acme::{ChallengeType, KeyAuthorization};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::config::Challenge;
use super::error::Failure;
use super::name::Name;
use crate::certificate::provider;
use crate::certificates::Certificates;

/// Answers to HTTP-01 challenges by token, for `/.well-known/acme-challenge/{token}`. Clones are the same. It holds
/// the names of one order, so at most `MAX_NAMES`.
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<BTreeMap<String, String>>>);

impl Challenges {
    /// The key authorization for a token: the body of the response, `application/octet-stream`.
    pub fn get(&self, token: &str) -> Option<String> {
        self.lock().get(token).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenges({})", self.lock().len())
    }
}

/// Gives the server's answers to challenges.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    pub(super) kind: Challenge,
    pub(super) challenges: Challenges,
    pub(super) certificates: Certificates,
}

/// An answer that the server gives until this is dropped.
#[derive(Debug)]
pub(super) enum Answer {
    Http { challenges: Challenges, token: String },
    TlsAlpn { certificates: Certificates, server_name: String },
}

impl Answers {
    /// The challenge's type in ACME.
    pub(super) fn challenge_type(&self) -> ChallengeType {
        match self.kind {
            Challenge::TlsAlpn => ChallengeType::TlsAlpn01,
            Challenge::Http => ChallengeType::Http01,
        }
    }

    pub(super) fn give(
        &self,
        name: &Name,
        token: &str,
        key: &KeyAuthorization,
    ) -> Result<Answer, Failure> {
        match self.kind {
            Challenge::Http => {
                let challenges = self.challenges.clone();
                challenges.lock().insert(token.into(), key.as_str().into());
                Ok(Answer::Http { challenges, token: token.into() })
            }
            Challenge::TlsAlpn => {
                let (certificates, server_name) = (self.certificates.clone(), name.server_name());
                let key = proof(name, key.digest().as_ref());
                let key = key.map_err(|error| Failure::Answer(error.to_string()))?;
                certificates.set_challenge(&server_name, Some(key));
                Ok(Answer::TlsAlpn { certificates, server_name })
            }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        match self {
            Self::Http { challenges, token } => _ = challenges.lock().remove(token),
            Self::TlsAlpn { certificates, server_name } => {
                certificates.set_challenge(server_name, None);
            }
        }
    }
}

/// A certificate that signs itself and holds the digest (RFC 8737, section 3).
fn proof(name: &Name, digest: &[u8]) -> Result<CertifiedKey, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_string()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signer = provider().key_provider.load_private_key(key);
    let signer = signer.map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signer))
}
