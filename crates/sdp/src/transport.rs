//! The attributes of a transport, wherever they stand.

use crate::attributes::Attributes;
use crate::error::Error;
use crate::fingerprint::{Fingerprint, NotUsable};
use crate::lines::number_of;

/// Lengths of ICE credentials (RFC 8839, section 5.4).
const UFRAG_LENGTH: std::ops::RangeInclusive<usize> = 4..=256;
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

/// Where the attributes of one transport stand, in the order in which they are looked for: the media description that
/// stands for the bundle (RFC 9143, section 7.2), the session, then the rest of the bundle. The first place that has an
/// attribute counts.
#[derive(Debug, Clone)]
pub struct Transport<'a, 'b> {
    text: &'a str,
    places: Vec<&'b Attributes<'a>>,
}

/// What proves in ICE that a packet is of one side. `Debug` hides the password.
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

/// Who begins the DTLS handshake (RFC 8842, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// The writer.
    Active,
    /// The other side.
    Passive,
    /// The other side chooses.
    ActPass,
    /// Nobody, for now.
    HoldConn,
}

impl Setup {
    /// By the value of an `a=setup`.
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "active" => Some(Self::Active),
            "passive" => Some(Self::Passive),
            "actpass" => Some(Self::ActPass),
            "holdconn" => Some(Self::HoldConn),
            _ => None,
        }
    }

    /// The value of its `a=setup`.
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

    /// The values in the first place that has one.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let place = self.places.iter().find(|it| it.has(name));
        place.into_iter().flat_map(move |it| it.all(name))
    }

    /// The first of these values.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The ICE username fragment.
    ///
    /// # Errors
    /// When there is none, or none that can be.
    pub fn ice_ufrag(&self) -> Result<&'a str, Error> {
        let value = self.get("ice-ufrag").ok_or(UFRAG)?;
        check_ufrag(value).map_err(|error| self.at(error, value))?;
        Ok(value)
    }

    /// The ICE password.
    ///
    /// # Errors
    /// When there is none, or none that can be.
    pub fn ice_pwd(&self) -> Result<&'a str, Error> {
        let value = self.get("ice-pwd").ok_or(PWD)?;
        check_pwd(value).map_err(|error| self.at(error, value))?;
        Ok(value)
    }

    /// Username fragment and password.
    ///
    /// # Errors
    /// When one is not there, or cannot be.
    pub fn credentials(&self) -> Result<Credentials<'a>, Error> {
        Ok(Credentials { ufrag: self.ice_ufrag()?, pwd: self.ice_pwd()? })
    }

    /// `trickle`, `ice2`, … Some writers have commas between them.
    pub fn ice_options(&self) -> impl Iterator<Item = &'a str> {
        let is_between = |it: char| it.is_ascii_whitespace() || it == ',';
        self.all("ice-options").flat_map(move |it| it.split(is_between)).filter(|it| !it.is_empty())
    }

    /// The fingerprints, and what is no usable one, in order.
    pub fn fingerprints(&self) -> impl Iterator<Item = Result<Fingerprint, NotUsable>> {
        self.all("fingerprint").map(Fingerprint::parse)
    }

    /// The first fingerprint by a hash function that is not weak.
    ///
    /// # Errors
    /// When there is none; it tells what there is instead. Also when one of these is not whole.
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

    /// Who begins the DTLS handshake; `None` when it is not said.
    ///
    /// # Errors
    /// When what is said means nothing.
    pub fn setup(&self) -> Result<Option<Setup>, Error> {
        let Some(value) = self.get("setup") else { return Ok(None) };
        Setup::parse(value).map(Some).ok_or_else(|| self.at(SETUP, value))
    }

    fn at(&self, error: Error, value: &str) -> Error {
        error.at_line(number_of(self.text, value))
    }
}

/// Whether it can be a username fragment: 4 to 256 visible ASCII characters without `:`, which ends it in STUN.
/// RFC 8839 allows fewer characters, but not every writer keeps to them.
///
/// # Errors
/// When it cannot.
pub fn check_ufrag(text: &str) -> Result<(), Error> {
    if UFRAG_LENGTH.contains(&text.len()) && is_ice_chars(text) { Ok(()) } else { Err(UFRAG) }
}

/// Whether it can be a password: 22 to 256 characters, the same ones.
///
/// # Errors
/// When it cannot.
pub fn check_pwd(text: &str) -> Result<(), Error> {
    if PWD_LENGTH.contains(&text.len()) && is_ice_chars(text) { Ok(()) } else { Err(PWD) }
}

fn is_ice_chars(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_graphic() && it != b':')
}
