//! What keeps order in a room: rules, words, bans, reports, and a log of what was done.

use std::collections::{BTreeSet, VecDeque};

use protocol::{ChatItem, ChatRules, Deed, Flagged, PersonId};

use super::bans::Bans;
use super::words::WordList;
use crate::limits::{DEED_LOG, FLAGGED_LINES, FLAGS_OF_A_LINE};

/// The order of one room.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) rules: ChatRules,
    pub(crate) words: WordList,
    pub(crate) bans: Bans,
    /// Newest first; at most [`DEED_LOG`].
    log: VecDeque<Deed>,
    /// Oldest first; at most [`FLAGGED_LINES`].
    flags: Vec<Flags>,
}

/// Who reported a line.
#[derive(Debug)]
struct Flags {
    item: ChatItem,
    /// At most [`FLAGS_OF_A_LINE`].
    by: BTreeSet<PersonId>,
}

impl Order {
    pub(crate) fn log(&mut self, deed: Deed) {
        self.log.truncate(DEED_LOG - 1);
        self.log.push_front(deed);
    }

    /// Newest first.
    pub(crate) fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.log.iter()
    }

    /// A person reports a line; whether that is new.
    pub(crate) fn flag(&mut self, item: &ChatItem, by: PersonId) -> bool {
        if let Some(flags) = self.flags.iter_mut().find(|it| it.item.mid == item.mid) {
            return flags.by.len() < FLAGS_OF_A_LINE && flags.by.insert(by);
        }
        if self.flags.len() >= FLAGGED_LINES {
            self.flags.remove(0);
        }
        self.flags.push(Flags { item: item.clone(), by: BTreeSet::from([by]) });
        true
    }

    /// A line was looked at, or is gone.
    pub(crate) fn settle(&mut self, mid: u64) {
        self.flags.retain(|it| it.item.mid != mid);
    }

    /// All lines of a person are gone.
    pub(crate) fn settle_of(&mut self, uid: &PersonId) {
        self.flags.retain(|it| it.item.by.uid != *uid);
    }

    /// What was reported, the most reported first.
    pub(crate) fn flagged(&self) -> Vec<Flagged> {
        let told = |it: &Flags| Flagged {
            item: it.item.clone(),
            n: u32::try_from(it.by.len()).unwrap_or(u32::MAX),
        };
        let mut all: Vec<Flagged> = self.flags.iter().map(told).collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.n));
        all
    }
}
