//! Keeping order in a room.

use serde::{Deserialize, Serialize};

use crate::{ChatItem, ChatRules, DisplayName, Person, PersonId};

/// What a host or a moderator does to lines and people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub enum Moderation {
    /// Takes a line away.
    Delete {
        /// Which.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        mid: u64,
    },
    /// Takes all lines of a person away.
    Clear {
        /// Whose.
        uid: PersonId,
    },
    /// Shows a line above the chat.
    Pin {
        /// Which; absent: none any more.
        #[cfg_attr(feature = "typescript", ts(type = "number | null"))]
        mid: Option<u64>,
    },
    /// A person may not write for a while.
    Mute {
        /// Who.
        uid: PersonId,
        /// How long, in seconds, at most 30 days; 0: it may write again.
        seconds: u32,
    },
    /// A person may not be in the room.
    Ban {
        /// Who.
        uid: PersonId,
        /// Whether nobody else may from its address either; `false` lets the others of that address in.
        address: bool,
    },
    /// A person may be in the room again.
    Unban {
        /// Who.
        uid: PersonId,
    },
    /// The host makes a person a moderator, or takes that back.
    Promote {
        /// Who.
        uid: PersonId,
        /// Whether it is one.
        on: bool,
    },
    /// What fans reported of a line was looked at.
    Settle {
        /// Which.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        mid: u64,
    },
}

/// Somebody who may not be in a room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Banned {
    /// Who.
    pub uid: PersonId,
    /// How it was called.
    pub name: DisplayName,
    /// Whether nobody else may from its address either.
    pub address: bool,
    /// Since when, in milliseconds since the Unix epoch.
    pub since: f64,
}

/// Somebody in the room, as hosts and moderators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct Present {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// Until when it may not write, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<f64>,
}

/// A line that fans reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Flagged {
    /// The line.
    pub item: ChatItem,
    /// How many reported it.
    pub n: u32,
}

/// A line of the log of what hosts and moderators did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct Deed {
    /// When, in milliseconds since the Unix epoch.
    pub ts: f64,
    /// By whom.
    pub by: DisplayName,
    /// What.
    #[serde(flatten)]
    pub what: Moderation,
    /// How the person is called that it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
}

/// What hosts and moderators see of a room besides what all see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Desk {
    /// The rules of the chat.
    pub rules: ChatRules,
    /// Words that no message may have.
    pub words: Vec<String>,
    /// The code of the invitation link (`/r/{room}#invite={code}`).
    pub invite: String,
    /// Who is in the room, by name, at most 200.
    pub people: Vec<Present>,
    /// Who may not be.
    pub bans: Vec<Banned>,
    /// What fans reported, the most reported first.
    pub flagged: Vec<Flagged>,
    /// What was done last, newest first, at most 100.
    pub log: Vec<Deed>,
}
