//! Bitrates over the last fraction of a second.

/// Length of a slot of the window.
const SLOT_US: i64 = 50_000;

/// Number of slots kept, a power of two.
const N_SLOTS: usize = 16;

/// Slots of the short rate: 300 ms, nine frames of video.
const SHORT: i64 = 6;

/// Slots of the long rate: 700 ms.
const LONG: i64 = 14;
/// Length of the long rate's window in µs.
pub(crate) const LONG_US: u64 = (LONG * SLOT_US) as u64;

/// A bitrate over two windows, in bit/s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    /// Over 300 ms: the current rate.
    pub(crate) short: f64,
    /// Over 700 ms: less affected by single frames.
    pub(crate) long: f64,
}

impl Rates {
    /// The lower of the two: it shows a fall of the capacity soon, and is not raised by a burst after a pause.
    pub(crate) fn least(self) -> f64 {
        self.short.min(self.long)
    }
}

/// Counts bytes by time, on any clock. The newest slot, which is incomplete, is not included in the rates.
#[derive(Debug, Default)]
pub(crate) struct RateWindow {
    slots: [u32; N_SLOTS],
    /// The newest slot, which is incomplete.
    head: i64,
    /// Number of complete slots.
    n: i64,
    has_begun: bool,
}

impl RateWindow {
    /// Adds bytes at a time.
    pub(crate) fn add(&mut self, at_us: i64, bytes: u32) {
        let slot = at_us.div_euclid(SLOT_US);
        let ahead = slot.saturating_sub(self.head);
        if !self.has_begun || ahead < -2 * N_SLOTS as i64 {
            *self = Self { head: slot, has_begun: true, ..Self::default() };
        } else if ahead >= N_SLOTS as i64 {
            // After a pause, earlier slots are out of date.
            *self = Self { head: slot, has_begun: true, ..Self::default() };
        } else if ahead > 0 {
            for at in 1..=ahead {
                self.slots[index(self.head + at)] = 0;
            }
            self.head = slot;
            self.n = (self.n + ahead).min(LONG);
        } else if ahead <= -(N_SLOTS as i64) {
            return;
        }
        let here = &mut self.slots[index(slot)];
        *here = here.saturating_add(bytes);
    }

    /// The rates; `None` until the short window is full.
    pub(crate) fn rates(&self) -> Option<Rates> {
        if self.n < SHORT {
            return None;
        }
        let rate = |n: i64| {
            let bytes: u64 = (1..=n).map(|at| u64::from(self.slots[index(self.head - at)])).sum();
            bytes as f64 * 8.0 * 1e6 / (n * SLOT_US) as f64
        };
        Some(Rates { short: rate(SHORT), long: rate(self.n) })
    }
}

fn index(slot: i64) -> usize {
    slot.rem_euclid(N_SLOTS as i64) as usize
}
