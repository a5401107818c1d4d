//! Problems with what a host sends: told to the host, to the log, and to programs that ask. Viewers are only told
//! that there are some.

use protocol::{AudioState, Finding, FindingCode, Role, ServerMessage};

use super::Room;
use crate::context::Context;
use crate::session::SessionId;

/// Problems with what a room's host sends.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// As the media plane reports them.
    found: Vec<media_api::Finding>,
    /// As the host was told last.
    pub(crate) told: Vec<Finding>,
    /// Since when each of them holds, in milliseconds since the Unix epoch.
    since: Vec<(FindingCode, f64)>,
}

impl Findings {
    /// Whether pictures stand still for all viewers because of what was found.
    pub(crate) fn stop_pictures(&self) -> bool {
        self.found.iter().any(stops_pictures)
    }

    /// What the host was told last, and since when it holds.
    pub(crate) fn since(&self) -> impl Iterator<Item = (Finding, f64)> {
        self.told.iter().filter_map(|it| {
            let (_, since) = self.since.iter().find(|(code, _)| *code == it.code)?;
            Some((it.clone(), *since))
        })
    }

    fn date(&mut self, unix_ms: f64) {
        let Self { told, since, .. } = self;
        since.retain(|(code, _)| told.iter().any(|it| it.code == *code));
        for it in told {
            if !since.iter().any(|(code, _)| *code == it.code) {
                since.push((it.code, unix_ms));
            }
        }
    }
}

impl Room {
    /// The media plane found something, or no longer does.
    pub(crate) fn found(&mut self, cx: &mut Context, found: Vec<media_api::Finding>) {
        // An event that was under way when the peer was closed is out of date.
        if self.is_published() {
            self.broadcast.findings.found = found;
            self.review_findings(cx);
            self.review_trouble(cx);
        }
    }

    /// Forgets what was found: another peer publishes now, or none. The caller tells the state.
    pub(crate) fn forget_findings(&mut self, cx: &mut Context) {
        self.broadcast.is_quiet = false;
        self.broadcast.findings.found.clear();
        self.review_findings(cx);
    }

    /// Nothing came from the host for a moment.
    pub(crate) fn media_quiet(&mut self, cx: &mut Context) {
        self.broadcast.is_quiet = self.is_published();
        self.review_trouble(cx);
    }

    /// Tells members whether the host's side is in trouble, when that has changed.
    pub(crate) fn review_trouble(&mut self, cx: &mut Context) {
        if self.broadcast.has_host_trouble() != self.broadcast.told_trouble {
            self.tell_state(cx);
        }
    }

    /// Tells the host what is found when that has changed, and logs what is new.
    pub(crate) fn review_findings(&mut self, cx: &mut Context) {
        let now = self.current_findings();
        if now == self.broadcast.findings.told {
            return;
        }
        let before = std::mem::replace(&mut self.broadcast.findings.told, now);
        self.broadcast.findings.date(cx.now.unix_ms);
        let told = &self.broadcast.findings.told;
        for new in appeared(&before, told) {
            let (code, problem) = (new.code.as_str(), &new.message);
            tracing::warn!(room = %self.name, code, %problem, "publisher problem detected");
        }
        for over in appeared(told, &before) {
            tracing::info!(room = %self.name, code = over.code.as_str(), "publisher problem over");
        }
        let new: Vec<Finding> = appeared(&before, told).cloned().collect();
        for sid in self.ids() {
            self.tell_findings(cx, sid);
        }
        self.raise_findings(cx, &new);
    }

    /// Tells a page that came, or came back, what is found.
    pub(crate) fn retell_findings(&mut self, cx: &mut Context, sid: SessionId) {
        if !self.broadcast.findings.told.is_empty() {
            self.tell_findings(cx, sid);
        }
    }

    /// Tells pages that may host here: also of what an encoder sends, which has no page.
    fn tell_findings(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        let may_host = session.role == Some(Role::Host) && session.is_authorized;
        if session.page().is_some() && (may_host || self.is_host(sid)) {
            let findings = self.broadcast.findings.told.clone();
            cx.send(session.client, ServerMessage::Findings { findings });
        }
    }

    /// Problems that are news to the host: who switched the microphone off knows that there is no sound.
    fn current_findings(&self) -> Vec<Finding> {
        let is_news = |it: &&media_api::Finding| {
            **it != media_api::Finding::NoAudio || self.broadcast.audio == AudioState::On
        };
        self.broadcast.findings.found.iter().filter(is_news).map(worded).collect()
    }
}

/// How far keyframes are apart is no reason: it is felt only by those whose own network loses packets.
fn stops_pictures(finding: &media_api::Finding) -> bool {
    use media_api::Finding as Found;
    match finding {
        Found::NoParameterSets | Found::OverCeiling { .. } | Found::LossyUplink { .. } => true,
        Found::BFrames
        | Found::KeyframeInterval { .. }
        | Found::IgnoresPli
        | Found::H264Profile { .. }
        | Found::NoAudio
        | Found::NoOpus
        | Found::BitrateOverLimit { .. }
        | Found::UnknownMedia => false,
    }
}

/// Those of `now` that were not there `before`.
fn appeared<'a>(before: &'a [Finding], now: &'a [Finding]) -> impl Iterator<Item = &'a Finding> {
    now.iter().filter(|it| !before.iter().any(|other| other.code == it.code))
}

/// A finding in words. The host page has its own, in its language.
fn worded(finding: &media_api::Finding) -> Finding {
    use media_api::Finding as Found;
    let plain = |code, message: &str| Finding {
        code,
        message: message.into(),
        interval_ms: None,
        profile: None,
        kbps: None,
        limit_kbps: None,
        packets: None,
        limit_packets: None,
        percent: None,
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
        Found::NoParameterSets => plain(
            FindingCode::NoParameterSets,
            "H264 keyframes come without SPS and PPS, so no viewer sees a picture: let the encoder repeat them before \
             each keyframe (ffmpeg: -bsf:v dump_extra; GStreamer: h264parse config-interval=-1), or put them into the \
             offer (sprop-parameter-sets)",
        ),
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
        Found::UnknownMedia => plain(
            FindingCode::UnknownMedia,
            "packets come that fit nothing in the offer and are dropped: send one stream for each m= line, or name \
             streams by the mid and rid header extensions or by a=ssrc lines, with the payload types of the answer",
        ),
        Found::LossyUplink { percent } => {
            let message = format!(
                "{percent} % of the packets get lost on the way to the server and viewers see the picture stand still: \
                 use a cable or a better network, or set a lower bit rate"
            );
            let finding = plain(FindingCode::LossyUplink, &message);
            Finding { percent: Some(percent), ..finding }
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
