//! The direction of media.

use crate::attributes::Attributes;

/// The direction of media, from the view of the description's author (RFC 8866, section 6.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    /// The name of its attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction with this attribute name.
    pub fn parse(name: &str) -> Option<Self> {
        // All have eight letters, so the length excludes most names.
        if name.len() != 8 {
            return None;
        }
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Whether the author of the description sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the author of the description receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same direction from the other side's view.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::SendRecv | Self::Inactive => self,
        }
    }
}

impl Attributes<'_> {
    /// The direction of these attributes. Of several, the last one counts.
    pub fn direction(&self) -> Option<Direction> {
        self.iter().rev().find_map(|(name, _)| Direction::parse(name))
    }
}
