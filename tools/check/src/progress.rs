//! How far a check is.

use std::fmt;

/// How a check goes; its text is one line.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub(crate) step: &'static str,
    pub(crate) judged: usize,
    pub(crate) of: usize,
    pub(crate) failed: usize,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, judged, of, failed } = self;
        write!(f, "{step}  ({judged} of {of} judged, {failed} failed)")
    }
}
