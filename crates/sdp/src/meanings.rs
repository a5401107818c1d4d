//! Checks that a payload type has one encoding within a media description and within a transport (RFC 9143, section
//! 9.1).

use crate::attributes::Attributes;
use crate::error::Error;
use crate::lines::{number_of, split_word};
use crate::payload_type::{Encoding, number};
use crate::section::Section;

const TWO_MEANINGS: Error = Error::malformed("a payload type stands for two things");

/// The first `a=rtpmap` of each payload type.
#[derive(Debug)]
pub(crate) struct Meanings {
    /// In this media description: index of the attribute, plus one.
    own: [u16; 128],
    /// In the whole description: index of the media description, plus one, and of the attribute, plus one.
    first: [(u8, u16); 128],
}

impl Default for Meanings {
    fn default() -> Self {
        Self { own: [0; 128], first: [(0, 0); 128] }
    }
}

impl Meanings {
    pub(crate) fn begin_section(&mut self) {
        self.own = [0; 128];
    }

    /// Processes an `a=rtpmap`, the last attribute of the last media description. Returns whether another media
    /// description has a different one, which is valid on another transport.
    pub(crate) fn rtpmap(&mut self, value: &str, sections: &[Section<'_>]) -> Result<bool, Error> {
        let Some((number, meaning)) = rtpmap(value) else { return Ok(false) };
        let (Some(own), Some(first)) =
            (self.own.get_mut(usize::from(number)), self.first.get_mut(usize::from(number)))
        else {
            return Ok(false);
        };
        let Some(section) = sections.last() else { return Ok(false) };
        if let Some(before) = meaning_at(&section.attributes, *own)
            && !before.is_same(&meaning)
        {
            return Err(TWO_MEANINGS);
        }
        // There are at most 2000 lines and 8 media descriptions.
        let at = u16::try_from(section.attributes.len()).unwrap_or(u16::MAX);
        *own = at;
        let elsewhere = usize::from(first.0).checked_sub(1).and_then(|it| sections.get(it));
        match elsewhere.and_then(|it| meaning_at(&it.attributes, first.1)) {
            Some(before) => Ok(!before.is_same(&meaning)),
            None => {
                *first = (u8::try_from(sections.len()).unwrap_or(u8::MAX), at);
                Ok(false)
            }
        }
    }
}

/// Checks that payload types with different encodings are on different transports. `shares` returns whether two media
/// descriptions share a transport.
pub(crate) fn check<'a>(
    text: &str,
    sections: &[Section<'a>],
    shares: impl Fn(&Section<'a>, &Section<'a>) -> bool,
) -> Result<(), Error> {
    for (n, one) in sections.iter().enumerate() {
        let mut meanings: [Option<Encoding<'_>>; 128] = [None; 128];
        for (number, meaning, _) in rtpmaps(one) {
            if let Some(slot) = meanings.get_mut(usize::from(number)) {
                *slot = Some(meaning);
            }
        }
        for other in sections.iter().skip(n + 1) {
            let differs = rtpmaps(other).find(|(number, meaning, _)| {
                let before = meanings.get(usize::from(*number)).copied().flatten();
                before.is_some_and(|it| !it.is_same(meaning))
            });
            if let Some((.., value)) = differs
                && shares(one, other)
            {
                return Err(TWO_MEANINGS.at_line(number_of(text, value)));
            }
        }
    }
    Ok(())
}

fn rtpmaps<'a>(section: &Section<'a>) -> impl Iterator<Item = (u8, Encoding<'a>, &'a str)> {
    let all = section.attributes.all("rtpmap");
    all.filter_map(|value| rtpmap(value).map(|it| (it.0, it.1, value)))
}

/// Parses the value of an `a=rtpmap`: `96 VP8/90000`.
fn rtpmap(value: &str) -> Option<(u8, Encoding<'_>)> {
    let (word, rest) = split_word(value);
    Some((number(word)?, Encoding::parse(rest)?))
}

/// The encoding in the attribute at this index, plus one.
fn meaning_at<'a>(attributes: &Attributes<'a>, place: u16) -> Option<Encoding<'a>> {
    let at = usize::from(place).checked_sub(1)?;
    attributes.at(at).and_then(|it| rtpmap(it.1)).map(|it| it.1)
}
