//! Names of codecs with their profiles (RFC 6381), from what decoders are told.

/// `avc1.` and three bytes of avcC: profile, constraints, level.
pub(super) fn h264(avcc: &[u8]) -> String {
    match avcc {
        [_, profile, constraints, level, ..] => {
            format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
        }
        _ => "avc1".to_owned(),
    }
}

/// By av1C (AV1 codec ISO media file format binding, section 5).
pub(super) fn av1(av1c: &[u8]) -> String {
    let [_, first, second, ..] = *av1c else { return "av01".to_owned() };
    let (profile, level) = (first >> 5, first & 0x1F);
    let tier = if second & 0x80 == 0 { 'M' } else { 'H' };
    let depth = match second & 0x60 {
        0 => 8,
        0x60 => 12,
        _ => 10,
    };
    format!("av01.{profile}.{level:02}{tier}.{depth:02}")
}

/// By vpcC, from its version and flags on.
pub(super) fn vp9(vpcc: &[u8]) -> String {
    match vpcc {
        [_, _, _, _, profile, level, depth, ..] => {
            format!("vp09.{profile:02}.{level:02}.{:02}", depth >> 4)
        }
        _ => "vp09".to_owned(),
    }
}

/// By the features in the CodecPrivate of Matroska: id, length, value.
pub(super) fn vp9_of_matroska(features: &[u8]) -> String {
    let feature = |id| features.chunks_exact(3).find(|it| it.starts_with(&[id, 1]))?.last();
    match (feature(1), feature(2), feature(3)) {
        (Some(profile), Some(level), Some(depth)) => {
            format!("vp09.{profile:02}.{level:02}.{depth:02}")
        }
        _ => "vp09".to_owned(),
    }
}

/// By an AudioSpecificConfig (ISO 14496-3): its first five bits are the kind of object.
pub(super) fn aac(config: &[u8]) -> String {
    match config.first() {
        Some(first) => format!("mp4a.40.{}", first >> 3),
        None => "mp4a".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_profile_and_level() {
        assert_eq!(h264(&[1, 0x42, 0xE0, 0x1F, 0xFF]), "avc1.42e01f");
        assert_eq!(av1(&[0x81, 0x04, 0x0C, 0]), "av01.0.04M.08");
        assert_eq!(vp9(&[1, 0, 0, 0, 0, 21, 0x82]), "vp09.00.21.08");
        assert_eq!(vp9_of_matroska(&[1, 1, 0, 2, 1, 10, 3, 1, 8, 4, 1, 1]), "vp09.00.10.08");
        assert_eq!(aac(&[0x12, 0x10]), "mp4a.40.2");
    }

    #[test]
    fn what_is_too_short_has_a_name_too() {
        assert_eq!(h264(&[1]), "avc1");
        assert_eq!(av1(&[]), "av01");
        assert_eq!(vp9(&[1, 0]), "vp09");
        assert_eq!(vp9_of_matroska(&[1, 1]), "vp09");
        assert_eq!(aac(&[]), "mp4a");
    }
}
