//! The lines of a text.

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number; the first line is 1.
    pub number: u32,
    /// The line as received, without its line end.
    pub raw: &'a str,
}

impl<'a> Line<'a> {
    /// The line without trailing white space.
    pub fn text(&self) -> &'a str {
        self.raw.trim_ascii_end()
    }

    /// The text after `a=`, `m=` or another line type `kind`; `None` if the line has another type.
    pub fn value(&self, kind: u8) -> Option<&'a str> {
        let bytes = self.raw.as_bytes();
        let is_kind = bytes.first() == Some(&kind) && bytes.get(1) == Some(&b'=');
        is_kind.then(|| self.raw.get(2..)).flatten().map(str::trim_ascii)
    }

    /// Name and value of an `a=` line; a flag has an empty value.
    pub fn attribute(&self) -> Option<(&'a str, &'a str)> {
        let attribute = self.value(b'a')?;
        // Names are short, so a loop over their bytes is faster than a search.
        match attribute.bytes().position(|it| it == b':') {
            Some(at) => {
                let (name, value) = (attribute.get(..at)?, attribute.get(at + 1..)?);
                Some((name.trim_ascii_end(), value.trim_ascii_start()))
            }
            // The empty value is a part of the text as well, so that its line number can be found.
            None => Some(attribute.split_at(attribute.len())),
        }
    }

    /// Whether it is an attribute of this name.
    pub fn is_attribute(&self, name: &str) -> bool {
        self.attribute().is_some_and(|it| it.0 == name)
    }
}

/// Splits a text into lines. They end with CRLF, or with LF alone (RFC 8866, section 5).
pub fn lines(text: &str) -> Lines<'_> {
    Lines { rest: text, number: 0 }
}

/// See [`lines`].
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    rest: &'a str,
    number: u32,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = memchr::memchr(b'\n', self.rest.as_bytes());
        let raw = match end {
            Some(end) => self.rest.get(..end)?,
            None if self.rest.is_empty() => return None,
            None => self.rest,
        };
        self.rest = end.and_then(|end| self.rest.get(end + 1..)).unwrap_or_default();
        self.number += 1;
        Some(Line { number: self.number, raw: raw.strip_suffix('\r').unwrap_or(raw) })
    }
}

/// The number of the line in which `part` begins; `None` if it is not a part of `text`.
pub(crate) fn number_of(text: &str, part: &str) -> Option<u32> {
    let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.as_bytes().get(..offset)?;
    let n_before = memchr::memchr_iter(b'\n', before).count();
    u32::try_from(n_before + 1).ok()
}

/// Splits a text at the first white space, which is dropped.
pub(crate) fn split_word(text: &str) -> (&str, &str) {
    let at = text.bytes().position(|it| it.is_ascii_whitespace()).unwrap_or(text.len());
    let (word, rest) = text.split_at(at);
    (word, rest.trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_any_writer_ends_them() {
        let all = |text| lines(text).map(|it| it.raw).collect::<Vec<_>>();
        assert_eq!(all("a\r\n\r\nb\nc"), ["a", "", "b", "c"]);
        assert_eq!((all("a\n"), all("\n")), (vec!["a"], vec![""]));
        assert!(all("").is_empty());
        assert_eq!(all("a=recvonly\r"), ["a=recvonly"]);
    }

    #[test]
    fn an_attribute_has_a_name_and_a_value_without_white_space_around_them() {
        let attribute = |raw| Line { number: 1, raw }.attribute();
        assert_eq!(attribute("a=mid:0"), Some(("mid", "0")));
        assert_eq!(attribute("a= mid : 0\t "), Some(("mid", "0")));
        assert_eq!(attribute("a=rtcp-mux \t"), Some(("rtcp-mux", "")));
        assert_eq!(attribute("a=x:y:z"), Some(("x", "y:z")));
        assert_eq!(attribute("a="), Some(("", "")));
        assert_eq!((attribute("b=AS:5"), attribute("a"), attribute("é=x")), (None, None, None));
    }

    #[test]
    fn a_part_of_a_text_is_in_a_line() {
        let text = "one\r\ntwo\nthree";
        let number = |part: &str| number_of(text, &text[text.find(part).unwrap()..]);
        assert_eq!((number("one"), number("wo"), number("three")), (Some(1), Some(2), Some(3)));
        assert_eq!(number_of(&text[5..], text), None);
    }
}
