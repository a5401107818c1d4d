//! What a host sets in its room: title, notice, picture, rules, words.

use protocol::{ChatItem, ChatRules, ErrorCode, MaybeText, NoticeText, Standing, Title};

use super::Room;
use super::people::Doing;
use super::words::WordList;
use crate::context::Context;
use crate::limits::SLOW_SECONDS;
use crate::refusal::Refusal;
use crate::session::SessionId;

/// The settings of a room that members see. They stay while the room exists, and are saved with it.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) title: Option<Title>,
    pub(crate) notice: Option<NoticeText>,
    /// The version of its picture.
    pub(crate) cover: Option<u32>,
    /// The line above the chat.
    pub(crate) pinned: Option<ChatItem>,
    /// The code of the invitation link.
    pub(crate) invite: String,
}

/// The fields of `room_set`.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) title: Option<MaybeText<Title>>,
    pub(crate) notice: Option<MaybeText<NoticeText>>,
    pub(crate) chat: Option<ChatRules>,
    pub(crate) words: Option<Vec<String>>,
    pub(crate) recording: Option<bool>,
}

impl Room {
    /// `room_set`: all of it or nothing.
    pub(crate) fn set(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        changes: Changes,
    ) -> Result<(), Refusal> {
        let standing = self.may_moderate(cx, sid)?;
        let uid = self.person_of(sid)?;
        self.take_rate(cx, &uid, Doing::Other)?;
        let Changes { title, notice, chat, words, recording } = changes;
        let is_of_host = title.is_some() || notice.is_some() || recording.is_some();
        if standing < Standing::Host && is_of_host {
            let message =
                "only the host changes the title and the notice, and has the room recorded";
            return Err(Refusal::new(ErrorCode::Forbidden, message));
        }
        if chat.is_some_and(|rules| rules.slow_s > SLOW_SECONDS) {
            let message = format!("\"slowS\" is at most {SLOW_SECONDS}");
            return Err(Refusal::new(ErrorCode::BadField, message).detail("slowS"));
        }
        let words = words.map(|words| WordList::parse(&words)).transpose().map_err(|error| {
            Refusal::new(ErrorCode::BadField, format!("\"words\": {error}")).detail("words")
        })?;
        if let Some(on) = recording {
            self.want_recording(cx, on)?;
        }
        let before = (self.settings.title.clone(), self.settings.notice.clone(), self.order.rules);
        if let Some(MaybeText(title)) = title {
            self.settings.title = title;
        }
        if let Some(MaybeText(notice)) = notice {
            self.settings.notice = notice;
        }
        if let Some(rules) = chat {
            self.order.rules = rules;
            self.chat.renew_history();
        }
        if let Some(words) = words {
            self.order.words = words;
        }
        if before != (self.settings.title.clone(), self.settings.notice.clone(), self.order.rules) {
            self.tell_state(cx);
        }
        self.desk_changed(cx);
        self.has_settled = true;
        self.changed(cx);
        Ok(())
    }

    /// The room has another picture, or none any more.
    pub(crate) fn set_cover(&mut self, cx: &mut Context, version: Option<u32>) {
        if self.settings.cover != version {
            self.settings.cover = version;
            self.has_settled = true;
            self.tell_state(cx);
            self.changed(cx);
        }
    }
}
