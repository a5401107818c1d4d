//! One DTLS association, by whichever library can have it.

use std::sync::Arc;
use std::time::Instant;

use dimpl::{DtlsCertificate, Error, Output};
use str0m::crypto::dtls::{DtlsInstance, ProtocolVersion};
use sync_wrapper::SyncWrapper;

use super::any_key::AnyKey;
use super::hello::{self, Gathered};
use super::{config, patient_config};

/// An association with one peer. It does not keep our certificate: there may be thousands.
#[derive(Debug)]
pub(crate) struct Association {
    dtls: Library,
    /// What came of the peer's ClientHello, which says what library it is to be; none once that is known.
    hello: Option<Vec<Box<[u8]>>>,
}

/// Parts of a ClientHello that are kept until all are there: of the longest one that is known, with keys
/// for key exchanges that quantum computers do not break, cut as small as OpenSSL does.
const MAX_PARTS: usize = 16;

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all have the large one, in a box of its own")]
enum Library {
    /// What browsers speak to: the cheapest, with one configuration for all.
    Dimpl(dimpl::Dtls),
    /// str0m asks for what threads may share, though none does.
    AnyKey(Box<SyncWrapper<AnyKey>>),
}

impl Association {
    /// One that the peer begins.
    pub(crate) fn passive(certificate: &DtlsCertificate, now: Instant) -> Self {
        let dtls = dimpl::Dtls::new_12(Arc::clone(config()), certificate.clone(), now);
        Self { dtls: Library::Dimpl(dtls), hello: Some(Vec::new()) }
    }

    /// One that we begin. The peer's certificate has to have a key on an elliptic curve.
    pub(crate) fn active(certificate: &DtlsCertificate, is_patient: bool, now: Instant) -> Self {
        let config = if is_patient { patient_config() } else { config() };
        let mut dtls = dimpl::Dtls::new_12(Arc::clone(config), certificate.clone(), now);
        dtls.set_active(true);
        Self { dtls: Library::Dimpl(dtls), hello: None }
    }

    /// Takes a datagram. `certificate` is the one it was made with.
    pub(crate) fn handle_packet(
        &mut self,
        packet: &[u8],
        certificate: &DtlsCertificate,
        now: Instant,
    ) -> Result<(), Error> {
        let Some(parts) = &mut self.hello else { return self.handle(packet) };
        parts.push(packet.into());
        match hello::gather(parts.iter().map(|it| &**it)) {
            Gathered::Foreign => {
                // What it is a part of, if of anything, is not known here.
                parts.pop();
                return self.handle(packet);
            }
            Gathered::Partial if parts.len() < MAX_PARTS => return Ok(()),
            Gathered::Partial => {}
            Gathered::Whole(hello) => {
                if hello.is_general_purpose
                    && let Some(any_key) = AnyKey::answering(&hello, certificate, now)
                {
                    self.dtls = Library::AnyKey(Box::new(SyncWrapper::new(any_key)));
                }
            }
        }
        let parts = self.hello.take().unwrap_or_default();
        let mut result = Ok(());
        for part in parts {
            result = result.and(self.handle(&part));
        }
        result
    }

    fn handle(&mut self, packet: &[u8]) -> Result<(), Error> {
        match &mut self.dtls {
            Library::Dimpl(dtls) => dtls.handle_packet(packet),
            Library::AnyKey(dtls) => dtls.get_mut().handle_packet(packet),
        }
    }

    /// Lets time pass.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        match &mut self.dtls {
            Library::Dimpl(dtls) => dtls.handle_timeout(now),
            Library::AnyKey(dtls) => {
                dtls.get_mut().handle_timeout(now);
                Ok(())
            }
        }
    }

    /// What there is to send and to tell, up to the time when to look again.
    pub(crate) fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> Output<'a> {
        match &mut self.dtls {
            Library::Dimpl(dtls) => dtls.poll_output(buffer),
            Library::AnyKey(dtls) => dtls.get_mut().poll_output(buffer),
        }
    }

    /// Says goodbye, with the next output.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        match &mut self.dtls {
            Library::Dimpl(dtls) => dtls.close(),
            Library::AnyKey(dtls) => {
                dtls.get_mut().close();
                Ok(())
            }
        }
    }
}

/// One that str0m drives.
#[derive(Debug)]
pub(super) struct Owned {
    association: Association,
    certificate: DtlsCertificate,
    now: Instant,
    is_active: bool,
    /// Whether goodbye was said.
    is_closing: bool,
    /// Whether all of that was sent.
    is_closed: bool,
}

impl Owned {
    pub(super) fn new(certificate: DtlsCertificate, now: Instant) -> Self {
        let association = Association::passive(&certificate, now);
        Self {
            association,
            certificate,
            now,
            is_active: false,
            is_closing: false,
            is_closed: false,
        }
    }
}

impl DtlsInstance for Owned {
    /// Called once, before anything was said.
    fn set_active(&mut self, active: bool) {
        self.is_active = active;
        if active {
            self.association = Association::active(&self.certificate, true, self.now);
        }
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), Error> {
        self.association.handle_packet(packet, &self.certificate, self.now)
    }

    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> Output<'a> {
        let output = self.association.poll_output(buffer);
        self.is_closing |= matches!(output, Output::CloseNotify);
        self.is_closed = self.is_closing && matches!(output, Output::Timeout(_));
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.now = now;
        self.association.handle_timeout(now)
    }

    /// There are no data channels.
    fn send_application_data(&mut self, _data: &[u8]) -> Result<usize, Error> {
        Ok(0)
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        Some(ProtocolVersion::DTLS1_2)
    }

    fn is_closing(&self) -> bool {
        self.is_closing
    }

    fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn close(&mut self) -> Result<(), Error> {
        self.is_closing = true;
        self.association.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtls::generate_certificate;
    use crate::dtls::hello::recorded;
    use crate::testing::START;

    fn is_any_key(association: &Association) -> bool {
        matches!(association.dtls, Library::AnyKey(_))
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
            let mut association = Association::passive(&certificate, *START);
            _ = association.handle_timeout(*START);
            let [first, second] = parts.try_into().unwrap();
            _ = association.handle_packet(&first, &certificate, *START);
            assert!(!answered(&mut association));
            // Of somebody else, who shares the address.
            _ = association.handle_packet(&[21, 0xFE, 0xFD], &certificate, *START);
            _ = association.handle_packet(&second, &certificate, *START);
            assert_eq!(is_any_key(&association), expected);
            assert!(answered(&mut association));
        }
    }

    #[test]
    fn parts_without_end_are_not_kept() {
        let certificate = generate_certificate();
        let mut association = Association::passive(&certificate, *START);
        let [first, _] = recorded::gstreamer().try_into().unwrap();
        for _ in 0..MAX_PARTS {
            _ = association.handle_packet(&first, &certificate, *START);
        }
        assert_eq!(association.hello, None);
    }
}
