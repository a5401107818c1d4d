//! DTLS with one configuration for all peers.
//!
//! Building a configuration runs the crypto library's known-answer tests, 1 ms each time, so it is built
//! once. Only DTLS 1.2 is spoken: as a server of 1.3 the library takes the client's first SRTP profile,
//! which for Chromium is AES-CM with SHA-1, at four times the cost of the AES-GCM that both know.
//!
//! That is for browsers that begin. Whoever's ClientHello shows a TLS library of general purpose may have a
//! certificate with an RSA key, and so may whoever lets us begin: they are met by a library that takes any
//! (`any_key.rs`).

mod any_key;
mod assembly;
mod association;
pub(crate) mod channel;
mod curves;
mod flight;
mod hello;
mod own_key;
mod refused;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::digest;
use dimpl::DtlsCertificate;

pub(crate) use self::association::Association;
use self::curves::AnyCurve;
pub(crate) use self::hello::is_hello;
use self::own_key::OwnKeys;

/// A fresh self-signed certificate: one a process, never stored (ASVS 17.2.1).
pub(crate) fn generate_certificate() -> DtlsCertificate {
    dimpl::certificate::generate_self_signed_certificate()
        .expect("the crypto library makes P-256 certificates")
}

/// Its SHA-256, as descriptions write it: `AB:CD:..`.
pub(crate) fn fingerprint(certificate: &DtlsCertificate) -> String {
    let digest = digest::digest(&digest::SHA256, &certificate.certificate);
    let bytes: Vec<String> = digest.as_ref().iter().map(|it| format!("{it:02X}")).collect();
    bytes.join(":")
}

/// How soon a flight that nobody answered is sent again, and twice as late each time: browsers repeat
/// theirs after 50 ms (RFC 6347, section 4.2.4.1, has a second, but allows less where latency matters).
const FLIGHT_AGAIN: Duration = Duration::from_millis(100);

/// How often it is sent again, which lasts longer than a session may take to connect.
const FLIGHT_REPEATS: usize = 9;

/// The same towards a publisher that wants to answer the handshake, as ffmpeg does. ffmpeg 9 that hears the
/// last flight twice, since its answer was still on the way, from then on waits for a datagram of ours
/// before it sends one of its own: a frame a second.
const PATIENT_FLIGHT_AGAIN: Duration = Duration::from_secs(1);

/// The one configuration. Immutable once made; the provider has to be `'static`, so it is too.
pub(crate) fn config() -> &'static Arc<dimpl::Config> {
    static CONFIG: OnceLock<Arc<dimpl::Config>> = OnceLock::new();
    CONFIG.get_or_init(build)
}

fn build() -> Arc<dimpl::Config> {
    let mut crypto = dimpl::crypto::aws_lc_rs::default_provider();
    // They live as long as the configuration, which is made once.
    crypto.key_provider = Box::leak(Box::new(OwnKeys(crypto.key_provider)));
    crypto.signature_verification = Box::leak(Box::new(AnyCurve(crypto.signature_verification)));
    // No cookie exchange: only a source that passed an ICE check reaches DTLS.
    let config = dimpl::Config::builder()
        .with_crypto_provider(crypto)
        .use_server_cookie(false)
        .flight_start_rto(FLIGHT_AGAIN)
        .flight_retries(FLIGHT_REPEATS);
    Arc::new(config.build().expect("the defaults and the compiled-in crypto library are valid"))
}
