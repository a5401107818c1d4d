//! DTLS with a peer whose certificate may have any key, as GStreamer's has an RSA one, by `rtc-dtls`:
//! `dimpl` verifies signatures of elliptic curves only. We answer the handshake.

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
use rtc_dtls::crypto_provider::providers::AwsLcRsProvider;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, SignatureScheme};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_dtls::state::State;

use super::flight::{self, Flight};
use super::hello::ClientHello;

/// The library tells its peers apart by their addresses. Ours has one, wherever its datagrams come from.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// RFC 5764, section 4.2.
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";

/// The library's own timer, which stops as soon as the peer repeats itself; see [`Flight`].
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// The most that is taken of a handshake. The library keeps what it cannot read yet, without a bound; a
/// handshake is some kilobytes, and a few times that when all of it is repeated.
const MAX_HANDSHAKE_BYTES: usize = 256 * 1024;

/// When to look again at an association that waits for its peer.
const IDLE: Duration = Duration::from_secs(3600);

/// Ours, the cheapest first: the library would take the peer's first.
const PROFILES: [(SrtpProtectionProfile, SrtpProfile); 3] = [
    (SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm, SrtpProfile::AEAD_AES_256_GCM),
    (SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, SrtpProfile::AEAD_AES_128_GCM),
    (SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80, SrtpProfile::AES128_CM_SHA1_80),
];

/// One association.
pub(crate) struct AnyKey {
    endpoint: Endpoint,
    profile: SrtpProfile,
    now: Instant,
    flight: Flight,
    /// What is to be told, in this order; a handful, once.
    news: VecDeque<News>,
    /// What is to be sent: what one datagram or one timeout brings.
    outgoing: VecDeque<Arc<[u8]>>,
    /// Bytes taken of the handshake.
    n_taken: usize,
    is_complete: bool,
    /// Goodbye was said or heard. The library would begin anew with whatever comes next.
    is_over: bool,
}

#[derive(Debug)]
enum News {
    Connected,
    Certificate(Vec<u8>),
    Keys(KeyingMaterial),
    Goodbye,
}

/// What came was of no use: its own errors tell no more that we could act on.
pub(super) const REFUSED: Error =
    Error::CryptoError(CryptoError::OperationFailed(CryptoOperation::Decrypt));

impl AnyKey {
    /// An association with whoever sent this; none if it offers no SRTP profile of ours.
    pub(crate) fn answering(
        hello: &ClientHello,
        certificate: &DtlsCertificate,
        now: Instant,
    ) -> Option<Self> {
        let (theirs, profile) =
            PROFILES.into_iter().find(|(it, _)| hello.srtp_profiles.contains(&(*it as u16)))?;
        let config = config(certificate, theirs)
            .inspect_err(|error| tracing::error!(%error, "no DTLS for certificates of any key"))
            .ok()?;
        let endpoint = Endpoint::new(PEER, Default::default(), Some(Arc::new(config)));
        Some(Self {
            endpoint,
            profile,
            now,
            flight: Flight::default(),
            news: VecDeque::new(),
            outgoing: VecDeque::new(),
            n_taken: 0,
            is_complete: false,
            is_over: false,
        })
    }

    /// Takes a datagram. What is refused ends nothing.
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
                    let (certificate, keys) = outcome(state, self.profile).ok_or(REFUSED)?;
                    self.news.extend([News::Connected, certificate, keys]);
                }
                EndpointEvent::PeerClosed => {
                    self.is_over = true;
                    self.news.push_back(News::Goodbye);
                }
                // There is nothing but media to be had.
                _ => {}
            }
        }
        Ok(())
    }

    fn take_answer(&mut self) -> Vec<Arc<[u8]>> {
        let next = || self.endpoint.poll_transmit().map(|it| it.message.as_ref().into());
        std::iter::from_fn(next).collect()
    }

    /// Lets time pass.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.outgoing.extend(self.flight.again_if_due(now).iter().cloned());
    }

    /// What there is to send and to tell, up to the time when to look again.
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

    /// Says goodbye.
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

fn config(
    ours: &DtlsCertificate,
    profile: SrtpProtectionProfile,
) -> Result<HandshakeConfig, Box<dyn std::error::Error>> {
    let provider = AwsLcRsProvider::new();
    let key = provider
        .crypto()
        .import_signing_key(SignatureScheme::EcdsaP256Sha256, &ours.private_key)?;
    let chain = vec![ours.certificate.clone().into()];
    let builder = ConfigBuilder::default()
        .with_crypto_provider(Arc::new(provider))
        .with_certificates(vec![Certificate::from_signing_key(chain, key)])
        .with_srtp_protection_profiles(vec![profile])
        // Its owner has to prove to have the key; the fingerprint is compared by whoever knows it.
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Request)
        .with_flight_interval(NEVER);
    Ok(builder.build(false, None)?)
}

/// The peer's certificate and the keys, of a handshake that is done.
fn outcome(state: &State, profile: SrtpProfile) -> Option<(News, News)> {
    let certificate = state.peer_certificates.first()?.clone();
    let len = profile.keying_material_len();
    let keys = state.export_keying_material(EXPORTER, &[], len).ok()?;
    Some((News::Certificate(certificate), News::Keys(KeyingMaterial::new(keys.as_ref()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;
    use crate::transport::dtls::generate_certificate;

    /// Somebody's side, which begins.
    struct Client {
        endpoint: Endpoint,
        certificate: Option<Vec<u8>>,
        is_done: bool,
        heard_goodbye: bool,
    }

    impl Client {
        fn new(algorithm: Option<&'static rcgen::SignatureAlgorithm>, now: Instant) -> Self {
            let provider = AwsLcRsProvider::new();
            let certificate = algorithm.map(|it| {
                let names = ["gst".to_owned()];
                Certificate::generate_self_signed_with_alg(names, it, provider.crypto()).unwrap()
            });
            let config = ConfigBuilder::default()
                .with_crypto_provider(Arc::new(provider))
                .with_certificates(certificate.iter().cloned().collect())
                .with_srtp_protection_profiles(vec![PROFILES[2].0])
                .with_insecure_skip_verify(true)
                .build(true, Some(PEER))
                .unwrap();
            let mut endpoint = Endpoint::new(PEER, Default::default(), None);
            endpoint.connect(now, PEER, Arc::new(config), None).unwrap();
            let certificate = certificate.map(|it| it.certificate[0].to_vec());
            Self { endpoint, certificate, is_done: false, heard_goodbye: false }
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

    /// What a handshake came to for us.
    #[derive(Debug, Default)]
    struct Told {
        is_connected: bool,
        certificate: Option<Vec<u8>>,
        keys: Option<Vec<u8>>,
        goodbye: bool,
    }

    fn answering(now: Instant) -> AnyKey {
        let hello = ClientHello { srtp_profiles: vec![2, 1], ..ClientHello::default() };
        AnyKey::answering(&hello, &generate_certificate(), now).unwrap()
    }

    /// Carries datagrams until both have nothing more to say for this long; `is_lost` by the number of
    /// the datagram, on both ways.
    fn carry(
        client: &mut Client,
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
            _ = client.endpoint.handle_timeout(PEER, *now);
            ours.handle_timeout(*now);
            while let Some(it) = client.endpoint.poll_transmit() {
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
                            client.handle(packet, *now);
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
            let (mut client, mut ours) = (Client::new(Some(algorithm), now), answering(now));
            let told = carry(&mut client, &mut ours, &mut now, Duration::from_secs(1), |_| false);
            assert!(told.is_connected && client.is_done, "{told:?}");
            assert_eq!(told.certificate, client.certificate);
            assert_eq!(told.keys, Some(client.keys()));
        }
    }

    #[test]
    fn who_shows_no_certificate_gets_no_keys() {
        let mut now = *START;
        let (mut client, mut ours) = (Client::new(None, now), answering(now));
        let told = carry(&mut client, &mut ours, &mut now, Duration::from_secs(20), |_| false);
        assert!(!told.is_connected && told.keys.is_none(), "{told:?}");
    }

    #[test]
    fn a_datagram_that_is_lost_is_sent_again() {
        for number in 1..=8 {
            let mut now = *START;
            let (mut client, mut ours) =
                (Client::new(Some(&rcgen::PKCS_ECDSA_P256_SHA256), now), answering(now));
            let lost = |n| n == number;
            let told = carry(&mut client, &mut ours, &mut now, Duration::from_secs(3), lost);
            assert!(told.is_connected && client.is_done, "{number}: {told:?}");
        }
    }

    #[test]
    fn goodbyes_are_said_and_heard() {
        let begun = || {
            let mut now = *START;
            let algorithm = &rcgen::PKCS_ECDSA_P256_SHA256;
            let (mut client, mut ours) = (Client::new(Some(algorithm), now), answering(now));
            carry(&mut client, &mut ours, &mut now, Duration::from_secs(1), |_| false);
            (client, ours, now)
        };
        let (mut client, mut ours, mut now) = begun();
        ours.close();
        carry(&mut client, &mut ours, &mut now, Duration::from_secs(1), |_| false);
        assert!(client.heard_goodbye);
        let (mut client, mut ours, mut now) = begun();
        client.endpoint.stop(now, PEER);
        let told = carry(&mut client, &mut ours, &mut now, Duration::from_secs(1), |_| false);
        assert!(told.goodbye);
        // Nobody begins anew on the same association.
        let mut client = Client::new(Some(&rcgen::PKCS_ECDSA_P256_SHA256), now);
        let told = carry(&mut client, &mut ours, &mut now, Duration::from_secs(3), |_| false);
        assert!(!told.is_connected && !client.is_done);
    }

    #[test]
    fn what_cannot_be_read_yet_is_not_kept_without_end() {
        let mut ours = answering(*START);
        let mut record = vec![0; 1200];
        // Encrypted, of the next epoch.
        record[..13].copy_from_slice(&[22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 1, 4, 163]);
        let n_taken = (0..10_000).filter(|_| ours.handle_packet(&record).is_ok()).count();
        assert!(n_taken * record.len() <= MAX_HANDSHAKE_BYTES, "{n_taken}");
    }

    #[test]
    fn noise_ends_nothing() {
        let mut now = *START;
        let (mut client, mut ours) =
            (Client::new(Some(&rcgen::PKCS_ECDSA_P256_SHA256), now), answering(now));
        // A fatal alert that anybody can write, and what no one can read.
        for noise in [&[21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 2, 40][..], &[22; 40]] {
            _ = ours.handle_packet(noise);
        }
        let told = carry(&mut client, &mut ours, &mut now, Duration::from_secs(2), |_| false);
        assert!(told.is_connected && client.is_done, "{told:?}");
    }
}
