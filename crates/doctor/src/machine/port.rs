//! A port, and whether a firewall lets it in.

use std::fmt;

/// A port of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
    /// Of TCP.
    Tcp(u16),
    /// Of UDP.
    Udp(u16),
}

impl Port {
    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Self::Tcp(n) | Self::Udp(n) => n,
        }
    }

    /// `tcp` or `udp`, as rules name it.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Udp(_) => "udp",
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol().to_uppercase(), self.number())
    }
}

/// What a firewall does with a port's first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It lets it in.
    Open,
    /// It drops it.
    Closed,
    /// Its rules cannot be read, or cannot be understood.
    Unknown,
}
