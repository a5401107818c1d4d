//! Writes RTCP packets, each to the front of a buffer: one after the other makes a compound
//! packet. Every function returns the length, a multiple of four, or `None` when the packet does
//! not fit into the buffer, whose content is unspecified then.

mod transport;

pub use transport::transport_feedback;

use super::report::BLOCK_LEN;
use super::{CNAME, FirEntry, ReportBlock, SenderInfo, format, packet_type};

/// A sender report without report blocks (RFC 3550, section 6.4.1).
pub fn sender_report(out: &mut [u8], info: &SenderInfo) -> Option<usize> {
    let mut out = Writer::new(out, 0, packet_type::SENDER_REPORT)?;
    out.put(info.ssrc.to_be_bytes())?;
    out.put(info.ntp.to_be_bytes())?;
    for number in [info.rtp_ts, info.packets, info.octets] {
        out.put(number.to_be_bytes())?;
    }
    out.finish()
}

/// A receiver report (RFC 3550, section 6.4.2). `None` for more than 31 blocks, too.
pub fn receiver_report(out: &mut [u8], ssrc: u32, reports: &[ReportBlock]) -> Option<usize> {
    let mut out = Writer::new(out, count_of(reports)?, packet_type::RECEIVER_REPORT)?;
    out.put(ssrc.to_be_bytes())?;
    for report in reports {
        out.put(block(report))?;
    }
    out.finish()
}

/// The name of the endpoint that an SSRC belongs to (RFC 3550, section 6.5.1). `None` for one of
/// more than 255 bytes, too.
pub fn cname(out: &mut [u8], ssrc: u32, name: &str) -> Option<usize> {
    let mut out = Writer::new(out, 1, packet_type::SDES)?;
    out.put(ssrc.to_be_bytes())?;
    out.put([CNAME, u8::try_from(name.len()).ok()?])?;
    out.bytes(name.as_bytes())?;
    // The end of the items: at least one zero.
    out.put([0])?;
    out.finish()
}

/// SSRCs that are no more (RFC 3550, section 6.6). `None` for more than 31, too.
pub fn bye(out: &mut [u8], ssrcs: &[u32]) -> Option<usize> {
    let mut out = Writer::new(out, count_of(ssrcs)?, packet_type::BYE)?;
    for ssrc in ssrcs {
        out.put(ssrc.to_be_bytes())?;
    }
    out.finish()
}

/// Packets that are missing (RFC 4585, section 6.2.1), in the order of their sequence numbers,
/// which may wrap. `None` when there is none, too.
pub fn nack(
    out: &mut [u8],
    sender_ssrc: u32,
    media_ssrc: u32,
    seqs: impl IntoIterator<Item = u16>,
) -> Option<usize> {
    let mut out = Writer::feedback(
        out,
        (packet_type::TRANSPORT_FEEDBACK, format::NACK),
        sender_ssrc,
        media_ssrc,
    )?;
    let mut seqs = seqs.into_iter();
    // A number, and which of the sixteen after it are missing as well.
    let (mut first, mut following) = (seqs.next()?, 0_u16);
    for seq in seqs {
        match seq.wrapping_sub(first) {
            0 => {}
            ahead @ 1..=16 => following |= 1 << (ahead - 1),
            _ => {
                out.put(first.to_be_bytes())?;
                out.put(following.to_be_bytes())?;
                (first, following) = (seq, 0);
            }
        }
    }
    out.put(first.to_be_bytes())?;
    out.put(following.to_be_bytes())?;
    out.finish()
}

/// A picture that cannot be decoded (RFC 4585, section 6.3.1).
pub fn pli(out: &mut [u8], sender_ssrc: u32, media_ssrc: u32) -> Option<usize> {
    let kind = (packet_type::PAYLOAD_FEEDBACK, format::PLI);
    Writer::feedback(out, kind, sender_ssrc, media_ssrc)?.finish()
}

/// Keyframes that are asked for (RFC 5104, section 4.3.1).
pub fn fir(out: &mut [u8], sender_ssrc: u32, entries: &[FirEntry]) -> Option<usize> {
    let kind = (packet_type::PAYLOAD_FEEDBACK, format::FIR);
    let mut out = Writer::feedback(out, kind, sender_ssrc, 0)?;
    for entry in entries {
        out.put(entry.ssrc.to_be_bytes())?;
        out.put([entry.seq, 0, 0, 0])?;
    }
    out.finish()
}

/// What the path of these streams carries, in bits a second
/// (draft-alvestrand-rmcat-remb-03, section 2.2): rounded down to 18 significant bits. `None` for
/// more than 255 streams, too.
pub fn remb(out: &mut [u8], sender_ssrc: u32, bitrate: u64, ssrcs: &[u32]) -> Option<usize> {
    let kind = (packet_type::PAYLOAD_FEEDBACK, format::APPLICATION);
    let mut out = Writer::feedback(out, kind, sender_ssrc, 0)?;
    out.put(format::REMB)?;
    let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
    let [_, m0, m1, m2] = ((bitrate >> exponent) as u32).to_be_bytes();
    out.put([u8::try_from(ssrcs.len()).ok()?, (exponent as u8) << 2 | m0, m1, m2])?;
    for ssrc in ssrcs {
        out.put(ssrc.to_be_bytes())?;
    }
    out.finish()
}

/// When a receiver's reference time came and how long ago, so that it knows its round trip (DLRR;
/// RFC 3611, section 4.5): the middle 32 bits of its time, and 1/65536 s.
pub fn delay_since_last_rr(
    out: &mut [u8],
    ssrc: u32,
    receiver_ssrc: u32,
    last_rr: u32,
    delay: u32,
) -> Option<usize> {
    const DLRR: u8 = 5;
    let mut out = Writer::new(out, 0, packet_type::EXTENDED_REPORT)?;
    out.put(ssrc.to_be_bytes())?;
    out.put([DLRR, 0, 0, 3])?;
    for word in [receiver_ssrc, last_rr, delay] {
        out.put(word.to_be_bytes())?;
    }
    out.finish()
}

fn block(report: &ReportBlock) -> [u8; BLOCK_LEN] {
    let lost = report.cumulative_lost.clamp(-(1 << 23), (1 << 23) - 1);
    let [_, c0, c1, c2] = lost.to_be_bytes();
    let words = [
        report.ssrc,
        u32::from_be_bytes([report.fraction_lost, c0, c1, c2]),
        report.highest_seq,
        report.jitter,
        report.last_sr,
        report.delay_since_last_sr,
    ];
    let mut bytes = [0; BLOCK_LEN];
    for (out, word) in bytes.chunks_exact_mut(4).zip(words) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// How many there are, when five bits can say it.
fn count_of<T>(list: &[T]) -> Option<u8> {
    u8::try_from(list.len()).ok().filter(|it| *it < 32)
}

/// One packet on its way into a buffer.
struct Writer<'b> {
    out: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    /// Begins a packet; its length is written at the end.
    fn new(out: &'b mut [u8], format: u8, packet_type: u8) -> Option<Self> {
        let mut writer = Self { out, len: 0 };
        writer.put([0x80 | format, packet_type, 0, 0])?;
        Some(writer)
    }

    /// Begins feedback (RFC 4585, section 6.1).
    fn feedback(
        out: &'b mut [u8],
        (packet_type, format): (u8, u8),
        sender_ssrc: u32,
        media_ssrc: u32,
    ) -> Option<Self> {
        let mut writer = Self::new(out, format, packet_type)?;
        writer.put(sender_ssrc.to_be_bytes())?;
        writer.put(media_ssrc.to_be_bytes())?;
        Some(writer)
    }

    fn put<const N: usize>(&mut self, bytes: [u8; N]) -> Option<()> {
        self.bytes(&bytes)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.out.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    /// Overwrites two bytes that were written before.
    fn patch(&mut self, at: usize, value: u16) -> Option<()> {
        *self.out.get_mut(at..)?.first_chunk_mut()? = value.to_be_bytes();
        Some(())
    }

    /// Fills up to 32 bits with zeros, writes the length and returns it.
    fn finish(mut self) -> Option<usize> {
        while !self.len.is_multiple_of(4) {
            self.put([0])?;
        }
        self.patch(2, u16::try_from(self.len / 4 - 1).ok()?)?;
        Some(self.len)
    }
}
