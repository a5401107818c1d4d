//! The names of codecs (RFC 6381; AV1 and VP9 in ISOBMFF).

use crate::{Track, VideoCodec};

/// The name of a track's codec; `None` when its configuration is none.
pub(super) fn name(track: &Track) -> Option<String> {
    let Track::Video(video) = track else { return Some("opus".into()) };
    let config = video.config.as_slice();
    Some(match video.codec {
        VideoCodec::Vp8 => "vp8".into(),
        VideoCodec::H264 => {
            let [_, profile, compatibility, level, ..] = config else { return None };
            format!("avc1.{profile:02x}{compatibility:02x}{level:02x}")
        }
        VideoCodec::Vp9 => {
            let [_, _, _, _, profile, level, depth, ..] = config else { return None };
            format!("vp09.{profile:02}.{level:02}.{:02}", depth >> 4)
        }
        VideoCodec::Av1 => {
            let [_, level, flags, ..] = config else { return None };
            let (profile, level) = (level >> 5, level & 0x1F);
            let tier = if flags & 0x80 == 0 { 'M' } else { 'H' };
            let depth = match flags >> 5 & 0b11 {
                0b11 => 12,
                0b10 => 10,
                _ => 8,
            };
            format!("av01.{profile}.{level:02}{tier}.{depth:02}")
        }
    })
}
