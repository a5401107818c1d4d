//! Our certificate's private key, parsed once per thread. The library parses it for every peer and checks it against
//! its public key: a scalar multiplication, 5% of the cost of a join.

use std::cell::RefCell;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use dimpl::crypto::{Buf, HashAlgorithm, KeyProvider, SignatureAlgorithm, SigningKey};
use dimpl::{CryptoError, CryptoOperation};

/// A key provider that caches the last key; other kinds of keys are left to the wrapped provider.
#[derive(Debug)]
pub(super) struct OwnKeys(pub(super) &'static dyn KeyProvider);

/// A key, and the DER that it was parsed from.
struct Parsed {
    der: Box<[u8]>,
    key: Arc<EcdsaKeyPair>,
}

thread_local! {
    /// The last key of this thread.
    static LAST: RefCell<Option<Parsed>> = const { RefCell::new(None) };
}

impl KeyProvider for OwnKeys {
    fn load_private_key(&self, der: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        LAST.with_borrow_mut(|last| {
            if let Some(last) = last.as_ref().filter(|it| *it.der == *der) {
                return Ok(Box::new(P256Key(Arc::clone(&last.key))) as Box<dyn SigningKey>);
            }
            let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der) else {
                return self.0.load_private_key(der);
            };
            let key = Arc::new(key);
            *last = Some(Parsed { der: der.into(), key: Arc::clone(&key) });
            Ok(Box::new(P256Key(key)))
        })
    }
}

/// An ECDSA key on P-256 with SHA-256, as [`crate::transport::dtls::generate_certificate`] makes them.
struct P256Key(Arc<EcdsaKeyPair>);

impl std::fmt::Debug for P256Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("P256Key")
    }
}

impl SigningKey for P256Key {
    fn sign(&mut self, data: &[u8], hash: HashAlgorithm, out: &mut Buf) -> Result<(), CryptoError> {
        if hash != HashAlgorithm::SHA256 {
            let key_hash = HashAlgorithm::SHA256;
            return Err(CryptoError::SigningKeyHashMismatch { key_hash, requested: hash });
        }
        let signature = self.0.sign(&SystemRandom::new(), data);
        let signature =
            signature.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Sign))?;
        out.clear();
        out.extend_from_slice(signature.as_ref());
        Ok(())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        &[HashAlgorithm::SHA256]
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, KeyPair, UnparsedPublicKey};

    use super::*;
    use crate::transport::dtls::generate_certificate;

    /// Whether a signature by `key` verifies against the key in `der`.
    fn signs_for(key: &mut dyn SigningKey, der: &[u8]) -> bool {
        let mut signature = Buf::new();
        key.sign(b"a handshake", HashAlgorithm::SHA256, &mut signature).unwrap();
        let own = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, own.public_key());
        public.verify(b"a handshake", &signature).is_ok()
    }

    #[test]
    fn each_certificate_signs_with_its_own_key_whatever_was_parsed_before() {
        let keys = OwnKeys(dimpl::crypto::aws_lc_rs::default_provider().key_provider);
        let (one, other) = (generate_certificate().private_key, generate_certificate().private_key);
        for der in [&one, &one, &other, &one] {
            let mut key = keys.load_private_key(der).unwrap();
            assert!(signs_for(&mut *key, der));
            let not_his = if der == &one { &other } else { &one };
            assert!(!signs_for(&mut *key, not_his));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let keys = OwnKeys(dimpl::crypto::aws_lc_rs::default_provider().key_provider);
        assert!(keys.load_private_key(b"no key").is_err());
    }
}
