//! Where progress is written: one line of standard error that changes, or one now and then.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a progress line is written where it cannot be overwritten.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Standard error, as progress sees it.
pub(crate) struct Screen {
    is_terminal: bool,
    told_at: Option<Instant>,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), told_at: None }
    }

    pub(crate) fn tell(&mut self, progress: &dyn Display) {
        if self.is_terminal {
            _ = write!(io::stderr(), "\r\x1b[K{progress}");
            self.told_at = Some(Instant::now());
        } else if self.told_at.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
            _ = writeln!(io::stderr(), "{progress}");
            self.told_at = Some(Instant::now());
        }
    }

    pub(crate) fn clear(&self) {
        if self.is_terminal && self.told_at.is_some() {
            _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
