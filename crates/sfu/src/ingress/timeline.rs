//! Maps the RTP timestamps of one stream to the room's, which stay continuous when the sender's clock stands still,
//! jumps or goes back on the same SSRC. Pure.
//!
//! A timestamp is judged by its packet's transit: arrival time minus timestamp. The reference is the smallest recent
//! transit. A queue on the path makes the transit longer for a while, never shorter: packets that catch up after a
//! stall do not look like a clock that jumped.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// How far a transit may be below the smallest recent one, in seconds. No network causes that; clock drift and the
/// sender's delay between capture and sending do.
const MAX_AHEAD: i64 = 1;

/// How far a transit may be above the smallest recent one, in seconds: the longest queue that still delivers its
/// packets. A clock that stood still for less cannot be told from such a queue, and players treat both as a delay.
const MAX_BEHIND: i64 = 5;

/// How far a timestamp may be below the highest so far, in seconds. B-frames go back by the frames that they are shown
/// before: 0.5 s at most.
const MAX_BACK: i64 = 1;

/// The longest step of the room's clock, in ticks: 3.3 hours of video. A longer step looks like a step back, since
/// timestamps are compared modulo 2^32.
const MAX_STEP: i64 = 1 << 30;

/// The smallest transit is measured over the last one to two windows of this length, while packets arrive: long enough
/// to outlast any queue, short enough to follow a drifting clock.
const WINDOW: Duration = Duration::from_secs(10);

/// Mappings remembered for late packets.
const REMEMBERED: usize = 3;

/// A sequence number this far behind the newest is not a late packet: the stream has restarted.
const RESTART: u64 = 1 << 15;

/// Maps the timestamps of one stream.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    clock_rate: u32,
    /// Origin of arrival times.
    epoch: Instant,
    newest: u64,
    newest_at: Instant,
    least: LeastTransit,
    mapping: Mapping,
    /// Earlier mappings, the latest first.
    before: [Option<Mapping>; REMEMBERED - 1],
}

/// The offset added to timestamps between two discontinuities, and the packets it applied to.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    first_seq: u64,
    first_ts: u32,
    last_seq: u64,
    highest_ts: u32,
    offset: u32,
}

/// The smallest recent transit, in ticks modulo 2^32.
#[derive(Debug, Clone, Copy)]
struct LeastTransit {
    current: u32,
    /// The smallest transit of the previous window.
    before: u32,
    since: Instant,
}

impl Timeline {
    /// Maps a packet's timestamp. Also returns whether a discontinuity was bridged before this packet, which only
    /// happens at a packet newer than all so far.
    pub(crate) fn map(
        &mut self,
        seq: u64,
        ts: u32,
        clock_rate: u32,
        arrived: Instant,
    ) -> (u32, bool) {
        let clock_rate = clock_rate.max(1);
        let Some(state) = &mut self.state else {
            self.state = Some(State::new(seq, ts, clock_rate, arrived));
            return (ts, false);
        };
        if seq <= state.newest && state.newest - seq <= RESTART {
            return (state.late(seq, ts), false);
        }
        let bridged = state.step(seq, ts, clock_rate, arrived);
        if let Some(offset) = bridged {
            state.begin(Mapping::new(seq, ts, offset), clock_rate, arrived);
        } else {
            state.go_on(seq, ts, arrived);
        }
        (ts.wrapping_add(state.mapping.offset), bridged.is_some())
    }
}

impl State {
    fn new(seq: u64, ts: u32, clock_rate: u32, arrived: Instant) -> Self {
        Self {
            clock_rate,
            epoch: arrived,
            newest: seq,
            newest_at: arrived,
            least: LeastTransit::new(0_u32.wrapping_sub(ts), arrived),
            mapping: Mapping::new(seq, ts, 0),
            before: [None; REMEMBERED - 1],
        }
    }

    /// The offset from this packet on, if its timestamp does not continue those before it; else `None`. The packet must
    /// be newer than all so far.
    fn step(&self, seq: u64, ts: u32, clock_rate: u32, arrived: Instant) -> Option<u32> {
        let Mapping { highest_ts, offset, .. } = self.mapping;
        let elapsed = ticks(arrived.saturating_duration_since(self.newest_at), clock_rate);
        let (least, second) = (self.least.get(), i64::from(clock_rate));
        let behind = difference(self.transit(ts, arrived), least);
        let is_other_clock = clock_rate != self.clock_rate;
        let is_jump = is_other_clock
            || seq < self.newest
            || elapsed > MAX_STEP as u64
            || behind < -MAX_AHEAD * second
            || behind > MAX_BEHIND * second
            || difference(highest_ts, ts) > MAX_BACK * second;
        if !is_jump {
            return None;
        }
        let highest = highest_ts.wrapping_add(offset);
        let step = if is_other_clock || elapsed > MAX_STEP as u64 {
            elapsed.min(MAX_STEP as u64) as i64
        } else {
            // Assume that this packet had the smallest transit.
            let mapped = ts.wrapping_add(offset).wrapping_add(behind as u32);
            difference(mapped, highest)
        };
        // At least 1 ms: two frames with the same timestamp would be one frame.
        let step = step.clamp((second / 1_000).max(1), MAX_STEP);
        Some(highest.wrapping_add(step as u32).wrapping_sub(ts))
    }

    fn go_on(&mut self, seq: u64, ts: u32, arrived: Instant) {
        self.least.take(self.transit(ts, arrived), arrived);
        (self.newest, self.newest_at) = (seq, arrived);
        self.mapping.last_seq = seq;
        if difference(ts, self.mapping.highest_ts) > 0 {
            self.mapping.highest_ts = ts;
        }
    }

    fn begin(&mut self, mapping: Mapping, clock_rate: u32, arrived: Instant) {
        if mapping.first_seq > self.newest {
            self.before.rotate_right(1);
            self.before[0] = Some(self.mapping);
        } else {
            self.before = [None; REMEMBERED - 1];
        }
        self.clock_rate = clock_rate;
        (self.newest, self.newest_at) = (mapping.first_seq, arrived);
        self.least = LeastTransit::new(self.transit(mapping.first_ts, arrived), arrived);
        self.mapping = mapping;
    }

    /// Maps a late packet like its neighbours. A packet that was missing where the clock jumped belongs to the side
    /// whose timestamps are closer to its own.
    fn late(&self, seq: u64, ts: u32) -> u32 {
        let mut mapping = &self.mapping;
        for earlier in self.before.iter().flatten() {
            let is_between = seq > earlier.last_seq;
            let is_closer =
                difference(ts, mapping.first_ts).abs() <= difference(ts, earlier.highest_ts).abs();
            if seq >= mapping.first_seq || (is_between && is_closer) {
                break;
            }
            mapping = earlier;
        }
        ts.wrapping_add(mapping.offset)
    }

    fn transit(&self, ts: u32, arrived: Instant) -> u32 {
        let arrived = arrived.saturating_duration_since(self.epoch);
        (ticks(arrived, self.clock_rate) as u32).wrapping_sub(ts)
    }
}

impl Mapping {
    fn new(seq: u64, ts: u32, offset: u32) -> Self {
        Self { first_seq: seq, first_ts: ts, last_seq: seq, highest_ts: ts, offset }
    }
}

impl LeastTransit {
    fn new(transit: u32, now: Instant) -> Self {
        Self { current: transit, before: transit, since: now }
    }

    fn get(&self) -> u32 {
        smaller(self.current, self.before)
    }

    fn take(&mut self, transit: u32, now: Instant) {
        if now.saturating_duration_since(self.since) >= WINDOW {
            *self = Self { current: transit, before: self.current, since: now };
        } else {
            self.current = smaller(self.current, transit);
        }
    }
}

fn smaller(a: u32, b: u32) -> u32 {
    if difference(a, b) < 0 { a } else { b }
}

/// `a - b` modulo 2^32, as a signed number.
fn difference(a: u32, b: u32) -> i64 {
    (a.wrapping_sub(b) as i32).into()
}

fn ticks(time: Duration, clock_rate: u32) -> u64 {
    let rate = u64::from(clock_rate);
    let seconds = time.as_secs().wrapping_mul(rate);
    seconds.wrapping_add(u64::from(time.subsec_nanos()) * rate / 1_000_000_000)
}
