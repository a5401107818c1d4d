//! The AV1 aggregation header (RTP Payload Format For AV1, section 4.4), as far as a forwarder reads it.

/// The bit `N` of `Z|Y|W W|N|- - -`: a coded video sequence begins with this packet.
const BEGINS_SEQUENCE: u8 = 0x08;

/// Whether decoding can begin with this packet.
pub(crate) fn starts_keyframe(payload: &[u8]) -> bool {
    payload.first().is_some_and(|it| it & BEGINS_SEQUENCE != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_begins_where_the_aggregation_header_says_so() {
        assert!(starts_keyframe(&[0x18, 0x0A]));
        assert!(!starts_keyframe(&[0x10, 0x0A]));
        assert!(!starts_keyframe(&[]));
    }
}
