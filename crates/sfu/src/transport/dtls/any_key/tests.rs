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
