//! How far a run is, in one line.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::options::Options;
use synth::stats::Totals;

/// What a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Publishers connect.
    Publishing,
    /// Viewers join.
    Joining,
    /// All have joined; this is measured.
    Steady,
}

/// The state of a run; its text is one line.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    phase: Phase,
    elapsed: Duration,
    duration: Duration,
    viewers: u64,
    joined: u64,
    failed: u64,
    packets: u64,
    bytes: u64,
    lost: u64,
}

impl Progress {
    pub(crate) fn read(
        totals: &Totals,
        options: &Options,
        phase: Phase,
        elapsed: Duration,
    ) -> Self {
        Self {
            phase,
            elapsed,
            duration: options.duration,
            viewers: options.everybody() as u64,
            joined: totals.joined.load(Ordering::Relaxed),
            failed: totals.failed.load(Ordering::Relaxed),
            packets: totals.packets.load(Ordering::Relaxed),
            bytes: totals.bytes.load(Ordering::Relaxed),
            lost: totals.lost.load(Ordering::Relaxed),
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { viewers, joined, failed, packets, lost, .. } = self;
        match self.phase {
            Phase::Publishing => return f.write_str("publishers connect"),
            Phase::Joining => write!(f, "joining   ")?,
            Phase::Steady => {
                write!(f, "steady {}/{} s  ", self.elapsed.as_secs(), self.duration.as_secs())?;
            }
        }
        write!(f, "{joined}/{viewers} watch, {failed} failed, {packets} packets, ")?;
        write!(f, "{} MB, {lost} lost", self.bytes / 1_000_000)
    }
}
