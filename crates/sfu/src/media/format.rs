//! The format of a stream: its codec and the codec's parameters, as in session descriptions.

use std::fmt;

use media_api::{Codec, MediaKind};

/// The format of a stream, as negotiated with its publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) codec: Codec,
    /// The codec's parameters (RFC 8866, section 6.15).
    pub(crate) params: FormatParams,
}

impl Format {
    /// How well a receiver's format fits this one, from 0 to 2 (best); `None` if it cannot play this one.
    ///
    /// H264 always fits: 2 if packetization mode and profile are equal, 1 if only the packetization mode is, 0
    /// otherwise. Level and constraint flags are ignored: an encoder's may differ slightly from the receiver's, and
    /// every decoder in use plays such a stream.
    pub(crate) fn fit_format(&self, other: &Self) -> Option<u8> {
        if other.codec != self.codec {
            return None;
        }
        let (a, b) = (self.params, other.params);
        match self.codec {
            Codec::Opus | Codec::Vp8 => Some(2),
            Codec::H264 => {
                if a.packetization_mode.unwrap_or(0) != b.packetization_mode.unwrap_or(0) {
                    return Some(0);
                }
                let profile = |p: FormatParams| p.profile_level_id.unwrap_or(0x42_00_0a) >> 16;
                Some(if profile(a) == profile(b) { 2 } else { 1 })
            }
            Codec::Vp9 => (a.profile_id.unwrap_or(0) == b.profile_id.unwrap_or(0)).then_some(2),
            Codec::Av1 => (a.profile.unwrap_or(0) == b.profile.unwrap_or(0)).then_some(2),
        }
    }

    /// Whether it is audio or video.
    pub(crate) fn kind(&self) -> MediaKind {
        self.codec.kind()
    }

    /// The ticks of the RTP timestamp per second.
    pub(crate) fn clock_rate(&self) -> u32 {
        self.kind().clock_rate()
    }
}

/// The parameters of `a=fmtp` that are compared, or repeated in an answer. Others are dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FormatParams {
    /// `minptime` of Opus, in milliseconds (RFC 7587, section 6.1).
    pub(crate) min_ptime: Option<u8>,
    /// `stereo` of Opus: the receiver prefers two channels.
    pub(crate) stereo: Option<bool>,
    /// `sprop-stereo` of Opus: the sender may send two channels.
    pub(crate) sprop_stereo: Option<bool>,
    /// `useinbandfec` of Opus.
    pub(crate) use_inband_fec: Option<bool>,
    /// `usedtx` of Opus.
    pub(crate) use_dtx: Option<bool>,
    /// `level-asymmetry-allowed` of H264 (RFC 6184, section 8.1).
    pub(crate) level_asymmetry_allowed: Option<bool>,
    /// `packetization-mode` of H264.
    pub(crate) packetization_mode: Option<u8>,
    /// `profile-level-id` of H264, three bytes.
    pub(crate) profile_level_id: Option<u32>,
    /// `profile-id` of VP9 (RFC 9628, section 6).
    pub(crate) profile_id: Option<u8>,
    /// `profile` of AV1.
    pub(crate) profile: Option<u8>,
    /// `level-idx` of AV1.
    pub(crate) level_idx: Option<u8>,
    /// `tier` of AV1.
    pub(crate) tier: Option<u8>,
}

impl FormatParams {
    /// Reads the parameters of a payload type. Malformed ones count as absent.
    pub(crate) fn of(codec: Codec, fmtp: &sdp::Fmtp<'_>) -> Self {
        let mut params = Self::default();
        for (name, value) in fmtp.parameters() {
            params.set(codec, name, value);
        }
        params
    }

    /// The same from the value of an `a=fmtp` line, without its payload type.
    pub(crate) fn read(codec: Codec, fmtp: &str) -> Self {
        Self::of(codec, &sdp::Fmtp::new(fmtp))
    }

    fn set(&mut self, codec: Codec, name: &str, value: &str) {
        let flag = || match value {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        let number = || value.parse().ok();
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match codec {
            Codec::Opus if is("minptime") => self.min_ptime = number(),
            Codec::Opus if is("stereo") => self.stereo = flag(),
            Codec::Opus if is("sprop-stereo") => self.sprop_stereo = flag(),
            Codec::Opus if is("useinbandfec") => self.use_inband_fec = flag(),
            Codec::Opus if is("usedtx") => self.use_dtx = flag(),
            Codec::H264 if is("level-asymmetry-allowed") => self.level_asymmetry_allowed = flag(),
            Codec::H264 if is("packetization-mode") => self.packetization_mode = number(),
            Codec::H264 if is("profile-level-id") => {
                let id = u32::from_str_radix(value, 16).ok();
                self.profile_level_id = id.filter(|it| *it <= 0xFF_FFFF);
            }
            Codec::Vp9 if is("profile-id") => self.profile_id = number(),
            Codec::Av1 if is("profile") => self.profile = number(),
            Codec::Av1 if is("level-idx") => self.level_idx = number(),
            Codec::Av1 if is("tier") => self.tier = number(),
            _ => {}
        }
    }
}

impl fmt::Display for FormatParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |it: Option<bool>| it.map(u32::from);
        let number = |it: Option<u8>| it.map(u32::from);
        let numbers = [
            ("minptime", number(self.min_ptime)),
            ("stereo", flag(self.stereo)),
            ("sprop-stereo", flag(self.sprop_stereo)),
            ("useinbandfec", flag(self.use_inband_fec)),
            ("usedtx", flag(self.use_dtx)),
            ("level-asymmetry-allowed", flag(self.level_asymmetry_allowed)),
            ("packetization-mode", number(self.packetization_mode)),
            ("profile-id", number(self.profile_id)),
            ("profile", number(self.profile)),
            ("level-idx", number(self.level_idx)),
            ("tier", number(self.tier)),
        ];
        let mut separator = "";
        for (name, value) in numbers {
            if let Some(value) = value {
                write!(f, "{separator}{name}={value}")?;
                separator = ";";
            }
        }
        if let Some(id) = self.profile_level_id {
            write!(f, "{separator}profile-level-id={id:06x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h264(fmtp: &str) -> Format {
        Format { codec: Codec::H264, params: FormatParams::read(Codec::H264, fmtp) }
    }

    #[test]
    fn parameters_of_a_codec_are_repeated_as_they_were_said() {
        let same =
            |codec, text: &str| assert_eq!(FormatParams::read(codec, text).to_string(), text);
        same(Codec::Opus, "minptime=10;stereo=1;sprop-stereo=1;useinbandfec=1;usedtx=0");
        same(Codec::H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
        same(Codec::Vp9, "profile-id=2");
        same(Codec::Av1, "profile=0;level-idx=5;tier=0");
        same(Codec::Vp8, "");
    }

    #[test]
    fn what_is_unknown_or_malformed_is_left_out() {
        let text = " packetization-mode = 1 ; x-google=3;profile-level-id=zz; stereo=1;;";
        assert_eq!(FormatParams::read(Codec::H264, text).to_string(), "packetization-mode=1");
        assert_eq!(
            FormatParams::read(Codec::H264, "profile-level-id=1000000"),
            FormatParams::default()
        );
    }

    #[test]
    fn a_profile_fits_best_and_another_mode_least() {
        let high = h264("packetization-mode=1;profile-level-id=64001f");
        assert_eq!(high.fit_format(&h264("packetization-mode=1;profile-level-id=640c28")), Some(2));
        assert_eq!(high.fit_format(&h264("packetization-mode=1;profile-level-id=42e01f")), Some(1));
        assert_eq!(high.fit_format(&h264("profile-level-id=64001f")), Some(0));
        let vp8 = Format { codec: Codec::Vp8, params: FormatParams::default() };
        assert_eq!(high.fit_format(&vp8), None);
    }
}
