//! What is kept of a broadcast: whether it is recorded, how far back it can be seen again.

use auth::RecordPolicy;
use protocol::ErrorCode;

use super::Room;
use crate::api::{Effect, RecordedChat};
use crate::config::HostCodec;
use crate::context::Context;
use crate::refusal::Refusal;

impl Room {
    /// A broadcast is live.
    pub(super) fn begin_to_keep(&mut self, cx: &mut Context) {
        self.kept.past_s = u32::try_from(cx.config.past.as_secs()).unwrap_or(u32::MAX);
        self.review_kept(cx);
        if self.record_policy(cx) == RecordPolicy::Always {
            self.ask_for_recording(cx, true);
        }
    }

    /// A broadcast is over.
    pub(super) fn end_keeping(&mut self) {
        (self.kept.past_s, self.kept.clips) = (0, false);
    }

    /// The rules of the room may have changed.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of these centuries"
    )]
    pub(super) fn review_kept(&mut self, cx: &Context) {
        self.kept.by_host = self.record_policy(cx) != RecordPolicy::Operator;
        self.kept.clips = cx.config.clips && self.kept.past_s > 0;
        self.kept.codec = Some(self.host_codec(cx));
        self.kept.pass = cx.auth.pass(&self.name, (cx.now.unix_ms / 1_000.0) as u64);
    }

    /// The codec that serves best what is kept of the room.
    fn host_codec(&self, cx: &Context) -> String {
        match &cx.config.host_codec {
            HostCodec::Named(codec) => codec.clone(),
            HostCodec::Fit { has_hls, is_mp4 } => {
                let is_recorded = self.record_policy(cx) == RecordPolicy::Always;
                if *has_hls || (*is_mp4 && is_recorded) { "H264".into() } else { "VP8".into() }
            }
        }
    }

    /// `room_set` with `recording`: the host begins or ends one. The caller has asked whether it is the host.
    pub(super) fn want_recording(&self, cx: &mut Context, on: bool) -> Result<(), Refusal> {
        if self.record_policy(cx) == RecordPolicy::Operator {
            let message = "the operator of this server alone has rooms recorded";
            return Err(Refusal::new(ErrorCode::Forbidden, message));
        }
        if on && !self.broadcast.is_on_air() {
            let message = "go live first: what is recorded is what fans see";
            return Err(Refusal::new(ErrorCode::RoomOffline, message));
        }
        if self.kept.recording != on {
            self.ask_for_recording(cx, on);
        }
        Ok(())
    }

    /// It is recorded now, or not any more.
    pub(crate) fn set_recording(&mut self, cx: &mut Context, on: Result<bool, String>) {
        match on {
            Ok(on) if on != self.kept.recording => {
                self.kept.recording = on;
                self.tell_state(cx);
            }
            Ok(_) => {}
            Err(message) => {
                let host = self.host.as_ref().and_then(|it| self.members.get(&it.session));
                if let Some(client) = host.and_then(|it| it.client) {
                    let refusal = Refusal::new(ErrorCode::ServerFull, message);
                    cx.send(Some(client), refusal.into_message(None));
                }
            }
        }
    }

    /// What is said is kept beside a recording.
    pub(super) fn record_chat(&self, cx: &mut Context, said: impl FnOnce() -> RecordedChat) {
        if self.kept.recording {
            let (room, said) = (self.name.clone(), Box::new(said()));
            cx.push(Effect::Said { room, said });
        }
    }

    fn ask_for_recording(&self, cx: &mut Context, on: bool) {
        cx.push(Effect::Recording { room: self.name.clone(), id: self.id, on });
    }

    fn record_policy(&self, cx: &Context) -> RecordPolicy {
        cx.auth.rules(&self.name).record.unwrap_or(cx.config.record)
    }
}
