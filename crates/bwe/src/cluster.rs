//! The result of one probe: the lower of the rates at which its packets were sent and received.

/// Packets a probe needs for a result.
pub(crate) const MIN_PACKETS: u32 = 5;

/// Packets needed for a regression line.
const MIN_FOR_LINE: u32 = 4;

/// Size of a full packet.
pub(crate) const PACKET_BYTES: u32 = 1_200;

/// Inherent loss above which a link is lossy.
const LOSSY: f64 = 0.05;

/// Part of a probe that has to arrive.
const MIN_ARRIVED: f64 = 0.8;

/// Part of a long probe that has to arrive: its end matters most.
const MIN_ARRIVED_OF_LONG: f64 = 0.9;

/// A probe that took longer is no burst, and has no result.
const MAX_SPAN_US: i64 = 1_000_000;

/// Packets received this much faster than they were sent came out of a bundle: no result.
const MAX_RATIO: f64 = 2.0;

/// Packets received at less than this part of the rate they were sent at filled a queue.
const UNSATURATED: f64 = 0.9;
/// Part of the capacity that is then used, so that the queue drains.
const UTILISATION: f64 = 0.95;

/// A probe in flight.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Cluster {
    /// Bytes to be sent; 0: no probe.
    pub(crate) bytes: u32,
    /// Bytes at its start that are not evaluated: a token bucket may let them through.
    lead: u32,
    /// Bytes received of those.
    led: u32,
    /// Its rate in bit/s.
    pub(crate) bps: u64,
    pub(crate) id: u8,
    packets: u32,
    arrived: u64,
    first_sent_us: u64,
    last_sent_us: u64,
    last_sent_bytes: u32,
    first_received_us: i64,
    last_received_us: i64,
    first_received_bytes: u32,
    /// Origin of the sums.
    origin: (u64, i64),
    /// Sums of the times at which packets were sent (x) and received (y), in ms since the origin.
    sum: Sums,
    pub(crate) is_touched: bool,
}

/// Sums for a least-squares line.
#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl Cluster {
    /// Starts a probe.
    pub(crate) fn new(id: u8, bps: u64, bytes: u32, lead: u32) -> Self {
        Self { id, bps, bytes, lead, ..Self::default() }
    }

    /// Whether it confirms a shorter one.
    pub(crate) fn is_long(&self) -> bool {
        self.lead > 0
    }

    /// Records a packet that was received.
    pub(crate) fn on_packet(&mut self, sent_us: u64, received_us: i64, bytes: u32) {
        if self.led < self.lead {
            self.led = self.led.saturating_add(bytes);
            return;
        }
        if self.packets == 0 || sent_us < self.first_sent_us {
            self.first_sent_us = sent_us;
        }
        if self.packets == 0 || sent_us >= self.last_sent_us {
            self.last_sent_us = sent_us;
            self.last_sent_bytes = bytes;
        }
        if self.packets == 0 || received_us < self.first_received_us {
            self.first_received_us = received_us;
            self.first_received_bytes = bytes;
        }
        if self.packets == 0 || received_us > self.last_received_us {
            self.last_received_us = received_us;
        }
        if self.packets == 0 {
            self.origin = (sent_us, received_us);
        }
        let x = (sent_us as f64 - self.origin.0 as f64) / 1e3;
        let y = received_us.saturating_sub(self.origin.1) as f64 / 1e3;
        self.sum.x += x;
        self.sum.y += y;
        self.sum.xx += x * x;
        self.sum.xy += x * y;
        self.packets += 1;
        self.arrived += u64::from(bytes);
        self.is_touched = true;
    }

    /// Whether any of its packets was received.
    pub(crate) fn has_arrived(&self) -> bool {
        self.packets > 0 || self.led > 0
    }

    /// The rate that fits, in bit/s, and whether it fills the link. `inherent`: the loss of the link at any rate.
    /// `None`: no result, or not yet.
    pub(crate) fn result(&self, inherent: f64) -> Option<(f64, bool)> {
        // On a lossy link, two of a few packets are easily lost.
        let spare = if inherent > LOSSY { 2 } else { 1 };
        let least = if self.is_long() { MIN_ARRIVED_OF_LONG } else { MIN_ARRIVED };
        let share = least * (1.0 - inherent);
        let bytes = f64::from(self.bytes.saturating_sub(self.lead));
        let needed = (bytes * share).min(bytes - f64::from(spare * PACKET_BYTES));
        if self.packets + spare < MIN_PACKETS || (self.arrived as f64) < needed {
            return None;
        }
        let sent_us = self.last_sent_us.saturating_sub(self.first_sent_us) as i64;
        let received_us = self.last_received_us.saturating_sub(self.first_received_us);
        if received_us <= 0 || received_us > MAX_SPAN_US || !(0..=MAX_SPAN_US).contains(&sent_us) {
            return None;
        }
        let rate = |without: u32, us: i64| {
            let bytes = self.arrived.saturating_sub(u64::from(without)) as f64;
            bytes / (1.0 - inherent) * 8.0 * 1e6 / us.max(1) as f64
        };
        // If all was sent at once, the received rate counts alone. The result is at most 1.2 times the rate asked for.
        let send = if sent_us == 0 { f64::MAX } else { rate(self.last_sent_bytes, sent_us) };
        let receive = match self.stretch() {
            Some(stretch) if send < f64::MAX => send / stretch,
            _ => rate(self.first_received_bytes, received_us),
        };
        if receive > MAX_RATIO * send {
            return None;
        }
        let send = send.min(1.2 * self.bps as f64);
        let is_full = receive < UNSATURATED * send;
        Some((if is_full { UTILISATION * receive } else { send.min(receive) }, is_full))
    }

    /// How much longer it took to receive the probe than to send it: the slope of a line through all packets, which
    /// jitter affects less than the first and last packet. `None` if there were too few packets, or all were sent at
    /// once.
    fn stretch(&self) -> Option<f64> {
        let n = f64::from(self.packets);
        let Sums { x, y, xx, xy } = self.sum;
        let divisor = n * xx - x * x;
        if self.packets < MIN_FOR_LINE || divisor < n * n {
            return None;
        }
        let slope = (n * xy - x * y) / divisor;
        (slope > 0.0).then_some(slope)
    }
}
