use super::*;
use crate::testing::{START, allocations_in};

const VIDEO: u32 = 90_000;
const HOUR: i64 = 3_600_000;

/// A stream at 30 frames/s. The test controls the sender's clock and the network.
struct Stream {
    timeline: Timeline,
    seq: u64,
    clock_rate: u32,
    /// Real time, in milliseconds.
    now: i64,
    /// The sender's clock, in milliseconds.
    clock: i64,
    first_ts: u32,
    /// The last mapped timestamp, in ticks since the first.
    out: i64,
    last_out: Option<u32>,
    discontinuities: usize,
}

impl Stream {
    fn new(first_ts: u32) -> Self {
        Self {
            timeline: Timeline::default(),
            seq: 1_000,
            clock_rate: VIDEO,
            now: 0,
            clock: 0,
            first_ts,
            out: 0,
            last_out: None,
            discontinuities: 0,
        }
    }

    fn ts(&self, clock: i64) -> u32 {
        self.first_ts.wrapping_add((clock * i64::from(self.clock_rate) / 1_000) as u32)
    }

    /// A frame arrives `delay` milliseconds after it was sent; returns whether a discontinuity was bridged.
    fn frame(&mut self, delay: u64) -> bool {
        let arrived = *START + Duration::from_millis(self.now as u64 + delay);
        let ts = self.ts(self.clock);
        let (out, is_discontinuity) = self.timeline.map(self.seq, ts, self.clock_rate, arrived);
        self.seq += 1;
        if let Some(last) = self.last_out.replace(out) {
            self.out += difference(out, last);
        }
        self.discontinuities += usize::from(is_discontinuity);
        is_discontinuity
    }

    fn pass(&mut self, ms: i64) {
        self.now += ms;
        self.clock += ms;
    }

    fn play(&mut self, frames: usize) {
        for _ in 0..frames {
            assert!(!self.frame(20), "at {} ms", self.now);
            self.pass(33);
        }
    }

    /// The room's clock, in milliseconds.
    fn out_ms(&self) -> i64 {
        self.out * 1_000 / i64::from(self.clock_rate)
    }
}

#[test]
fn a_stream_whose_clock_is_right_goes_through_untouched() {
    let mut it = Stream::new(u32::MAX - 90_000);
    for _ in 0..10_000 {
        it.frame(20);
        assert_eq!(it.last_out, Some(it.ts(it.clock)));
        it.pass(33);
    }
    assert_eq!(it.discontinuities, 0);
}

#[test]
fn a_clock_that_stands_still_over_a_pause_goes_on_by_the_arrival_time() {
    let mut it = Stream::new(u32::MAX - 700_000);
    it.play(200);
    it.now += 16_000;
    assert!(it.frame(20));
    assert_eq!(it.out_ms(), it.now);
    it.pass(33);
    it.play(200);
    assert_eq!(it.out_ms(), it.now - 33);
}

#[test]
fn a_clock_that_jumps_is_bridged_once() {
    for jump in [HOUR, -HOUR, -3_000, 1_500, 20 * HOUR, -20 * HOUR] {
        let mut it = Stream::new(3_000_000_000);
        it.play(200);
        it.clock += jump;
        assert!(it.frame(25), "{jump} ms");
        // 5 ms of it are the network's.
        assert!((0..=5).contains(&(it.out_ms() - it.now)), "{jump} ms: {}", it.out_ms() - it.now);
        it.pass(33);
        it.play(200);
        assert!((0..=5).contains(&(it.out_ms() - it.now + 33)), "{jump} ms");
    }
}

#[test]
fn a_clock_that_jumps_while_packets_queue_still_goes_on() {
    let mut it = Stream::new(7);
    it.play(200);
    let before = it.out;
    it.frame(1_000);
    it.clock -= HOUR;
    assert!(it.frame(1_000));
    assert!(it.out > before, "never back, and never the same");
}

#[test]
fn a_clock_of_a_thirty_second_of_the_speed_is_kept_near_the_arrival_time() {
    let mut it = Stream::new(7);
    for frame in 0..32 * 60_i64 {
        let before = it.out;
        it.frame(20);
        assert!(frame == 0 || it.out > before);
        let lag = it.now - it.out_ms();
        assert!((0..=MAX_BEHIND * 1_000 + 40).contains(&lag), "{lag} ms at {} ms", it.now);
        it.now += 32;
        it.clock += 1;
    }
    assert!((10..=13).contains(&it.discontinuities), "{} in 60 s", it.discontinuities);
}

#[test]
fn b_frames_go_back_and_are_not_touched() {
    let mut it = Stream::new(100);
    it.play(100);
    for _ in 0..100 {
        for shown in [500, 200, 400, -480] {
            it.clock += shown;
            it.frame(20);
            assert_eq!(it.last_out, Some(it.ts(it.clock)));
            it.clock -= shown;
            it.pass(33);
        }
    }
    assert_eq!(it.discontinuities, 0);
}

#[test]
fn a_screen_that_does_not_change_for_long_is_not_touched() {
    let mut it = Stream::new(u32::MAX - 1_000);
    it.play(100);
    for pause in [5_000, 100, 60_000, 33, 600_000, HOUR, 3 * HOUR] {
        it.pass(pause);
        assert!(!it.frame(20), "after {pause} ms");
    }
}

#[test]
fn a_pause_too_long_for_timestamps_is_shortened() {
    for clock_goes_on in [true, false] {
        let mut it = Stream::new(9);
        it.play(10);
        let before = it.out;
        it.now += 10 * HOUR;
        it.clock += if clock_goes_on { 10 * HOUR } else { 33 };
        assert!(it.frame(20));
        assert_eq!(it.out - before, MAX_STEP, "the receiver sees a step ahead");
        it.pass(33);
        it.play(10);
    }
}

#[test]
fn silence_is_not_touched() {
    let mut it = Stream::new(u32::MAX - 40_000);
    it.clock_rate = 48_000;
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..2_000 {
        assert!(!it.frame(random.u64(10..150)));
        it.pass(if random.bool() { 20 } else { 400 });
    }
}

#[test]
fn what_catches_up_after_a_stall_of_two_seconds_is_not_touched() {
    for is_lost in [false, true] {
        let mut it = Stream::new(100);
        it.play(300);
        for frame in 0..60_u64 {
            // All arrive when the stall ends, or only the first and the last.
            if is_lost && (1..59).contains(&frame) {
                it.seq += 1;
            } else {
                assert!(!it.frame(2_020 - frame * 33), "frame {frame}");
            }
            it.pass(33);
        }
        it.play(300);
        assert_eq!(it.out_ms(), it.now - 33);
    }
}

#[test]
fn a_day_of_drift_is_no_discontinuity() {
    for ppm in [-100, 100] {
        let mut it = Stream::new(100);
        let mut random = fastrand::Rng::with_seed(1);
        let mut sent = 0_i64;
        while it.now < 24 * HOUR {
            assert!(!it.frame(random.u64(10..200)), "after {} ms", it.now);
            sent += 1_000;
            it.now = sent;
            it.clock = sent + sent * ppm / 1_000_000;
        }
    }
}

#[test]
fn late_packets_are_mapped_as_their_neighbours_were() {
    let mut it = Timeline::default();
    let at = |ms| *START + Duration::from_millis(ms);
    it.map(10, 1_000, VIDEO, at(0));
    assert_eq!(it.map(12, 3_970, VIDEO, at(33)), (3_970, false));
    // Packets 13 and 14 are missing, and the clock jumped.
    let (out, is_discontinuity) = it.map(15, 900_000_000, VIDEO, at(66));
    assert_eq!((out, is_discontinuity), (1_000 + 66 * 90, true));
    it.map(17, 900_003_000, VIDEO, at(99));
    assert_eq!(it.map(16, 900_000_000, VIDEO, at(100)), (out, false));
    assert_eq!(it.map(11, 1_000, VIDEO, at(100)), (1_000, false));
    assert_eq!(it.map(14, 900_000_000, VIDEO, at(100)), (out, false), "the same frame as 15");
    assert_eq!(it.map(13, 3_970, VIDEO, at(100)), (3_970, false), "the same frame as 12");
    // After two jumps all mappings are still known.
    it.map(18, 5, VIDEO, at(132));
    assert_eq!(it.map(11, 1_000, VIDEO, at(140)), (1_000, false));
    assert_eq!(it.map(16, 900_000_000, VIDEO, at(140)), (out, false));
}

#[test]
fn another_clock_rate_goes_on_by_the_arrival_time() {
    let mut it = Timeline::default();
    let at = |ms| *START + Duration::from_millis(ms);
    it.map(1, 500_000, 48_000, at(0));
    assert_eq!(it.map(2, 70, 8_000, at(1_000)), (508_000, true));
    assert_eq!(it.map(3, 230, 8_000, at(1_020)), (508_160, false));
}

#[test]
fn a_stream_that_begins_anew_further_back_goes_on() {
    let mut it = Timeline::default();
    let at = |ms| *START + Duration::from_millis(ms);
    it.map(90_000, 1_000, VIDEO, at(0));
    assert_eq!(it.map(5, 77, VIDEO, at(40)), (4_600, true));
    assert_eq!(it.map(6, 77 + 3_600, VIDEO, at(80)), (8_200, false));
}

#[test]
fn whatever_a_sender_does_the_room_sees_no_step_back_of_more_than_a_second() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut it = Stream::new(random.u32(..));
        let mut highest = 0;
        for _ in 0..300 {
            it.frame(random.u64(0..3_000));
            it.now += random.i64(0..100);
            it.clock += match random.u8(..) {
                0..20 => random.i64(-20 * HOUR..20 * HOUR),
                20..60 => random.i64(-4_000..4_000),
                _ => 33,
            };
            it.seq += random.u64(0..3);
            assert!(it.out >= highest - 90_000 * MAX_BACK, "seed {seed}");
            highest = highest.max(it.out);
        }
    }
}

#[test]
fn no_packet_allocates() {
    let mut it = Stream::new(100);
    let allocations = allocations_in(|| {
        for n in 0..5_000 {
            it.frame(n % 100);
            it.seq -= u64::from(n % 7 == 0);
            it.pass(if n % 50 == 0 { 900_000 } else { 33 });
            it.clock += i64::from(n % 90 == 0) * HOUR;
        }
    });
    assert_eq!(allocations, 0);
    assert!(it.discontinuities > 0);
}
