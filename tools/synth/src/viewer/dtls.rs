//! The DTLS 1.2 handshake and the SRTP keys from it. The whole process shares one certificate and one configuration:
//! creating a configuration runs known-answer tests for a millisecond.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use dimpl::{Dtls, DtlsCertificate, Output, SrtpProfile};
use rtp::srtp::{Profile, Receiver, Role, Sender, session};

use super::Send;
use crate::description::Remote;

/// The certificate and the DTLS configuration that all viewers share.
#[derive(Clone)]
pub struct Identity {
    config: Arc<dimpl::Config>,
    certificate: DtlsCertificate,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    pub fn generate() -> Self {
        let config = dimpl::Config::builder().build();
        let certificate = dimpl::certificate::generate_self_signed_certificate();
        Self {
            config: Arc::new(
                config.expect("the defaults and the compiled-in cryptography are valid"),
            ),
            certificate: certificate.expect("the crypto library makes P-256 certificates"),
        }
    }

    /// As SDP writes it.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint_str()
    }
}

/// One side of a handshake.
pub(crate) struct Handshake {
    dtls: Dtls,
    role: Role,
    fingerprint: Vec<u8>,
    is_verified: bool,
    next_at: Instant,
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("is_verified", &self.is_verified).finish_non_exhaustive()
    }
}

/// What a handshake came to.
#[allow(
    clippy::large_enum_variant,
    reason = "moved on at once, never stored: a box would allocate"
)]
pub(crate) enum Progress {
    Nothing,
    /// The keys are there.
    Keyed(Sender, Receiver),
    /// The server said goodbye.
    Closed,
    Failed(&'static str),
}

impl Handshake {
    pub(crate) fn new(identity: &Identity, remote: &Remote, now: Instant) -> Self {
        let certificate = identity.certificate.clone();
        let mut dtls = Dtls::new_12(Arc::clone(&identity.config), certificate, now);
        let role = if remote.is_dtls_client { Role::Server } else { Role::Client };
        dtls.set_active(role == Role::Client);
        let fingerprint = remote.fingerprint.clone();
        Self { dtls, role, fingerprint, is_verified: false, next_at: now }
    }

    pub(crate) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Takes a record, or `None` when only time passed.
    pub(crate) fn handle(
        &mut self,
        record: Option<&[u8]>,
        to: SocketAddr,
        now: Instant,
        send: &mut Send<'_>,
    ) -> Progress {
        if self.dtls.handle_timeout(now).is_err() {
            return Progress::Failed("dtls: no answer");
        }
        if let Some(record) = record
            && self.dtls.handle_packet(record).is_err()
        {
            return Progress::Failed("dtls: handshake failed");
        }
        self.drain(to, send)
    }

    /// Closes the connection.
    pub(crate) fn close(&mut self, to: SocketAddr, send: &mut Send<'_>) {
        if self.dtls.close().is_ok() {
            _ = self.drain(to, send);
        }
    }

    fn drain(&mut self, to: SocketAddr, send: &mut Send<'_>) -> Progress {
        let mut buffer = [0; 2_048];
        let mut progress = Progress::Nothing;
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(bytes) => send(to, bytes),
                Output::Timeout(at) => {
                    self.next_at = at;
                    return progress;
                }
                Output::PeerCert(der) => {
                    let seen = dimpl::certificate::calculate_fingerprint(der);
                    self.is_verified = seen == self.fingerprint;
                    if !self.is_verified {
                        return Progress::Failed("dtls: another certificate than announced");
                    }
                }
                Output::KeyingMaterial(material, profile) => {
                    let keys = self.keys(&material, profile);
                    progress = keys.unwrap_or(Progress::Failed("dtls: unusable SRTP keys"));
                }
                Output::CloseNotify => progress = Progress::Closed,
                Output::BufferTooSmall { .. } => return Progress::Failed("dtls: a huge record"),
                _ => {}
            }
        }
    }

    fn keys(&self, material: &[u8], profile: SrtpProfile) -> Option<Progress> {
        let profile = match profile {
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmHmacSha1_80,
            _ => return None,
        };
        let (sender, receiver) = session(profile, material, self.role).ok()?;
        self.is_verified.then_some(Progress::Keyed(sender, receiver))
    }
}
