//! The header of an RTP packet (RFC 3550, section 5.1) and its extension (RFC 8285): a view to
//! read, and a writer.

mod writer;

pub use writer::HeaderWriter;

/// Bytes of the fixed part of the header.
pub const FIXED_LEN: usize = 12;

/// The profile of one-byte extension elements (RFC 8285, section 4.2).
const ONE_BYTE: u16 = 0xBEDE;

/// The profile of two-byte extension elements, its low four bits free (RFC 8285, section 4.3).
const TWO_BYTE: u16 = 0x1000;

/// The header of a packet, borrowed from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The marker bit: for video, the last packet of a frame.
    pub marker: bool,
    /// The payload type, 7 bits.
    pub payload_type: u8,
    /// The sequence number.
    pub seq: u16,
    /// The timestamp, in ticks of the payload type's clock.
    pub ts: u32,
    /// The synchronization source.
    pub ssrc: u32,
    /// The padding bit: the payload's last byte says how many of its bytes are padding.
    pub padding: bool,
    /// Bytes of the header, with contributing sources and extension: where the payload begins.
    pub header_len: usize,
    extension: Option<(u16, &'a [u8])>,
}

impl<'a> Header<'a> {
    /// Reads the header at the front of a packet; `None` when it is no RTP of version 2, or ends
    /// before its header does. The payload is not looked at: it may still be encrypted.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_first_chunk::<FIXED_LEN>()?;
        let &[flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = fixed;
        if flags >> 6 != 2 {
            return None;
        }
        let csrcs_len = 4 * usize::from(flags & 0x0F);
        let rest = rest.get(csrcs_len..)?;
        let mut header_len = FIXED_LEN + csrcs_len;
        let mut extension = None;
        if flags & 0x10 != 0 {
            let (&[p0, p1, l0, l1], rest) = rest.split_first_chunk::<4>()?;
            let len = 4 * usize::from(u16::from_be_bytes([l0, l1]));
            extension = Some((u16::from_be_bytes([p0, p1]), rest.get(..len)?));
            header_len += 4 + len;
        }
        Some(Self {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7F,
            seq: u16::from_be_bytes([s0, s1]),
            ts: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            padding: flags & 0x20 != 0,
            header_len,
            extension,
        })
    }

    /// The elements of the extension, in their order on the wire: empty when there is none, or it
    /// is of another profile; ends where it is malformed.
    pub fn extensions(&self) -> Extensions<'a> {
        match self.extension {
            Some((ONE_BYTE, rest)) => Extensions { rest, is_two_byte: false },
            Some((profile, rest)) if profile & 0xFFF0 == TWO_BYTE => {
                Extensions { rest, is_two_byte: true }
            }
            _ => Extensions { rest: &[], is_two_byte: false },
        }
    }

    /// The bytes of the first extension element with the given id.
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions().find(|it| it.id == id).map(|it| it.data)
    }

    /// The payload of a decrypted packet, its padding taken off; `None` when this is not the
    /// packet's header, or the padding is longer than the payload, or says that it has no byte
    /// (RFC 3550, section 5.1).
    pub fn payload_without_padding<'p>(&self, packet: &'p [u8]) -> Option<&'p [u8]> {
        let payload = packet.get(self.header_len..)?;
        if !self.padding {
            return Some(payload);
        }
        let padding = usize::from(*payload.last()?);
        if padding == 0 {
            return None;
        }
        payload.get(..payload.len().checked_sub(padding)?)
    }
}

/// One element of a header extension (RFC 8285).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The id that SDP mapped to a URI: 1 to 14 in the one-byte form, 1 to 255 in the two-byte
    /// form.
    pub id: u8,
    /// What it carries.
    pub data: &'a [u8],
}

/// Iterates over the elements of a header extension.
#[derive(Debug, Clone)]
pub struct Extensions<'a> {
    rest: &'a [u8],
    is_two_byte: bool,
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&first, rest) = self.rest.split_first()?;
            // A byte of padding, between elements or after them.
            if first == 0 {
                self.rest = rest;
                continue;
            }
            // Whatever ends the iteration ends it for good.
            self.rest = &[];
            let (id, len, rest) = if self.is_two_byte {
                let (&len, rest) = rest.split_first()?;
                (first, usize::from(len), rest)
            } else {
                (first >> 4, usize::from(first & 0x0F) + 1, rest)
            };
            // 15, and 0 with a length, say: nothing from here on (RFC 8285, section 4.2).
            if !self.is_two_byte && (id == 15 || id == 0) {
                return None;
            }
            let (data, rest) = rest.split_at_checked(len)?;
            self.rest = rest;
            return Some(Extension { id, data });
        }
    }
}

#[cfg(test)]
mod tests;
