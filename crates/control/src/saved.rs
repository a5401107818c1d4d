//! What of a room is saved: it is there again when somebody comes, also after a restart of the server.

use auth::Network;
use protocol::{ChatItem, ChatRules, DisplayName, NoticeText, PersonId, RoomName, Title};
use serde::{Deserialize, Serialize};

/// A room as it is saved. Fields that are missing are as in a new room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedRoom {
    /// Its name.
    pub room: RoomName,
    /// When it changed last, in milliseconds since the Unix epoch.
    pub at: f64,
    /// The key that names its people; whoever has it and a browser's secret knows the person.
    #[serde(with = "hex")]
    pub(crate) key: u128,
    /// The code of the invitation link.
    pub(crate) invite: String,
    #[serde(default)]
    pub(crate) title: Option<Title>,
    #[serde(default)]
    pub(crate) notice: Option<NoticeText>,
    /// The version of its picture.
    #[serde(default)]
    pub cover: Option<u32>,
    #[serde(default)]
    pub(crate) rules: ChatRules,
    #[serde(default)]
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) moderators: Vec<SavedModerator>,
    #[serde(default)]
    pub(crate) mutes: Vec<SavedMute>,
    #[serde(default)]
    pub(crate) bans: Vec<SavedBan>,
    #[serde(default)]
    pub(crate) pinned: Option<ChatItem>,
    /// The number of its last line.
    #[serde(default)]
    pub(crate) last_mid: u64,
    /// Its last lines; none when its host does not want them kept.
    #[serde(default)]
    pub(crate) lines: Vec<ChatItem>,
}

impl SavedRoom {
    /// The networks from which nobody may be in it.
    pub(crate) fn banned_networks(&self) -> impl Iterator<Item = Network> {
        self.bans.iter().flat_map(|ban| ban.networks.iter().copied())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedModerator {
    pub(crate) uid: PersonId,
    #[serde(default)]
    pub(crate) name: Option<DisplayName>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedMute {
    pub(crate) uid: PersonId,
    pub(crate) until: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedBan {
    pub(crate) uid: PersonId,
    pub(crate) name: DisplayName,
    pub(crate) since: f64,
    #[serde(default)]
    pub(crate) networks: Vec<Network>,
}

/// 128 bits as 32 hexadecimal digits: more than a number of JSON holds.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(key: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{key:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        u128::from_str_radix(&String::deserialize(from)?, 16).map_err(D::Error::custom)
    }
}
