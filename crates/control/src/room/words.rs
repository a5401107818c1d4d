//! The words that no message of a room may have.
//!
//! A message is compared in Unicode NFKC and in lower case, so that full-width letters are plain ones. A word of letters
//! with spaces between words, such as Latin ones, is found as a whole, also when its letters are pulled apart (`b a d`,
//! `b.a.d`). One with Chinese, Japanese, Korean or Thai letters is found anywhere, whatever stands between its letters.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::limits::{BLOCKED_WORD_CHARS, BLOCKED_WORDS};

/// The words, as the host wrote them and as they are compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordList {
    written: Vec<String>,
    compared: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// Found between spaces or signs.
    Whole(String),
    /// Found anywhere among the letters.
    Inside(String),
    /// No letter at all, such as an emoji: found in the text as it is.
    Sign(String),
}

/// A list of words was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadWords {
    #[error("there may be at most {BLOCKED_WORDS} words")]
    TooMany,
    #[error("a word has at most {BLOCKED_WORD_CHARS} characters")]
    TooLong,
}

impl WordList {
    /// Reads a list; words that are empty or the same as another are left out.
    pub(crate) fn parse(words: &[String]) -> Result<Self, BadWords> {
        if words.len() > BLOCKED_WORDS {
            return Err(BadWords::TooMany);
        }
        let mut list = Self::default();
        for written in words {
            let written = written.trim();
            if written.chars().nth(BLOCKED_WORD_CHARS).is_some() {
                return Err(BadWords::TooLong);
            }
            let Some(word) = Word::of(written) else { continue };
            if !list.compared.contains(&word) {
                list.written.push(written.chars().filter(|c| !c.is_control()).collect());
                list.compared.push(word);
            }
        }
        Ok(list)
    }

    /// The words, as the host wrote them.
    pub(crate) fn written(&self) -> &[String] {
        &self.written
    }

    /// Whether a text has one of the words.
    pub(crate) fn blocks(&self, text: &str) -> bool {
        if self.compared.is_empty() {
            return false;
        }
        let text = plain(text);
        let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let runs = runs(&text);
        self.compared.iter().any(|word| match word {
            Word::Whole(word) => runs.iter().any(|run| is_spelled(run, word)),
            Word::Inside(word) => letters.contains(word.as_str()),
            Word::Sign(word) => text.contains(word.as_str()),
        })
    }
}

impl Word {
    fn of(written: &str) -> Option<Self> {
        let text = plain(written);
        let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        if letters.is_empty() {
            let sign: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            return Some(Self::Sign(sign)).filter(|_| !text.trim().is_empty());
        }
        let has_spaces = !letters.chars().any(is_unspaced);
        Some(if has_spaces { Self::Whole(letters) } else { Self::Inside(letters) })
    }
}

/// A text in the form in which texts are compared.
fn plain(text: &str) -> String {
    let folded = text.nfkc().flat_map(char::to_lowercase);
    let kept = folded.filter(|c| !is_combining_mark(*c) && *c != '\u{200D}');
    kept.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// The words of a text that may spell another together: those of scripts with spaces, without anything of the other
/// scripts in between.
fn runs(text: &str) -> Vec<Vec<&str>> {
    text.split(is_unspaced)
        .map(|part| {
            part.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect()
        })
        .collect()
}

/// Whether neighbours among these spell the word, from the beginning of one to the end of one.
fn is_spelled(run: &[&str], word: &str) -> bool {
    (0..run.len()).any(|first| {
        let mut rest = word;
        for part in &run[first..] {
            match rest.strip_prefix(part) {
                Some("") => return true,
                Some(left) => rest = left,
                None => return false,
            }
        }
        false
    })
}

/// A letter of a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x9FFF | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0x1B000..=0x1B16F | 0x20000..=0x3FFFF)
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> WordList {
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        WordList::parse(&words).unwrap()
    }

    #[test]
    fn a_latin_word_is_found_as_a_whole_however_it_is_spaced() {
        let words = list(&["Bad", "two words"]);
        for text in [
            "bad",
            "so BAD!",
            "b a d",
            "b.a.d",
            "ｂａｄ",
            "你是bad人",
            "b\u{200D}a\u{200D}d",
            "TwoWords",
        ] {
            assert!(words.blocks(text), "{text}");
        }
        for text in ["badge", "abad", "b中a中d", "two", "words two", ""] {
            assert!(!words.blocks(text), "{text}");
        }
    }

    #[test]
    fn a_chinese_word_is_found_anywhere_whatever_stands_between() {
        let words = list(&["坏话", "加V信"]);
        for text in ["说坏话的人", "坏 话", "坏·话", "坏...话", "加ｖ信", "加 v 信"]
        {
            assert!(words.blocks(text), "{text}");
        }
        for text in ["坏的话", "话坏"] {
            assert!(!words.blocks(text), "{text}");
        }
    }

    #[test]
    fn a_sign_is_found_in_the_text() {
        assert!(list(&["🖕"]).blocks("hey🖕you"));
        assert!(!list(&["🖕"]).blocks("hey you"));
    }

    #[test]
    fn a_list_is_bounded_and_says_each_word_once() {
        let words = list(&["Bad", " ", "ｂａｄ", "坏"]);
        assert_eq!(words.written(), ["Bad", "坏"]);
        let parse = |n, word: &str| WordList::parse(&vec![word.to_owned(); n]).map(|_| ());
        assert_eq!(parse(BLOCKED_WORDS + 1, "a"), Err(BadWords::TooMany));
        assert_eq!(parse(1, &"x".repeat(BLOCKED_WORD_CHARS + 1)), Err(BadWords::TooLong));
        assert_eq!(parse(1, &"字".repeat(BLOCKED_WORD_CHARS)), Ok(()));
    }
}
