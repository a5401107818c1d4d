//! What a page says to the server.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ChatRules, ChatStyle, ChatText, DisplayName, ErrorCode, LayerName, LayerSize, MAX_JSON_DEPTH,
    MAX_ROOM_SET_BYTES, MAX_SDP_BYTES, MAX_SMALL_MESSAGE_BYTES, Moderation, NoticeText, Pc,
    ReactionKind, Role, RoomName, StageAction, Title,
};

/// One message with what may stand beside any message.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientFrame {
    /// The client's own mark, a string or number, echoed as `re` in an error. At most 64 bytes.
    pub id: Option<Value>,
    /// The room meant; without it the socket's own.
    pub room: Option<RoomName>,
    /// What is said.
    pub message: ClientMessage,
}

/// What a page says to the server, told apart by `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub enum ClientMessage {
    /// A session description to be answered: of a publisher, or of a viewer that offers itself.
    Offer {
        /// The description (RFC 8866), at most 48 KiB.
        sdp: String,
        /// Which peer connection it is for; absent: the socket's only one.
        pc: Option<Pc>,
        /// Counts the client's negotiations of this `pc`; echoed in the answer.
        neg: Option<u32>,
        /// The publishing key, for a client that sends no `hello`.
        key: Option<String>,
    },
    /// The answer to the server's last offer.
    Answer {
        /// The description (RFC 8866), at most 48 KiB.
        sdp: String,
        /// Which peer connection it is for; absent: the socket's only one.
        pc: Option<Pc>,
        /// The `neg` of the offer answered; an answer to another is dropped.
        neg: Option<u32>,
    },
    /// A candidate of the client. The server is ICE-lite and needs none.
    OfferIce {
        /// The candidate; `null` or an empty string ends them.
        ice_candidate: Option<IceCandidate>,
        /// Which peer connection it is for.
        pc: Option<Pc>,
    },
    /// The same as `offer_ice`.
    AnswerIce {
        /// The candidate; `null` or an empty string ends them.
        ice_candidate: Option<IceCandidate>,
        /// Which peer connection it is for.
        pc: Option<Pc>,
    },
    /// Begins the page profile; the server answers `welcome`.
    Hello {
        /// The version spoken, [`crate::PROTOCOL_VERSION`].
        v: u32,
        /// What the page is; a fan when absent.
        role: Option<Role>,
        /// The room; the default room when absent.
        room: Option<RoomName>,
        /// How the person wants to be called.
        name: Option<DisplayName>,
        /// The publishing key; of a fan, the password of the room. The same key takes a live room over, another is
        /// refused.
        key: Option<String>,
        /// A secret of the browser's own. A person is known by it, and a host that has no key: the same one takes its
        /// room over. It gives no right to publish.
        secret: Option<String>,
        /// The code of the invitation link by which the page was opened.
        invite: Option<String>,
        /// The token of an earlier `welcome`: takes that socket's place, with its media.
        resume: Option<String>,
        /// The page's language, as in `navigator.language`.
        lang: Option<String>,
        /// What the browser can do.
        caps: Option<Caps>,
    },
    /// The page leaves for good: its media ends now.
    Leave {},
    /// The host lets the fans see. Before it, a published picture is a rehearsal.
    Golive {},
    /// The host ends the broadcast.
    End {},
    /// The host's camera or microphone was switched on or off.
    MediaState {
        /// Whether sound is sent.
        audio: bool,
        /// Whether a picture is sent.
        video: bool,
        /// How large the picture of each simulcast layer is, at most 4; absent: as it was.
        layers: Option<Vec<LayerSize>>,
    },
    /// What the fan wants of the picture. Sound goes on in any case; what is absent stays as it was.
    Layer {
        /// `auto`: the best that the network carries. The name of a layer (`rid`): that one at most.
        /// `off`: sound only.
        video: Option<LayerName>,
        /// Whether anybody sees the page: no picture is sent while nobody does.
        visible: Option<bool>,
    },
    /// Goes back in the broadcast, on the connection that there is, or to what is live again. What is absent stays as it was.
    Rewind {
        /// How long ago what is to be seen was live, in milliseconds; 0: what is live. It begins at the nearest keyframe.
        ago_ms: Option<f64>,
        /// Nothing more is sent, until another `agoMs`.
        paused: Option<bool>,
        /// Whether it goes a tenth faster, until it is live.
        fast: Option<bool>,
    },
    /// Asks the server for an offer that restarts ICE on the `sub` peer connection.
    Restart {
        /// Which peer connection; only `sub` (the page restarts `pub` by its own offer).
        pc: Option<Pc>,
    },
    /// Asks for a `pong`: measures the round trip and the clock's offset.
    Ping {
        /// Any number of the client's, echoed.
        t: f64,
    },
    /// What a page measured, about every 10 s.
    Stats {
        /// The round trip of the page's media connection, in milliseconds.
        rtt_ms: Option<f64>,
        /// How long after its capture a fan sees the picture, in milliseconds.
        latency_ms: Option<f64>,
    },
    /// The person wants to be called so from now on.
    Rename {
        /// The name.
        name: DisplayName,
    },
    /// Says something to the room. Basic profile too: whoever has said something is told what others say.
    Chat {
        /// The text.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        text: ChatText,
        /// How it looks over the picture.
        style: Option<ChatStyle>,
        /// When the picture was captured that the person sees, in milliseconds since the Unix epoch.
        at: Option<f64>,
    },
    /// Likes (点赞), counted by the page.
    Like {
        /// How many, 1 to 30.
        n: u8,
    },
    /// A gesture.
    React {
        /// Which.
        kind: ReactionKind,
    },
    /// Reports a line to hosts and moderators.
    Flag {
        /// Which.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        mid: u64,
    },
    /// Keeps order: hosts and moderators.
    Moderate(Moderation),
    /// Whether the page wants `desk` whenever it changes: hosts and moderators.
    Desk {
        /// Whether it does.
        on: bool,
    },
    /// Changes the room: the host all of it, moderators `chat` and `words`. What is absent stays as it was.
    RoomSet {
        /// The title; empty: none.
        #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
        title: Option<MaybeText<Title>>,
        /// The notice; empty: none.
        #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
        notice: Option<MaybeText<NoticeText>>,
        /// The rules of the chat.
        chat: Option<ChatRules>,
        /// Words that no message may have; at most 200 of at most 32 characters.
        words: Option<Vec<String>>,
        /// Whether the broadcast is recorded, where [`crate::Kept::by_host`] says so.
        recording: Option<bool>,
    },
    /// The way onto the stage, and what the host does about it.
    Stage(StageAction),
}

/// A text, or an empty string for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaybeText<T>(pub Option<T>);

impl<T: Serialize> Serialize for MaybeText<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(text) => text.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }
}

impl<'de, T: TryFrom<String, Error: std::fmt::Display>> Deserialize<'de> for MaybeText<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        T::try_from(text).map(|text| Self(Some(text))).map_err(serde::de::Error::custom)
    }
}

/// What a browser can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Caps {
    /// Video codecs it decodes, such as `VP8`, in its own order of preference.
    #[serde(default)]
    pub video: Vec<String>,
    /// A host that stops sending the layers which `layers` names.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub pauses: bool,
}

/// A candidate as `RTCIceCandidate.toJSON()` writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct IceCandidate {
    /// The candidate-attribute (RFC 8839, section 5.1); empty at the end.
    pub candidate: String,
    /// The media description it belongs to, by identification tag.
    pub sdp_mid: Option<String>,
    /// The media description it belongs to, by index.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE username fragment it belongs to.
    pub username_fragment: Option<String>,
}

/// Why a frame could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// For the client's program.
    pub code: ErrorCode,
    /// For the person who wrote it.
    pub message: String,
    /// The frame's `id`, when that much could be read.
    pub id: Option<Value>,
}

/// The longest part of an error that the reader of JSON writes, in characters.
const MAX_ERROR_CHARS: usize = 200;

/// Types that may be as long as a session description.
const WITH_SDP: [&str; 2] = ["offer", "answer"];

const TYPES: [&str; 23] = [
    "offer",
    "answer",
    "offer_ice",
    "answer_ice",
    "hello",
    "leave",
    "golive",
    "end",
    "media_state",
    "layer",
    "rewind",
    "restart",
    "ping",
    "stats",
    "rename",
    "chat",
    "like",
    "react",
    "flag",
    "moderate",
    "desk",
    "room_set",
    "stage",
];

impl ClientFrame {
    /// Reads a text frame. Unknown fields are ignored; everything else is checked.
    ///
    /// # Errors
    /// [`ErrorCode::BadJson`], [`ErrorCode::BadType`], [`ErrorCode::BadField`] or
    /// [`ErrorCode::TooLarge`], each with a sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let fail = |code, message: String| ParseError { code, message, id: None };
        if depth(text) > MAX_JSON_DEPTH {
            let message = format!("the message is nested deeper than {MAX_JSON_DEPTH} levels");
            return Err(fail(ErrorCode::BadJson, message));
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|e| fail(ErrorCode::BadJson, format!("the message is not JSON: {e}")))?;
        let Value::Object(object) = &value else {
            return Err(fail(ErrorCode::BadJson, "the message is not a JSON object".into()));
        };

        let id = object.get("id").filter(|id| is_mark(id)).cloned();
        let fail = |code, message: String| ParseError { code, message, id: id.clone() };
        let kind = match object.get("type") {
            Some(Value::String(kind)) if TYPES.contains(&kind.as_str()) => kind.as_str(),
            Some(Value::String(kind)) => {
                let kind: String = kind.chars().take(32).collect();
                return Err(fail(ErrorCode::BadType, format!("the type {kind:?} is unknown")));
            }
            Some(_) => return Err(fail(ErrorCode::BadType, "\"type\" is not a string".into())),
            None => return Err(fail(ErrorCode::BadType, "\"type\" is missing".into())),
        };
        let max = if kind == "room_set" { MAX_ROOM_SET_BYTES } else { MAX_SMALL_MESSAGE_BYTES };
        if !WITH_SDP.contains(&kind) && text.len() > max {
            let message = format!("{kind:?} is longer than {max} bytes");
            return Err(fail(ErrorCode::TooLarge, message));
        }
        let room = match object.get("room") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(
                RoomName::parse(name)
                    .map_err(|e| fail(ErrorCode::BadField, format!("\"room\": {e}")))?,
            ),
            Some(_) => return Err(fail(ErrorCode::BadField, "\"room\" is not a string".into())),
        };
        let message: ClientMessage = serde_json::from_value(value.clone())
            .map_err(|e| fail(ErrorCode::BadField, format!("{kind:?}: {}", short(&e))))?;
        if let ClientMessage::Offer { sdp, .. } | ClientMessage::Answer { sdp, .. } = &message
            && sdp.len() > MAX_SDP_BYTES
        {
            let message = format!("\"sdp\" is longer than {MAX_SDP_BYTES} bytes");
            return Err(fail(ErrorCode::TooLarge, message));
        }
        Ok(Self { id, room, message })
    }
}

/// What serde has to say, which may repeat all that it was given.
fn short(error: &serde_json::Error) -> String {
    error.to_string().chars().take(MAX_ERROR_CHARS).collect()
}

/// Whether a value can serve as a client's mark: we echo it, so it is small.
fn is_mark(id: &Value) -> bool {
    match id {
        Value::Number(_) => true,
        Value::String(text) => text.len() <= 64,
        _ => false,
    }
}

/// How deep brackets nest, outside strings. Counted before parsing, since parsing recurses.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
