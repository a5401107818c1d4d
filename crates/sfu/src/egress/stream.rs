//! One RTP stream to one viewer: composes header and payload of its packets before encryption.

use rtp::header::{Extension, HeaderWriter};
use rtp::srtp;

use super::sender_reports::Account;
use crate::core::outbox::MAX_DATAGRAM_BYTES;
use crate::egress::outgoing::Outgoing;
use crate::media::codec::dependency_descriptor::{self, Descriptor};
use crate::media::header_ext::CaptureTime;
use crate::media::header_ext::ExtensionIds;
use crate::transport::sdp::Media;

/// The number of packets that carry the `mid` of their media description (RFC 9143, section 9.2). After
/// these the viewer has learned the SSRC, if it did not from the description.
const PACKETS_WITH_MID: u64 = 200;

/// The size of a header with one element: 12 bytes, 4 of extension header, and 4 of a padded element.
const PLAIN_HEADER_BYTES: usize = 20;

/// One RTP stream.
#[derive(Debug)]
pub(super) struct RtpStream {
    pub(super) srtp: srtp::Stream,
    pub(super) account: Account,
    pub(super) n_sent: u64,
    /// The negotiated ids of header extensions.
    ids: ExtensionIds,
    /// The `mid` of the media description.
    mid: String,
    pub(super) has_transport_cc: bool,
}

/// The stream that a packet is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Audio,
    Video,
    /// Retransmission of the packet with this sequence number.
    Rtx(u16),
    /// Padding only, on the retransmission stream.
    Padding,
}

/// The header fields of a packet that do not depend on its content, and its send time.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    payload_type: u8,
    index: u64,
    ssrc: u32,
    transport_seq: Option<u16>,
    now_us: u64,
}

/// An absent element, which is not written.
const NONE: Extension<'static> = Extension { id: 0, data: &[] };

/// The sizes of a packet before encryption, in bytes.
pub(super) struct Composed {
    pub(super) header_len: usize,
    /// The size of header, payload and padding.
    pub(super) plain_len: usize,
}

impl RtpStream {
    /// A stream that has sent nothing yet.
    pub(super) fn new(srtp: srtp::Stream) -> Self {
        Self {
            srtp,
            account: Account::default(),
            n_sent: 0,
            ids: ExtensionIds::default(),
            mid: String::new(),
            has_transport_cc: false,
        }
    }

    /// See [`crate::viewer::Viewer::warm`].
    pub(super) fn warm(&self) -> u64 {
        let highest = self.srtp.highest_index().unwrap_or(0);
        highest.wrapping_add(self.n_sent).wrapping_add(self.account.packets.into())
    }

    /// Takes over the negotiated header extensions.
    pub(super) fn negotiated(&mut self, media: &Media) {
        self.ids = media.extensions;
        // A keyframe's descriptor needs the two-byte form, and later descriptors refer to it.
        self.ids.dependency_descriptor =
            self.ids.dependency_descriptor.filter(|_| media.allow_mixed);
        self.mid.clone_from(&media.mid);
        self.has_transport_cc = media.extensions.transport_cc.is_some()
            && media.formats.iter().any(|it| it.transport_cc);
    }

    /// Writes header, payload and padding to the front of a buffer; `None` if the packet is too long.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the packet path, inlined: no struct in between")]
    pub(super) fn compose(
        &self,
        to: To,
        payload_type: u8,
        index: u64,
        ssrc: u32,
        packet: &Outgoing<'_>,
        transport_seq: Option<u16>,
        now_us: u64,
        buffer: &mut [u8],
    ) -> Option<Composed> {
        let has_mid = self.has_mid();
        let dependency = packet.dependency.zip(self.ids.dependency_descriptor);
        let numbers = Numbers { payload_type, index, ssrc, transport_seq, now_us };
        let header_len = match (dependency, transport_seq, self.ids.transport_cc) {
            (Some((it, id)), ..) => self.header_with_descriptor(numbers, packet, it, id, buffer)?,
            (None, Some(seq), Some(id @ 1..=14)) if !has_mid && packet.header_ext.is_empty() => {
                self.plain_header(payload_type, index, ssrc, packet, id, seq, buffer)?
            }
            _ => self.header(numbers, packet, NONE, buffer)?,
        };
        self.put_payload(to, header_len, packet, buffer)
    }

    /// Writes a header with the dependency descriptor; returns its size in bytes.
    #[inline(never)]
    fn header_with_descriptor(
        &self,
        numbers: Numbers,
        packet: &Outgoing<'_>,
        (descriptor, frame_number): (&Descriptor, u16),
        id: u8,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let mut bytes = [0; dependency_descriptor::MAX_LEN];
        let data = descriptor.write(frame_number, &mut bytes)?;
        self.header(numbers, packet, Extension { id, data }, buffer)
    }

    /// Writes a header with all elements of the packet; returns its size in bytes.
    #[inline]
    fn header(
        &self,
        Numbers { payload_type, index, ssrc, transport_seq, now_us }: Numbers,
        packet: &Outgoing<'_>,
        dependency: Extension<'_>,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let has_mid = self.has_mid();
        let seq_bytes = transport_seq.unwrap_or(0).to_be_bytes();
        let transport = Extension {
            id: transport_seq.and(self.ids.transport_cc).unwrap_or(0),
            data: &seq_bytes,
        };
        let mid = Extension {
            id: self.ids.mid.filter(|_| has_mid).unwrap_or(0),
            data: self.mid.as_bytes(),
        };
        // A receiver that estimates its link itself (REMB) needs the send time. One that sends
        // transport-wide feedback does not.
        let send_time = abs_send_time(now_us);
        let send_time = Extension {
            id: self.ids.abs_send_time.filter(|_| transport_seq.is_none()).unwrap_or(0),
            data: &send_time,
        };
        let mut header_ext = [transport, mid, dependency, send_time, NONE, NONE, NONE, NONE, NONE];
        let mut n = 4;
        if !packet.header_ext.is_empty() {
            let it = packet.header_ext;
            let described: [(Option<u8>, Option<&[u8]>); 5] = [
                (self.ids.audio_level, it.audio_level.as_ref().map(std::slice::from_ref)),
                (
                    self.ids.video_orientation,
                    it.video_orientation.as_ref().map(std::slice::from_ref),
                ),
                (self.ids.content_type, it.content_type.as_ref().map(std::slice::from_ref)),
                (self.ids.playout_delay, it.playout_delay.as_ref().map(<[u8; 3]>::as_slice)),
                (self.ids.abs_capture_time, it.capture_time.as_ref().map(CaptureTime::as_bytes)),
            ];
            for (id, data) in described {
                if let (Some(id), Some(data)) = (id, data) {
                    header_ext[n] = Extension { id, data };
                    n += 1;
                }
            }
        }
        let header = HeaderWriter {
            marker: packet.marker,
            payload_type,
            seq: index as u16,
            ts: packet.ts,
            ssrc,
            padding: packet.padding > 0,
            extensions: &header_ext[..n],
        };
        header.write(buffer)
    }

    fn has_mid(&self) -> bool {
        self.n_sent < PACKETS_WITH_MID && !self.mid.is_empty()
    }

    /// Writes the header of nearly every packet, with a transport-wide sequence number as the only element
    /// (RFC 3550, section 5.1; RFC 8285, section 4.2); returns its size in bytes.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the packet path, inlined: no struct in between")]
    fn plain_header(
        &self,
        payload_type: u8,
        index: u64,
        ssrc: u32,
        packet: &Outgoing<'_>,
        id: u8,
        transport_seq: u16,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let header: &mut [u8; PLAIN_HEADER_BYTES] = buffer.first_chunk_mut()?;
        let [s0, s1] = (index as u16).to_be_bytes();
        let [t0, t1, t2, t3] = packet.ts.to_be_bytes();
        let [c0, c1, c2, c3] = ssrc.to_be_bytes();
        let [w0, w1] = transport_seq.to_be_bytes();
        let flags = 0x90 | u8::from(packet.padding > 0) << 5;
        let kind = u8::from(packet.marker) << 7 | payload_type & 0x7F;
        *header = [
            flags,
            kind,
            s0,
            s1,
            t0,
            t1,
            t2,
            t3,
            c0,
            c1,
            c2,
            c3,
            0xBE,
            0xDE,
            0,
            1,
            id << 4 | 1,
            w0,
            w1,
            0,
        ];
        Some(PLAIN_HEADER_BYTES)
    }

    /// Writes payload and padding behind the header.
    #[inline]
    fn put_payload(
        &self,
        to: To,
        header_len: usize,
        packet: &Outgoing<'_>,
        buffer: &mut [u8],
    ) -> Option<Composed> {
        let mut at = header_len;
        if let To::Rtx(seq) = to {
            *buffer.get_mut(at..)?.first_chunk_mut()? = seq.to_be_bytes();
            at += 2;
        }
        let payload_len = packet.payload.len();
        let payload = buffer.get_mut(at..at + payload_len)?;
        payload.copy_from_slice(packet.payload);
        if let Some(patch) = &packet.vp8_patch {
            patch.apply(payload);
        }
        at += payload_len;
        if packet.padding > 0 {
            let padding = buffer.get_mut(at..at + usize::from(packet.padding))?;
            padding.fill(0);
            *padding.last_mut()? = packet.padding;
            at += padding.len();
        }
        (at + srtp::MAX_OVERHEAD <= MAX_DATAGRAM_BYTES)
            .then_some(Composed { header_len, plain_len: at })
    }
}

/// A time in seconds, as a fixed-point number of 6 integer and 18 fraction bits
/// (<http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time>). Receivers only use differences.
fn abs_send_time(now_us: u64) -> [u8; 3] {
    let [.., a, b, c] = ((now_us << 18) / 1_000_000).to_be_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_time_counts_seconds_and_wraps_after_64() {
        assert_eq!(abs_send_time(0), [0, 0, 0]);
        assert_eq!(abs_send_time(1_500_000), [6, 0, 0]);
        assert_eq!(abs_send_time(64_000_000 + 250_000), [1, 0, 0]);
    }
}
