//! One that str0m drives: an association as its DTLS provider has it.

use std::time::Instant;

use dimpl::{DtlsCertificate, Error, Output};
use str0m::crypto::dtls::{DtlsInstance, ProtocolVersion};

use super::association::Association;

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
