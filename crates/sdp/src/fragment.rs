//! `application/trickle-ice-sdpfrag` (RFC 8840, section 9): candidates sent after the description, or the new
//! credentials of an ICE restart.

use std::fmt;

use crate::attributes::Attributes;
use crate::candidate::Candidate;
use crate::description::Description;
use crate::error::Error;
use crate::lines::number_of;
use crate::read::{self, Read};
use crate::section::Section;
use crate::transport::{Credentials, check_pwd, check_ufrag};

/// The session attributes of a description that a fragment may contain.
const OF_SESSION: [&str; 4] = ["ice-lite", "ice-options", "ice-pacing", "group"];

const TWO_UFRAGS: Error = Error::malformed("there are two of ice-ufrag");
const TWO_PWDS: Error = Error::malformed("there are two of ice-pwd");
const HALF: Error = Error::malformed("ice-ufrag and ice-pwd come together");

/// A fragment of a session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The session attributes: those above all media descriptions.
    pub session: Attributes<'a>,
    /// The media descriptions that it refers to.
    pub sections: Vec<Section<'a>>,
    text: &'a str,
}

impl<'a> Fragment<'a> {
    /// The media type of fragments.
    pub const MEDIA_TYPE: &'static str = "application/trickle-ice-sdpfrag";

    /// Parses a fragment.
    ///
    /// # Errors
    /// If it has lines other than `a=` and `m=`, or exceeds one of the [`crate::bounds`].
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let Read { session, sections, .. } = read::fragment(text)?;
        Ok(Self { session, sections, text })
    }

    /// The ICE attributes of a description, for the transport of its bundle, or else of its first media description.
    pub fn of(description: &Description<'a>) -> Self {
        let mut session = Attributes::default();
        for (name, value) in description.session.iter().filter(|it| OF_SESSION.contains(&it.0)) {
            session.push(name, value);
        }
        let tagged = description.tagged();
        let sections = tagged.map(|section| of_ice(description, section));
        Self { session, sections: sections.into_iter().collect(), text: "" }
    }

    /// The same fragment with other credentials, for an ICE restart.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials<'a>) -> Self {
        let new = [("ice-ufrag", credentials.ufrag), ("ice-pwd", credentials.pwd)];
        self.with(&["ice-ufrag", "ice-pwd"], &new)
    }

    /// The same fragment with these candidates instead, followed by `a=end-of-candidates`. Each is the value of an
    /// `a=candidate`.
    #[must_use]
    pub fn with_candidates(self, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let mut new: Vec<_> = candidates.into_iter().map(|it| ("candidate", it)).collect();
        new.push(("end-of-candidates", ""));
        self.with(&["candidate", "end-of-candidates"], &new)
    }

    /// The same fragment with `new` in place of all attributes with one of the `names`.
    fn with(self, names: &[&str], new: &[(&'a str, &'a str)]) -> Self {
        let with = |section: &Section<'a>| {
            let mut other = section.bare();
            let kept = section.attributes.iter().filter(|it| !names.contains(&it.0));
            kept.chain(new.iter().copied()).for_each(|it| other.push(it.0, it.1));
            other
        };
        let sections = self.sections.iter().map(with).collect();
        Self { sections, ..self }
    }

    /// The ICE credentials; `None` if it has none.
    ///
    /// # Errors
    /// If one is missing or invalid, or if there are several: a fragment is about one transport.
    pub fn credentials(&self) -> Result<Option<Credentials<'a>>, Error> {
        let ufrag = self.only("ice-ufrag", check_ufrag, TWO_UFRAGS)?;
        let pwd = self.only("ice-pwd", check_pwd, TWO_PWDS)?;
        match (ufrag, pwd) {
            (Some(ufrag), Some(pwd)) => Ok(Some(Credentials { ufrag, pwd })),
            (None, None) => Ok(None),
            (Some(half), None) | (None, Some(half)) => Err(self.at(HALF, half)),
        }
    }

    /// The candidates in order, each with the `mid` of its media description. Invalid ones are skipped.
    pub fn candidates(&self) -> impl Iterator<Item = (Option<&'a str>, Candidate<'a>)> {
        let of_session = self.session.candidates().map(|it| (None, it));
        of_session.chain(self.sections.iter().flat_map(|section| {
            let mid = section.mid();
            section.attributes.candidates().map(move |it| (mid, it))
        }))
    }

    /// The value of the first attribute of this name: of the session, or else of a media description.
    pub fn anywhere(&self, name: &str) -> Option<&'a str> {
        self.all().find_map(|it| it.get(name))
    }

    /// Whether it has a candidate, `a=end-of-candidates`, or credentials.
    pub fn says_anything(&self) -> bool {
        let names = ["candidate", "end-of-candidates", "ice-ufrag", "ice-pwd"];
        self.all().any(|it| names.iter().any(|name| it.has(name)))
    }

    /// The value of an attribute that must be the same everywhere.
    fn only(
        &self,
        name: &str,
        check: fn(&str) -> Result<(), Error>,
        two: Error,
    ) -> Result<Option<&'a str>, Error> {
        let mut known = None;
        for value in self.all().flat_map(|it| it.all(name)) {
            check(value).map_err(|error| self.at(error, value))?;
            if known.is_some_and(|it| it != value) {
                return Err(self.at(two, value));
            }
            known = Some(value);
        }
        Ok(known)
    }

    fn all(&self) -> impl Iterator<Item = &Attributes<'a>> {
        std::iter::once(&self.session).chain(self.sections.iter().map(|it| &it.attributes))
    }

    fn at(&self, error: Error, value: &str) -> Error {
        error.at_line(number_of(self.text, value))
    }
}

/// The ICE attributes of a media description, with its transport's credentials from wherever they are.
fn of_ice<'a>(description: &Description<'a>, section: &Section<'a>) -> Section<'a> {
    let transport = description.transport(section);
    let mut it = section.bare();
    if let Some(mid) = section.mid() {
        it.push("mid", mid);
    }
    for name in ["ice-ufrag", "ice-pwd"] {
        if let Some(value) = transport.get(name) {
            it.push(name, value);
        }
    }
    if let Some(options) = section.attributes.get("ice-options") {
        it.push("ice-options", options);
    }
    for value in transport.all("candidate") {
        it.push("candidate", value);
    }
    if transport.get("end-of-candidates").is_some() {
        it.push("end-of-candidates", "");
    }
    it
}

impl fmt::Display for Fragment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_attributes(&self.session, f)?;
        for section in &self.sections {
            write!(f, "m={} {} {}", section.kind, section.port, section.proto)?;
            section.formats().try_for_each(|it| write!(f, " {it}"))?;
            f.write_str("\r\n")?;
            write_attributes(&section.attributes, f)?;
        }
        Ok(())
    }
}

fn write_attributes(attributes: &Attributes<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    attributes.iter().try_for_each(|(name, value)| {
        if value.is_empty() { write!(f, "a={name}\r\n") } else { write!(f, "a={name}:{value}\r\n") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTART: &str = "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ysXw\r\n\
        a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n\
        a=end-of-candidates\r\n";

    fn credentials(text: &str) -> Result<Option<Credentials<'_>>, Error> {
        Fragment::parse(text)?.credentials()
    }

    #[test]
    fn the_fragment_of_the_standard_is_read_and_written_as_it_was() {
        let it = Fragment::parse(RESTART).unwrap();
        let pwd = "vw5LmwG4y/e6dPP/zAP9Gp5k";
        assert_eq!(it.credentials(), Ok(Some(Credentials { ufrag: "ysXw", pwd })));
        let candidates: Vec<_> = it.candidates().map(|(mid, it)| (mid, it.port)).collect();
        assert_eq!(candidates, [(Some("0"), 61_764)]);
        assert!(it.says_anything() && it.sections[0].attributes.has_end_of_candidates());
        assert_eq!(it.to_string(), RESTART);
    }

    #[test]
    fn a_fragment_may_have_candidates_alone() {
        let lone = "a=candidate:1 1 udp 5 192.0.2.1 61764 typ host\n";
        assert_eq!(credentials(lone), Ok(None));
        assert_eq!(Fragment::parse(lone).unwrap().candidates().count(), 1);
        assert!(Fragment::parse("a=end-of-candidates").unwrap().says_anything());
        assert!(!Fragment::parse("m=audio\r\n\r\na=mid:0\r\n").unwrap().says_anything());
    }

    #[test]
    fn what_is_no_fragment_is_told_with_its_line() {
        for (text, why) in [
            ("hello", "line 1: a fragment has lines of a="),
            ("a=mid:0\r\nv=0\r\n", "line 2: a fragment has lines of a="),
            ("{\"candidate\":\"\"}", "lines of a="),
            ("a=ice-ufrag:abcd\r\n", "line 1: ice-ufrag and ice-pwd come together"),
            ("m=audio 9 X 0\na=ice-ufrag:ab\r\n", "line 2: it needs an a=ice-ufrag of 4 to 256"),
            ("a=ice-pwd:short\r\n", "a=ice-pwd of 22 to 256"),
            ("a=ice-ufrag:abcd\r\na=ice-ufrag:efgh\r\n", "line 2: there are two of ice-ufrag"),
            ("a=ice-ufrag:ab cd\r\n", "4 to 256"),
        ] {
            let error = credentials(text).expect_err(text).to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_description_is_told_again_as_far_as_it_is_of_ice() {
        let text = "v=0\r\na=ice-lite\r\na=group:BUNDLE 1 2\r\na=ice-ufrag:over\r\n\
            m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n\
            m=video 9 X 96\r\na=mid:2\r\na=candidate:9 1 udp 5 192.0.2.9 9 typ host\r\n\
            m=audio 9 X 0\r\na=mid:1\r\na=ice-pwd:0123456789012345678901\r\na=sendonly\r\n\
            a=candidate:1 1 udp 5 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n";
        let description = Description::parse(text).unwrap();
        let expected = "a=ice-lite\r\na=group:BUNDLE 1 2\r\nm=audio 9 X 0\r\na=mid:1\r\n\
            a=ice-ufrag:over\r\na=ice-pwd:0123456789012345678901\r\n\
            a=candidate:1 1 udp 5 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n";
        assert_eq!(Fragment::of(&description).to_string(), expected);
    }

    #[test]
    fn a_restart_has_other_credentials_and_candidates() {
        let new = Credentials { ufrag: "abcd", pwd: "pppppppppppppppppppppp" };
        let text = Fragment::parse(RESTART)
            .unwrap()
            .with_credentials(new)
            .with_candidates(["9 1 udp 5 192.0.2.9 9 typ host"])
            .to_string();
        let again = Fragment::parse(&text).unwrap();
        assert_eq!(again.credentials(), Ok(Some(new)));
        assert_eq!(again.candidates().map(|it| it.1.port).collect::<Vec<_>>(), [9]);
        assert_eq!(text.matches("a=end-of-candidates").count(), 1);
    }
}
