//! Who of a room publishes, and whose media a viewer is sent.

use std::fmt;

/// The most guests of a room.
pub const MAX_GUESTS: u8 = 8;

/// A place from which a room is published to: that of the host, of its second picture, or of one guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(u8);

impl Seat {
    /// The host's.
    pub const HOST: Self = Self(0);

    /// That of the host's second picture, such as a screen beside its camera. It has no sound.
    pub const SECOND: Self = Self(MAX_GUESTS + 1);

    /// That of guest `n`, from 0; `None` if there is no such place.
    pub const fn guest(n: u8) -> Option<Self> {
        if n < MAX_GUESTS { Some(Self(n + 1)) } else { None }
    }

    /// Those of all guests.
    pub fn guests() -> impl Iterator<Item = Self> {
        (0..MAX_GUESTS).filter_map(Self::guest)
    }

    /// Those of all but the host's first picture.
    pub fn others() -> impl Iterator<Item = Self> {
        Self::guests().chain([Self::SECOND])
    }

    /// The seat of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        if number <= MAX_GUESTS + 1 { Some(Self(number)) } else { None }
    }

    /// Its index among all but the host's, from 0; `None` for the host's.
    pub const fn index_beside_host(self) -> Option<u8> {
        self.0.checked_sub(1)
    }

    /// Which guest's it is, from 0; `None` for the host's two.
    pub const fn guest_index(self) -> Option<u8> {
        match self.0 {
            1..=MAX_GUESTS => Some(self.0 - 1),
            _ => None,
        }
    }

    /// 0 for the host, 1 for the first guest, and so on.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether it is the host's.
    pub const fn is_host(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.guest_index() {
            None if self.is_host() => f.write_str("host"),
            None => f.write_str("second picture"),
            Some(n) => write!(f, "guest {n}"),
        }
    }
}

/// Whose media a viewer is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// Whether the host's: not to the host itself.
    pub has_host: bool,
    /// Those of guests and of the host's second picture, by seat; each at most once.
    pub guests: Vec<Shown>,
    /// Whether there may ever be others: the viewer takes further offers.
    pub may_change: bool,
}

impl Default for Cast {
    /// The host alone, for as long as the viewer is there.
    fn default() -> Self {
        Self { has_host: true, guests: Vec::new(), may_change: false }
    }
}

/// A guest as a viewer's description names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its place.
    pub seat: Seat,
    /// The stream of its tracks (`a=msid`).
    pub stream: String,
}
