//! Saving a room, and making it from what was saved.

use media_api::RoomId;
use protocol::RoomName;

use super::Room;
use super::bans::Ban;
use super::chat::Chat;
use super::people::People;
use super::settings::Settings;
use super::words::WordList;
use crate::api::Effect;
use crate::context::Context;
use crate::limits::KEEP_AFTER;
use crate::saved::{SavedBan, SavedModerator, SavedMute, SavedRoom};
use crate::timers::Timer;

impl Room {
    /// The room as it was left, or a new one, under the rules of now.
    pub(crate) fn open(id: RoomId, name: RoomName, cx: &mut Context) -> Self {
        let chat_policy = cx.auth.rules(&name).chat;
        Self { chat_policy, ..Self::as_it_was(id, name, cx) }
    }

    fn as_it_was(id: RoomId, name: RoomName, cx: &mut Context) -> Self {
        let saved = cx.kept.take(&name);
        let Some(saved) = saved else {
            let (key, invite) = (cx.new_key(), cx.new_invite());
            let settings = Settings { invite, ..Settings::default() };
            let chat = Chat::new(0, Vec::new(), cx.now.at);
            return Self::new(id, name, People::new(key, cx.run), chat, settings);
        };
        let SavedRoom {
            room: _,
            at: _,
            key,
            invite,
            title,
            notice,
            cover,
            rules,
            words,
            moderators,
            mutes,
            bans,
            pinned,
            last_mid,
            lines,
        } = saved;
        let mut people = People::new(key, cx.run);
        for SavedModerator { uid, name } in moderators {
            people.promote(uid, name, true);
        }
        for SavedMute { uid, until } in mutes {
            people.mute_absent(uid, until);
        }
        let settings = Settings { title, notice, cover, pinned, invite };
        let chat = Chat::new(last_mid, lines, cx.now.at);
        let mut room = Self::new(id, name, people, chat, settings);
        room.has_settled = true;
        room.order.rules = rules;
        room.order.words = WordList::parse(&words).unwrap_or_default();
        for SavedBan { uid, name, since, networks } in bans {
            room.order.bans.add(Ban { uid, name, networks, since });
        }
        room
    }

    /// Something that is saved has changed: it is saved soon, with what changes until then.
    pub(crate) fn changed(&mut self, cx: &mut Context) {
        let timer = Timer::Keep(self.id);
        if self.is_kept() && !cx.timers.is_set(timer) {
            cx.timers.set(timer, cx.now.at + KEEP_AFTER);
        }
    }

    /// Whether anything of the room is saved: a room in which only fans have been is not, since anybody can make those.
    fn is_kept(&self) -> bool {
        (self.has_settled || self.broadcast.has_been_live) && self.name.ticket().is_none()
    }

    /// Saves the room.
    pub(crate) fn keep(&mut self, cx: &mut Context) {
        let saved = self.saved(cx);
        cx.push(Effect::Keep(Box::new(saved)));
    }

    /// Nobody is in the room any more: what is kept of it.
    pub(crate) fn close(&mut self, cx: &mut Context) {
        if self.is_kept() {
            // Nobody is there to be told the last lines; they are kept.
            self.chat.take(0, cx.now.at);
            if cx.timers.is_set(Timer::Keep(self.id)) {
                self.keep(cx);
            }
            let saved = self.saved(cx);
            cx.kept.put(saved);
        }
    }

    fn saved(&self, cx: &Context) -> SavedRoom {
        let has_history = self.order.rules.history;
        let lines = self.chat.recent().filter(|_| has_history).cloned().collect();
        let moderators = self.people.moderators().iter();
        let mutes = self.people.muted(cx.now.unix_ms);
        let bans = self.order.bans.all();
        SavedRoom {
            room: self.name.clone(),
            at: cx.now.unix_ms,
            key: self.people.key(),
            invite: self.settings.invite.clone(),
            title: self.settings.title.clone(),
            notice: self.settings.notice.clone(),
            cover: self.settings.cover,
            rules: self.order.rules,
            words: self.order.words.written().to_vec(),
            moderators: moderators
                .map(|(uid, name)| SavedModerator { uid: uid.clone(), name: name.clone() })
                .collect(),
            mutes: mutes.map(|(uid, until)| SavedMute { uid: uid.clone(), until }).collect(),
            bans: bans
                .map(|it| SavedBan {
                    uid: it.uid.clone(),
                    name: it.name.clone(),
                    since: it.since,
                    networks: it.networks.clone(),
                })
                .collect(),
            pinned: self.settings.pinned.clone(),
            last_mid: self.chat.last_mid(),
            lines,
        }
    }
}
