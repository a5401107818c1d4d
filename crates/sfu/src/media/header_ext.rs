//! RTP header extensions (RFC 8285): their negotiated ids, and the elements that describe the media. Those
//! elements are forwarded to every viewer as bytes, so they are read once per packet, not once per viewer.

use std::time::{Duration, SystemTime};

use rtp::header::Header;

/// The time from 1900 to 1970, where NTP time and Unix time begin.
const NTP_TO_UNIX: Duration = Duration::from_secs(2_208_988_800);

/// The elements of one packet that describe its media.
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
    /// `None` if the length is neither 8 nor 16 bytes.
    fn new(data: &[u8]) -> Option<Self> {
        let has_offset = match data.len() {
            8 => false,
            16 => true,
            _ => return None,
        };
        let mut bytes = [0; 16];
        bytes.get_mut(..data.len())?.copy_from_slice(data);
        Some(Self { bytes, has_offset })
    }

    /// The element's bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.has_offset { &self.bytes } else { &self.bytes[..8] }
    }
}

/// The ids of header extensions (RFC 8285): 1 to 14, or to 255 in the two-byte form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ExtensionIds {
    /// The media description of the packet (RFC 9143).
    pub(crate) mid: Option<u8>,
    /// The simulcast layer of the packet (RFC 8852).
    pub(crate) rid: Option<u8>,
    /// The simulcast layer of the packet that it retransmits (RFC 8852).
    pub(crate) repaired_rid: Option<u8>,
    /// The send time, in 24 bits.
    pub(crate) abs_send_time: Option<u8>,
    /// The transport-wide sequence number, which feedback refers to.
    pub(crate) transport_cc: Option<u8>,
    /// The capture time.
    pub(crate) abs_capture_time: Option<u8>,
    /// The limits of a player's delay.
    pub(crate) playout_delay: Option<u8>,
    /// The orientation of the camera.
    pub(crate) video_orientation: Option<u8>,
    /// The audio level (RFC 6464).
    pub(crate) audio_level: Option<u8>,
    /// Whether the video is of a camera or a screen.
    pub(crate) content_type: Option<u8>,
    /// The frames that an AV1 frame depends on.
    pub(crate) dependency_descriptor: Option<u8>,
}

impl HeaderExtensions {
    /// Reads the elements of a packet that describe its media.
    pub(crate) fn read(header: &Header<'_>, ids: &ExtensionIds) -> Self {
        let mut found = Self::default();
        for it in header.extensions() {
            let id = Some(it.id);
            if id == ids.audio_level {
                found.audio_level = it.data.first().copied();
            } else if id == ids.video_orientation {
                found.video_orientation = it.data.first().copied();
            } else if id == ids.content_type {
                found.content_type = it.data.first().copied();
            } else if id == ids.playout_delay {
                found.playout_delay = it.data.try_into().ok();
            } else if id == ids.abs_capture_time {
                found.capture_time = CaptureTime::new(it.data);
            }
        }
        found
    }

    /// No elements.
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

    /// Whether there are no elements.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A time in NTP format: seconds since 1900 and their fraction, 32 bits each (RFC 5905, section 6).
pub(crate) fn ntp(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let it = since_1970.saturating_add(NTP_TO_UNIX);
    let fraction = (u64::from(it.subsec_nanos()) << 32) / 1_000_000_000;
    it.as_secs() << 32 | fraction
}

#[cfg(test)]
mod tests {
    use rtp::header::{Extension, HeaderWriter};

    use super::*;

    #[test]
    fn what_describes_the_media_goes_through_as_it_came() {
        let ids = ExtensionIds {
            audio_level: Some(1),
            abs_capture_time: Some(5),
            playout_delay: Some(6),
            video_orientation: Some(13),
            ..ExtensionIds::default()
        };
        let of = |extensions: &[Extension<'_>]| {
            let mut packet = [0; 100];
            let (marker, padding) = (false, false);
            let writer = HeaderWriter {
                marker,
                payload_type: 96,
                seq: 1,
                ts: 2,
                ssrc: 3,
                padding,
                extensions,
            };
            writer.write(&mut packet).unwrap();
            HeaderExtensions::read(&Header::parse(&packet).unwrap(), &ids)
        };
        assert!(of(&[]).is_empty());
        let time = [0x83, 0xAA, 0x7E, 0x81, 0x80, 0, 0, 0];
        let all = of(&[
            Extension { id: 1, data: &[0x80 | 37] },
            Extension { id: 5, data: &time },
            Extension { id: 6, data: &[0x12, 0x34, 0x56] },
            Extension { id: 13, data: &[3] },
            Extension { id: 9, data: &[7] },
        ]);
        assert_eq!((all.audio_level, all.video_orientation), (Some(0x80 | 37), Some(3)));
        assert_eq!(all.playout_delay, Some([0x12, 0x34, 0x56]));
        assert_eq!(all.capture_time.unwrap().as_bytes(), time);
        let cut = of(&[Extension { id: 5, data: &[1, 2] }, Extension { id: 6, data: &[1] }]);
        assert!(cut.is_empty(), "both elements have a wrong length");
    }
}
