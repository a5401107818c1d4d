//! One DTLS association, by whichever library supports the peer.
//!
//! Until the handshake is done, anybody who forges the peer's address can send a ClientHello too, before or after the
//! peer's. Nothing shows which one is the peer's, so each begins a handshake of its own, in parallel. Further datagrams
//! are passed to all of them. The first handshake that completes is the peer's: completing one takes the keys.

use std::sync::Arc;
use std::time::Instant;

use dimpl::{DtlsCertificate, Error, Output};
use sync_wrapper::SyncWrapper;

use super::any_key::{AnyKey, REFUSED};
use super::assembly::Assembly;
use super::hello::{self, ClientHello};
use super::{FLIGHT_AGAIN, PATIENT_FLIGHT_AGAIN, config};
use crate::core::rate_limit::RateLimit;

/// Handshakes beside the first. A further one replaces the last: an early ClientHello keeps its handshake whatever
/// arrives later, and the last one after a flood has a handshake too.
const MAX_OTHERS: usize = 3;

/// Handshakes begun per second beside the first; each costs 0.1 ms.
const OTHERS_PER_SECOND: u32 = 50;

/// An association with one peer. It does not keep our certificate: there may be thousands of associations.
#[derive(Debug)]
pub(crate) struct Association {
    first: Attempt,
    others: Vec<Attempt>,
    /// The handshake whose ClientHello arrived last; 0 is the first. Only this one repeats flights by a timer: flights
    /// of a handshake that is not the peer's are noise to it.
    last: usize,
    /// Incomplete ClientHellos.
    assembly: Assembly,
    begun: RateLimit,
    /// Whether a ClientHello can begin a handshake: not after one is done, and not if we begin it.
    takes_hellos: bool,
    /// Whether to support any key in the peer's certificate, whatever its ClientHello shows.
    any_key: bool,
}

/// A handshake that may be the peer's.
#[derive(Debug)]
struct Attempt {
    dtls: Library,
    /// The ClientHello that began it, until it is done.
    hello: Option<Vec<u8>>,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all have the large one, in a box of its own")]
enum Library {
    /// For browsers: the cheapest, with one configuration for all.
    Dimpl(dimpl::Dtls),
    /// In a `SyncWrapper`, since a peer moves between threads and so its type must be `Sync`, although no two threads
    /// share it.
    AnyKey(Box<SyncWrapper<AnyKey>>),
}

impl Association {
    /// Creates an association that the peer begins. Unless `any_key` is set, or the ClientHello is from a
    /// general-purpose library, the certificate must have a key on an elliptic curve.
    pub(crate) fn passive(certificate: &DtlsCertificate, any_key: bool, now: Instant) -> Self {
        Self { any_key, ..Self::new(Library::passive(certificate, now), true) }
    }

    /// Creates an association that we begin, at the next [`Self::handle_timeout`]. The kind of key in the peer's
    /// certificate is unknown before.
    pub(crate) fn active(certificate: &DtlsCertificate, is_patient: bool, now: Instant) -> Self {
        let patience = if is_patient { PATIENT_FLIGHT_AGAIN } else { FLIGHT_AGAIN };
        let dtls = match AnyKey::beginning(certificate, patience, now) {
            Some(it) => Library::AnyKey(Box::new(SyncWrapper::new(it))),
            None => Library::active(certificate, now),
        };
        Self::new(dtls, false)
    }

    fn new(dtls: Library, takes_hellos: bool) -> Self {
        Self {
            first: Attempt { dtls, hello: None },
            others: Vec::new(),
            last: 0,
            assembly: Assembly::default(),
            begun: RateLimit::default(),
            takes_hellos,
            any_key: false,
        }
    }

    /// Processes a datagram. `certificate` is the one that the association was created with.
    pub(crate) fn handle_packet(
        &mut self,
        packet: &[u8],
        certificate: &DtlsCertificate,
        now: Instant,
    ) -> Result<(), Error> {
        if self.takes_hellos && hello::is_hello(packet) {
            return self.handle_hello(packet, certificate, now);
        }
        if self.takes_hellos && self.first.hello.is_none() {
            return Err(REFUSED);
        }
        // It is unknown whose the datagram is: it is valid if one handshake accepts it.
        let mut result = self.first.dtls.handle_packet(packet);
        for it in &mut self.others {
            let taken = it.dtls.handle_timeout(now).and_then(|()| it.dtls.handle_packet(packet));
            result = result.or(taken);
        }
        result
    }

    fn handle_hello(
        &mut self,
        packet: &[u8],
        certificate: &DtlsCertificate,
        now: Instant,
    ) -> Result<(), Error> {
        let mut repeated = None;
        for (at, it) in std::iter::once(&mut self.first).chain(&mut self.others).enumerate() {
            if it.hello.as_ref().is_some_and(|of| hello::is_part(packet, of)) {
                repeated = Some(it.dtls.handle_packet(packet));
                self.last = at;
            }
        }
        if let Some(result) = repeated {
            return result;
        }
        let Some((hello, parts)) = self.assembly.add(packet) else { return Ok(()) };
        self.begin(hello, &parts, certificate, now)
    }

    /// Begins a handshake with the sender of this ClientHello.
    fn begin(
        &mut self,
        hello: ClientHello,
        parts: &[Box<[u8]>],
        certificate: &DtlsCertificate,
        now: Instant,
    ) -> Result<(), Error> {
        let is_first = self.first.hello.is_none();
        if !hello.is_answerable() || !is_first && !self.begun.take(OTHERS_PER_SECOND, now) {
            return Err(REFUSED);
        }
        if !is_first {
            let other = Attempt { dtls: Library::passive(certificate, now), hello: None };
            self.others.truncate(MAX_OTHERS - 1);
            self.others.push(other);
        }
        self.last = self.others.len();
        let attempt = self.others.last_mut().unwrap_or(&mut self.first);
        if (hello.is_general_purpose || self.any_key)
            && let Some(any_key) = AnyKey::answering(&hello, certificate, now)
        {
            attempt.dtls = Library::AnyKey(Box::new(SyncWrapper::new(any_key)));
        }
        attempt.hello = Some(hello.message);
        let mut result = attempt.dtls.handle_timeout(now);
        for part in parts {
            result = result.and(attempt.dtls.handle_packet(part));
        }
        result
    }

    /// Handles timers that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.at(self.last).dtls.handle_timeout(now)
    }

    /// Returns the next output; the last is the timeout.
    pub(crate) fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> Output<'a> {
        if !self.others.is_empty() {
            return self.poll_all(buffer);
        }
        let output = self.first.dtls.poll_output(buffer);
        if matches!(output, Output::KeyingMaterial(..)) {
            self.done(0);
        }
        output
    }

    /// Like [`Self::poll_output`] with several handshakes, which is rare.
    fn poll_all<'a>(&mut self, buffer: &'a mut [u8]) -> Output<'a> {
        let mut next = None;
        let mut scratch = vec![0; buffer.len()];
        for at in 0..=self.others.len() {
            let is_last = at == self.last;
            match self.at(at).dtls.poll_output(&mut scratch) {
                Output::Timeout(deadline) if is_last => next = Some(deadline),
                Output::Timeout(_) => {}
                Output::Packet(it) => return Output::Packet(copied(it, buffer)),
                Output::PeerCert(it) => return Output::PeerCert(copied(it, buffer)),
                Output::ApplicationData(_) => {}
                Output::KeyingMaterial(keys, profile) => {
                    self.done(at);
                    return Output::KeyingMaterial(keys, profile);
                }
                Output::Connected => return Output::Connected,
                Output::CloseNotify => return Output::CloseNotify,
                Output::BufferTooSmall { needed } => return Output::BufferTooSmall { needed },
                _ => {}
            }
        }
        match next {
            Some(deadline) => Output::Timeout(deadline),
            None => self.at(self.last).dtls.poll_output(buffer),
        }
    }

    /// A handshake is done: it was the peer's.
    fn done(&mut self, at: usize) {
        if at > 0 {
            self.first = self.others.swap_remove(at - 1);
        }
        self.first.hello = None;
        self.others = Vec::new();
        self.last = 0;
        self.assembly.clear();
        self.takes_hellos = false;
    }

    fn at(&mut self, n: usize) -> &mut Attempt {
        match n.checked_sub(1).and_then(|n| self.others.get_mut(n)) {
            Some(it) => it,
            None => &mut self.first,
        }
    }

    /// Sends a `close_notify`, with the next output.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.at(self.last).dtls.close()
    }
}

fn copied<'a>(bytes: &[u8], buffer: &'a mut [u8]) -> &'a [u8] {
    let buffer = &mut buffer[..bytes.len()];
    buffer.copy_from_slice(bytes);
    buffer
}

impl Library {
    fn passive(certificate: &DtlsCertificate, now: Instant) -> Self {
        Self::Dimpl(dimpl::Dtls::new_12(Arc::clone(config()), certificate.clone(), now))
    }

    fn active(certificate: &DtlsCertificate, now: Instant) -> Self {
        let mut dtls = dimpl::Dtls::new_12(Arc::clone(config()), certificate.clone(), now);
        dtls.set_active(true);
        Self::Dimpl(dtls)
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), Error> {
        match self {
            Self::Dimpl(dtls) => dtls.handle_packet(packet),
            Self::AnyKey(dtls) => dtls.get_mut().handle_packet(packet),
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        match self {
            Self::Dimpl(dtls) => dtls.handle_timeout(now),
            Self::AnyKey(dtls) => {
                dtls.get_mut().handle_timeout(now);
                Ok(())
            }
        }
    }

    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> Output<'a> {
        match self {
            Self::Dimpl(dtls) => dtls.poll_output(buffer),
            Self::AnyKey(dtls) => dtls.get_mut().poll_output(buffer),
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        match self {
            Self::Dimpl(dtls) => dtls.close(),
            Self::AnyKey(dtls) => {
                dtls.get_mut().close();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;
    use crate::transport::dtls::generate_certificate;
    use crate::transport::dtls::hello::recorded;

    fn is_any_key(association: &Association) -> bool {
        matches!(association.first.dtls, Library::AnyKey(_))
    }

    fn answered(association: &mut Association) -> bool {
        matches!(association.poll_output(&mut [0; 2048]), Output::Packet(_))
    }

    #[test]
    fn who_says_hello_in_parts_is_answered_after_the_last() {
        for (parts, expected) in [
            (recorded::gstreamer(), true),
            (recorded::chromium(), false),
            (recorded::firefox(), false),
        ] {
            let certificate = generate_certificate();
            let mut association = Association::passive(&certificate, false, *START);
            _ = association.handle_timeout(*START);
            let [first, second] = parts.try_into().unwrap();
            _ = association.handle_packet(&first, &certificate, *START);
            assert!(!answered(&mut association));
            // From an attacker who shares the address.
            _ = association.handle_packet(&[21, 0xFE, 0xFD], &certificate, *START);
            _ = association.handle_packet(&second, &certificate, *START);
            assert_eq!(is_any_key(&association), expected);
            assert!(answered(&mut association));
        }
    }

    /// The ClientHello of these datagrams again, with a cookie, like OpenSSL's second one (RFC 6347, section 4.2.1).
    fn with_cookie(parts: &[Vec<u8>], cookie: &[u8]) -> Vec<u8> {
        let hello::Gathered::Whole(hello) = hello::gather(parts.iter().map(Vec::as_slice)) else {
            panic!("not whole")
        };
        let u16_of = |n: usize| u16::try_from(n).unwrap().to_be_bytes();
        let u24_of = |n: usize| [0, u16_of(n)[0], u16_of(n)[1]];
        let cookie_at = 35 + usize::from(hello.message[34]);
        let mut message = hello.message[..cookie_at].to_vec();
        message.push(u8::try_from(cookie.len()).unwrap());
        message.extend_from_slice(cookie);
        message.extend_from_slice(&hello.message[cookie_at + 1..]);
        let mut record = vec![22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 2];
        record.extend_from_slice(&u16_of(message.len() + 12));
        record.push(1);
        record.extend_from_slice(&u24_of(message.len()));
        record.extend_from_slice(&[0, 1, 0, 0, 0]);
        record.extend_from_slice(&u24_of(message.len()));
        record.extend_from_slice(&message);
        record
    }

    #[test]
    fn who_says_hello_again_with_a_cookie_goes_on_with_its_handshake() {
        let certificate = generate_certificate();
        let mut association = Association::passive(&certificate, false, *START);
        _ = association.handle_timeout(*START);
        let hello = recorded::gstreamer();
        for part in &hello {
            _ = association.handle_packet(part, &certificate, *START);
        }
        let mut buffer = [0; 2048];
        let Output::Packet(verify) = association.poll_output(&mut buffer) else {
            panic!("no answer")
        };
        assert_eq!(verify[13], 3, "HelloVerifyRequest");
        let cookie = verify[13 + 12 + 3..].to_vec();
        let again = with_cookie(&hello, &cookie);
        _ = association.handle_packet(&again, &certificate, *START);
        let mut buffer = [0; 2048];
        let Output::Packet(answer) = association.poll_output(&mut buffer) else {
            panic!("no answer")
        };
        assert_eq!(answer[13], 2, "ServerHello");
        assert!(association.others.is_empty());
    }
}
