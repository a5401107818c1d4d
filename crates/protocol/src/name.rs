//! Names that people choose, of a room and of a person, and that pages choose, of a layer. Validated once, at the door.
//!
//! Names that look the same are the same: they are in Unicode NFKC, without invisible characters, and no word of
//! them mixes scripts that are confused with each other (UTS 39, section 5.2: at most "highly restrictive").

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_security::{
    GeneralSecurityProfile, MixedScript, RestrictionLevel, RestrictionLevelDetection,
};

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing is left of it.
    #[error("the name is empty")]
    Empty,
    /// More code points than allowed.
    #[error("the name is longer than {max} characters")]
    TooLong {
        /// The most code points allowed.
        max: usize,
    },
    /// A character that is not allowed.
    #[error("the name has the character {found:?}; letters, digits, '_' and '-' are allowed")]
    BadCharacter {
        /// The first such character.
        found: char,
    },
    /// A word of it has letters of scripts that look alike, such as Latin and Cyrillic.
    #[error("the name mixes scripts whose letters look alike")]
    MixedScripts,
}

/// The name of a room: 1 to 64 letters, digits, `_` or `-` of any script, in Unicode NFKC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, min_length = 1, max_length = 64))]
pub struct RoomName(String);

impl RoomName {
    /// The most code points of a room's name.
    pub const MAX_CHARS: usize = 64;

    /// Reads a name; normalizes it to NFKC first, so that two spellings of one name are one room.
    ///
    /// # Errors
    /// When it is empty, too long, has a character other than a letter, a digit, `_` and `-`, or mixes scripts whose
    /// letters look alike.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        // The bound on input comes first: NFKC can only be computed on what we are ready to read.
        if text.chars().nth(4 * Self::MAX_CHARS).is_some() {
            return Err(InvalidName::TooLong { max: Self::MAX_CHARS });
        }
        let name: String = text.nfkc().collect();
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(InvalidName::TooLong { max: Self::MAX_CHARS });
        }
        // Some letters are invisible, such as U+1160; those are not allowed in identifiers (UTS 39, section 3.1).
        let is_allowed = |c: char| {
            "_-".contains(c) || c.is_alphanumeric() && GeneralSecurityProfile::identifier_allowed(c)
        };
        if let Some(found) = name.chars().find(|c| !is_allowed(*c)) {
            return Err(InvalidName::BadCharacter { found });
        }
        if !is_clear(&name) {
            return Err(InvalidName::MixedScripts);
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ticket that opens this room, if it is a test room of the doctor: `doctor-{ticket}-{anything}`. Such rooms
    /// are listed nowhere.
    pub fn ticket(&self) -> Option<&str> {
        let (ticket, _) = self.0.strip_prefix("doctor-")?.split_once('-')?;
        let is_ticket = ticket.len() == 32 && ticket.bytes().all(|b| b.is_ascii_hexdigit());
        is_ticket.then_some(ticket)
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ticket() {
            // Whoever reads a log may not do what its holder may.
            Some(ticket) => f.write_str(&self.0.replace(ticket, "…")),
            None => f.write_str(&self.0),
        }
    }
}

impl TryFrom<String> for RoomName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> Self {
        name.0
    }
}

/// The name of a simulcast layer, a `rid-id` of RFC 8851: 1 to 16 ASCII letters, digits, `_` or `-`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
pub struct LayerName(String);

impl LayerName {
    /// The most characters of a layer's name; RFC 8851 sets no bound, browsers write one letter.
    pub const MAX_CHARS: usize = 16;

    /// Reads a name.
    ///
    /// # Errors
    /// When it is empty, too long, or has a character other than a letter, a digit, `_` and `-`.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(InvalidName::TooLong { max: Self::MAX_CHARS });
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if let Some(found) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(InvalidName::BadCharacter { found });
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LayerName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<LayerName> for String {
    fn from(name: LayerName) -> Self {
        name.0
    }
}

/// How a person wants to be called: 1 to 24 code points of plain text.
///
/// Control characters and those that change the direction of text or are invisible are taken out, so that nobody's
/// name can disturb the line it is shown in, or look like another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
pub struct DisplayName(String);

impl DisplayName {
    /// The most code points of a display name.
    pub const MAX_CHARS: usize = 24;

    /// Reads a name, trimmed, in NFKC, without control and invisible characters.
    ///
    /// # Errors
    /// When nothing is left of it, more than [`Self::MAX_CHARS`] code points are, or a word mixes scripts whose
    /// letters look alike.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.chars().nth(4 * Self::MAX_CHARS).is_some() {
            return Err(InvalidName::TooLong { max: Self::MAX_CHARS });
        }
        let is_visible = |c: &char| !c.is_control() && !is_invisible(*c);
        // Composed again: an invisible character may have kept a letter and its accent apart.
        let visible: String = text.nfkc().filter(is_visible).nfc().collect();
        let name = visible.trim();
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(InvalidName::TooLong { max: Self::MAX_CHARS });
        }
        if !name.split_whitespace().all(is_clear) {
            return Err(InvalidName::MixedScripts);
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

/// Whether the letters of a word are of one script, or of scripts that are written together and not confused: Latin
/// with Chinese, Japanese or Korean.
fn is_clear(word: &str) -> bool {
    let letters: String = word.chars().filter(|c| c.is_alphabetic()).collect();
    let letters = letters.as_str();
    letters.is_single_script()
        || letters.check_restriction_level(RestrictionLevel::HighlyRestrictive)
}

/// Characters that change the direction of text or show nothing (Unicode property Default_Ignorable_Code_Point, and
/// general category Cf as far as it matters).
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_names_of_any_script_are_welcome_and_others_say_why_not() {
        let check = |text: &str, expect: Result<&str, InvalidName>| {
            let got = RoomName::parse(text);
            assert_eq!(got.as_ref().map(RoomName::as_str), expect.as_ref().copied(), "{text:?}");
        };
        check("demo-1", Ok("demo-1"));
        check("直播间_8", Ok("直播间_8"));
        check("e\u{301}cole", Ok("école"));
        check("ｄｅｍｏ", Ok("demo"));
        check("コメント実況abc", Ok("コメント実況abc"));
        check("радио", Ok("радио"));
        check("dеmo", Err(InvalidName::MixedScripts));
        check("demo\u{3164}", Err(InvalidName::BadCharacter { found: '\u{1160}' }));
        check("demo\u{034F}", Err(InvalidName::BadCharacter { found: '\u{034F}' }));
        check("a\u{FDFA}", Err(InvalidName::BadCharacter { found: ' ' }));
        check("", Err(InvalidName::Empty));
        check("a b", Err(InvalidName::BadCharacter { found: ' ' }));
        check("../etc", Err(InvalidName::BadCharacter { found: '.' }));
        check(&"x".repeat(65), Err(InvalidName::TooLong { max: 64 }));
        check(&"x".repeat(1_000_000), Err(InvalidName::TooLong { max: 64 }));
    }

    #[test]
    fn only_test_rooms_have_a_ticket() {
        let room = |text: &str| RoomName::parse(text).unwrap();
        let ticket = "0123456789abcdef0123456789abcdef";
        let test_room = room(&format!("doctor-{ticket}-udp4"));
        assert_eq!(test_room.ticket(), Some(ticket));
        assert_eq!(test_room.to_string(), "doctor-…-udp4", "as logs show it");
        for other in ["doctor-who", "doctor-0123-udp4", "doctor-", &format!("doctor-{ticket}"), "a"]
        {
            assert_eq!(room(other).ticket(), None, "{other}");
        }
    }

    #[test]
    fn a_display_name_cannot_disturb_the_line_it_is_shown_in() {
        assert_eq!(DisplayName::parse(" 小明\u{202E}\n ").unwrap().as_str(), "小明");
        assert_eq!(DisplayName::parse("\u{200B}\u{0000}"), Err(InvalidName::Empty));
        assert!(DisplayName::parse(&"字".repeat(25)).is_err());
        for invisible in ["\u{3164}", "\u{1160}", "\u{034F}", "\u{FFA0}", "\u{2800}", "\u{E0061}"] {
            assert_eq!(DisplayName::parse(invisible), Err(InvalidName::Empty), "{invisible:?}");
        }
        assert_eq!(DisplayName::parse("Ａｌｉｃｅ\u{FE0F}").unwrap().as_str(), "Alice");
        assert_eq!(DisplayName::parse("Аlice"), Err(InvalidName::MixedScripts));
        assert_eq!(DisplayName::parse("Ze\u{200B}\u{301}").unwrap().as_str(), "Z\u{E9}");
        for own in ["Иван Smith", "小明 Ming 🎉", "Zoë", "Müller-Lüdenscheidt", "김철수abc"]
        {
            assert_eq!(DisplayName::parse(own).unwrap().as_str(), own);
        }
    }
}
