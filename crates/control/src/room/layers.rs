//! Which layer a fan wants and is sent, and which layers the host need not send.

use media_api::{Cap, Command, LayerRate, Preference, Reason};
use protocol::{ErrorCode, LayerName, LayerReason, Role, ServerMessage};

use super::Room;
use crate::api::{ClientId, Effect, Notice};
use crate::context::Context;
use crate::limits::PREFER_EVERY;
use crate::refusal::Refusal;
use crate::session::{LayerNow, SessionId};
use crate::timers::Timer;

impl Room {
    /// `layer`: what the fan wants of the picture, also before it has a peer.
    pub(crate) fn layer(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        video: Option<LayerName>,
        visible: Option<bool>,
    ) -> Result<(), Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        if session.role != Some(Role::Fan) && session.publishes() {
            return Err(Refusal::new(ErrorCode::Forbidden, "only who watches is sent layers"));
        }
        let preferred = &mut session.preferred;
        let before = preferred.preference.clone();
        if let Some(video) = video {
            preferred.preference.cap = match video.as_str() {
                "auto" => Cap::None,
                "off" => Cap::SoundOnly,
                rid => Cap::Layer(rid.into()),
            };
        }
        if let Some(visible) = visible {
            preferred.preference.is_hidden = !visible;
        }
        if preferred.preference == before {
            return Ok(());
        }
        match preferred.told_at {
            Some(at) if cx.now.at < at + PREFER_EVERY => {
                cx.timers.set(Timer::Prefer(sid), at + PREFER_EVERY);
            }
            _ => self.prefer(cx, sid),
        }
        Ok(())
    }

    /// Tells the media plane what a fan wants now.
    pub(crate) fn prefer(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.member(sid) else { return };
        session.preferred.told_at = Some(cx.now.at);
        let preference = session.preferred.preference.clone();
        if let Some(watching) = &session.watching {
            cx.command(Command::Prefer { peer: watching.peer, preference });
        }
    }

    /// Tells the media plane what a fan wants for its new peer, which begins without a preference.
    pub(crate) fn prefer_again(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.member(sid) else { return };
        let preference = session.preferred.preference.clone();
        if preference != Preference::default()
            && let Some(watching) = &session.watching
        {
            cx.command(Command::Prefer { peer: watching.peer, preference });
        }
    }

    /// The media plane sends a fan another layer, or for another reason.
    pub(crate) fn layer_sent(&mut self, cx: &mut Context, sid: SessionId, now: LayerNow) {
        if let Some(watching) = self.member(sid).and_then(|session| session.watching.as_mut()) {
            watching.layer = Some(now);
            self.tell_layer(cx, sid);
        }
    }

    /// The media plane says which layers nobody watches.
    pub(crate) fn layers_unwanted(&mut self, cx: &mut Context, layers: Vec<String>) {
        self.broadcast.unwanted = layers;
        if let Some(sid) = self.host.as_ref().map(|host| host.session) {
            self.tell_unwanted(cx, sid);
        }
    }

    /// The media plane reports the bit rate of each layer; players by WHEP are told.
    pub(crate) fn layer_rates(&mut self, cx: &mut Context, rates: Vec<LayerRate>) {
        self.broadcast.rates = rates;
        let players = self.members.values().filter(|session| session.is_http());
        let players = players.filter(|session| session.role == Some(Role::Fan));
        let to: Vec<ClientId> = players.filter_map(|session| session.client).collect();
        self.tell_rates(cx, to);
    }

    /// Tells players the bit rate of each layer, when that is known.
    pub(crate) fn tell_rates(&self, cx: &mut Context, to: Vec<ClientId>) {
        if !to.is_empty() && !self.broadcast.rates.is_empty() {
            let notice = Notice::Rates(self.broadcast.rates.clone());
            cx.push(Effect::Broadcast { to, notice });
        }
    }

    /// Tells a page that came back what it may have missed.
    pub(crate) fn retell_layers(&mut self, cx: &mut Context, sid: SessionId) {
        self.tell_layer(cx, sid);
        if self.is_host(sid) {
            self.tell_unwanted(cx, sid);
        }
        self.retell_findings(cx, sid);
    }

    fn tell_layer(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid).filter(|session| session.page().is_some())
        else {
            return;
        };
        let Some(now) = session.watching.as_ref().and_then(|watching| watching.layer.clone())
        else {
            return;
        };
        let sizes = &self.broadcast.sizes;
        let size = sizes.iter().find(|size| Some(size.rid.as_str()) == now.layer.as_deref());
        let message = ServerMessage::LayerNow {
            on: now.has_picture,
            w: size.map(|size| size.w),
            h: size.map(|size| size.h),
            rid: now.layer,
            auto: session.preferred.preference.cap == Cap::None,
            reason: match now.reason {
                Reason::Viewer => LayerReason::User,
                Reason::Link => LayerReason::Bandwidth,
                Reason::Publisher => LayerReason::Host,
                Reason::Hidden => LayerReason::Hidden,
            },
        };
        cx.send(session.client, message);
    }

    /// Tells a host that pauses which layers it need not send.
    pub(crate) fn tell_unwanted(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        if session.page().is_some_and(|page| page.pauses) {
            let paused = self.broadcast.unwanted.clone();
            cx.send(session.client, ServerMessage::Layers { paused });
        }
    }
}
