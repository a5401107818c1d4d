//! DTLS for peers whose certificate may have any key, with `rtc-dtls`. GStreamer's has an RSA key; `dimpl` only
//! verifies signatures on elliptic curves.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{
    CryptoError, CryptoOperation, DtlsCertificate, Error, KeyingMaterial, Output, SrtpProfile,
};
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, SignatureScheme};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_dtls::signature_hash_algorithm::SignatureScheme as Scheme;
use rtc_dtls::state::State;

use super::curves::AnyCurveProvider;
use super::flight::{self, Flight};
use super::hello::ClientHello;
use super::{FLIGHT_AGAIN, PATIENT_FLIGHT_AGAIN};

/// The library identifies peers by address. Each of ours has one, wherever its datagrams come from.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// Label of the SRTP key exporter (RFC 5764, section 4.2).
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";

/// Interval of the library's own retransmission timer, which stops when the peer repeats itself. [`Flight`] replaces
/// it.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Bytes accepted during a handshake at most. The library keeps records that it cannot read yet, without a limit. A
/// handshake is some kilobytes, and a few times that if all of it is repeated.
const MAX_HANDSHAKE_BYTES: usize = 256 * 1024;

/// The timeout of an association that waits for its peer.
const IDLE: Duration = Duration::from_secs(3600);

/// Our SRTP profiles, the cheapest first. The library would select the peer's first.
const PROFILES: [(SrtpProtectionProfile, SrtpProfile); 3] = [
    (SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm, SrtpProfile::AEAD_AES_256_GCM),
    (SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, SrtpProfile::AEAD_AES_128_GCM),
    (SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80, SrtpProfile::AES128_CM_SHA1_80),
];

/// Signature schemes for the peer's certificate. The library supports no others; [`AnyCurveProvider`] adds curves to
/// them.
const SCHEMES: [Scheme; 6] = [
    Scheme::EcdsaWithP256AndSha256,
    Scheme::EcdsaWithP384AndSha384,
    Scheme::Pkcs1WithSha256,
    Scheme::Pkcs1WithSha384,
    Scheme::Pkcs1WithSha512,
    Scheme::Ed25519,
];

/// A DTLS association.
pub(crate) struct AnyKey {
    endpoint: Endpoint,
    /// The configuration for beginning the handshake, until it has begun.
    begins: Option<Arc<HandshakeConfig>>,
    profile: SrtpProfile,
    now: Instant,
    flight: Flight,
    /// Outputs other than datagrams, in order; a handful, once.
    news: VecDeque<News>,
    /// Datagrams to send: those from one received datagram or one timeout.
    outgoing: VecDeque<Arc<[u8]>>,
    /// Handshake bytes received.
    n_taken: usize,
    is_complete: bool,
    /// A `close_notify` was sent or received. The library would begin a new handshake with the next datagram.
    is_over: bool,
}

#[derive(Debug)]
enum News {
    Connected,
    Certificate(Vec<u8>),
    Keys(KeyingMaterial),
    Goodbye,
}

/// The error for any rejected datagram: the library's errors contain nothing that we could act on.
pub(super) const REFUSED: Error =
    Error::CryptoError(CryptoError::OperationFailed(CryptoOperation::Decrypt));

impl AnyKey {
    /// Creates an association with the sender of this ClientHello; `None` if no SRTP profile is common.
    pub(crate) fn answering(
        hello: &ClientHello,
        certificate: &DtlsCertificate,
        now: Instant,
    ) -> Option<Self> {
        let (theirs, profile) =
            PROFILES.into_iter().find(|(it, _)| hello.srtp_profiles.contains(&(*it as u16)))?;
        let config = config(certificate, vec![theirs], false)?;
        let endpoint = Endpoint::new(PEER, Default::default(), Some(config));
        let patience = if hello.is_general_purpose { PATIENT_FLIGHT_AGAIN } else { FLIGHT_AGAIN };
        Some(Self::new(endpoint, profile, patience, now))
    }

    /// Creates an association that begins the handshake at the next [`Self::handle_timeout`]. An unanswered flight is
    /// repeated after `patience`, which doubles each time.
    pub(crate) fn beginning(
        certificate: &DtlsCertificate,
        patience: Duration,
        now: Instant,
    ) -> Option<Self> {
        let profiles = PROFILES.into_iter().map(|it| it.0).collect();
        let config = config(certificate, profiles, true)?;
        let endpoint = Endpoint::new(PEER, Default::default(), None);
        // The peer chooses the profile.
        let this = Self::new(endpoint, PROFILES[0].1, patience, now);
        Some(Self { begins: Some(config), ..this })
    }

    fn new(endpoint: Endpoint, profile: SrtpProfile, patience: Duration, now: Instant) -> Self {
        Self {
            endpoint,
            begins: None,
            profile,
            now,
            flight: Flight::new(patience),
            news: VecDeque::new(),
            outgoing: VecDeque::new(),
            n_taken: 0,
            is_complete: false,
            is_over: false,
        }
    }

    /// Processes a datagram. A rejected one does not end the association.
    pub(crate) fn handle_packet(&mut self, packet: &[u8]) -> Result<(), Error> {
        if !self.is_complete {
            self.n_taken = self.n_taken.saturating_add(packet.len());
        }
        if self.is_over || self.n_taken > MAX_HANDSHAKE_BYTES {
            return Err(REFUSED);
        }
        let events = self.endpoint.read(self.now, PEER, None, packet.into());
        let answer = self.take_answer();
        if !self.is_complete {
            let said = flight::message_number(packet);
            if answer.is_empty() {
                self.outgoing.extend(self.flight.again_if_repeated(said).iter().cloned());
            } else if events.is_ok() {
                self.flight.sent(&answer, said, self.now);
            }
        }
        self.outgoing.extend(answer);
        for event in events.map_err(|_| REFUSED)? {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.is_complete = true;
                    self.flight.done();
                    let state = self.endpoint.get_connection_state(PEER).ok_or(REFUSED)?;
                    self.profile = profile(state).ok_or(REFUSED)?;
                    let (certificate, keys) = outcome(state, self.profile).ok_or(REFUSED)?;
                    self.news.extend([News::Connected, certificate, keys]);
                }
                EndpointEvent::PeerClosed => {
                    self.is_over = true;
                    self.news.push_back(News::Goodbye);
                }
                // Only the keys are used, no application data.
                _ => {}
            }
        }
        Ok(())
    }

    fn take_answer(&mut self) -> Vec<Arc<[u8]>> {
        let next = || self.endpoint.poll_transmit().map(|it| it.message.as_ref().into());
        std::iter::from_fn(next).collect()
    }

    /// Handles timers that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if let Some(config) = self.begins.take() {
            // Fails if the handshake has begun before.
            _ = self.endpoint.connect(now, PEER, config, None);
            let hello = self.take_answer();
            self.flight.sent(&hello, None, now);
            self.outgoing.extend(hello);
        }
        self.outgoing.extend(self.flight.again_if_due(now).iter().cloned());
    }

    /// Returns the next output; the last is the timeout.
    pub(crate) fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> Output<'a> {
        if let Some(datagram) = self.outgoing.front() {
            let Some(space) = buffer.get_mut(..datagram.len()) else {
                return Output::BufferTooSmall { needed: datagram.len() };
            };
            space.copy_from_slice(datagram);
            self.outgoing.pop_front();
            return Output::Packet(space);
        }
        match self.news.pop_front() {
            Some(News::Connected) => Output::Connected,
            Some(News::Certificate(der)) => {
                let Some(space) = buffer.get_mut(..der.len()) else {
                    let needed = der.len();
                    self.news.push_front(News::Certificate(der));
                    return Output::BufferTooSmall { needed };
                };
                space.copy_from_slice(&der);
                Output::PeerCert(space)
            }
            Some(News::Keys(keys)) => Output::KeyingMaterial(keys, self.profile),
            Some(News::Goodbye) => Output::CloseNotify,
            None => Output::Timeout(self.flight.again_at().unwrap_or(self.now + IDLE)),
        }
    }

    /// Sends a `close_notify`.
    pub(crate) fn close(&mut self) {
        self.is_over = true;
        self.flight.done();
        self.endpoint.stop(self.now, PEER);
        let goodbye = self.take_answer();
        self.outgoing.extend(goodbye);
    }
}

impl fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyKey").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Key of a configuration: our certificate, the profiles, and whether we begin.
type Of = (Vec<u8>, Vec<SrtpProtectionProfile>, bool);

thread_local! {
    /// This thread's configurations for our certificate: one per profile, and one for beginning. Building one costs a
    /// third of a handshake.
    static CONFIGS: RefCell<Vec<(Of, Arc<HandshakeConfig>)>> = const { RefCell::new(Vec::new()) };
}

fn config(
    ours: &DtlsCertificate,
    profiles: Vec<SrtpProtectionProfile>,
    begins: bool,
) -> Option<Arc<HandshakeConfig>> {
    CONFIGS.with_borrow_mut(|made| {
        made.retain(|(of, _)| of.0 == ours.certificate);
        let is_it = |of: &Of| of.1 == profiles && of.2 == begins;
        if let Some((_, config)) = made.iter().find(|(of, _)| is_it(of)) {
            return Some(Arc::clone(config));
        }
        let built = build(ours, profiles.clone(), begins);
        let built = built.inspect_err(
            |error| tracing::error!(%error, "DTLS for certificates with any key is not available"),
        );
        let config = Arc::new(built.ok()?);
        made.push(((ours.certificate.clone(), profiles, begins), Arc::clone(&config)));
        Some(config)
    })
}

fn build(
    ours: &DtlsCertificate,
    profiles: Vec<SrtpProtectionProfile>,
    begins: bool,
) -> Result<HandshakeConfig, Box<dyn std::error::Error>> {
    let provider = AnyCurveProvider::new();
    let key = provider
        .crypto()
        .import_signing_key(SignatureScheme::EcdsaP256Sha256, &ours.private_key)?;
    let chain = vec![ours.certificate.clone().into()];
    let builder = ConfigBuilder::default()
        .with_crypto_provider(Arc::new(provider))
        .with_certificates(vec![Certificate::from_signing_key(chain, key)])
        .with_signature_schemes(SCHEMES.to_vec())
        .with_srtp_protection_profiles(profiles)
        // The peer must prove that it has the key; the channel compares the fingerprint.
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Request)
        .with_flight_interval(NEVER);
    Ok(builder.build(begins, begins.then_some(PEER))?)
}

/// The negotiated SRTP profile.
fn profile(state: &State) -> Option<SrtpProfile> {
    let chosen = state.srtp_protection_profile();
    PROFILES.into_iter().find(|it| it.0 == chosen).map(|it| it.1)
}

/// The peer's certificate and the keys, after a completed handshake.
fn outcome(state: &State, profile: SrtpProfile) -> Option<(News, News)> {
    let certificate = state.peer_certificates.first()?.clone();
    let len = profile.keying_material_len();
    let keys = state.export_keying_material(EXPORTER, &[], len).ok()?;
    Some((News::Certificate(certificate), News::Keys(KeyingMaterial::new(keys.as_ref()))))
}
