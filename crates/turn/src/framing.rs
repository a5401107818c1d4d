//! STUN messages and ChannelData in a stream of bytes (RFC 8656, sections 3.1 and 12.5).

use stun_types::message::MessageHeader;

use crate::limits::{MAX_MESSAGE_BYTES, READ_BYTES};

/// What every STUN message has in its bytes 4 to 7.
const MAGIC_COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();

/// The header of ChannelData.
pub(crate) const CHANNEL_HEADER: usize = 4;

/// What a stream has next. Its bytes are those of [`Framer::bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    Message { start: usize, end: usize },
    ChannelData { number: u16, start: usize, end: usize },
}

/// The stream is no TURN, or has a message that is too long: where the next one begins is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Finds messages in a stream, whichever way its bytes are cut.
pub(crate) struct Framer {
    /// A message has at most [`MAX_MESSAGE_BYTES`], so there is always room for the rest of one.
    bytes: Box<[u8; READ_BYTES]>,
    start: usize,
    end: usize,
}

impl Framer {
    pub(crate) fn new() -> Self {
        Self { bytes: Box::new([0; READ_BYTES]), start: 0, end: 0 }
    }

    /// Where the next bytes of the stream go. Empty only while frames are left that were not taken.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes were written into the space.
    pub(crate) fn filled(&mut self, n: usize) {
        self.end = (self.end + n).min(READ_BYTES);
    }

    pub(crate) fn bytes(&self, start: usize, end: usize) -> &[u8] {
        &self.bytes[start..end]
    }

    /// Takes the next frame that is whole. ChannelData is whole with its padding.
    pub(crate) fn take(&mut self) -> Result<Option<Frame>, Malformed> {
        let head = &self.bytes[self.start..self.end];
        let Some((frame, len)) = frame(head)? else { return Ok(None) };
        if len > head.len() {
            return Ok(None);
        }
        let from = self.start;
        self.start += len;
        Ok(Some(match frame {
            Frame::Message { start, end } => {
                Frame::Message { start: from + start, end: from + end }
            }
            Frame::ChannelData { number, start, end } => {
                Frame::ChannelData { number, start: from + start, end: from + end }
            }
        }))
    }
}

/// The frame that begins with these bytes, relative to them, and its length with padding. `None` where too little is
/// there to tell.
fn frame(head: &[u8]) -> Result<Option<(Frame, usize)>, Malformed> {
    let &[first, second, a, b, ..] = head else {
        return match head.first() {
            Some(first) if !is_first(*first) => Err(Malformed),
            _ => Ok(None),
        };
    };
    let body = usize::from(u16::from_be_bytes([a, b]));
    let (frame, len) = match first {
        0x00..=0x3F => {
            let cookie = &head[4..head.len().min(8)];
            if body % 4 != 0 || !MAGIC_COOKIE.starts_with(cookie) {
                return Err(Malformed);
            }
            let end = MessageHeader::LENGTH + body;
            (Frame::Message { start: 0, end }, end)
        }
        0x40..=0x4F => {
            let number = u16::from_be_bytes([first, second]);
            let end = CHANNEL_HEADER + body;
            (Frame::ChannelData { number, start: CHANNEL_HEADER, end }, end.next_multiple_of(4))
        }
        0x50.. => return Err(Malformed),
    };
    if len > MAX_MESSAGE_BYTES { Err(Malformed) } else { Ok(Some((frame, len))) }
}

/// Whether a message begins with this byte: two zero bits for STUN, 0x40 to 0x4F for a channel.
const fn is_first(byte: u8) -> bool {
    byte < 0x50
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All frames of these pieces of a stream, as they are in it.
    fn frames(pieces: &[&[u8]]) -> Result<Vec<(u16, Vec<u8>)>, Malformed> {
        let mut framer = Framer::new();
        let mut found = Vec::new();
        for piece in pieces {
            framer.space()[..piece.len()].copy_from_slice(piece);
            framer.filled(piece.len());
            while let Some(frame) = framer.take()? {
                found.push(match frame {
                    Frame::Message { start, end } => (0, framer.bytes(start, end).to_vec()),
                    Frame::ChannelData { number, start, end } => {
                        (number, framer.bytes(start, end).to_vec())
                    }
                });
            }
        }
        Ok(found)
    }

    /// A Binding request, five bytes on channel 0x4001 with their padding, and none on channel 0x4FFF.
    const STREAM: [u8; 36] = *b"\x00\x01\x00\x00\x21\x12\xA4\x42abcdefghijkl\
        \x40\x01\x00\x05hello\0\0\0\x4F\xFF\x00\x00";

    #[test]
    fn messages_and_channel_data_are_found_wherever_the_stream_is_cut() {
        let whole = frames(&[&STREAM]).unwrap();
        assert_eq!(
            whole,
            [(0, STREAM[..20].to_vec()), (0x4001, b"hello".to_vec()), (0x4FFF, vec![])]
        );
        for i in 0..STREAM.len() {
            for j in i..STREAM.len() {
                let (a, b, c) = (&STREAM[..i], &STREAM[i..j], &STREAM[j..]);
                assert_eq!(frames(&[a, b, c]).as_ref(), Ok(&whole), "cut at {i} and {j}");
            }
        }
    }

    #[test]
    fn what_is_neither_ends_the_stream_at_its_first_wrong_byte() {
        for wrong in [
            &b"GET / HTTP/1.1"[..],
            b"P",
            b"\x50\x00\x00\x00",
            b"\xFF",
            b"\x16\x03\x01\x02\x00\x01",
            b"\x00\x01\x00\x00\x21\x12\xA4\x43",
            b"\x00\x01\x00\x00\x00",
            b"\x00\x01\x00\x03",
        ] {
            assert_eq!(frames(&[wrong]), Err(Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn a_message_has_at_most_2_kib() {
        let channel = |len: u16| [&[0x40, 0], &len.to_be_bytes()[..]].concat();
        assert_eq!(frames(&[&channel(2045)]), Err(Malformed));
        let longest = [&channel(2044)[..], &[7; 2044]].concat();
        assert_eq!(frames(&[&longest]), Ok(vec![(0x4000, vec![7; 2044])]));
        assert_eq!(frames(&[b"\x00\x01\x07\xF0"]), Err(Malformed));
    }

    #[test]
    fn a_stream_of_the_longest_messages_never_stands_still() {
        let longest = [&[0x40, 0, 0x07, 0xFC][..], &[7; 2044]].concat();
        let stream = longest.repeat(20);
        let mut framer = Framer::new();
        let (mut rest, mut found) = (&stream[..], 0);
        while !rest.is_empty() {
            let space = framer.space();
            let n = space.len().min(rest.len()).min(3000);
            assert!(n > 0);
            space[..n].copy_from_slice(&rest[..n]);
            framer.filled(n);
            rest = &rest[n..];
            while framer.take().unwrap().is_some() {
                found += 1;
            }
        }
        assert_eq!(found, 20);
    }
}
