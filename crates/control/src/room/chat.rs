//! The lines of a room's chat: those that are told next, and the last ones for who comes later.
//!
//! Lines are told in batches, so that a busy chat costs one write a tenth of a second for each member. Every queue here
//! is bounded: [`LINES_AT_ONCE`] lines wait at most, [`HISTORY_LINES`] are kept.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use auth::rate_limit::TokenBucket;
use protocol::{ChatItem, ChatStyle, ChatText, Person, PersonId, ServerMessage, Standing};

use crate::limits::{CHATS_EVERY, CROWD, CROWD_LINES_PER_SECOND, HISTORY_LINES, LINES_AT_ONCE};
use crate::lines::Lines;

/// How far the capture that a message refers to may be from now, in milliseconds: beyond it, it says nothing.
const AT_WITHIN_MS: f64 = 3_600_000.0;

/// What somebody says; no text: it came into the room.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) by: Person,
    pub(crate) text: Option<ChatText>,
    pub(crate) style: Option<ChatStyle>,
    pub(crate) at: Option<f64>,
}

/// The lines of one room.
#[derive(Debug)]
pub(crate) struct Chat {
    last_mid: u64,
    /// Told already, oldest first.
    recent: VecDeque<ChatItem>,
    /// Told next, oldest first.
    waiting: Vec<ChatItem>,
    /// Lines that are not told, since the last batch.
    skipped: u32,
    told_at: Option<Instant>,
    /// How many lines a crowd is shown.
    shown: TokenBucket,
    /// The recent lines as who comes next is sent them.
    history: Option<Arc<Lines>>,
}

impl Chat {
    /// No lines; those to come are numbered after `last_mid`.
    pub(crate) fn new(last_mid: u64, recent: Vec<ChatItem>, now: Instant) -> Self {
        let mut recent: VecDeque<ChatItem> = recent.into();
        recent.drain(..recent.len().saturating_sub(HISTORY_LINES));
        let last_mid = recent.iter().map(|item| item.mid).fold(last_mid, u64::max);
        let shown = TokenBucket::new(CROWD_LINES_PER_SECOND, CROWD_LINES_PER_SECOND, now);
        Self {
            last_mid,
            recent,
            waiting: Vec::new(),
            skipped: 0,
            told_at: None,
            shown,
            history: None,
        }
    }

    /// The number of the last line.
    pub(crate) fn last_mid(&self) -> u64 {
        self.last_mid
    }

    /// Takes a line; it is told with the next batch, or left out.
    pub(crate) fn add(&mut self, said: Said, unix_ms: f64) -> ChatItem {
        let Said { by, text, style, at } = said;
        self.last_mid += 1;
        let item = ChatItem {
            mid: self.last_mid,
            by,
            text,
            ts: unix_ms,
            at: at.filter(|at| (at - unix_ms).abs() <= AT_WITHIN_MS),
            style: style.filter(|style| *style != ChatStyle::default()),
        };
        // Hosts and moderators are few, and have a rate.
        if self.waiting.len() < LINES_AT_ONCE || item.by.standing >= Standing::Moderator {
            self.waiting.push(item.clone());
        } else {
            self.skipped = self.skipped.saturating_add(1);
        }
        item
    }

    /// When the next batch may be told.
    pub(crate) fn due(&self, now: Instant) -> Instant {
        self.told_at.map_or(now, |at| (at + CHATS_EVERY).max(now))
    }

    /// The batch to tell now. Of what is said to a crowd, some lines are left out, evenly; those of the host and of
    /// moderators never are.
    pub(crate) fn take(&mut self, n_members: usize, now: Instant) -> Option<ServerMessage> {
        let mut items = std::mem::take(&mut self.waiting);
        if n_members > CROWD {
            let n_before = items.len();
            items = self.sample(items, now);
            let n_left_out = u32::try_from(n_before - items.len()).unwrap_or(u32::MAX);
            self.skipped = self.skipped.saturating_add(n_left_out);
        }
        if items.is_empty() && self.skipped == 0 {
            return None;
        }
        self.told_at = Some(now);
        for item in &items {
            // Who came in does not matter to who comes later.
            if item.text.is_some() {
                self.recent.push_back(item.clone());
            }
        }
        while self.recent.len() > HISTORY_LINES {
            self.recent.pop_front();
        }
        self.history = None;
        let skipped = std::mem::take(&mut self.skipped);
        Some(ServerMessage::Chats { items, skipped, history: false })
    }

    /// As many lines as a crowd can read.
    fn sample(&mut self, items: Vec<ChatItem>, now: Instant) -> Vec<ChatItem> {
        let is_kept = |item: &ChatItem| item.by.standing >= Standing::Moderator;
        let n_kept = items.iter().filter(|item| is_kept(item)).count();
        let n_others = items.len() - n_kept;
        // Those that are always shown take from the same budget.
        let n_shown = items.iter().filter(|_| self.shown.take(now)).count();
        let n_shown = n_shown.saturating_sub(n_kept);
        // Evenly among the others: the last line that is shown of each share of them.
        let mut nth = 0;
        let mut is_shown = |item: &ChatItem| {
            if is_kept(item) {
                return true;
            }
            nth += 1;
            nth * n_shown / n_others > (nth - 1) * n_shown / n_others
        };
        items.into_iter().filter(|item| is_shown(item)).collect()
    }

    /// A line that was told or waits to be.
    pub(crate) fn line(&self, mid: u64) -> Option<&ChatItem> {
        self.recent.iter().chain(&self.waiting).rfind(|item| item.mid == mid)
    }

    /// The lines that are kept for who comes later.
    pub(crate) fn recent(&self) -> impl Iterator<Item = &ChatItem> {
        self.recent.iter()
    }

    /// The lines from before, for who comes now: all that are kept, or none.
    pub(crate) fn history(&mut self, is_kept: bool) -> Arc<Lines> {
        let recent = &self.recent;
        let make = || {
            let items = if is_kept { recent.iter().cloned().collect() } else { Vec::new() };
            Arc::new(Lines::new(ServerMessage::Chats { items, skipped: 0, history: true }))
        };
        self.history.get_or_insert_with(make).clone()
    }

    /// Forgets what [`Self::history`] says: it is another from now on.
    pub(crate) fn renew_history(&mut self) {
        self.history = None;
    }

    /// Takes a line away.
    pub(crate) fn remove(&mut self, mid: u64) {
        self.retain(|item| item.mid != mid);
    }

    /// Takes all lines of a person away; their numbers.
    pub(crate) fn remove_of(&mut self, uid: &PersonId) -> Vec<u64> {
        let lines = self.recent.iter().chain(&self.waiting);
        let mids = lines.filter(|item| item.by.uid == *uid).map(|item| item.mid).collect();
        self.retain(|item| item.by.uid != *uid);
        mids
    }

    fn retain(&mut self, is_kept: impl Fn(&ChatItem) -> bool) {
        self.recent.retain(&is_kept);
        self.waiting.retain(&is_kept);
        self.history = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::DisplayName;

    use super::*;

    fn said(by: &str, standing: Standing) -> Said {
        let uid = PersonId::parse(by).unwrap();
        let by = Person { uid, name: DisplayName::parse(by).unwrap(), standing };
        Said { by, text: Some(ChatText::parse("hi").unwrap()), style: None, at: None }
    }

    fn told(message: Option<ServerMessage>) -> (Vec<ChatItem>, u32) {
        match message {
            Some(ServerMessage::Chats { items, skipped, .. }) => (items, skipped),
            None => (Vec::new(), 0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_crowd_is_shown_twenty_lines_a_second_and_told_how_many_it_is_not() {
        let mut now = Instant::now();
        let mut chat = Chat::new(0, Vec::new(), now);
        let (mut n_shown, mut n_skipped, mut n_moderator) = (0, 0, 0);
        for batch in 0..100 {
            for writer in 0..10 {
                chat.add(said(&format!("p{writer}"), Standing::Fan), 0.0);
            }
            if batch % 10 == 0 {
                chat.add(said("m", Standing::Moderator), 0.0);
            }
            let (items, skipped) = told(chat.take(CROWD + 1, now));
            assert!(items.is_sorted_by_key(|item| item.mid), "the order stays");
            n_shown += items.len();
            n_skipped += skipped as usize;
            n_moderator += items.iter().filter(|it| it.by.uid.as_str() == "m").count();
            now += Duration::from_millis(100);
        }
        assert_eq!(n_shown + n_skipped, 1010);
        assert!((200..=222).contains(&n_shown), "{n_shown} in 10 s, and a burst");
        assert_eq!(n_moderator, 10, "what moderators say is always shown");
    }

    #[test]
    fn nobody_among_a_crowd_is_never_shown() {
        let mut now = Instant::now();
        let mut chat = Chat::new(0, Vec::new(), now);
        let mut shown = std::collections::BTreeSet::new();
        for batch in 0..200 {
            for writer in 0..7 {
                chat.add(said(&format!("p{}", (writer + batch) % 7), Standing::Fan), 0.0);
            }
            let (items, _) = told(chat.take(CROWD + 1, now));
            shown.extend(items.into_iter().map(|item| item.by.uid));
            now += Duration::from_millis(100);
        }
        assert_eq!(shown.len(), 7);
    }

    #[test]
    fn what_is_said_at_once_beyond_a_batch_is_left_out() {
        let now = Instant::now();
        let mut chat = Chat::new(7, Vec::new(), now);
        for _ in 0..LINES_AT_ONCE + 5 {
            chat.add(said("p", Standing::Fan), 0.0);
        }
        let (items, skipped) = told(chat.take(10, now));
        assert_eq!((items.len(), skipped, items[0].mid), (LINES_AT_ONCE, 5, 8));
        assert!(chat.take(10, now).is_none(), "it is told once");
        for _ in 0..HISTORY_LINES {
            chat.add(said("q", Standing::Fan), 0.0);
            chat.take(10, now);
        }
        let history = chat.history(true);
        let (items, _) = told(Some(history.message().clone()));
        assert_eq!(items.len(), HISTORY_LINES);
        assert!(Arc::ptr_eq(&history, &chat.history(true)), "it is made once");
        assert_eq!(chat.remove_of(&PersonId::parse("q").unwrap()).len(), HISTORY_LINES);
        assert_eq!(chat.recent().count(), 0);
    }
}
