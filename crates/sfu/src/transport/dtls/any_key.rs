//! DTLS for peers whose certificate may have any key, with `rtc-dtls`. GStreamer's has an RSA key; `dimpl` only
//! verifies signatures on elliptic curves.

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

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest;
    use rtc_dtls::crypto_provider::providers::AwsLcRsProvider;
    use rtp::srtp;
    use sdp::{Fingerprint, Hash};

    use super::*;
    use crate::testing::START;
    use crate::transport::dtls::channel::{Channel, Handshake};
    use crate::transport::dtls::generate_certificate;

    /// The peer's side.
    struct Theirs {
        endpoint: Endpoint,
        certificate: Option<Vec<u8>>,
        is_done: bool,
        heard_goodbye: bool,
    }

    impl Theirs {
        /// A peer that begins the handshake; `key`: the algorithm of its certificate's key.
        fn beginning(key: Option<&'static rcgen::SignatureAlgorithm>, now: Instant) -> Self {
            let (config, certificate) = Self::config(key, true);
            let mut endpoint = Endpoint::new(PEER, Default::default(), None);
            endpoint.connect(now, PEER, config, None).unwrap();
            Self { endpoint, certificate, is_done: false, heard_goodbye: false }
        }

        /// A peer that answers.
        fn answering(key: &'static rcgen::SignatureAlgorithm) -> Self {
            let (config, certificate) = Self::config(Some(key), false);
            let endpoint = Endpoint::new(PEER, Default::default(), Some(config));
            Self { endpoint, certificate, is_done: false, heard_goodbye: false }
        }

        fn config(
            key: Option<&'static rcgen::SignatureAlgorithm>,
            begins: bool,
        ) -> (Arc<HandshakeConfig>, Option<Vec<u8>>) {
            let provider = AwsLcRsProvider::new();
            let certificate = key.map(|it| {
                let names = ["gst".to_owned()];
                Certificate::generate_self_signed_with_alg(names, it, provider.crypto()).unwrap()
            });
            let config = ConfigBuilder::default()
                .with_crypto_provider(Arc::new(provider))
                .with_certificates(certificate.iter().cloned().collect())
                .with_srtp_protection_profiles(vec![PROFILES[2].0])
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                .with_insecure_skip_verify(true)
                .build(begins, begins.then_some(PEER))
                .unwrap();
            (Arc::new(config), certificate.map(|it| it.certificate[0].to_vec()))
        }

        fn handle(&mut self, packet: &[u8], now: Instant) {
            for event in self.endpoint.read(now, PEER, None, packet.into()).unwrap_or_default() {
                self.is_done |= matches!(event, EndpointEvent::HandshakeComplete);
                self.heard_goodbye |= matches!(event, EndpointEvent::PeerClosed);
            }
        }

        fn keys(&self) -> Vec<u8> {
            let state = self.endpoint.get_connection_state(PEER).unwrap();
            let len = SrtpProfile::AES128_CM_SHA1_80.keying_material_len();
            state.export_keying_material(EXPORTER, &[], len).unwrap().as_ref().to_vec()
        }
    }

    /// Outputs of our side.
    #[derive(Debug, Default)]
    struct Told {
        is_connected: bool,
        certificate: Option<Vec<u8>>,
        keys: Option<Vec<u8>>,
        goodbye: bool,
    }

    fn answering(now: Instant) -> AnyKey {
        let hello = ClientHello {
            is_general_purpose: true,
            srtp_profiles: vec![2, 1],
            ..ClientHello::default()
        };
        AnyKey::answering(&hello, &generate_certificate(), now).unwrap()
    }

    fn beginning(now: Instant) -> AnyKey {
        AnyKey::beginning(&generate_certificate(), PATIENT_FLIGHT_AGAIN, now).unwrap()
    }

    /// Exchanges datagrams for `lasts`; `is_lost` selects lost datagrams by their number, counted over both directions.
    fn carry(
        theirs: &mut Theirs,
        ours: &mut AnyKey,
        now: &mut Instant,
        lasts: Duration,
        is_lost: impl Fn(usize) -> bool,
    ) -> Told {
        let mut told = Told::default();
        let mut n = 0;
        let until = *now + lasts;
        while *now < until {
            *now += Duration::from_millis(10);
            _ = theirs.endpoint.handle_timeout(PEER, *now);
            ours.handle_timeout(*now);
            while let Some(it) = theirs.endpoint.poll_transmit() {
                n += 1;
                if !is_lost(n) {
                    _ = ours.handle_packet(&it.message);
                }
            }
            let mut buffer = [0; 2048];
            loop {
                match ours.poll_output(&mut buffer) {
                    Output::Packet(packet) => {
                        n += 1;
                        if !is_lost(n) {
                            theirs.handle(packet, *now);
                        }
                    }
                    Output::Connected => told.is_connected = true,
                    Output::PeerCert(der) => told.certificate = Some(der.to_vec()),
                    Output::KeyingMaterial(keys, _) => told.keys = Some(keys.to_vec()),
                    Output::CloseNotify => told.goodbye = true,
                    Output::Timeout(_) => break,
                    other => panic!("{other:?}"),
                }
            }
        }
        told
    }

    #[test]
    fn a_peer_with_an_rsa_key_and_we_have_the_same_keys() {
        for algorithm in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256] {
            let mut now = *START;
            let (mut theirs, mut ours) = (Theirs::beginning(Some(algorithm), now), answering(now));
            let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(1), |_| false);
            assert!(told.is_connected && theirs.is_done, "{told:?}");
            assert_eq!(told.certificate, theirs.certificate);
            assert_eq!(told.keys, Some(theirs.keys()));
        }
    }

    #[test]
    fn a_peer_that_lets_us_begin_may_have_any_key_as_well() {
        for key in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256] {
            let mut now = *START;
            let (mut theirs, mut ours) = (Theirs::answering(key), beginning(now));
            let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(1), |_| false);
            assert!(told.is_connected && theirs.is_done, "{told:?}");
            assert_eq!(told.certificate, theirs.certificate);
            assert_eq!(told.keys, Some(theirs.keys()));
        }
    }

    #[test]
    fn who_shows_no_certificate_gets_no_keys() {
        let mut now = *START;
        let (mut theirs, mut ours) = (Theirs::beginning(None, now), answering(now));
        let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(20), |_| false);
        assert!(!told.is_connected && told.keys.is_none(), "{told:?}");
    }

    #[test]
    fn a_datagram_that_is_lost_is_sent_again() {
        let key = &rcgen::PKCS_ECDSA_P256_SHA256;
        for number in 1..=8 {
            let mut now = *START;
            let (mut theirs, mut ours) = (Theirs::beginning(Some(key), now), answering(now));
            let lost = |n| n == number;
            let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(3), lost);
            assert!(told.is_connected && theirs.is_done, "{number}: {told:?}");
        }
    }

    #[test]
    fn so_it_is_where_we_begin() {
        let config = Arc::new(dimpl::Config::default());
        for number in 1..=8 {
            let mut now = *START;
            let mut theirs = dimpl::Dtls::new_12(Arc::clone(&config), generate_certificate(), now);
            let mut ours = beginning(now);
            let (mut n, mut done) = (0, (false, false));
            let mut is_lost = || {
                n += 1;
                n == number
            };
            for _ in 0..500 {
                now += Duration::from_millis(10);
                ours.handle_timeout(now);
                theirs.handle_timeout(now).unwrap();
                let mut buffer = [0; 2048];
                loop {
                    match ours.poll_output(&mut buffer) {
                        Output::Packet(it) if !is_lost() => _ = theirs.handle_packet(it),
                        Output::Connected => done.0 = true,
                        Output::Timeout(_) => break,
                        _ => {}
                    }
                }
                loop {
                    match theirs.poll_output(&mut buffer) {
                        Output::Packet(it) if !is_lost() => _ = ours.handle_packet(it),
                        Output::Connected => done.1 = true,
                        Output::Timeout(_) => break,
                        _ => {}
                    }
                }
            }
            assert_eq!(done, (true, true), "{number} of {n}");
        }
    }

    #[test]
    fn goodbyes_are_said_and_heard() {
        let begun = || {
            let mut now = *START;
            let algorithm = &rcgen::PKCS_ECDSA_P256_SHA256;
            let (mut theirs, mut ours) = (Theirs::beginning(Some(algorithm), now), answering(now));
            carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(1), |_| false);
            (theirs, ours, now)
        };
        let (mut theirs, mut ours, mut now) = begun();
        ours.close();
        carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(1), |_| false);
        assert!(theirs.heard_goodbye);
        let (mut theirs, mut ours, mut now) = begun();
        theirs.endpoint.stop(now, PEER);
        let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(1), |_| false);
        assert!(told.goodbye);
        // No new handshake on the same association.
        let mut theirs = Theirs::beginning(Some(&rcgen::PKCS_ECDSA_P256_SHA256), now);
        let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(3), |_| false);
        assert!(!told.is_connected && !theirs.is_done);
    }

    #[test]
    fn what_cannot_be_read_yet_is_not_kept_without_end() {
        let mut ours = answering(*START);
        let mut record = vec![0; 1200];
        // An encrypted record of the next epoch.
        record[..13].copy_from_slice(&[22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 1, 4, 163]);
        let n_taken = (0..10_000).filter(|_| ours.handle_packet(&record).is_ok()).count();
        assert!(n_taken * record.len() <= MAX_HANDSHAKE_BYTES, "{n_taken}");
    }

    #[test]
    fn noise_ends_nothing() {
        let mut now = *START;
        let (mut theirs, mut ours) =
            (Theirs::beginning(Some(&rcgen::PKCS_ECDSA_P256_SHA256), now), answering(now));
        // A fatal alert, which anybody can forge, and an unreadable record.
        for noise in [&[21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 2, 40][..], &[22; 40]] {
            _ = ours.handle_packet(noise);
        }
        let told = carry(&mut theirs, &mut ours, &mut now, Duration::from_secs(2), |_| false);
        assert!(told.is_connected && theirs.is_done, "{told:?}");
    }

    /// Whether a handshake with this browser's certificate succeeds.
    fn is_met(theirs: &mut Theirs, is_publisher: bool) -> bool {
        let mut now = *START;
        let (ours, der) = (generate_certificate(), theirs.certificate.as_ref().unwrap());
        let digest = digest::digest(&digest::SHA256, der);
        let fingerprint = Fingerprint::new(Hash::Sha256, digest.as_ref()).unwrap();
        let mut channel = Channel::new(&ours, srtp::Role::Server, fingerprint, is_publisher, now);
        for _ in 0..100 {
            now += Duration::from_millis(10);
            _ = theirs.endpoint.handle_timeout(PEER, now);
            while let Some(it) = theirs.endpoint.poll_transmit() {
                channel.handle(&it.message, &ours, now);
            }
            let mut flight = Vec::new();
            let result = channel.poll(true, |it| flight.push(it.to_vec()));
            if matches!(result, Some(Handshake::Done(..))) {
                return true;
            }
            for record in flight {
                theirs.handle(&record, now);
            }
        }
        false
    }

    #[test]
    fn a_browser_with_an_rsa_key_publishes_at_once_and_watches_at_its_second_attempt() {
        let rsa = || Theirs::beginning(Some(&rcgen::PKCS_RSA_SHA256), *START);
        assert!(is_met(&mut rsa(), true));
        let (config, certificate) = Theirs::config(Some(&rcgen::PKCS_RSA_SHA256), true);
        let mut attempts = (0..2).map(|_| {
            let mut endpoint = Endpoint::new(PEER, Default::default(), None);
            endpoint.connect(*START, PEER, Arc::clone(&config), None).unwrap();
            let certificate = certificate.clone();
            let mut theirs = Theirs { endpoint, certificate, is_done: false, heard_goodbye: false };
            is_met(&mut theirs, false)
        });
        assert_eq!((attempts.next(), attempts.next()), (Some(false), Some(true)));
    }
}
