//! Timestamps of one stream as the room sees them: they go on although the sender's clock stands still,
//! jumps or goes back on the same SSRC. Pure.
//!
//! A timestamp is judged by its packet's transit, the time from its capture to its arrival in the two
//! clocks, against the smallest one of late. A queue on the way makes the transit longer for a while, and
//! never shorter: packets that catch up after a stall are not taken for a clock that jumped.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// How far ahead of the smallest transit a timestamp may be, in seconds. No network does that; what is
/// left are clocks that drift, and the sender's time between capture and sending.
const MAX_AHEAD: i64 = 1;

/// How far behind it may be, in seconds: the longest queue that still delivers what is in it. A clock that
/// stood still for less cannot be told from such a queue, and players treat both as a delay.
const MAX_BEHIND: i64 = 5;

/// How far a timestamp may be below the highest so far, in seconds. B-frames go back by the frames that
/// they are shown before: 0.5 s at most.
const MAX_BACK: i64 = 1;

/// The longest step of the room's clock, in ticks, 3.3 hours of video: a longer one looks like a step
/// back, since timestamps are compared modulo 2^32.
const MAX_STEP: i64 = 1 << 30;

/// The smallest transit is that of the last one to two of these, as long as packets come: it follows a
/// clock that drifts, and outlasts any queue.
const WINDOW: Duration = Duration::from_secs(10);

/// Mappings that are remembered for late packets.
const REMEMBERED: usize = 3;

/// A sequence number this far behind the newest is no late packet: the stream began anew.
const RESTART: u64 = 1 << 15;

/// The timestamps of one stream.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    clock_rate: u32,
    /// Arrivals are counted from here.
    epoch: Instant,
    newest: u64,
    newest_at: Instant,
    least: LeastTransit,
    mapping: Mapping,
    /// Those before, the latest first.
    before: [Option<Mapping>; REMEMBERED - 1],
}

/// What is added to timestamps between two discontinuities.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    first_seq: u64,
    first_ts: u32,
    last_seq: u64,
    highest_ts: u32,
    offset: u32,
}

/// The smallest transit of late, in ticks modulo 2^32.
#[derive(Debug, Clone, Copy)]
struct LeastTransit {
    current: u32,
    /// That of the window before.
    before: u32,
    since: Instant,
}

impl Timeline {
    /// Maps a packet's timestamp. Returns it with whether a discontinuity was bridged before it: only of
    /// a packet that is newer than all so far.
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

    /// What to add from a packet on that is newer than all so far, when its timestamp does not go on from
    /// theirs.
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
            // As if this packet had taken the smallest transit.
            let mapped = ts.wrapping_add(offset).wrapping_add(behind as u32);
            difference(mapped, highest)
        };
        // At least a millisecond: two frames with one timestamp would be one frame.
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

    /// Maps a late packet as its neighbours were. One that was missing where the clock jumped is of the
    /// side that its timestamp is closer to.
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

/// `a - b` of numbers modulo 2^32.
fn difference(a: u32, b: u32) -> i64 {
    (a.wrapping_sub(b) as i32).into()
}

fn ticks(time: Duration, clock_rate: u32) -> u64 {
    let rate = u64::from(clock_rate);
    let seconds = time.as_secs().wrapping_mul(rate);
    seconds.wrapping_add(u64::from(time.subsec_nanos()) * rate / 1_000_000_000)
}
