//! Sequence numbers beyond their 16 bits on the wire.

/// The extended number nearest to `reference` whose low 16 bits are `seq` (RFC 3711, section
/// 3.3.1). Exactly half a cycle away in both directions is taken as ahead; below zero there is
/// nothing.
///
/// ```
/// assert_eq!(rtp::seq::extend(3, 65_534), 65_539);
/// ```
pub fn extend(seq: u16, reference: u64) -> u64 {
    let ahead = seq.wrapping_sub(reference as u16);
    if ahead <= 1 << 15 {
        return reference.saturating_add(ahead.into());
    }
    let behind = 0x1_0000 - u64::from(ahead);
    reference.checked_sub(behind).unwrap_or(seq.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_goes_on_after_its_sixteen_bits_are_used_up() {
        assert_eq!(extend(0xFFFF, 0xFFFE), 0xFFFF);
        assert_eq!(extend(0, 0xFFFF), 0x1_0000);
        assert_eq!(extend(5, 0x1_FFF0), 0x2_0005);
    }

    #[test]
    fn a_late_packet_belongs_to_the_cycle_before() {
        assert_eq!(extend(0xFFF0, 0x1_0003), 0xFFF0);
        assert_eq!(extend(0x1_0000_u64 as u16, 0x1_0001), 0x1_0000);
    }

    #[test]
    fn nothing_is_before_the_first_cycle() {
        assert_eq!(extend(0xFFF0, 3), 0xFFF0);
    }

    #[test]
    fn half_a_cycle_away_is_ahead() {
        assert_eq!(extend(0x8000, 0x1_0000), 0x1_8000);
        assert_eq!(extend(0x8001, 0x1_0000), 0x0_8001);
    }

    proptest! {
        #[test]
        fn what_is_near_comes_back_whole(at in 0x1_0000_u64..1 << 48, by in -32_767_i64..=32_767) {
            let number = at.saturating_add_signed(by);
            prop_assert_eq!(extend(number as u16, at), number);
        }
    }
}
