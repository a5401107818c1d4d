//! Verifies signatures of certificates with a P-521 key, which neither DTLS library supports, by extending the crypto
//! providers of both.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use dimpl::crypto::{HashAlgorithm, SignatureAlgorithm, SignatureVerifier};
use dimpl::{CryptoError, CryptoOperation};
use rtc_dtls::crypto_provider::providers::AwsLcRsProvider;
use rtc_dtls::crypto_provider::{
    self as rtc, ActiveKeyExchange, AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CbcAlgorithm,
    CbcCipher, CryptoAlgorithm, HmacAlgorithm, KeyExchangeAlgorithm, Mac, PublicKey,
    PublicKeyEncoding, RTCCrypto, RTCCryptoProvider, RTCRandom, SignatureScheme, SigningKey,
    StreamCipher, StreamCipherAlgorithm,
};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// The length of an uncompressed point on P-521 (SEC 1, section 2.3.3).
const P521_POINT: usize = 1 + 2 * 66;

/// Extends a verifier of `dimpl`.
#[derive(Debug)]
pub(super) struct AnyCurve(pub(super) &'static dyn SignatureVerifier);

impl SignatureVerifier for AnyCurve {
    fn verify_signature(
        &self,
        certificate: &[u8],
        data: &[u8],
        signature: &[u8],
        hash: HashAlgorithm,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), CryptoError> {
        let result = self.0.verify_signature(certificate, data, signature, hash, algorithm);
        if !matches!(result, Err(CryptoError::UnsupportedEcCurve)) {
            return result;
        }
        let by: &EcdsaVerificationAlgorithm = match hash {
            HashAlgorithm::SHA256 => &ECDSA_P521_SHA256_ASN1,
            HashAlgorithm::SHA384 => &ECDSA_P521_SHA384_ASN1,
            _ => return result,
        };
        let certificate =
            Certificate::from_der(certificate).map_err(|_| CryptoError::CertificateParseFailed)?;
        let key =
            certificate.tbs_certificate().subject_public_key_info().subject_public_key.as_bytes();
        let Some(key) = key.filter(|it| it.len() == P521_POINT) else { return result };
        UnparsedPublicKey::new(by, key)
            .verify(data, signature)
            .map_err(|_| CryptoError::OperationFailed(CryptoOperation::VerifySignature))
    }
}

/// Extends the provider of `rtc-dtls`.
pub(super) struct AnyCurveProvider(AwsLcRsProvider);

impl AnyCurveProvider {
    pub(super) fn new() -> Self {
        Self(AwsLcRsProvider::new())
    }
}

impl RTCCryptoProvider for AnyCurveProvider {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self
    }

    fn random(&self) -> &dyn RTCRandom {
        self.0.random()
    }
}

impl RTCCrypto for AnyCurveProvider {
    fn supports(&self, algorithm: CryptoAlgorithm) -> bool {
        self.0.crypto().supports(algorithm)
    }

    fn hash(
        &self,
        algorithm: rtc::HashAlgorithm,
        data: &[u8],
    ) -> Result<Vec<u8>, rtc::CryptoError> {
        self.0.crypto().hash(algorithm, data)
    }

    fn block_encrypt(
        &self,
        algorithm: BlockCipherAlgorithm,
        key: &[u8],
        block: &mut [u8],
    ) -> Result<(), rtc::CryptoError> {
        self.0.crypto().block_encrypt(algorithm, key, block)
    }

    fn new_hmac(
        &self,
        algorithm: HmacAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn Mac>, rtc::CryptoError> {
        self.0.crypto().new_hmac(algorithm, key)
    }

    fn new_stream_cipher(
        &self,
        algorithm: StreamCipherAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn StreamCipher>, rtc::CryptoError> {
        self.0.crypto().new_stream_cipher(algorithm, key)
    }

    fn new_aead(
        &self,
        algorithm: AeadAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn AeadCipher>, rtc::CryptoError> {
        self.0.crypto().new_aead(algorithm, key)
    }

    fn new_cbc(
        &self,
        algorithm: CbcAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn CbcCipher>, rtc::CryptoError> {
        self.0.crypto().new_cbc(algorithm, key)
    }

    fn start_key_exchange(
        &self,
        algorithm: KeyExchangeAlgorithm,
    ) -> Result<Box<dyn ActiveKeyExchange>, rtc::CryptoError> {
        self.0.crypto().start_key_exchange(algorithm)
    }

    fn generate_signing_key(
        &self,
        scheme: SignatureScheme,
    ) -> Result<Arc<dyn SigningKey>, rtc::CryptoError> {
        self.0.crypto().generate_signing_key(scheme)
    }

    fn import_signing_key(
        &self,
        scheme: SignatureScheme,
        pkcs8_der: &[u8],
    ) -> Result<Arc<dyn SigningKey>, rtc::CryptoError> {
        self.0.crypto().import_signing_key(scheme, pkcs8_der)
    }

    /// The library derives the curve from the hash. In DTLS 1.2 any curve goes with any hash (RFC 8422, section 5.1.1).
    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        key: PublicKey<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), rtc::CryptoError> {
        let is_point = key.encoding == PublicKeyEncoding::EcUncompressedPoint;
        let by: &EcdsaVerificationAlgorithm = match (scheme, key.bytes.len()) {
            (SignatureScheme::EcdsaP256Sha256, P521_POINT) if is_point => &ECDSA_P521_SHA256_ASN1,
            (SignatureScheme::EcdsaP384Sha384, P521_POINT) if is_point => &ECDSA_P521_SHA384_ASN1,
            _ => return self.0.crypto().verify_signature(scheme, key, message, signature),
        };
        UnparsedPublicKey::new(by, key.bytes)
            .verify(message, signature)
            .map_err(|_| rtc::CryptoError::InvalidSignature)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P521_SHA256_ASN1_SIGNING, ECDSA_P521_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, KeyPair as _,
    };

    use super::*;

    const SAID: &[u8] = b"a handshake";

    /// A signature, with the certificate and the public point of its key.
    fn signed(
        key: &'static rcgen::SignatureAlgorithm,
        by: &'static EcdsaSigningAlgorithm,
    ) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let pair = rcgen::KeyPair::generate_for(key).unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["firefox".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&pair).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(by, &pair.serialize_der()).unwrap();
        let signature = pair.sign(&SystemRandom::new(), SAID).unwrap().as_ref().to_vec();
        (signature, certificate.der().to_vec(), pair.public_key().as_ref().to_vec())
    }

    #[test]
    fn keys_on_p521_are_verified_with_each_hash() {
        let ours = AnyCurve(dimpl::crypto::aws_lc_rs::default_provider().signature_verification);
        let provider = AnyCurveProvider::new();
        let p521 = &rcgen::PKCS_ECDSA_P521_SHA512;
        for (key, by, hash, scheme) in [
            (
                p521,
                &ECDSA_P521_SHA256_ASN1_SIGNING,
                HashAlgorithm::SHA256,
                SignatureScheme::EcdsaP256Sha256,
            ),
            (
                p521,
                &ECDSA_P521_SHA384_ASN1_SIGNING,
                HashAlgorithm::SHA384,
                SignatureScheme::EcdsaP384Sha384,
            ),
        ] {
            let (signature, certificate, point) = signed(key, by);
            let verify = |said: &[u8]| {
                let algorithm = SignatureAlgorithm::ECDSA;
                ours.verify_signature(&certificate, said, &signature, hash, algorithm)
            };
            assert_eq!(verify(SAID), Ok(()));
            assert!(verify(b"another").is_err());
            let verify = |said: &[u8]| {
                let encoding = PublicKeyEncoding::EcUncompressedPoint;
                let key = PublicKey { encoding, bytes: &point };
                provider.crypto().verify_signature(scheme, key, said, &signature)
            };
            assert!(verify(SAID).is_ok() && verify(b"another").is_err());
        }
    }
}
