//! Reads single bits, highest first (AV1 bitstream specification, section 4.10).

/// Bytes, and the position of the next bit to read.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// `f(n)`, for an `n` of at most 32; `None` if fewer than `n` bits are left.
    pub(super) fn read(&mut self, n: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..n {
            let byte = *self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// `f(1)`.
    pub(super) fn flag(&mut self) -> Option<bool> {
        Some(self.read(1)? == 1)
    }

    /// `ns(n)`: a value below `n`, in as few bits as it needs.
    pub(super) fn non_symmetric(&mut self, n: u32) -> Option<u32> {
        let width = n.checked_ilog2()? + 1;
        let short = (1 << width) - n;
        let value = self.read(width - 1)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.read(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_from_the_highest() {
        let mut bits = Bits::new(&[0b1010_0000, 0xFF]);
        assert_eq!((bits.read(3), bits.read(9), bits.flag()), (Some(5), Some(15), Some(true)));
        assert_eq!(bits.read(4), None);
    }

    #[test]
    fn values_below_a_bound_take_no_more_bits_than_they_need() {
        // Of 5 values, 0 to 2 take two bits and the others three.
        let mut bits = Bits::new(&[0b0001_1011, 0b1000_0000]);
        let values: Vec<_> = (0..4).map(|_| bits.non_symmetric(5)).collect();
        assert_eq!(values, [Some(0), Some(1), Some(2), Some(4)]);
        assert_eq!(Bits::new(&[0]).non_symmetric(1), Some(0));
        assert_eq!(Bits::new(&[0]).non_symmetric(0), None);
    }
}
