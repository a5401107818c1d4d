//! The DTLS side of one peer: the handshake, the fingerprint check and the SRTP keys; afterwards only the
//! `close_notify`, which is written in advance. Only records from a path that ICE verified are accepted, and no invalid
//! record ends the session: an attacker who shares the peer's address can send anything.

use std::time::Instant;

use aws_lc_rs::digest;
use dimpl::{DtlsCertificate, Output};
use rtp::srtp;
use sdp::{Fingerprint, Hash};

use crate::transport::dtls::{Association, is_hello, refused};

/// Buffer for one output: records, which fit the path's MTU, and nearly every certificate.
const SMALL: usize = 4_096;

/// The largest certificate that fits the 30 handshake datagrams the library keeps, in bytes. The library panics if it
/// cannot return a certificate.
const MAX_CERTIFICATE: usize = 64 * 1024;

/// Result of the handshake.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// The peer's certificate matches its description; the SRTP keys of both directions.
    Done(Box<(srtp::Sender, srtp::Receiver)>, srtp::Profile),
    /// The certificate does not match, or no SRTP profile is common.
    Failed,
    /// The peer sent `close_notify`.
    Goodbye,
}

/// The DTLS side of one peer.
#[derive(Debug)]
pub(crate) struct Channel {
    dtls: Association,
    role: srtp::Role,
    /// Fingerprint of the certificate in the peer's description.
    fingerprint: Fingerprint,
    is_verified: bool,
    /// Bytes of records so far, without ClientHellos, up to [`MAX_CERTIFICATE`]: an upper bound of the certificate's
    /// size.
    n_bytes: usize,
    keys: Option<(Box<(srtp::Sender, srtp::Receiver)>, srtp::Profile)>,
    deadline: Option<Instant>,
    /// Records that were rejected.
    pub(crate) n_errors: u32,
}

impl Channel {
    /// Creates a channel. As [`srtp::Role::Server`] it waits for the peer to begin the handshake; as client it begins
    /// itself.
    pub(crate) fn new(
        certificate: &DtlsCertificate,
        role: srtp::Role,
        fingerprint: Fingerprint,
        is_publisher: bool,
        now: Instant,
    ) -> Self {
        let dtls = match role {
            srtp::Role::Server => {
                // For a broadcast, 0.1 ms more does not matter.
                let any_key = is_publisher || refused::has(&fingerprint);
                Association::passive(certificate, any_key, now)
            }
            srtp::Role::Client => Association::active(certificate, is_publisher, now),
        };
        Self {
            dtls,
            role,
            fingerprint,
            is_verified: false,
            n_bytes: 0,
            keys: None,
            deadline: None,
            n_errors: 0,
        }
    }

    /// Processes a record. `certificate` is the one that the channel was created with.
    pub(crate) fn handle(&mut self, contents: &[u8], certificate: &DtlsCertificate, now: Instant) {
        if !is_hello(contents) {
            self.n_bytes = (self.n_bytes + contents.len()).min(MAX_CERTIFICATE);
        }
        // The library computes its deadlines from the time of this call.
        let told = self.dtls.handle_timeout(now);
        if told.and_then(|()| self.dtls.handle_packet(contents, certificate, now)).is_err() {
            self.n_errors = self.n_errors.saturating_add(1);
            refused::note(&self.fingerprint);
        }
    }

    /// Handles timers that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|at| now >= at) && self.dtls.handle_timeout(now).is_err() {
            self.n_errors = self.n_errors.saturating_add(1);
        }
    }

    /// Begins the handshake, if that is our role.
    pub(crate) fn start(&mut self, now: Instant) {
        self.deadline = Some(now);
        self.handle_timeout(now);
    }

    /// Sends a `close_notify` at the next poll.
    pub(crate) fn close(&mut self) {
        if self.dtls.close().is_err() {
            self.n_errors = self.n_errors.saturating_add(1);
        }
    }

    /// Ends the channel once the peer has its keys; returns the `close_notify` record, to be sent later. It is the last
    /// record under the channel's keys, so its time does not matter.
    pub(crate) fn finish(mut self) -> Box<[u8]> {
        self.close();
        let mut goodbye = Vec::new();
        self.poll(false, |record| goodbye = record.to_vec());
        goodbye.into()
    }

    /// When it is next due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Passes records to `send`, and returns the handshake's result once. `Done` is only returned if `may_be_done`,
    /// since media needs a known path.
    pub(crate) fn poll(
        &mut self,
        may_be_done: bool,
        mut send: impl FnMut(&[u8]),
    ) -> Option<Handshake> {
        let mut small = [0; SMALL];
        let mut large = Vec::new();
        let mut buffer = &mut small[..];
        if !self.is_verified && self.n_bytes > SMALL {
            large.resize(MAX_CERTIFICATE, 0);
            buffer = &mut large;
        }
        let mut result = None;
        loop {
            match self.dtls.poll_output(buffer) {
                Output::Packet(packet) => send(packet),
                Output::PeerCert(der) => {
                    self.is_verified = is_certificate_of(der, &self.fingerprint);
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
                    // The library would return the same again, with a deadline in the past.
                    result = Some(Handshake::Failed);
                    break;
                }
                _ => {}
            }
        }
        if self.is_verified && may_be_done && result.is_none() {
            result = self.keys.take().map(|(keys, profile)| Handshake::Done(keys, profile));
        }
        result
    }
}

/// Whether a certificate has this fingerprint. A fingerprint with a weak hash never matches.
fn is_certificate_of(der: &[u8], fingerprint: &Fingerprint) -> bool {
    let algorithm = match fingerprint.hash() {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
        _ => return false,
    };
    digest::digest(algorithm, der).as_ref() == fingerprint.bytes()
}

/// Whether this may be a `close_notify`: an encrypted alert (RFC 6347, section 4.1; RFC 5246, section 7.2). Its content
/// is only readable with the keys.
pub(crate) fn may_be_goodbye(record: &[u8]) -> bool {
    matches!(record, [21, 0xFE, 0xFD, 0, 1, _, _, _, _, _, _, high, low, rest @ ..]
        if rest.len() >= usize::from(u16::from_be_bytes([*high, *low])) && rest.len() > 2)
}

fn profile_of(profile: dimpl::SrtpProfile) -> Option<srtp::Profile> {
    Some(match profile {
        dimpl::SrtpProfile::AEAD_AES_256_GCM => srtp::Profile::AeadAes256Gcm,
        dimpl::SrtpProfile::AEAD_AES_128_GCM => srtp::Profile::AeadAes128Gcm,
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => srtp::Profile::Aes128CmHmacSha1_80,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use dimpl::Dtls;

    use super::*;
    use crate::testing::START;
    use crate::transport::dtls;

    fn sha_256(certificate: &DtlsCertificate) -> Fingerprint {
        let digest = digest::digest(&digest::SHA256, &certificate.certificate);
        Fingerprint::new(Hash::Sha256, digest.as_ref()).unwrap()
    }

    #[test]
    fn any_strong_hash_of_the_certificate_is_verified() {
        let der = b"a certificate";
        for (hash, algorithm) in [
            (Hash::Sha256, &digest::SHA256),
            (Hash::Sha384, &digest::SHA384),
            (Hash::Sha512, &digest::SHA512),
        ] {
            let right = digest::digest(algorithm, der);
            let of = |bytes: &[u8]| Fingerprint::new(hash, bytes).unwrap();
            assert!(is_certificate_of(der, &of(right.as_ref())), "{hash:?}");
            assert!(!is_certificate_of(b"another", &of(right.as_ref())), "{hash:?}");
        }
    }

    /// Runs a viewer's handshake with ours; returns the result and the channel.
    fn shake_hands(theirs: &DtlsCertificate) -> (Option<Handshake>, Channel) {
        shake_hands_as(theirs, theirs)
    }

    /// Like [`shake_hands`], with a viewer that announced another certificate than it uses.
    fn shake_hands_as(
        theirs: &DtlsCertificate,
        announced: &DtlsCertificate,
    ) -> (Option<Handshake>, Channel) {
        let mut now = *START;
        let ours = dtls::generate_certificate();
        let mut channel = Channel::new(&ours, srtp::Role::Server, sha_256(announced), false, now);
        let mut viewer = Dtls::new_12(Arc::clone(dtls::config()), theirs.clone(), now);
        viewer.set_active(true);
        for _ in 0..20 {
            now += Duration::from_millis(10);
            _ = viewer.handle_timeout(now);
            let mut buffer = vec![0; 20_000];
            loop {
                match viewer.poll_output(&mut buffer) {
                    Output::Packet(packet) => channel.handle(packet, &ours, now),
                    Output::Timeout(_) => break,
                    _ => {}
                }
            }
            let mut flight: Vec<Vec<u8>> = Vec::new();
            if let Some(result) = channel.poll(true, |it| flight.push(it.to_vec())) {
                return (Some(result), channel);
            }
            for record in flight {
                _ = viewer.handle_packet(&record);
            }
        }
        (None, channel)
    }

    /// The same certificate with `more` zero bytes after its signature, which is not verified.
    fn with_long_signature(der: &[u8], more: usize) -> Vec<u8> {
        let header = |at: usize| match der[at + 1] {
            0x82 => (4, usize::from(der[at + 2]) << 8 | usize::from(der[at + 3])),
            0x81 => (3, usize::from(der[at + 2])),
            short => (2, usize::from(short)),
        };
        let end = |at: usize| at + header(at).0 + header(at).1;
        let signature = end(end(header(0).0));
        let content = &der[signature + header(signature).0..];
        let tlv = |tag: u8, content: &[u8]| {
            let len = (content.len() as u16).to_be_bytes();
            [&[tag, 0x82, len[0], len[1]], content].concat()
        };
        let signature_now = tlv(3, &[content, &vec![0; more]].concat());
        tlv(0x30, &[&der[header(0).0..signature], &signature_now].concat())
    }

    #[test]
    fn a_viewer_with_an_ordinary_certificate_gets_keys() {
        let (result, _) = shake_hands(&dtls::generate_certificate());
        assert!(matches!(result, Some(Handshake::Done(..))), "{result:?}");
    }

    #[test]
    fn a_viewer_with_another_certificate_than_it_announced_gets_no_keys() {
        let (theirs, announced) = (dtls::generate_certificate(), dtls::generate_certificate());
        let (result, mut channel) = shake_hands_as(&theirs, &announced);
        assert!(matches!(result, Some(Handshake::Failed)), "{result:?}");
        let later = channel.poll(true, |_| {});
        assert!(!matches!(later, Some(Handshake::Done(..))), "{later:?}");
    }

    #[test]
    fn a_certificate_of_any_size_is_borne() {
        for (bytes, is_done) in [(4_000, true), (20_000, false), (60_000, false)] {
            let mut certificate = dtls::generate_certificate();
            certificate.certificate = with_long_signature(&certificate.certificate, bytes);
            let (result, _) = shake_hands(&certificate);
            assert_eq!(matches!(result, Some(Handshake::Done(..))), is_done, "{bytes}: {result:?}");
        }
    }

    /// What happens to a handshake datagram.
    #[derive(Debug, Clone, Copy)]
    enum Fate {
        Lost,
        Twice,
        /// It arrives after the next one in the same direction.
        Late,
    }

    /// One direction: datagrams in flight, and one that is delayed.
    #[derive(Default)]
    struct Way {
        n: usize,
        inbox: Vec<Vec<u8>>,
        late: Option<Vec<u8>>,
    }

    impl Way {
        fn send(&mut self, datagram: &[u8], fate: Option<Fate>) {
            self.n += 1;
            let datagram = datagram.to_vec();
            match fate {
                Some(Fate::Lost) => return,
                Some(Fate::Late) => {
                    self.late = Some(datagram);
                    return;
                }
                Some(Fate::Twice) => self.inbox.extend([datagram.clone(), datagram]),
                None => self.inbox.push(datagram),
            }
            self.inbox.extend(self.late.take());
        }
    }

    /// Time until both sides have keys if `fate` happens to datagram `number` of one side; `None` if that takes more
    /// than 20 s.
    fn handshake_with(
        fate: Fate,
        number: usize,
        is_theirs: bool,
        is_publisher: bool,
    ) -> Option<Duration> {
        let mut now = *START;
        let (ours, theirs) = (dtls::generate_certificate(), dtls::generate_certificate());
        let fingerprint = sha_256(&theirs);
        let mut channel = Channel::new(&ours, srtp::Role::Server, fingerprint, is_publisher, now);
        let mut viewer = Dtls::new_12(Arc::clone(dtls::config()), theirs, now);
        viewer.set_active(true);
        let (mut up, mut down) = (Way::default(), Way::default());
        let (mut has_keys, mut is_done) = (false, false);
        while now < *START + Duration::from_secs(20) {
            now += Duration::from_millis(10);
            channel.handle_timeout(now);
            _ = viewer.handle_timeout(now);
            for datagram in std::mem::take(&mut down.inbox) {
                _ = viewer.handle_packet(&datagram);
            }
            for datagram in std::mem::take(&mut up.inbox) {
                channel.handle(&datagram, &ours, now);
            }
            let mut buffer = vec![0; 20_000];
            loop {
                let of_this = |way: &Way| (is_theirs && way.n == number).then_some(fate);
                match viewer.poll_output(&mut buffer) {
                    Output::Packet(packet) => up.send(packet, of_this(&up)),
                    Output::KeyingMaterial(..) => has_keys = true,
                    Output::Timeout(_) => break,
                    _ => {}
                }
            }
            let result = channel.poll(true, |packet| {
                let of_this = (!is_theirs && down.n == number).then_some(fate);
                down.send(packet, of_this);
            });
            is_done |= matches!(result, Some(Handshake::Done(..)));
            if has_keys && is_done {
                return Some(now - *START);
            }
        }
        None
    }

    #[test]
    fn r23_a_flight_that_is_lost_doubled_or_late_costs_less_than_a_second() {
        let of_each = [(0, true), (1, true), (0, false), (1, false)];
        for fate in [Fate::Lost, Fate::Twice, Fate::Late] {
            for ((number, is_theirs), is_publisher) in
                of_each.into_iter().flat_map(|it| [(it, false), (it, true)])
            {
                let took = handshake_with(fate, number, is_theirs, is_publisher);
                let what = format!(
                    "{fate:?} {number} of theirs: {is_theirs}, publishes: {is_publisher}: {took:?}"
                );
                assert!(took.is_some_and(|it| it < Duration::from_secs(1)), "{what}");
            }
        }
    }
}
