//! Who of a room publishes, and whose media a viewer is sent.

use std::fmt;

/// The most guests of a room.
pub const MAX_GUESTS: u8 = 8;

/// A place from which a room is published to: that of the host, or of one guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(u8);

impl Seat {
    /// The host's.
    pub const HOST: Self = Self(0);

    /// That of guest `n`, from 0; `None` if there is no such place.
    pub const fn guest(n: u8) -> Option<Self> {
        if n < MAX_GUESTS { Some(Self(n + 1)) } else { None }
    }

    /// Those of all guests.
    pub fn guests() -> impl Iterator<Item = Self> {
        (0..MAX_GUESTS).filter_map(Self::guest)
    }

    /// Which guest's it is, from 0; `None` for the host's.
    pub const fn guest_index(self) -> Option<u8> {
        self.0.checked_sub(1)
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
            None => f.write_str("host"),
            Some(n) => write!(f, "guest {n}"),
        }
    }
}

/// Whose media a viewer is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// Whether the host's: not to the host itself.
    pub has_host: bool,
    /// Those of guests, by seat; each at most once.
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
