//! Events, and the body that tells one.

use serde_json::{Map, Value, json};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A broadcast is live.
    RoomLive,
    /// No media comes from the host.
    RoomInterrupted,
    /// It comes again.
    RoomResumed,
    /// A broadcast is over.
    RoomEnded,
    /// The number of viewers has reached a step.
    RoomViewers,
    /// Something is wrong with what the host sends.
    RoomFinding,
    /// A recording is over: its files can be fetched.
    RecordingReady,
    /// The object store has all files of a recording that is over.
    RecordingStored,
    /// The operator tries the webhook.
    Ping,
}

impl EventKind {
    /// Those that a webhook may ask for. A [`Self::Ping`] comes to the one that is tried.
    pub const ALL: [Self; 8] = [
        Self::RoomLive,
        Self::RoomInterrupted,
        Self::RoomResumed,
        Self::RoomEnded,
        Self::RoomViewers,
        Self::RoomFinding,
        Self::RecordingReady,
        Self::RecordingStored,
    ];

    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoomLive => "room.live",
            Self::RoomInterrupted => "room.interrupted",
            Self::RoomResumed => "room.resumed",
            Self::RoomEnded => "room.ended",
            Self::RoomViewers => "room.viewers",
            Self::RoomFinding => "room.finding",
            Self::RecordingReady => "recording.ready",
            Self::RecordingStored => "recording.stored",
            Self::Ping => "ping",
        }
    }

    /// Reads one that a webhook may ask for.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The name of the room that it happened in.
    pub room: Option<String>,
    /// The room's title.
    pub title: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What else is told of it.
    pub fields: Map<String, Value>,
}

impl Event {
    /// As a receiver reads it. `room` is an object, as it is in the webhooks of LiveKit, whose libraries read this.
    pub(crate) fn body(&self, id: &str) -> String {
        let mut body = Map::new();
        body.insert("id".into(), id.into());
        body.insert("event".into(), self.kind.as_str().into());
        body.insert("at".into(), self.at_ms.into());
        if let Some(name) = &self.room {
            let mut room = json!({ "name": name });
            if let Some(title) = &self.title {
                room["title"] = title.as_str().into();
            }
            body.insert("room".into(), room);
        }
        body.extend(self.fields.clone());
        Value::Object(body).to_string()
    }
}
