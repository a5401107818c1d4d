//! DTLS with one configuration for all peers.
//!
//! str0m builds a DTLS configuration for every peer, and building one runs the crypto library's
//! known-answer tests: 1 ms of a join's 1.4. This provider builds it once. It also speaks DTLS 1.2
//! only: as a server of 1.3 the library takes the client's first SRTP profile, which for Chromium
//! is AES-CM with SHA-1, four times the cost of the AES-GCM that both know.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::crypto::dtls::{DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};
use str0m::crypto::{CryptoError, from_feature_flags};

/// str0m's cryptography with DTLS from here.
pub(crate) fn crypto_provider() -> CryptoProvider {
    let base = from_feature_flags();
    CryptoProvider {
        srtp_provider: base.srtp_provider,
        sha1_hmac_provider: base.sha1_hmac_provider,
        sha1_provider: base.sha1_provider,
        sha256_provider: base.sha256_provider,
        dtls_provider: &SharedDtls,
    }
}

/// A fresh self-signed certificate: one a process, never stored (ASVS 17.2.1).
pub(crate) fn generate_certificate() -> DtlsCert {
    SharedDtls.generate_certificate().expect("the crypto library makes P-256 certificates")
}

#[derive(Debug)]
struct SharedDtls;

/// How soon a flight that nobody answered is sent again, and twice as late each time: browsers repeat
/// theirs after 50 ms (RFC 6347, section 4.2.4.1, has a second, but allows less where latency matters).
const FLIGHT_AGAIN: Duration = Duration::from_millis(100);

/// How often it is sent again, which lasts longer than a session may take to connect.
const FLIGHT_REPEATS: usize = 9;

/// The same towards a peer that wants to answer the handshake, as ffmpeg does. ffmpeg 9 that hears the
/// last flight twice, since its answer was still on the way, from then on waits for a datagram of ours
/// before it sends one of its own: a frame a second. The library takes off up to a quarter at random.
const PATIENT_FLIGHT_AGAIN: Duration = Duration::from_secs(1);

/// As often as fits into the time that a session may take to connect.
const PATIENT_FLIGHT_REPEATS: usize = 4;

/// The one configuration. Immutable once made; the provider has to be `'static`, so it is too.
pub(crate) fn config() -> &'static Arc<dimpl::Config> {
    static CONFIG: OnceLock<Arc<dimpl::Config>> = OnceLock::new();
    CONFIG.get_or_init(|| build(FLIGHT_AGAIN, FLIGHT_REPEATS))
}

/// The one for handshakes that this side begins.
fn patient_config() -> &'static Arc<dimpl::Config> {
    static CONFIG: OnceLock<Arc<dimpl::Config>> = OnceLock::new();
    CONFIG.get_or_init(|| build(PATIENT_FLIGHT_AGAIN, PATIENT_FLIGHT_REPEATS))
}

fn build(flight_again: Duration, repeats: usize) -> Arc<dimpl::Config> {
    // No cookie exchange: only a source that passed an ICE check reaches DTLS.
    let config = dimpl::Config::builder()
        .use_server_cookie(false)
        .flight_start_rto(flight_again)
        .flight_retries(repeats);
    Arc::new(config.build().expect("the defaults and the compiled-in crypto library are valid"))
}

impl DtlsProvider for SharedDtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        dimpl::certificate::generate_self_signed_certificate().ok()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _version: DtlsVersion,
        _mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let dtls = dimpl::Dtls::new_12(Arc::clone(config()), cert.clone(), now);
        Ok(Box::new(Instance { dtls, certificate: cert.clone(), made_at: now }))
    }
}

struct Instance {
    dtls: dimpl::Dtls,
    certificate: DtlsCert,
    made_at: Instant,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dtls")
    }
}

impl DtlsInstance for Instance {
    /// Called once, before anything was said.
    fn set_active(&mut self, active: bool) {
        if active {
            let (config, certificate) = (Arc::clone(patient_config()), self.certificate.clone());
            self.dtls = dimpl::Dtls::new_12(config, certificate, self.made_at);
        }
        self.dtls.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.dtls.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        self.dtls.poll_output(buffer)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.dtls.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.dtls.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.dtls.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.dtls.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.dtls.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.dtls.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.dtls.close()
    }
}
