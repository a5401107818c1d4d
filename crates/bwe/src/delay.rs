//! Detects a growing queue on the path from the one-way delay of packets, and its length. The clocks need not agree:
//! only changes of their difference matter.

use super::trendline::{Trend, Trendline};

/// Packets sent within this time of a group's first packet are one group.
const GROUP_US: u64 = 5_000;

/// Packets that arrive within this time, and closer than they were sent, left some queue together: Wi-Fi and mobile
/// links send in bundles. They are one group, for up to [`MAX_BUNDLE_US`].
const BUNDLE_US: i64 = 5_000;
const MAX_BUNDLE_US: i64 = 100_000;

/// If the delay changes by more from one group to the next, a clock was set.
const CLOCK_JUMP_US: i64 = 3_000_000;

/// If this many groups in a row arrive before their predecessors, a clock was set.
const MAX_BACKWARDS: u8 = 3;

/// Half of the time over which the least delay counts as that of the empty link. With a longer time, clock drift
/// matters; with a shorter one, a standing queue is taken for the link.
const BASE_US: u64 = 10_000_000;

/// The least delay of this many groups is the queue's; the rest is jitter.
const RECENT: usize = 6;
/// Half as many groups suffice for a queue longer than [`LONG_QUEUE_US`], which cannot be jitter.
const HALF: usize = RECENT / 2;
/// A longer queue is a long one, in µs.
const LONG_QUEUE_US: i64 = 60_000;

/// A shorter queue is ignored, in µs: schedulers cause as much.
const LEAST_QUEUE_US: i64 = 10_000;

/// With a longer queue the estimate does not grow, in µs.
const STANDING_QUEUE_US: i64 = 40_000;

/// A queue that gets shorter by this within [`RECENT`] groups is draining, in µs.
const DRAINED_US: i64 = 3_000;

/// A long queue that has not got shorter for this long is stuck: it is full, or was filled before a trend could be
/// seen.
const STUCK_US: u64 = 1_200_000;

/// By how much a queue gets shorter in that time if it is not stuck, in µs.
const UNSTUCK_US: i64 = 10_000;

/// The load of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// A queue drains.
    Under,
    /// No queue drains or grows.
    Normal,
    /// A queue grows.
    Over,
}

/// Packets that were sent together.
#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent_us: u64,
    last_sent_us: u64,
    first_received_us: i64,
    last_received_us: i64,
    /// The least delay of its packets: the queue before the group itself.
    delay_us: i64,
}

impl Group {
    fn new(sent_us: u64, received_us: i64) -> Self {
        Self {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_received_us: received_us,
            last_received_us: received_us,
            delay_us: delay(sent_us, received_us),
        }
    }

    /// Whether a packet is of this group. It must not be sent before the group began.
    fn has(&self, sent_us: u64, received_us: i64) -> bool {
        let sent_delta = sent_us.saturating_sub(self.last_sent_us) as i64;
        let received_delta = received_us.saturating_sub(self.last_received_us);
        let bundled = received_delta < sent_delta
            && received_delta <= BUNDLE_US
            && received_us.saturating_sub(self.first_received_us) < MAX_BUNDLE_US;
        bundled || sent_us - self.first_sent_us <= GROUP_US
    }

    fn add(&mut self, sent_us: u64, received_us: i64) {
        self.last_sent_us = self.last_sent_us.max(sent_us);
        self.last_received_us = self.last_received_us.max(received_us);
        self.delay_us = self.delay_us.min(delay(sent_us, received_us));
    }
}

/// The delay between two clocks: only differences of it have a meaning.
fn delay(sent_us: u64, received_us: i64) -> i64 {
    received_us.saturating_sub_unsigned(sent_us)
}

/// A long queue.
#[derive(Debug, Clone, Copy)]
struct LongQueue {
    /// Since when it has not got shorter.
    since_us: u64,
    /// Its length then.
    least_us: i64,
    /// Whether it was reported as stuck.
    is_told: bool,
}

/// Tracks the one-way delay.
#[derive(Debug, Default)]
pub(crate) struct Delay {
    group: Option<Group>,
    previous: Option<Group>,
    backwards: u8,
    trendline: Trendline,
    /// The delays of the last groups; a ring buffer.
    recent: [i64; RECENT],
    n_groups: usize,
    /// The least delay in the current period of [`BASE_US`], and in the one before.
    base_us: [i64; 2],
    base_until_us: u64,
    /// Average change of the delay from one group to the next.
    spread_us: f64,
    long: Option<LongQueue>,
    is_stuck: bool,
}

impl Delay {
    /// Records a packet that was received.
    pub(crate) fn on_packet(&mut self, sent_us: u64, received_us: i64) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group::new(sent_us, received_us));
            return;
        };
        if sent_us < group.first_sent_us {
            return;
        }
        if group.has(sent_us, received_us) {
            group.add(sent_us, received_us);
            return;
        }
        let group = *group;
        self.group = Some(Group::new(sent_us, received_us));
        self.on_group(group);
    }

    /// The load of the link.
    pub(crate) fn usage(&self) -> Usage {
        match self.trendline.trend() {
            Trend::Rising if self.has_queue() && !self.is_draining() => Usage::Over,
            Trend::Falling => Usage::Under,
            Trend::Level | Trend::Rising => Usage::Normal,
        }
    }

    /// Whether the queue is so long that the rate should not grow.
    pub(crate) fn is_queue_standing(&self) -> bool {
        self.queue_us() > STANDING_QUEUE_US
    }

    /// Jitter of the delay, in µs.
    pub(crate) fn jitter_us(&self) -> u64 {
        self.spread_us as u64
    }

    /// Whether a long queue was found stuck since the last call.
    pub(crate) fn take_stuck(&mut self) -> bool {
        std::mem::take(&mut self.is_stuck)
    }

    /// Length of the queue: the least delay of the last groups, above that of the empty link.
    fn queue_us(&self) -> i64 {
        self.newest_us().min(self.older_us())
    }

    fn newest_us(&self) -> i64 {
        self.above_base(1..=HALF)
    }

    fn older_us(&self) -> i64 {
        self.above_base(HALF + 1..=RECENT)
    }

    /// The least delay of the groups at these positions, counted back from the last, above that of the empty link.
    fn above_base(&self, ago: std::ops::RangeInclusive<usize>) -> i64 {
        if self.n_groups < RECENT {
            return 0;
        }
        let delay = |ago: usize| self.recent[(self.n_groups - ago) % RECENT];
        let least = ago.map(delay).min().unwrap_or(0);
        least.saturating_sub(self.base_us[0].min(self.base_us[1]))
    }

    /// Whether there is a queue. Slowly changing jitter looks like a trend; a queue shows in the least delay as well.
    fn has_queue(&self) -> bool {
        self.queue_us() > LEAST_QUEUE_US + (1.5 * self.spread_us) as i64 || self.is_queue_long()
    }

    /// Whether there is a queue beyond doubt.
    pub(crate) fn is_queue_long(&self) -> bool {
        self.newest_us() > LONG_QUEUE_US + (2.0 * self.spread_us) as i64
    }

    /// Whether the queue gets shorter, which the trend shows later.
    fn is_draining(&self) -> bool {
        self.newest_us() < self.older_us().saturating_sub(DRAINED_US)
    }

    fn on_group(&mut self, group: Group) {
        let Some(previous) = self.previous.replace(group) else {
            self.base_us = [group.delay_us; 2];
            self.base_until_us = group.first_sent_us + BASE_US;
            return;
        };
        let change = group.delay_us.saturating_sub(previous.delay_us);
        let received_delta = group.last_received_us.saturating_sub(previous.last_received_us);
        if change.saturating_abs() > CLOCK_JUMP_US {
            self.restart(group);
            return;
        }
        if received_delta < 0 {
            self.backwards += 1;
            if self.backwards >= MAX_BACKWARDS {
                self.restart(group);
            } else {
                self.previous = Some(previous);
            }
            return;
        }
        self.backwards = 0;
        if !self.is_queue_standing() {
            self.spread_us += 0.05 * (change.unsigned_abs() as f64 - self.spread_us);
        }
        self.recent[self.n_groups % RECENT] = group.delay_us;
        self.n_groups += 1;
        self.learn_base(group);
        self.watch_long_queue(&group);
        let sent_delta = group.last_sent_us.saturating_sub(previous.last_sent_us);
        self.trendline.push(
            group.last_received_us as f64 / 1e3,
            group.delay_us as f64 / 1e3,
            sent_delta as f64 / 1e3,
        );
    }

    fn learn_base(&mut self, group: Group) {
        if group.first_sent_us >= self.base_until_us {
            self.base_us = [group.delay_us, self.base_us[0]];
            self.base_until_us = group.first_sent_us + BASE_US;
        }
        self.base_us[0] = self.base_us[0].min(group.delay_us);
    }

    /// Detects a stuck queue. One that stays although less is sent is not ours: the path has changed, or other traffic
    /// keeps it full.
    fn watch_long_queue(&mut self, group: &Group) {
        let now_us = group.first_sent_us;
        let queue_us = self.newest_us();
        if !self.is_queue_long() {
            self.long = None;
            return;
        }
        let new = LongQueue { since_us: now_us, least_us: queue_us, is_told: false };
        match &mut self.long {
            Some(long) if queue_us >= long.least_us - UNSTUCK_US => {
                if now_us.saturating_sub(long.since_us) < STUCK_US {
                    return;
                }
                if !long.is_told {
                    self.is_stuck = true;
                    long.is_told = true;
                    long.since_us = now_us;
                    return;
                }
                self.long = None;
                self.base_us = [group.delay_us; 2];
            }
            long => *long = Some(new),
        }
    }

    /// Discards everything from the old clock.
    fn restart(&mut self, group: Group) {
        *self = Self { group: self.group, ..Self::default() };
        self.on_group(group);
    }
}
