//! Reads bits, the most significant first.

/// A position in bytes. Beyond the end there are no bits.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// One bit.
    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = *self.bytes.get(self.at / 8)?;
        let is_set = byte << (self.at % 8) & 0x80 != 0;
        self.at += 1;
        Some(is_set)
    }

    /// A number of up to 32 bits.
    pub(super) fn read(&mut self, n: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..n {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    pub(super) fn skip(&mut self, n: u32) -> Option<()> {
        (0..n).try_for_each(|_| self.flag().map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_their_order_until_there_are_none() {
        let mut bits = Bits::of(&[0b1010_0101, 0xFF]);
        assert_eq!((bits.flag(), bits.read(3), bits.read(8)), (Some(true), Some(2), Some(0x5F)));
        assert_eq!((bits.skip(3), bits.flag(), bits.flag()), (Some(()), Some(true), None));
    }
}
