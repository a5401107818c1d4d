//! A session description.

use crate::attributes::Attributes;
use crate::error::Error;
use crate::lines::{number_of, split_word};
use crate::read::{self, Read};
use crate::section::Section;
use crate::transport::Transport;
use crate::{bounds, meanings};

/// A parsed session description. Its parts borrow from the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description<'a> {
    /// Its `o=` line.
    pub origin: Option<Origin<'a>>,
    /// The session attributes: those above all media descriptions.
    pub session: Attributes<'a>,
    /// The media descriptions, in order. At most [`bounds::MAX_SECTIONS`].
    pub sections: Vec<Section<'a>>,
    text: &'a str,
}

/// An `o=` line (RFC 8866, section 5.2). User name and session id do not change during the life of an
/// `RTCPeerConnection` (RFC 8829, section 5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `-` means none.
    pub username: &'a str,
    /// Digits in most descriptions; they may exceed 64 bits.
    pub session_id: &'a str,
    /// Increases with each description of the session that differs from the one before.
    pub session_version: &'a str,
}

impl<'a> Origin<'a> {
    fn parse(value: &'a str) -> Self {
        let (username, rest) = split_word(value);
        let (session_id, rest) = split_word(rest);
        Self { username, session_id, session_version: split_word(rest).0 }
    }
}

/// An `a=group` (RFC 5888): media descriptions that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group<'a> {
    /// [`Self::BUNDLE`], `LS`, …
    pub semantics: &'a str,
    mids: &'a str,
}

impl<'a> Group<'a> {
    /// Media descriptions on one transport (RFC 9143).
    pub const BUNDLE: &'static str = "BUNDLE";

    fn parse(value: &'a str) -> Self {
        let (semantics, mids) = split_word(value);
        Self { semantics, mids }
    }

    /// Whether its media descriptions share a transport.
    pub fn is_bundle(&self) -> bool {
        self.semantics == Self::BUNDLE
    }

    /// The `mid`s of its media descriptions, as listed; their order may differ from that of the media descriptions.
    pub fn mids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.mids.split_ascii_whitespace()
    }

    /// Whether the group lists this `mid`.
    pub fn has(&self, mid: &str) -> bool {
        self.mids().any(|it| it == mid)
    }
}

impl<'a> Description<'a> {
    /// Parses a description. The time is linear in its length.
    ///
    /// # Errors
    /// If it is not a description, exceeds one of the [`bounds`], has an invalid `m=` line, or has a payload type with
    /// two encodings on one transport.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let Read { origin, session, sections, has_two_meanings } = read::description(text)?;
        let origin = origin.map(Origin::parse);
        let it = Self { origin, session, sections, text };
        if has_two_meanings {
            meanings::check(text, &it.sections, |one, other| it.share_transport(one, other))?;
        }
        Ok(it)
    }

    /// The groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = Group<'a>> {
        self.session.all("group").map(Group::parse)
    }

    /// The first group of media descriptions on one transport. Most descriptions have only one.
    pub fn bundle(&self) -> Option<Group<'a>> {
        self.groups().find(Group::is_bundle)
    }

    /// The media description with this `mid`.
    pub fn section(&self, mid: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|it| it.mid() == Some(mid))
    }

    /// The media description that stands for the bundle (RFC 9143, section 7.2), or the first one without a bundle. A
    /// rejected one is returned only if all are rejected.
    pub fn tagged(&self) -> Option<&Section<'a>> {
        let bundle = self.bundle();
        let mut bundled = bundle.iter().flat_map(Group::mids).filter_map(|mid| self.section(mid));
        let mut all = self.sections.iter().filter(|it| !it.is_rejected());
        bundled
            .find(|it| !it.is_rejected())
            .or_else(|| all.next())
            .or_else(|| self.sections.first())
    }

    /// Whether the author is ICE-lite, and so sends no connectivity checks (RFC 8839, section 5.3).
    pub fn is_ice_lite(&self) -> bool {
        self.session.has("ice-lite") || self.sections.iter().any(|it| it.attributes.has("ice-lite"))
    }

    /// The value of an attribute of a media description, or else of the session.
    pub fn attribute(&self, section: &Section<'a>, name: &str) -> Option<&'a str> {
        section.attributes.get(name).or_else(|| self.session.get(name))
    }

    /// The value of the first attribute of this name: of the session, or else of a media description.
    pub fn anywhere(&self, name: &str) -> Option<&'a str> {
        let mut sections = self.sections.iter();
        self.session.get(name).or_else(|| sections.find_map(|it| it.attributes.get(name)))
    }

    /// The transport of a media description: that of its bundle, or its own.
    pub fn transport<'b>(&'b self, section: &'b Section<'a>) -> Transport<'a, 'b> {
        let mid = section.mid();
        let bundle = self.groups().find(|it| it.is_bundle() && mid.is_some_and(|mid| it.has(mid)));
        let tagged = bundle.and_then(|it| it.mids().find_map(|mid| self.section(mid)));
        let first = tagged.unwrap_or(section);
        let is_bundled =
            move |it: &&Section<'_>| it.mid().is_some_and(|mid| bundle.is_some_and(|b| b.has(mid)));
        let others = self.sections.iter().filter(is_bundled).map(|it| &it.attributes);
        let places = [&first.attributes, &self.session].into_iter().chain(others);
        Transport::new(self.text, places)
    }

    /// A transport whose attributes are in these media descriptions. They are looked up in the first one, the session,
    /// then the others. For callers that know better which media descriptions share a transport.
    pub fn transport_of<'b>(
        &'b self,
        sections: impl IntoIterator<Item = &'b Section<'a>>,
    ) -> Transport<'a, 'b>
    where
        'a: 'b,
    {
        let mut sections = sections.into_iter().map(|it| &it.attributes);
        let first = sections.next();
        Transport::new(self.text, first.into_iter().chain([&self.session]).chain(sections))
    }

    /// The number of the line that contains this part of the description; the first line is 1.
    pub fn line_of(&self, part: &str) -> Option<u32> {
        number_of(self.text, part)
    }

    /// Whether two media descriptions share a transport: they are in one bundle, or else have the same ICE credentials.
    fn share_transport(&self, one: &Section<'a>, other: &Section<'a>) -> bool {
        if let (Some(one), Some(other)) = (one.mid(), other.mid())
            && self.groups().any(|it| it.is_bundle() && it.has(one) && it.has(other))
        {
            return true;
        }
        self.attribute(one, "ice-ufrag") == self.attribute(other, "ice-ufrag")
    }
}

const _: () = assert!(bounds::MAX_SECTIONS <= u8::MAX as usize);
