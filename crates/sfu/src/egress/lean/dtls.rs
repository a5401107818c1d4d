//! The DTLS side of one viewer: the handshake, the certificate's fingerprint, the keys; afterwards
//! only the goodbye. No record enters but from the path that ICE verified, and no error of a record
//! ends anything: whoever shares the viewer's address can send what he likes.

use std::sync::Arc;
use std::time::Instant;

use dimpl::{Dtls, DtlsCertificate, Output};
use rtp::srtp;

use crate::dtls;

/// The largest record that the handshake yields; a flight is cut to the path's MTU before.
const MAX_RECORD: usize = 2_048;

/// What the handshake came to.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// The viewer is who its description says; the keys of its media.
    Done(Box<(srtp::Sender, srtp::Receiver)>, srtp::Profile),
    /// It is somebody else, or knows no profile of ours.
    Failed,
    /// The viewer says goodbye.
    Goodbye,
}

/// The DTLS side of one viewer.
#[derive(Debug)]
pub(crate) struct Channel {
    dtls: Dtls,
    role: srtp::Role,
    /// SHA-256 of the certificate that the viewer's description announced.
    fingerprint: [u8; 32],
    is_verified: bool,
    keys: Option<(Box<(srtp::Sender, srtp::Receiver)>, srtp::Profile)>,
    deadline: Option<Instant>,
    /// Records that were refused.
    pub(crate) n_errors: u32,
}

impl Channel {
    /// A handshake that has not begun. The viewer begins it, unless its description made us.
    pub(crate) fn new(
        certificate: &DtlsCertificate,
        role: srtp::Role,
        fingerprint: [u8; 32],
        now: Instant,
    ) -> Self {
        let mut dtls = Dtls::new_12(Arc::clone(dtls::config()), certificate.clone(), now);
        dtls.set_active(role == srtp::Role::Client);
        Self {
            dtls,
            role,
            fingerprint,
            is_verified: false,
            keys: None,
            deadline: None,
            n_errors: 0,
        }
    }

    /// Takes a record.
    pub(crate) fn handle(&mut self, contents: &[u8], now: Instant) {
        // It counts its deadlines from the last time that it was told.
        let told = self.dtls.handle_timeout(now);
        if told.and_then(|()| self.dtls.handle_packet(contents)).is_err() {
            self.n_errors = self.n_errors.saturating_add(1);
        }
    }

    /// Lets time pass.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|at| now >= at) && self.dtls.handle_timeout(now).is_err() {
            self.n_errors = self.n_errors.saturating_add(1);
        }
    }

    /// Begins, when it is for us to begin.
    pub(crate) fn start(&mut self, now: Instant) {
        self.deadline = Some(now);
        self.handle_timeout(now);
    }

    /// Sends a goodbye with the next poll.
    pub(crate) fn close(&mut self) {
        if self.dtls.close().is_err() {
            self.n_errors = self.n_errors.saturating_add(1);
        }
    }

    /// When it has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Gives `send` what is to be sent, and says what the handshake came to, once.
    pub(crate) fn poll(&mut self, mut send: impl FnMut(&[u8])) -> Option<Handshake> {
        let mut buffer = [0; MAX_RECORD];
        let mut result = None;
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => send(packet),
                Output::PeerCert(der) => {
                    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
                    self.is_verified = digest.as_ref() == self.fingerprint;
                    if !self.is_verified {
                        result = Some(Handshake::Failed);
                    }
                }
                Output::KeyingMaterial(material, profile) => {
                    let keys = profile_of(profile).and_then(|profile| {
                        let keys = srtp::session(profile, material.as_ref(), self.role).ok()?;
                        Some((Box::new(keys), profile))
                    });
                    self.keys = keys;
                    if self.keys.is_none() {
                        result = Some(Handshake::Failed);
                    }
                }
                Output::CloseNotify => result = result.or(Some(Handshake::Goodbye)),
                Output::Timeout(at) => {
                    self.deadline = Some(at);
                    break;
                }
                Output::BufferTooSmall { .. } => {
                    self.n_errors = self.n_errors.saturating_add(1);
                    break;
                }
                _ => {}
            }
        }
        if self.is_verified && result.is_none() {
            result = self.keys.take().map(|(keys, profile)| Handshake::Done(keys, profile));
        }
        result
    }
}

fn profile_of(profile: dimpl::SrtpProfile) -> Option<srtp::Profile> {
    Some(match profile {
        dimpl::SrtpProfile::AEAD_AES_256_GCM => srtp::Profile::AeadAes256Gcm,
        dimpl::SrtpProfile::AEAD_AES_128_GCM => srtp::Profile::AeadAes128Gcm,
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => srtp::Profile::Aes128CmHmacSha1_80,
        _ => return None,
    })
}
