//! Datagrams over a stream, each with its length before it (RFC 4571, section 2).

/// The longest datagram, in bytes: that of an Ethernet frame.
const MAX_DATAGRAM_BYTES: usize = 1_500;

/// Bytes of the length before a datagram.
const HEADER: usize = 2;

/// A frame is longer than any datagram: what comes is no media.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

/// The beginning of a frame whose rest has not come.
#[derive(Debug, Default)]
pub struct Frames {
    /// Shorter than a frame.
    partial: Vec<u8>,
}

impl Frames {
    /// Takes bytes, and passes on each datagram that is whole; it may be decrypted in place.
    ///
    /// # Errors
    /// When a frame is too long. Nothing after it can be read.
    pub fn take(
        &mut self,
        mut bytes: &mut [u8],
        mut pass: impl FnMut(&mut [u8]),
    ) -> Result<(), TooLong> {
        while !self.partial.is_empty() && !bytes.is_empty() {
            let wanted = match length(&self.partial)? {
                Some(len) => HEADER + len,
                None => HEADER,
            };
            let n = (wanted - self.partial.len()).min(bytes.len());
            let (more, rest) = std::mem::take(&mut bytes).split_at_mut(n);
            self.partial.extend_from_slice(more);
            bytes = rest;
            if let Some(len) = length(&self.partial)?
                && let Some(datagram) = self.partial.get_mut(HEADER..HEADER + len)
            {
                pass(datagram);
                self.partial.clear();
            }
        }
        while let Some(len) = length(bytes)?.filter(|len| HEADER + len <= bytes.len()) {
            let (frame, rest) = std::mem::take(&mut bytes).split_at_mut(HEADER + len);
            pass(frame.get_mut(HEADER..).unwrap_or_default());
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }
}

/// What stands before a datagram in its frame; `None` when it is longer than a frame can be.
pub fn header(datagram: &[u8]) -> Option<[u8; HEADER]> {
    u16::try_from(datagram.len()).ok().map(u16::to_be_bytes)
}

/// The length of the datagram that begins here; `None` when not even that has come.
fn length(bytes: &[u8]) -> Result<Option<usize>, TooLong> {
    let Some(header) = bytes.first_chunk() else { return Ok(None) };
    let len = usize::from(u16::from_be_bytes(*header));
    if len > MAX_DATAGRAM_BYTES { Err(TooLong) } else { Ok(Some(len)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(frames: &mut Frames, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut all = Vec::new();
        frames.take(&mut bytes.to_vec(), |it| all.push(it.to_vec()))?;
        Ok(all)
    }

    #[test]
    fn wherever_the_stream_is_cut_the_datagrams_are_the_same() {
        let sent: Vec<Vec<u8>> = [1, 0, 20, 300, 1_500, 2].map(|len| vec![7; len]).to_vec();
        let stream: Vec<u8> =
            sent.iter().flat_map(|it| [&header(it).unwrap()[..], it].concat()).collect();
        for step in [1, 2, 3, 5, 100, 1_501, stream.len()] {
            let mut frames = Frames::default();
            let got: Vec<Vec<u8>> =
                stream.chunks(step).flat_map(|it| cut(&mut frames, it).unwrap()).collect();
            assert_eq!(got, sent, "cut every {step} bytes");
            assert!(frames.partial.is_empty());
        }
    }

    #[test]
    fn a_frame_that_no_datagram_fills_ends_the_stream() {
        let mut frames = Frames::default();
        assert_eq!(cut(&mut frames, b"GET / HTTP/1.1\r\n"), Err(TooLong));
        let mut frames = Frames::default();
        assert_eq!(cut(&mut frames, &[5]), Ok(Vec::new()));
        assert_eq!(cut(&mut frames, &[0xdd, 0]), Err(TooLong));
    }
}
