//! A probe of the viewer's link under way: more than is there to be sent, for a moment, evenly.

use bwe::Probe;

/// Packets of a probe go in steps of this; a timer that is late by as much is made up for.
const STEP_US: u64 = 2_000;

/// A probe that could not be sent in this many times its duration is given up.
const PATIENCE: u64 = 3;

/// A probe under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probing {
    probe: Probe,
    began_us: u64,
    sent: u32,
}

impl Probing {
    pub(super) fn new(probe: Probe, now_us: u64) -> Self {
        Self { probe, began_us: now_us, sent: 0 }
    }

    /// What its packets are marked with.
    pub(super) fn id(&self) -> u8 {
        self.probe.id
    }

    /// Bytes were sent while it runs, media or filling.
    pub(super) fn note(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes as u32);
    }

    /// Bytes that it lacks now.
    pub(super) fn lacks(&self, now_us: u64) -> usize {
        let elapsed = now_us.saturating_sub(self.began_us) + STEP_US;
        let due = (u128::from(self.probe.bps) * u128::from(elapsed) / 8_000_000) as u64;
        let due = due.min(self.probe.bytes.into());
        due.saturating_sub(self.sent.into()) as usize
    }

    /// Whether nothing more is to be sent of it.
    pub(super) fn is_over(&self, now_us: u64) -> bool {
        self.sent >= self.probe.bytes
            || now_us.saturating_sub(self.began_us) > PATIENCE * self.probe.duration_us
    }

    /// When it lacks more.
    pub(super) fn next_us(&self, now_us: u64) -> u64 {
        now_us + STEP_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_sent_evenly_and_media_counts() {
        let probe = Probe { id: 1, bps: 8_000_000, bytes: 15_000, duration_us: 15_000 };
        let mut it = Probing::new(probe, 1_000_000);
        assert_eq!(it.lacks(1_000_000), 2_000);
        it.note(2_400);
        assert_eq!(it.lacks(1_000_000), 0);
        assert_eq!(it.lacks(1_005_000), 7_000 - 2_400);
        it.note(12_000);
        assert_eq!((it.lacks(1_050_000), it.is_over(1_020_000)), (600, false));
        assert!(it.is_over(1_050_000), "too late");
        it.note(600);
        assert!(it.is_over(1_015_000));
    }
}
