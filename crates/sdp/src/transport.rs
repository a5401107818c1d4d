//! The attributes of a transport, from any level of the description.

use crate::attributes::Attributes;
use crate::error::Error;
use crate::fingerprint::{Fingerprint, NotUsable};
use crate::lines::number_of;

/// Length of an ICE username fragment (RFC 8839, section 5.4).
const UFRAG_LENGTH: std::ops::RangeInclusive<usize> = 4..=256;
/// Length of an ICE password (RFC 8839, section 5.4).
const PWD_LENGTH: std::ops::RangeInclusive<usize> = 22..=256;

const UFRAG: Error = Error::malformed("it needs an a=ice-ufrag of 4 to 256 characters");
const PWD: Error = Error::malformed("it needs an a=ice-pwd of 22 to 256 characters");
const SETUP: Error =
    Error::malformed("an a=setup is neither actpass, active, passive nor holdconn");
const NO_FINGERPRINT: Error =
    Error::malformed("it needs an a=fingerprint with sha-256, sha-384 or sha-512");
const WEAK_FINGERPRINT: Error = Error::malformed(
    "its a=fingerprint has a weak hash: sha-256, sha-384 or sha-512 is needed beside it",
);
const BAD_FINGERPRINT: Error = Error::malformed(
    "an a=fingerprint is not as long as its hash: sha-256 has 32 bytes, as in AB:CD:..",
);

/// The attributes of one transport, in order of precedence: those of the media description that stands for the bundle
/// (RFC 9143, section 7.2), of the session, then of the rest of the bundle. The first of them that has an attribute
/// counts.
#[derive(Debug, Clone)]
pub struct Transport<'a, 'b> {
    text: &'a str,
    places: Vec<&'b Attributes<'a>>,
}

/// ICE credentials, which authenticate connectivity checks. `Debug` hides the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// The username fragment.
    pub ufrag: &'a str,
    /// The password.
    pub pwd: &'a str,
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// Which side begins the DTLS handshake (RFC 8842, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// The author of the description.
    Active,
    /// The other side.
    Passive,
    /// The other side chooses.
    ActPass,
    /// Neither, for now.
    HoldConn,
}

impl Setup {
    /// Parses the value of an `a=setup`.
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "active" => Some(Self::Active),
            "passive" => Some(Self::Passive),
            "actpass" => Some(Self::ActPass),
            "holdconn" => Some(Self::HoldConn),
            _ => None,
        }
    }

    /// The value of an `a=setup`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
            Self::HoldConn => "holdconn",
        }
    }
}

impl<'a, 'b> Transport<'a, 'b> {
    pub(crate) fn new(text: &'a str, places: impl Iterator<Item = &'b Attributes<'a>>) -> Self {
        Self { text, places: places.collect() }
    }

    /// The values of an attribute in the first place that has it.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let place = self.places.iter().find(|it| it.has(name));
        place.into_iter().flat_map(move |it| it.all(name))
    }

    /// The first value of an attribute.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The ICE username fragment.
    ///
    /// # Errors
    /// If it is missing or invalid.
    pub fn ice_ufrag(&self) -> Result<&'a str, Error> {
        let value = self.get("ice-ufrag").ok_or(UFRAG)?;
        check_ufrag(value).map_err(|error| self.at(error, value))?;
        Ok(value)
    }

    /// The ICE password.
    ///
    /// # Errors
    /// If it is missing or invalid.
    pub fn ice_pwd(&self) -> Result<&'a str, Error> {
        let value = self.get("ice-pwd").ok_or(PWD)?;
        check_pwd(value).map_err(|error| self.at(error, value))?;
        Ok(value)
    }

    /// ICE username fragment and password.
    ///
    /// # Errors
    /// If one is missing or invalid.
    pub fn credentials(&self) -> Result<Credentials<'a>, Error> {
        Ok(Credentials { ufrag: self.ice_ufrag()?, pwd: self.ice_pwd()? })
    }

    /// `trickle`, `ice2`, … Some clients separate them by commas.
    pub fn ice_options(&self) -> impl Iterator<Item = &'a str> {
        let is_between = |it: char| it.is_ascii_whitespace() || it == ',';
        self.all("ice-options").flat_map(move |it| it.split(is_between)).filter(|it| !it.is_empty())
    }

    /// The fingerprints in order, or why one cannot be used.
    pub fn fingerprints(&self) -> impl Iterator<Item = Result<Fingerprint, NotUsable>> {
        self.all("fingerprint").map(Fingerprint::parse)
    }

    /// The first fingerprint whose hash function is not weak.
    ///
    /// # Errors
    /// If there is none; the error tells whether there is a weak one. Also if one with a strong hash function is
    /// malformed.
    pub fn fingerprint(&self) -> Result<Fingerprint, Error> {
        let mut lacks = NO_FINGERPRINT;
        for value in self.all("fingerprint") {
            match Fingerprint::parse(value) {
                Ok(fingerprint) => return Ok(fingerprint),
                Err(NotUsable::Unknown) => {}
                Err(NotUsable::Weak(_)) => lacks = self.at(WEAK_FINGERPRINT, value),
                Err(NotUsable::Malformed(_)) => return Err(self.at(BAD_FINGERPRINT, value)),
            }
        }
        Err(lacks)
    }

    /// Which side begins the DTLS handshake; `None` if it has no `a=setup`.
    ///
    /// # Errors
    /// If the value is unknown.
    pub fn setup(&self) -> Result<Option<Setup>, Error> {
        let Some(value) = self.get("setup") else { return Ok(None) };
        Setup::parse(value).map(Some).ok_or_else(|| self.at(SETUP, value))
    }

    fn at(&self, error: Error, value: &str) -> Error {
        error.at_line(number_of(self.text, value))
    }
}

/// Checks a username fragment: 4 to 256 visible ASCII characters without `:`, which ends it in STUN. RFC 8839 allows
/// fewer characters, but not every client complies.
///
/// # Errors
/// If it is invalid.
pub fn check_ufrag(text: &str) -> Result<(), Error> {
    if UFRAG_LENGTH.contains(&text.len()) && is_ice_chars(text) { Ok(()) } else { Err(UFRAG) }
}

/// Checks an ICE password: 22 to 256 characters, the same as in a username fragment.
///
/// # Errors
/// If it is invalid.
pub fn check_pwd(text: &str) -> Result<(), Error> {
    if PWD_LENGTH.contains(&text.len()) && is_ice_chars(text) { Ok(()) } else { Err(PWD) }
}

fn is_ice_chars(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_graphic() && it != b':')
}
