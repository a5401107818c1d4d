//! DTLS with one configuration for all peers.
//!
//! Building a configuration runs the crypto library's known-answer tests, which takes 1 ms, so it is built once. Only
//! DTLS 1.2 is supported: as a server of DTLS 1.3 the library selects the client's first SRTP profile. For Chromium
//! that is AES-CM with SHA-1, at four times the cost of the AES-GCM that both support.
//!
//! This library handles browsers that begin the handshake. A peer whose ClientHello is from a general-purpose TLS
//! library may have a certificate with an RSA key, and so may a peer that lets us begin. They are handled by a library
//! that supports any key (`any_key.rs`).

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

/// Generates a self-signed certificate: a new one for each process, never stored (ASVS 17.2.1).
pub(crate) fn generate_certificate() -> DtlsCertificate {
    dimpl::certificate::generate_self_signed_certificate()
        .expect("the crypto library makes P-256 certificates")
}

/// The certificate's SHA-256 fingerprint, as written in SDP: `AB:CD:..`.
pub(crate) fn fingerprint(certificate: &DtlsCertificate) -> String {
    let digest = digest::digest(&digest::SHA256, &certificate.certificate);
    let bytes: Vec<String> = digest.as_ref().iter().map(|it| format!("{it:02X}")).collect();
    bytes.join(":")
}

/// Time until an unanswered flight is repeated; it doubles each time. Browsers repeat theirs after 50 ms. RFC 6347,
/// section 4.2.4.1, recommends 1 s, but allows less where latency matters.
const FLIGHT_AGAIN: Duration = Duration::from_millis(100);

/// Repetitions of a flight at most. Together they last longer than a session may take to connect.
const FLIGHT_REPEATS: usize = 9;

/// Time until an unanswered flight is repeated to a publisher that answers the handshake, like ffmpeg. If ffmpeg 9
/// receives the last flight twice, since its answer was still in flight, it waits for a datagram of ours before each
/// one of its own: one frame a second.
const PATIENT_FLIGHT_AGAIN: Duration = Duration::from_secs(1);

/// The configuration. It is immutable, and `'static` because its crypto provider must be.
pub(crate) fn config() -> &'static Arc<dimpl::Config> {
    static CONFIG: OnceLock<Arc<dimpl::Config>> = OnceLock::new();
    CONFIG.get_or_init(build)
}

fn build() -> Arc<dimpl::Config> {
    let mut crypto = dimpl::crypto::aws_lc_rs::default_provider();
    // These live as long as the configuration, which is made once.
    crypto.key_provider = Box::leak(Box::new(OwnKeys(crypto.key_provider)));
    crypto.signature_verification = Box::leak(Box::new(AnyCurve(crypto.signature_verification)));
    // No cookie exchange: only an address that passed an ICE check reaches DTLS.
    let config = dimpl::Config::builder()
        .with_crypto_provider(crypto)
        .use_server_cookie(false)
        .flight_start_rto(FLIGHT_AGAIN)
        .flight_retries(FLIGHT_REPEATS);
    Arc::new(config.build().expect("the defaults and the compiled-in crypto library are valid"))
}
