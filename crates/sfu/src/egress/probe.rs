//! A running probe of the viewer's link: a short burst above the media's bitrate, sent evenly.

use bwe::Probe;

/// The interval at which a probe sends packets, in microseconds. Its timer may be late by as much.
const STEP_US: u64 = 2_000;

/// A probe that is not completely sent after this many times its duration is given up.
const PATIENCE: u64 = 3;

/// A running probe.
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

    /// The id that marks its packets.
    pub(super) fn id(&self) -> u8 {
        self.probe.id
    }

    /// Counts bytes that were sent while it runs: of media or to fill it.
    pub(super) fn note(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes as u32);
    }

    /// The bytes that it has to send now, to be on schedule until its next step.
    pub(super) fn lacks(&self, now_us: u64) -> usize {
        let elapsed = now_us.saturating_sub(self.began_us) + STEP_US;
        let due = (u128::from(self.probe.bps) * u128::from(elapsed) / 8_000_000) as u64;
        let due = due.min(self.probe.bytes.into());
        due.saturating_sub(self.sent.into()) as usize
    }

    /// Whether it was sent completely or is given up.
    pub(super) fn is_over(&self, now_us: u64) -> bool {
        self.sent >= self.probe.bytes
            || now_us.saturating_sub(self.began_us) > PATIENCE * self.probe.duration_us
    }

    /// When it has to send more, in microseconds.
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
        assert!(it.is_over(1_050_000), "more than three times its duration has passed");
        it.note(600);
        assert!(it.is_over(1_015_000));
    }
}
