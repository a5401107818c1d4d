//! Guests on stage (连麦).

use serde::{Deserialize, Serialize};

use crate::{Person, PersonId};

/// The most guests on a stage.
pub const MAX_GUESTS: usize = 8;

/// How host and guests are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum StageLayout {
    /// By the number of guests.
    #[default]
    Auto,
    /// The host large, guests small in a corner of it.
    Corner,
    /// All of the same size.
    Grid,
    /// Who speaks is large, the others small.
    Speaker,
}

/// A guest on stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Guest {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// The stream (`msid`) of its tracks in descriptions for fans.
    pub stream: String,
    /// Whether its media flows.
    pub live: bool,
    /// Whether it is heard: neither the host nor the guest has switched the microphone off.
    pub audio: bool,
    /// Whether it is seen.
    pub video: bool,
}

/// The stage, as all in the room know it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Stage {
    /// Whether fans may ask to come on.
    pub open: bool,
    /// How it is shown.
    pub layout: StageLayout,
    /// Who is on, in the order in which they came.
    pub guests: Vec<Guest>,
}

/// What a fan, a guest or the host does about the stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub enum StageAction {
    /// A fan asks to come on.
    Ask {},
    /// A fan asks no more, or a guest leaves the stage.
    Leave {},
    /// The host opens or closes the stage, or chooses how it is shown; what is absent stays.
    Set {
        /// Whether fans may ask.
        open: Option<bool>,
        /// How it is shown.
        layout: Option<StageLayout>,
    },
    /// The host lets a person on that asked.
    Accept {
        /// Who.
        uid: PersonId,
    },
    /// The host does not let a person on that asked.
    Decline {
        /// Who.
        uid: PersonId,
    },
    /// The host takes a guest off.
    Drop {
        /// Who.
        uid: PersonId,
    },
    /// The host switches a guest's microphone off, or lets the guest switch it on again.
    Mute {
        /// Who.
        uid: PersonId,
        /// Whether it is off.
        on: bool,
    },
}

/// What a person is told of its own way to the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum StageStep {
    /// It is not on stage, and asks no more.
    Off,
    /// It waits for the host.
    Asked,
    /// The host lets it on: it publishes now.
    Accepted,
    /// The host did not let it on.
    Declined,
    /// The host took it off.
    Dropped,
}
