//! What people in a room say to each other, and who they are.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::DisplayName;
use crate::name::is_invisible;

/// Names a person in a room: the same for all pages of one browser, another in every other room. 1 to 32 ASCII letters,
/// digits or `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
pub struct PersonId(String);

/// A person's id was not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a person's id has 1 to {} ASCII letters, digits or '-'", PersonId::MAX_BYTES)]
pub struct InvalidPersonId;

impl PersonId {
    /// The most bytes of an id.
    pub const MAX_BYTES: usize = 32;

    /// Reads an id.
    ///
    /// # Errors
    /// When it is empty, too long, or has another character than an ASCII letter, a digit or `-`.
    pub fn parse(text: &str) -> Result<Self, InvalidPersonId> {
        let is_allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && text.bytes().all(is_allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidPersonId)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PersonId {
    type Error = InvalidPersonId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PersonId> for String {
    fn from(id: PersonId) -> Self {
        id.0
    }
}

/// What a person may do in a room, beyond watching and talking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Standing {
    /// Nothing more.
    Fan,
    /// It is on stage.
    Guest,
    /// It keeps order (房管).
    Moderator,
    /// It hosts.
    Host,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Person {
    /// Who.
    pub uid: PersonId,
    /// How it is called.
    pub name: DisplayName,
    /// What it may do.
    pub standing: Standing,
}

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing that can be seen is left of it.
    #[error("the text is empty")]
    Empty,
    /// More code points than allowed.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// The most code points allowed.
        max: usize,
    },
}

/// A text that a person wrote: plain, one line, at most `MAX` code points.
///
/// It is in Unicode NFC. Line breaks are spaces; control characters, invisible ones (but for the joiner and the selector
/// of emoji) and more than two accents on a letter are taken out, so that no text disturbs what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlainText<const MAX: usize>(String);

/// A chat message: 1 to 200 code points.
pub type ChatText = PlainText<200>;
/// The title of a room: 1 to 80 code points.
pub type Title = PlainText<80>;
/// The notice (公告) of a room: 1 to 300 code points.
pub type NoticeText = PlainText<300>;

/// The most combining marks on one letter.
const MAX_MARKS: usize = 2;

impl<const MAX: usize> PlainText<MAX> {
    /// The most code points.
    pub const MAX_CHARS: usize = MAX;

    /// Reads a text.
    ///
    /// # Errors
    /// When nothing is left of it, or more than [`Self::MAX_CHARS`] code points are.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let too_long = InvalidText::TooLong { max: MAX };
        if text.chars().nth(4 * MAX).is_some() {
            return Err(too_long);
        }
        let mut marks = 0;
        let mut clean = String::new();
        for c in text.nfc() {
            let c = if c.is_whitespace() { ' ' } else { c };
            let is_joiner = matches!(c, '\u{200D}' | '\u{FE0F}');
            if c.is_control() || is_invisible(c) && !is_joiner {
                continue;
            }
            let is_mark = unicode_normalization::char::is_combining_mark(c) && !is_joiner;
            marks = if is_mark { marks + 1 } else { 0 };
            if marks <= MAX_MARKS {
                clean.push(c);
            }
        }
        let clean = clean.trim();
        if !clean.chars().any(|c| !c.is_whitespace() && !is_invisible(c)) {
            return Err(InvalidText::Empty);
        }
        if clean.chars().nth(MAX).is_some() {
            return Err(too_long);
        }
        Ok(Self(clean.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for PlainText<MAX> {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<PlainText<MAX>> for String {
    fn from(text: PlainText<MAX>) -> Self {
        text.0
    }
}

/// Where a message flies over the picture (弹幕).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ChatMode {
    /// From right to left.
    #[default]
    Scroll,
    /// It stands at the top.
    Top,
    /// It stands at the bottom.
    Bottom,
}

/// The colours of messages over the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the names say it")]
pub enum ChatColor {
    #[default]
    White,
    Red,
    Orange,
    Yellow,
    Green,
    Blue,
    Purple,
    Pink,
}

/// How a message looks over the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChatStyle {
    /// Where it is.
    pub mode: ChatMode,
    /// Its colour.
    pub color: ChatColor,
}

/// A line of the chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct ChatItem {
    /// Names the line in its room; later lines have higher ones.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub mid: u64,
    /// Who wrote it.
    #[serde(flatten)]
    pub by: Person,
    /// What it says; absent: the person came into the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub text: Option<ChatText>,
    /// When the server took it, in milliseconds since the Unix epoch.
    pub ts: f64,
    /// When the picture was captured that its writer saw, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// How it looks over the picture; absent: white, from right to left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<ChatStyle>,
}

/// A gesture without words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ReactionKind {
    /// 👏
    Clap,
    /// 😂
    Laugh,
    /// 😮
    Wow,
    /// 🌹
    Rose,
    /// 🚀
    Rocket,
    /// 🎉
    Party,
}

/// How often a gesture was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ReactionCount {
    /// Which.
    pub kind: ReactionKind,
    /// How often.
    pub n: u32,
}

/// The rules of a room's chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChatRules {
    /// Whether people may write; hosts and moderators always may.
    pub on: bool,
    /// Slow mode: seconds between two messages of a person, at most 3,600; 0: no more than the usual limit.
    pub slow_s: u16,
    /// Whether only people may write who came by the invitation link.
    pub invited_only: bool,
    /// Whether lines are kept for who comes later.
    pub history: bool,
}

impl Default for ChatRules {
    fn default() -> Self {
        Self { on: true, slow_s: 0, invited_only: false, history: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_plain_line() {
        let read = |text: &str| ChatText::parse(text).map(String::from);
        assert_eq!(read(" 你好\r\nworld "), Ok("你好  world".into()));
        assert_eq!(read("a\u{202E}b\u{200B}c\u{7}"), Ok("abc".into()));
        assert_eq!(
            read("👨\u{200D}👩\u{200D}👧 ❤\u{FE0F}"),
            Ok("👨\u{200D}👩\u{200D}👧 ❤\u{FE0F}".into())
        );
        assert_eq!(read("<b>hi</b>"), Ok("<b>hi</b>".into()), "it is text, and shown as text");
        assert_eq!(read("\u{200D} \u{FE0F}"), Err(InvalidText::Empty));
        assert_eq!(read(&"字".repeat(201)), Err(InvalidText::TooLong { max: 200 }));
        assert!(read(&"字".repeat(200)).is_ok());
        let tall = format!("x{}", "\u{33F}".repeat(50));
        assert_eq!(read(&tall), Ok("x\u{33F}\u{33F}".into()));
    }

    #[test]
    fn a_persons_id_is_short_and_plain() {
        assert!(PersonId::parse("p-7Gk2").is_ok());
        for bad in ["", "a b", "é", &"x".repeat(33)] {
            assert_eq!(PersonId::parse(bad), Err(InvalidPersonId), "{bad:?}");
        }
    }
}
