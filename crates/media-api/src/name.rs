//! Short names in session descriptions: `mid` (RFC 9143) and `rid` (RFC 8852).

use std::fmt;

/// The longest name, in bytes: the limit of the one-byte form of a header extension (RFC 8285, section 4.2).
pub const MAX_NAME: usize = 16;

/// A name of at most [`MAX_NAME`] bytes, stored inline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    bytes: [u8; MAX_NAME],
    len: u8,
}

impl Name {
    /// `None` if it is empty, too long, or has characters other than token characters (RFC 8866, section 9).
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if !(1..=MAX_NAME).contains(&bytes.len()) || !bytes.iter().copied().all(is_token_char) {
            return None;
        }
        let mut name = [0; MAX_NAME];
        name.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { bytes: name, len: bytes.len() as u8 })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_token_that_fits() {
        assert_eq!(Name::new(b"video-1").unwrap().as_str(), "video-1");
        assert_eq!(Name::new(&[b'm'; MAX_NAME]).unwrap().to_string(), "m".repeat(MAX_NAME));
        for wrong in [&b""[..], &[b'm'; MAX_NAME + 1], b"a b", b"\xFF", b"a\r\nb"] {
            assert_eq!(Name::new(wrong), None, "{wrong:?}");
        }
    }
}
