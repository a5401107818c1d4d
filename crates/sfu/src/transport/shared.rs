//! What all transports of one worker share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dimpl::DtlsCertificate;

use super::dtls;
use crate::Config;

/// What all transports of one worker share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    /// The process's certificate.
    pub(crate) cert: Arc<DtlsCertificate>,
    /// Its SHA-256, as descriptions write it.
    pub(crate) fingerprint: Arc<str>,
    /// Our candidates' addresses.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// The canonical name of our streams (RFC 7022): random, one a process.
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
        // No secret: some of what everybody is told anyway, and another at each start.
        let cname = fingerprint.replace(':', "").chars().take(16).collect::<String>();
        Self {
            fingerprint: fingerprint.into(),
            cert: Arc::new(cert),
            addresses: config.candidates.clone().into(),
            cname: cname.into(),
            clock: config.clock,
            worker: config.worker,
        }
    }
}
