//! State shared by all transports of one worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dimpl::DtlsCertificate;

use super::dtls;
use crate::Config;

/// A certificate of ours for DTLS.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) cert: Arc<DtlsCertificate>,
    /// The certificate's SHA-256 fingerprint, as written in SDP.
    pub(crate) fingerprint: Arc<str>,
}

impl Identity {
    fn generate() -> Self {
        let cert = dtls::generate_certificate();
        Self { fingerprint: dtls::fingerprint(&cert).into(), cert: Arc::new(cert) }
    }
}

/// State shared by all transports of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    /// What we show to who watches.
    pub(crate) to_viewers: Identity,
    /// What we show to who publishes. It is another certificate, so that a fan may go live with the
    /// `RTCPeerConnection` it watched with: the changed fingerprint makes the browser begin a new DTLS association
    /// (RFC 8842, section 4), as our new peer does.
    pub(crate) to_publishers: Identity,
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
    /// Makes the process's certificates.
    pub(crate) fn new(config: &Config) -> Self {
        let to_viewers = Identity::generate();
        // The CNAME is no secret: it is a part of the fingerprint, which every peer receives, and changes at each
        // start.
        let cname = to_viewers.fingerprint.replace(':', "").chars().take(16).collect::<String>();
        Self {
            to_viewers,
            to_publishers: Identity::generate(),
            addresses: config.candidates.clone().into(),
            tcp_addresses: config.tcp_candidates.clone().into(),
            cname: cname.into(),
            clock: config.clock,
            worker: config.worker,
        }
    }

    /// The certificate that we show to a publisher, or to a viewer.
    pub(crate) fn identity(&self, is_publisher: bool) -> &Identity {
        if is_publisher { &self.to_publishers } else { &self.to_viewers }
    }

    /// Takes the candidates of a changed configuration.
    pub(crate) fn set_addresses(&mut self, config: &Config) {
        self.addresses = config.candidates.clone().into();
        self.tcp_addresses = config.tcp_candidates.clone().into();
    }
}
