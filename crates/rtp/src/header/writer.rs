//! The header as it is written.

use super::{Extension, FIXED_LEN, ONE_BYTE, TWO_BYTE};

/// A header to write, without contributing sources.
///
/// ```
/// use rtp::header::{Extension, Header, HeaderWriter};
///
/// let extensions = [Extension { id: 3, data: &[0, 7] }];
/// let header = HeaderWriter { payload_type: 96, extensions: &extensions, ..Default::default() };
/// let mut packet = [0; 1200];
/// let len = header.write(&mut packet).unwrap();
/// assert_eq!(Header::parse(&packet[..len]).unwrap().extension(3), Some(&[0, 7][..]));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeaderWriter<'a> {
    /// The marker bit.
    pub marker: bool,
    /// The payload type; its low 7 bits are written.
    pub payload_type: u8,
    /// The sequence number.
    pub seq: u16,
    /// The timestamp.
    pub ts: u32,
    /// The synchronization source.
    pub ssrc: u32,
    /// The padding bit: whether the payload will end with padding.
    pub padding: bool,
    /// The elements of the extension. Those with id 0, which SDP cannot give, are left out.
    pub extensions: &'a [Extension<'a>],
}

impl HeaderWriter<'_> {
    /// Writes the header to the front of `packet` and returns its length, a multiple of four.
    ///
    /// The elements take the one-byte form, or the two-byte form when one of them needs it: an id
    /// above 14, no data, or more than 16 bytes of it (RFC 8285, section 4). Without elements
    /// there is no extension.
    ///
    /// `None` when `packet` is too short, or an element longer than 255 bytes: then nothing was
    /// written.
    #[inline]
    pub fn write(&self, packet: &mut [u8]) -> Option<usize> {
        let form = Form::of(self.extensions)?;
        let header = packet.get_mut(..form.header_len)?;
        let (fixed, rest) = header.split_first_chunk_mut::<FIXED_LEN>()?;
        let [s0, s1] = self.seq.to_be_bytes();
        let [t0, t1, t2, t3] = self.ts.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let flags = 0x80 | u8::from(self.padding) << 5 | u8::from(!rest.is_empty()) << 4;
        let kind = u8::from(self.marker) << 7 | self.payload_type & 0x7F;
        *fixed = [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3];
        if !rest.is_empty() {
            write_extension(self.extensions, form.is_two_byte, rest)?;
        }
        Some(form.header_len)
    }
}

/// How the elements will be written.
struct Form {
    header_len: usize,
    is_two_byte: bool,
}

impl Form {
    fn of(extensions: &[Extension<'_>]) -> Option<Self> {
        let (mut count, mut len, mut is_two_byte) = (0, 0, false);
        for element in extensions.iter().filter(|it| it.id != 0) {
            count += 1;
            len += element.data.len();
            is_two_byte |= element.id > 14 || !matches!(element.data.len(), 1..=16);
            if element.data.len() > 255 {
                return None;
            }
        }
        if count == 0 {
            return Some(Self { header_len: FIXED_LEN, is_two_byte });
        }
        let elements_len = len + if is_two_byte { 2 * count } else { count };
        // At most 65535 words (RFC 3550, section 5.3.1).
        let words = u16::try_from(elements_len.div_ceil(4)).ok()?;
        Some(Self { header_len: FIXED_LEN + 4 + 4 * usize::from(words), is_two_byte })
    }
}

/// Writes the extension into `out`, which has exactly the length of it.
fn write_extension(extensions: &[Extension<'_>], is_two_byte: bool, out: &mut [u8]) -> Option<()> {
    let words = u16::try_from(out.len() / 4).ok()?.checked_sub(1)?;
    let ([p0, p1], [l0, l1]) =
        (if is_two_byte { TWO_BYTE } else { ONE_BYTE }.to_be_bytes(), words.to_be_bytes());
    let (head, mut rest) = out.split_first_chunk_mut::<4>()?;
    *head = [p0, p1, l0, l1];
    for &Extension { id, data } in extensions.iter().filter(|it| it.id != 0) {
        if is_two_byte {
            let (head, after) = rest.split_first_chunk_mut::<2>()?;
            *head = [id, data.len() as u8];
            rest = after;
        } else {
            let (head, after) = rest.split_first_mut()?;
            *head = id << 4 | (data.len() as u8).wrapping_sub(1) & 0x0F;
            rest = after;
        }
        let (body, after) = rest.split_at_mut_checked(data.len())?;
        body.copy_from_slice(data);
        rest = after;
    }
    rest.fill(0);
    Some(())
}
