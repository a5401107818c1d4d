//! RTCP (RFC 3550, section 6): what is in a compound packet, and [`mod@write`] for what goes into one.

mod extended;
mod feedback;
mod report;
mod transport;
pub mod write;

#[cfg(test)]
mod tests;

pub use extended::ExtendedReport;
pub use feedback::{Fir, FirEntries, FirEntry, Nack, NackSeqs, Pli, Remb};
pub use report::{Bye, ReceiverReport, ReportBlock, Reports, Sdes, SdesItem, SdesItems};
pub use report::{SenderInfo, SenderReport, Ssrcs};
pub use transport::{FeedbackInfo, Statuses, TransportFeedback};

/// SDES item that names an endpoint across its SSRCs (RFC 3550, section 6.5.1).
pub const CNAME: u8 = 1;

/// Packet types (RFC 3550, section 12.1; RFC 4585, section 6.1).
mod packet_type {
    pub(super) const SENDER_REPORT: u8 = 200;
    pub(super) const RECEIVER_REPORT: u8 = 201;
    pub(super) const SDES: u8 = 202;
    pub(super) const BYE: u8 = 203;
    pub(super) const TRANSPORT_FEEDBACK: u8 = 205;
    pub(super) const EXTENDED_REPORT: u8 = 207;
    pub(super) const PAYLOAD_FEEDBACK: u8 = 206;
}

/// Formats of feedback (RFC 4585, sections 6.2 and 6.3; RFC 5104, section 4.3; the drafts).
mod format {
    /// Of transport layer feedback.
    pub(super) const NACK: u8 = 1;
    /// Of transport layer feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub(super) const TRANSPORT_WIDE: u8 = 15;
    /// Of payload-specific feedback.
    pub(super) const PLI: u8 = 1;
    /// Of payload-specific feedback.
    pub(super) const FIR: u8 = 4;
    /// Of payload-specific feedback: what an application defines, of which REMB is one.
    pub(super) const APPLICATION: u8 = 15;
    /// How REMB begins (draft-alvestrand-rmcat-remb-03).
    pub(super) const REMB: [u8; 4] = *b"REMB";
}

/// One RTCP packet, borrowed from its bytes.
#[derive(Debug, Clone)]
pub enum Packet<'a> {
    /// What a sender sent, and how it receives others (SR; RFC 3550, section 6.4.1).
    SenderReport(SenderReport<'a>),
    /// How a receiver receives (RR; RFC 3550, section 6.4.2).
    ReceiverReport(ReceiverReport<'a>),
    /// Who an SSRC is (RFC 3550, section 6.5).
    Sdes(Sdes<'a>),
    /// SSRCs that are no more (RFC 3550, section 6.6).
    Bye(Bye<'a>),
    /// Packets that are missing (RFC 4585, section 6.2.1).
    Nack(Nack<'a>),
    /// A picture that cannot be decoded (RFC 4585, section 6.3.1).
    Pli(Pli),
    /// A keyframe is asked for (RFC 5104, section 4.3.1).
    Fir(Fir<'a>),
    /// When packets arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    TransportFeedback(TransportFeedback<'a>),
    /// What a receiver thinks that its path carries (draft-alvestrand-rmcat-remb-03).
    Remb(Remb<'a>),
    /// What a receiver says of itself (RFC 3611).
    ExtendedReport(ExtendedReport),
    /// Any other: application-defined ones, what is not known.
    Other {
        /// The packet type.
        packet_type: u8,
        /// The five bits beside it: a count, or a format of feedback.
        format: u8,
    },
}

/// The packets of a compound packet, or of a single one (RFC 5506), in their order. Ends where one
/// is malformed (RFC 3550, appendix A.2): what follows it cannot be trusted.
///
/// ```
/// use rtp::rtcp::{Packet, packets};
///
/// let compound = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
/// let Some(Packet::Pli(pli)) = packets(&compound).next() else { panic!() };
/// assert_eq!((pli.sender_ssrc, pli.media_ssrc), (1, 2));
/// ```
pub fn packets(compound: &[u8]) -> Packets<'_> {
    Packets { rest: compound }
}

/// See [`packets`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        // What ends the iteration ends it for good.
        let rest = std::mem::take(&mut self.rest);
        let &[first, packet_type, l0, l1] = rest.first_chunk()?;
        if first >> 6 != 2 {
            return None;
        }
        let len = 4 + 4 * usize::from(u16::from_be_bytes([l0, l1]));
        let (packet, rest) = rest.split_at_checked(len)?;
        let mut body = packet.get(4..)?;
        // Only the last packet may be padded, but browsers pad transport feedback in the middle.
        if first & 0x20 != 0 {
            let padding = usize::from(*body.last()?);
            if padding == 0 {
                return None;
            }
            body = body.get(..body.len().checked_sub(padding)?)?;
        }
        let packet = Packet::parse(packet_type, first & 0x1F, body)?;
        self.rest = rest;
        Some(packet)
    }
}

impl<'a> Packet<'a> {
    /// Reads what follows the first four bytes; `format` is a count in reports.
    fn parse(packet_type: u8, format: u8, body: &'a [u8]) -> Option<Self> {
        Some(match (packet_type, format) {
            (packet_type::SENDER_REPORT, count) => {
                Self::SenderReport(SenderReport::parse(count, body)?)
            }
            (packet_type::RECEIVER_REPORT, count) => {
                Self::ReceiverReport(ReceiverReport::parse(count, body)?)
            }
            (packet_type::SDES, count) => Self::Sdes(Sdes::parse(count, body)),
            (packet_type::BYE, count) => Self::Bye(Bye::parse(count, body)?),
            (packet_type::TRANSPORT_FEEDBACK, format::NACK) => Self::Nack(Nack::parse(body)?),
            (packet_type::TRANSPORT_FEEDBACK, format::TRANSPORT_WIDE) => {
                Self::TransportFeedback(TransportFeedback::parse(body)?)
            }
            (packet_type::PAYLOAD_FEEDBACK, format::PLI) => Self::Pli(Pli::parse(body)?),
            (packet_type::PAYLOAD_FEEDBACK, format::FIR) => Self::Fir(Fir::parse(body)?),
            (packet_type::PAYLOAD_FEEDBACK, format::APPLICATION)
                if body.get(8..12) == Some(&format::REMB) =>
            {
                Self::Remb(Remb::parse(body)?)
            }
            (packet_type::EXTENDED_REPORT, _) => Self::ExtendedReport(ExtendedReport::parse(body)?),
            _ => Self::Other { packet_type, format },
        })
    }
}

/// Takes a big-endian number off the front.
fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    take(bytes).map(u32::from_be_bytes)
}

/// Takes a big-endian number off the front.
fn take_u16(bytes: &mut &[u8]) -> Option<u16> {
    take(bytes).map(u16::from_be_bytes)
}

/// Takes so many bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}
