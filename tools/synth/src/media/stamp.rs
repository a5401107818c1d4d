//! The stamp in each packet, by which a viewer knows the frame and the delay.
//!
//! A server may packetise frames anew, so a stamp is looked for anywhere in a payload, by a mark. Its other bytes
//! have the top bit set: the mark is never found inside of it, and no emulation prevention byte
//! (ITU-T H.264, section 7.4.1) is needed wherever it stands in a NAL unit.

use memchr::memmem;

/// What a stamp begins with.
const MARK: [u8; 4] = *b"kaLG";
const RUN_BYTES: usize = 5;
/// 56 bits: two thousand years.
const TIME_BYTES: usize = 8;
const FRAME_BYTES: usize = 5;
/// The length of a stamp.
pub(super) const STAMP_BYTES: usize = MARK.len() + RUN_BYTES + TIME_BYTES + FRAME_BYTES + 1;

const KEY: u64 = 1;
const BEGINS: u64 = 2;

/// The content of a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) run: u32,
    /// When it was made, in microseconds of the run.
    pub(crate) sent_us: u64,
    pub(crate) frame: u32,
    pub(crate) is_key: bool,
    /// Whether the frame begins with this packet. The marker bit tells where it ends.
    pub(crate) begins: bool,
}

impl Stamp {
    pub(super) fn write(self, to: &mut Vec<u8>) {
        let flag = |is: bool, value: u64| if is { value } else { 0 };
        let flags = flag(self.is_key, KEY) | flag(self.begins, BEGINS);
        to.extend(MARK);
        to.extend(groups::<RUN_BYTES>(self.run.into()));
        to.extend(groups::<TIME_BYTES>(self.sent_us));
        to.extend(groups::<FRAME_BYTES>(self.frame.into()));
        to.extend(groups::<1>(flags));
    }

    /// The first stamp in a payload.
    pub(crate) fn find(payload: &[u8]) -> Option<Self> {
        let at = memmem::find(payload, &MARK)?;
        let rest = payload.get(at + MARK.len()..)?;
        let (run, rest) = number::<RUN_BYTES>(rest)?;
        let (sent_us, rest) = number::<TIME_BYTES>(rest)?;
        let (frame, rest) = number::<FRAME_BYTES>(rest)?;
        let (flags, _) = number::<1>(rest)?;
        Some(Self {
            run: run as u32,
            sent_us,
            frame: frame as u32,
            is_key: flags & KEY != 0,
            begins: flags & BEGINS != 0,
        })
    }
}

/// A number in groups of seven bits, the highest first, each below a set bit.
fn groups<const N: usize>(value: u64) -> [u8; N] {
    std::array::from_fn(|n| 0x80 | (value >> (7 * (N - 1 - n))) as u8)
}

/// The number at the front, and what follows it; `None` when it is none of `groups`.
fn number<const N: usize>(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (groups, rest) = bytes.split_first_chunk::<N>()?;
    let add = |sum: u64, byte: &u8| (sum << 7) | u64::from(byte & 0x7F);
    groups.iter().all(|it| it & 0x80 != 0).then(|| (groups.iter().fold(0, add), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp =
        Stamp { run: u32::MAX, sent_us: 86_400_000_000, frame: 1, is_key: true, begins: false };

    #[test]
    fn a_stamp_is_found_wherever_it_stands() {
        let mut payload = Vec::new();
        STAMP.write(&mut payload);
        assert_eq!(payload.len(), STAMP_BYTES);
        for before in [&b""[..], b"ka", b"kaL", &[0xA5; 1_000]] {
            let payload = [before, &payload, b"kaLG"].concat();
            assert_eq!(Stamp::find(&payload), Some(STAMP), "behind {} bytes", before.len());
        }
    }

    #[test]
    fn a_stamp_that_was_cut_is_none() {
        let mut payload = Vec::new();
        STAMP.write(&mut payload);
        (0..STAMP_BYTES).for_each(|n| assert_eq!(Stamp::find(&payload[..n]), None, "{n} bytes"));
        assert_eq!(Stamp::find(b"kaLG: whose text begins so is no packet of ours"), None);
    }

    #[test]
    fn no_stamp_has_bytes_that_a_nal_unit_may_not_have() {
        let mut payload = Vec::new();
        Stamp { run: 0, sent_us: 0, frame: 0, is_key: false, begins: false }.write(&mut payload);
        assert!(payload.iter().all(|it| *it > 3), "{payload:?}");
    }
}
