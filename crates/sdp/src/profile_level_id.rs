//! `profile-level-id` of H264 (RFC 6184, section 8.1): the capabilities that a decoder needs.

/// A profile and a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileLevelId {
    /// The coding tools that the stream may use.
    pub profile: Profile,
    /// The limits of its size and rate.
    pub level: Level,
}

/// The coding tools that a stream may use. Several values of the three bytes mean the same profile (RFC 6184, table 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    Extended,
    ConstrainedHigh,
    High,
    High10,
    High422,
    /// High 4:4:4 Predictive.
    High444,
    High10Intra,
    High422Intra,
    High444Intra,
    Cavlc444Intra,
    /// Another profile: `profile_idc` and the constraint bits.
    Other(u8, u8),
}

impl ProfileLevelId {
    /// Used if a description has none: Baseline at level 1.
    pub const DEFAULT: Self = Self { profile: Profile::Baseline, level: Level(10) };

    /// Parses six hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 6 || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        let [_, idc, constraints, level] = u32::from_str_radix(text, 16).ok()?.to_be_bytes();
        let is_1b = level == 11 && constraints & 0x10 != 0 && matches!(idc, 0x42 | 0x4D | 0x58);
        let level = if is_1b { Level::L1B } else { Level(level) };
        Some(Self { profile: Profile::of(idc, constraints), level })
    }

    /// Whether both have the same profile, whatever their levels: then one can replace the other in an answer (RFC
    /// 6184, section 8.2.2).
    pub fn has_profile_of(&self, other: &Self) -> bool {
        self.profile == other.profile
    }
}

impl Profile {
    /// The profile with this `profile_idc` and `profile_iop`. The latter has the constraint bits;
    /// `constraint_set0_flag` is the highest.
    pub fn of(idc: u8, constraints: u8) -> Self {
        // `set`: bits that must be set; `free`: bits with any value.
        let fits = |set: u8, free: u8| constraints & !free == set;
        match idc {
            0x42 if fits(0x40, 0xB0) => Self::ConstrainedBaseline,
            0x42 if fits(0x00, 0xB0) => Self::Baseline,
            0x4D if fits(0x80, 0x70) => Self::ConstrainedBaseline,
            0x4D if fits(0x00, 0x50) => Self::Main,
            0x58 if fits(0xC0, 0x30) => Self::ConstrainedBaseline,
            0x58 if fits(0x80, 0x30) => Self::Baseline,
            0x58 if fits(0x00, 0x30) => Self::Extended,
            0x64 if fits(0x0C, 0x00) => Self::ConstrainedHigh,
            0x64 if fits(0x00, 0x00) => Self::High,
            0x6E if fits(0x00, 0x00) => Self::High10,
            0x6E if fits(0x10, 0x00) => Self::High10Intra,
            0x7A if fits(0x00, 0x00) => Self::High422,
            0x7A if fits(0x10, 0x00) => Self::High422Intra,
            0xF4 if fits(0x00, 0x00) => Self::High444,
            0xF4 if fits(0x10, 0x00) => Self::High444Intra,
            0x2C if fits(0x10, 0x00) => Self::Cavlc444Intra,
            _ => Self::Other(idc, constraints),
        }
    }
}

/// A level (ITU-T H.264, table A-1). A greater level allows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Level(u8);

impl Level {
    /// Between 1 and 1.1. Its `level_idc` is 9, or 11 with a constraint bit.
    pub const L1B: Self = Self(9);

    /// Ten times the level: 31 is 3.1. Level 1b is 9.
    pub fn idc(self) -> u8 {
        self.0
    }

    fn rank(self) -> u16 {
        if self == Self::L1B { 21 } else { u16::from(self.0) * 2 }
    }
}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(id: &str) -> Profile {
        ProfileLevelId::parse(id).unwrap().profile
    }

    #[test]
    fn one_profile_is_written_in_several_ways() {
        for id in ["42e01f", "42c01f", "42401f", "42F01F", "4d801f", "4Df01f", "58c01f", "58f01f"] {
            assert_eq!(profile(id), Profile::ConstrainedBaseline, "{id}");
        }
        for id in ["42001f", "42801f", "42b01f", "58801f"] {
            assert_eq!(profile(id), Profile::Baseline, "{id}");
        }
        assert_eq!((profile("4d001f"), profile("4d401f")), (Profile::Main, Profile::Main));
        assert_eq!(
            (profile("64001f"), profile("640c1f")),
            (Profile::High, Profile::ConstrainedHigh)
        );
        assert_eq!(profile("58001f"), Profile::Extended);
        assert_eq!(profile("f4001f"), Profile::High444);
        assert_eq!(profile("2c101f"), Profile::Cavlc444Intra);
        assert_eq!(profile("42e11f"), Profile::Other(0x42, 0xE1), "a reserved bit");
        assert_eq!(profile("640413"), Profile::Other(0x64, 0x04));
    }

    #[test]
    fn equal_profiles_may_have_other_levels() {
        let id = |text| ProfileLevelId::parse(text).unwrap();
        assert!(id("42e01f").has_profile_of(&id("42c034")));
        assert!(!id("42e01f").has_profile_of(&id("42001f")));
        assert!(ProfileLevelId::DEFAULT.has_profile_of(&id("42000a")));
    }

    #[test]
    fn level_1b_is_between_1_and_1_1() {
        let level = |text| ProfileLevelId::parse(text).unwrap().level;
        assert_eq!(level("42f00b"), Level::L1B);
        assert_eq!(level("640009"), Level::L1B);
        assert!(level("42e00a") < Level::L1B && Level::L1B < level("42e00b"));
        assert!(level("42e01f") < level("42e034"));
        assert_eq!(level("42e01f").idc(), 31);
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in ["", "42e01", "42e01f0", "+2e01f", "42e0zz", "hello!", "42e01é"] {
            assert_eq!(ProfileLevelId::parse(text), None, "{text}");
        }
    }
}
