//! Reads what a publisher's offer announces. [`crate::transport::sdp`] has parsed the offer before, and so bounded its
//! size.

use super::is_playable;

/// The parts of an offer that diagnostics need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offered {
    /// Whether it offers to send audio.
    pub(super) has_sound: bool,
    /// The H264 profile (`profile_idc`), if it offers H264 but no profile that browsers play.
    pub(super) bad_profile: Option<u8>,
}

impl Offered {
    /// Reads an offer.
    pub(super) fn of(offer: &str) -> Self {
        let sections = || {
            offer.split("\nm=").skip(1).filter(|it| {
                let is_off = it.split(' ').nth(1) == Some("0");
                let direction = |it: &str| matches!(it.trim_end(), "a=recvonly" | "a=inactive");
                !is_off && !it.lines().any(direction)
            })
        };
        let has_sound = sections().any(|it| it.starts_with("audio "));
        let profiles = sections()
            .filter(|it| it.starts_with("video "))
            .flat_map(str::lines)
            .filter_map(|it| it.strip_prefix("a=fmtp:"))
            .filter_map(profile_idc);
        let bad_profile = profiles.clone().find(|it| !is_playable(*it));
        let is_all_bad = profiles.clone().all(|it| !is_playable(it));
        Self { has_sound, bad_profile: bad_profile.filter(|_| is_all_bad) }
    }
}

/// The profile of, for example, `106 packetization-mode=1;profile-level-id=42401f`.
fn profile_idc(fmtp: &str) -> Option<u8> {
    let (_, parameters) = fmtp.split_once(' ')?;
    let value = parameters.split(';').find_map(|it| it.trim().strip_prefix("profile-level-id="))?;
    u8::from_str_radix(value.get(..2)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(fmtp: &[&str]) -> String {
        let fmtp: String = fmtp.iter().map(|it| format!("a=fmtp:96 {it}\r\n")).collect();
        format!("v=0\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n{fmtp}a=sendonly\r\n")
    }

    #[test]
    fn a_profile_is_bad_when_there_is_no_other() {
        let bad = |fmtp: &[&str]| Offered::of(&video(fmtp)).bad_profile;
        let (high, predictive) =
            ("packetization-mode=1;profile-level-id=64001f", "profile-level-id=F4001f; x=1");
        assert_eq!(bad(&[predictive]), Some(244));
        assert_eq!(bad(&[predictive, high]), None);
        assert_eq!(bad(&[high]), None);
        assert_eq!(bad(&["apt=97", "profile-level-id=zz"]), None, "there is no H264 at all");
    }

    #[test]
    fn sound_counts_when_it_would_be_sent() {
        let has = |audio: &str| Offered::of(&(video(&[]) + audio)).has_sound;
        assert!(!has(""));
        assert!(has("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendrecv\r\n"));
        assert!(!has("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"));
        assert!(!has("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=recvonly\r\n"));
    }
}
