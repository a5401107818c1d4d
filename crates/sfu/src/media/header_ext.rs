//! RTP header extension elements that describe the media and go through to every viewer (RFC 8285),
//! as the bytes they go out with: made once a packet, not once a viewer.

use std::time::{Duration, SystemTime};

use str0m::rtp::ExtensionValues;

/// From 1900 to 1970, where NTP's and Unix' times begin.
const NTP_TO_UNIX: Duration = Duration::from_secs(2_208_988_800);

/// The elements of one packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HeaderExtensions {
    /// RFC 6464.
    pub(crate) audio_level: Option<u8>,
    /// 3GPP TS 26.114, section 7.4.5.
    pub(crate) video_orientation: Option<u8>,
    /// <http://www.webrtc.org/experiments/rtp-hdrext/video-content-type>
    pub(crate) content_type: Option<u8>,
    /// <http://www.webrtc.org/experiments/rtp-hdrext/playout-delay>
    pub(crate) playout_delay: Option<[u8; 3]>,
    /// <http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time>, 8 or 16 bytes.
    pub(crate) capture_time: Option<CaptureTime>,
}

/// An absolute capture time as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaptureTime {
    bytes: [u8; 16],
    has_offset: bool,
}

impl CaptureTime {
    /// The element's bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.has_offset { &self.bytes } else { &self.bytes[..8] }
    }
}

impl HeaderExtensions {
    /// Of what str0m read.
    pub(crate) fn of(values: &ExtensionValues) -> Self {
        let level = |level: i8| {
            let voice = values.voice_activity.unwrap_or(false);
            u8::from(voice) << 7 | level.unsigned_abs() & 0x7F
        };
        let delay = values.play_delay_min.zip(values.play_delay_max).map(|(min, max)| {
            let hundredths = |it: str0m::media::MediaTime| {
                it.rebase(str0m::media::Frequency::HUNDREDTHS).numer().min(0xFFF) as u32
            };
            let [_, a, b, c] = (hundredths(min) << 12 | hundredths(max)).to_be_bytes();
            [a, b, c]
        });
        let capture_time = values.abs_capture_time.as_ref().map(|it| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&ntp(it.capture_time).to_be_bytes());
            bytes[8..].copy_from_slice(&it.clock_offset.unwrap_or(0).to_be_bytes());
            CaptureTime { bytes, has_offset: it.clock_offset.is_some() }
        });
        Self {
            audio_level: values.audio_level.map(level),
            video_orientation: values.video_orientation.map(|it| it as u8),
            content_type: values.video_content_type,
            playout_delay: delay,
            capture_time,
        }
    }

    /// No element.
    pub(crate) fn none() -> &'static Self {
        const NONE: HeaderExtensions = HeaderExtensions {
            audio_level: None,
            video_orientation: None,
            content_type: None,
            playout_delay: None,
            capture_time: None,
        };
        &NONE
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A time in NTP's format: seconds since 1900 and their fraction, 32 bits each (RFC 5905, section 6).
pub(crate) fn ntp(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let it = since_1970.saturating_add(NTP_TO_UNIX);
    let fraction = (u64::from(it.subsec_nanos()) << 32) / 1_000_000_000;
    it.as_secs() << 32 | fraction
}

#[cfg(test)]
mod tests {
    use str0m::media::MediaTime;
    use str0m::rtp::{AbsCaptureTime, VideoOrientation};

    use super::*;

    #[test]
    fn every_element_has_the_bytes_that_its_specification_says() {
        let mut values = ExtensionValues::default();
        assert!(HeaderExtensions::of(&values).is_empty());
        values.audio_level = Some(-37);
        values.voice_activity = Some(true);
        values.video_orientation = Some(VideoOrientation::Deg90);
        values.play_delay_min = Some(MediaTime::from_hundredths(0x123));
        values.play_delay_max = Some(MediaTime::from_hundredths(0x456));
        let capture_time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        values.abs_capture_time = Some(AbsCaptureTime { capture_time, clock_offset: None });
        let it = HeaderExtensions::of(&values);
        assert_eq!(it.audio_level, Some(0x80 | 37));
        assert_eq!(it.video_orientation, Some(3));
        assert_eq!(it.playout_delay, Some([0x12, 0x34, 0x56]));
        assert_eq!(it.capture_time.unwrap().as_bytes(), [0x83, 0xAA, 0x7E, 0x81, 0x80, 0, 0, 0]);
    }
}
