//! How many bits a second, over the last fraction of a second.

/// One slot of the window.
const SLOT_US: i64 = 50_000;

/// Slots kept, a power of two.
const N_SLOTS: usize = 16;

/// Slots of the short rate: 300 ms, nine frames of video.
const SHORT: i64 = 6;

/// Slots of the long rate: 700 ms.
const LONG: i64 = 14;
/// The same in microseconds.
pub(crate) const LONG_US: u64 = (LONG * SLOT_US) as u64;

/// A rate over two windows, in bits a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    /// Over 300 ms: what the link does now.
    pub(crate) short: f64,
    /// Over 700 ms: less shaken by single frames.
    pub(crate) long: f64,
}

impl Rates {
    /// The lower: it has seen a capacity that fell, and is not fooled by a burst after a pause.
    pub(crate) fn least(self) -> f64 {
        self.short.min(self.long)
    }
}

/// Counts bytes by time, on any clock. What is not yet a whole slot is not counted.
#[derive(Debug, Default)]
pub(crate) struct RateWindow {
    slots: [u32; N_SLOTS],
    /// The newest slot, which still fills.
    head: i64,
    /// Whole slots there are.
    n: i64,
    has_begun: bool,
}

impl RateWindow {
    /// Bytes at a time.
    pub(crate) fn add(&mut self, at_us: i64, bytes: u32) {
        let slot = at_us.div_euclid(SLOT_US);
        let ahead = slot.saturating_sub(self.head);
        if !self.has_begun || ahead < -2 * N_SLOTS as i64 {
            *self = Self { head: slot, has_begun: true, ..Self::default() };
        } else if ahead >= N_SLOTS as i64 {
            // After a pause the rate of before says nothing.
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

    /// The rates; `None` before there is enough for the short one.
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
