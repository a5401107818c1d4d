//! State shared by all transports of one worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dimpl::DtlsCertificate;

use super::dtls;
use crate::Config;

/// State shared by all transports of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    /// Our DTLS certificate.
    pub(crate) cert: Arc<DtlsCertificate>,
    /// The certificate's SHA-256 fingerprint, as written in SDP.
    pub(crate) fingerprint: Arc<str>,
    /// Addresses of our candidates.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// Addresses of our TCP candidates.
    pub(crate) tcp_addresses: Arc<[SocketAddr]>,
    /// The CNAME of our streams (RFC 7022): random, one per process.
    pub(crate) cname: Arc<str>,
    /// See [`Config::clock`].
    pub(crate) clock: Option<(Instant, SystemTime)>,
    /// See [`Config::worker`].
    pub(crate) worker: u8,
}

impl Shared {
    /// Makes the process's certificate.
    pub(crate) fn new(config: &Config) -> Self {
        let cert = dtls::generate_certificate();
        let fingerprint = dtls::fingerprint(&cert);
        // The CNAME is no secret: it is a part of the fingerprint, which every peer receives, and changes at each
        // start.
        let cname = fingerprint.replace(':', "").chars().take(16).collect::<String>();
        Self {
            fingerprint: fingerprint.into(),
            cert: Arc::new(cert),
            addresses: config.candidates.clone().into(),
            tcp_addresses: config.tcp_candidates.clone().into(),
            cname: cname.into(),
            clock: config.clock,
            worker: config.worker,
        }
    }

    /// Takes the candidates of a changed configuration.
    pub(crate) fn set_addresses(&mut self, config: &Config) {
        self.addresses = config.candidates.clone().into();
        self.tcp_addresses = config.tcp_candidates.clone().into();
    }
}
