//! What is wrong with what a host sends: told to it, to the log, and to who asks.

use engine::RoomId;
use protocol::{AudioState, Finding, FindingCode, RoomInfo, RoomName, ServerMessage};

use super::Hub;
use super::room::Room;
use super::session::SessionId;

/// What is found of a room's host.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// By the media plane.
    found: Vec<engine::Finding>,
    /// As the host was told last.
    told: Vec<Finding>,
}

impl Hub {
    /// The media plane found something, or no longer does.
    pub(super) fn found(&mut self, room: RoomId, found: Vec<engine::Finding>) {
        // What was on its way when the connection was closed is no news.
        if !self.host_publishes(room) {
            return;
        }
        if let Some(it) = self.rooms.get_mut(&room) {
            it.findings.found = found;
            self.review_findings(room);
        }
    }

    /// Another connection publishes, or none: nothing is known of it.
    pub(super) fn forget_findings(&mut self, room: RoomId) {
        if let Some(it) = self.rooms.get_mut(&room) {
            it.findings.found.clear();
            self.review_findings(room);
        }
    }

    /// Tells the host what is found, when that is other than it was told; logs what is new.
    pub(super) fn review_findings(&mut self, room: RoomId) {
        let Some(it) = self.rooms.get_mut(&room) else { return };
        let now = it.current_findings();
        if now == it.findings.told {
            return;
        }
        let before = std::mem::replace(&mut it.findings.told, now);
        for new in appeared(&before, &it.findings.told) {
            let (finding, problem) = (new.code.as_str(), &new.message);
            tracing::warn!(room = %it.name, finding, %problem, "host sends what viewers suffer from");
        }
        for over in appeared(&it.findings.told, &before) {
            tracing::info!(room = %it.name, finding = over.code.as_str(), "finding is over");
        }
        if let Some(sid) = it.host.as_ref().map(|host| host.session) {
            self.tell_findings(sid);
        }
    }

    /// The same for a page that came back: what it may have missed.
    pub(super) fn retell_findings(&mut self, sid: SessionId) {
        let Some(room) = self.sessions.get(&sid).map(|session| session.room) else { return };
        if self.rooms.get(&room).is_some_and(|it| !it.findings.told.is_empty()) {
            self.tell_findings(sid);
        }
    }

    fn tell_findings(&mut self, sid: SessionId) {
        let Some(session) = self.sessions.get(&sid).filter(|session| session.extended) else {
            return;
        };
        let told = self.rooms.get(&session.room).map(|room| room.findings.told.clone());
        self.send(sid, ServerMessage::Findings { findings: told.unwrap_or_default() });
    }

    /// The room of that name, as programs are told of it; `None` when nobody is in it.
    pub fn room_info(&self, name: &RoomName) -> Option<RoomInfo> {
        self.room_ids.get(name).and_then(|id| self.rooms.get(id)).map(Room::info)
    }
}

impl Room {
    /// What is wrong, as far as it is news to the host: who switched the microphone off knows that there is
    /// no sound.
    fn current_findings(&self) -> Vec<Finding> {
        let is_news = |it: &&engine::Finding| {
            **it != engine::Finding::NoAudio || self.audio == AudioState::On
        };
        self.findings.found.iter().filter(is_news).map(worded).collect()
    }

    fn info(&self) -> RoomInfo {
        RoomInfo {
            room: self.name.clone(),
            live: self.live,
            since: self.since,
            host: self.host.as_ref().and_then(|host| host.info.clone()),
            codec: self.media.video.map(|codec| codec.as_str().into()),
            audio_codec: self.media.audio.map(|codec| codec.as_str().into()),
            layers: self.media.layers.clone(),
            viewers: self.n_viewers,
            findings: self.findings.told.clone(),
        }
    }
}

/// Those of `now` that were not there `before`.
fn appeared<'a>(before: &'a [Finding], now: &'a [Finding]) -> impl Iterator<Item = &'a Finding> {
    now.iter().filter(|it| !before.iter().any(|other| other.code == it.code))
}

/// A finding in words. The host page has its own, in its language.
fn worded(finding: &engine::Finding) -> Finding {
    use engine::Finding as Found;
    let plain = |code, message: &str| Finding {
        code,
        message: message.into(),
        interval_ms: None,
        profile: None,
        kbps: None,
        limit_kbps: None,
        packets: None,
        limit_packets: None,
    };
    match *finding {
        Found::BFrames => plain(
            FindingCode::BFrames,
            "the encoder makes B-frames, which browsers show out of order: set B-frames to 0 (OBS: \
             Settings, Output, \"Max B-frames\"; x264: bframes=0)",
        ),
        Found::KeyframeInterval { interval } => {
            let message = format!(
                "keyframes are {:.1} s apart and do not come on request: viewers wait that long for a \
                 picture; set the keyframe interval to 1 or 2 s (in OBS \"0\" means far more)",
                interval.as_secs_f64()
            );
            let interval_ms = u32::try_from(interval.as_millis()).unwrap_or(u32::MAX);
            let finding = plain(FindingCode::KeyframeInterval, &message);
            Finding { interval_ms: Some(interval_ms), ..finding }
        }
        Found::IgnoresPli => plain(
            FindingCode::IgnoresPli,
            "the encoder ignores requests for keyframes (PLI): after a loss, viewers stand still until the \
             next one comes by itself; a keyframe interval of 1 s makes that short",
        ),
        Found::H264Profile { profile_idc } => {
            let profile = profile_name(profile_idc);
            let message = format!(
                "browsers do not play the H264 profile {profile}: set the profile to baseline, main or \
                 high, and the colour format to NV12 or I420"
            );
            let finding = plain(FindingCode::H264Profile, &message);
            Finding { profile: Some(profile), ..finding }
        }
        Found::NoAudio => plain(
            FindingCode::NoAudio,
            "a picture comes, and no sound: check that an audio source is there and not muted",
        ),
        Found::NoOpus => plain(
            FindingCode::NoOpus,
            "sound was offered in no codec that browsers play: set the audio encoder to Opus",
        ),
        Found::BitrateOverLimit { kbps, limit_kbps } => {
            let message = format!(
                "{kbps} kbit/s are sent, more than the {limit_kbps} kbit/s of this server: set a lower bit \
                 rate, of all simulcast layers together"
            );
            let finding = plain(FindingCode::BitrateOverLimit, &message);
            Finding { kbps: Some(kbps), limit_kbps: Some(limit_kbps), ..finding }
        }
        Found::OverCeiling { packets, limit_packets, kbps, limit_kbps } => {
            let message = format!(
                "{packets} packets and {kbps} kbit are sent a second; this server takes {limit_packets} \
                 packets and {limit_kbps} kbit and drops the rest: set a lower bit rate"
            );
            let (packets, limit_packets) = (Some(packets), Some(limit_packets));
            let (kbps, limit_kbps) = (Some(kbps), Some(limit_kbps));
            let finding = plain(FindingCode::OverCeiling, &message);
            Finding { packets, limit_packets, kbps, limit_kbps, ..finding }
        }
    }
}

/// ITU-T H.264, annex A.
fn profile_name(profile_idc: u8) -> String {
    let name = match profile_idc {
        44 => "CAVLC 4:4:4",
        88 => "Extended",
        110 => "High 10",
        122 => "High 4:2:2",
        244 => "High 4:4:4",
        other => return other.to_string(),
    };
    name.into()
}
