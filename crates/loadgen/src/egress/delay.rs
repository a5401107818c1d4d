//! How long a packet is in the server when that is busy: the same two halves as for the cost, on a
//! clock that goes on by the CPU time which the server's turns take.
//!
//! ```text
//! clients: a packet is due ─► socket          ▲ a viewer has it: delay = then - when it was due
//! server:        ... turn ...│ turn: receive ─► core ─► send │ turn ...
//! clock:    idle: to the next thing due │ busy: on by the thread's CPU time, read after each flush
//! ```
//!
//! So a packet waits for the turn that is under way, for what is before it in its own, for all that is flushed
//! together with it, and for what the server chose to wait (coalescing, pacing), as with a core of its own;
//! what else runs on the machine makes no packet wait. The chosen part is what is left when turns take no
//! time, and nothing wakes late.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use serde::Serialize;
use sfu::Egress;

use super::crowd::Crowd;
use super::server::{Server, Speed};
use super::{Bench, EgressError, Load, TICK, WARM_UP, peer, room};
use crate::cpu;
use crate::stats::Times;

/// How long the load is looked at before it is set right: costs change with what else uses the machine's
/// memory and caches.
const WINDOW: Duration = Duration::from_millis(500);

/// A load that is this near to the one asked for is it; in percent of a core.
const NEAR: f64 = 5.0;

/// Windows that are looked at for each that is wanted.
const PATIENCE: usize = 6;

/// Viewers to begin with, or one room of more.
const FIRST_VIEWERS: usize = 80;

/// What is missing is lost when it did not come after this.
const LATE: Duration = Duration::from_millis(600);

/// The engine's threads wait for whole milliseconds, as `mio` rounds them up for `epoll_wait`.
const WAKES_EVERY: Duration = Duration::from_millis(1);

/// Nobody has more open files than this allows.
const MAX_VIEWERS: usize = 20_000;

/// Where turns take no time, this much passes between two, so that the clock never stands still.
const LEAST_STEP: Duration = Duration::from_micros(1);

/// What to measure.
#[derive(Debug, Clone)]
pub struct DelayOptions {
    /// Viewers of each room.
    pub room_viewers: usize,
    /// How busy the server's core is to be, in percent.
    pub load: f64,
    /// Virtual seconds to measure, half of one at a time.
    pub seconds: u32,
    /// Of one publisher, in kbit/s.
    pub video_kbps: u64,
    /// Frames a second.
    pub fps: u32,
}

/// Parts of a distribution, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delays {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine of ten are at most this.
    pub p90: f64,
    /// 99 of 100 are.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Delays {
    fn of(times: &Times) -> Self {
        let at = |percentile| times.percentile_ms(percentile).unwrap_or(f64::NAN);
        Self { mean: times.mean_ms(), p50: at(50.0), p90: at(90.0), p99: at(99.0), max: at(100.0) }
    }
}

/// How long packets were in the server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DelayReport {
    /// How busy the core was while it was measured, in percent.
    pub load_percent: f64,
    /// Viewers in all, on average.
    pub viewers: f64,
    /// Rooms, on average.
    pub rooms: f64,
    /// Virtual seconds measured, in windows of half a second.
    pub seconds: f64,
    /// Those windows: the core was as busy as asked for, within five points.
    pub windows: usize,
    /// Windows in which it was not, or that came after one in which it was busier.
    pub windows_left_out: usize,
    /// Packets that came to the viewers.
    pub packets: u64,
    /// Packets that did not, in all windows, and so are those that follow.
    pub lost: u64,
    /// Packets that came when they were sent again; they are not in the delays.
    pub recovered: u64,
    /// Datagrams that a viewer could not authenticate or read.
    pub unreadable: u64,
    /// Datagrams that the system did not take.
    pub refused: u64,
    /// CPU time a packet to one viewer, in µs.
    pub us_per_packet: f64,
    /// The longest turn since the load was as asked for the first time, left out or not, in ms.
    pub longest_turn_ms: f64,
    /// From when a publisher's packet was due to when it was at the viewer's socket.
    pub delay_ms: Delays,
    /// The same where turns take no time: what the server chose to wait.
    pub chosen_ms: Delays,
    /// What is not chosen, on average: the one mean above the other.
    pub beyond_mean_ms: f64,
    /// How much later packets are than chosen, in the middle: the median of how far each percentile of
    /// the one is above that of the other. Half of what is chosen is next to nothing and half is up to
    /// 10 ms, so that the medians alone, which are between the two, tell little.
    pub beyond_p50_ms: f64,
    /// The same of the slowest: `delay_ms.p99` above `chosen_ms.p99`.
    pub beyond_p99_ms: f64,
    /// How busy the core was in all windows since the load was as asked for the first time, in percent.
    pub all_load_percent: f64,
    /// `delay_ms` in all of those: what an event that takes much of a window does to it is in this alone.
    pub all_delay_ms: Delays,
}

impl DelayReport {
    /// Whether every packet came, at the first time.
    pub fn is_whole(&self) -> bool {
        self.lost + self.recovered + self.unreadable + self.refused == 0
    }

    /// As one line of JSON.
    pub fn to_json(&self) -> String {
        // Only a map with strange keys could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Measures; `say` is told how far it is.
///
/// # Errors
/// When there are no sockets, or a client did not connect.
pub fn measure(
    options: &DelayOptions,
    mut say: impl FnMut(&str),
) -> Result<DelayReport, EgressError> {
    cpu::of_thread().ok_or(EgressError::NoCpuTime)?;
    let mut timeline = Timeline::start(options.room_viewers, options.video_kbps, options.fps)?;

    let most = (MAX_VIEWERS / options.room_viewers.max(1)).max(1);
    let mut active = (FIRST_VIEWERS / options.room_viewers.max(1)).clamp(1, most);
    say("joining");
    timeline.have_rooms(active)?;
    let before = timeline.bench.crowd.counts();
    let refused = timeline.bench.server.usage().dropped;
    let mut windows = Windows::default();
    let n_wanted = (options.seconds as usize * 1_000).div_ceil(WINDOW.as_millis() as usize);
    let mut is_after_much = true;
    let mut busiest: f64 = 0.0;
    for _ in 0..n_wanted * PATIENCE {
        say(&format!("measuring {}/{n_wanted}, {active} rooms", windows.n));
        timeline.bench.crowd.play(active, timeline.bench.now);
        let packets = timeline.bench.crowd.counts().packets;
        let ran = timeline.run(WINDOW, Speed::Real);
        let packets = timeline.bench.crowd.counts().packets - packets;
        let delay = timeline.bench.crowd.take_delays();
        let busy = ran.busy_percent(WINDOW);
        busiest = busiest.max(busy);
        // After more than that, what had to wait then is still there.
        let is_as_asked = (busy - options.load).abs() <= NEAR && !is_after_much;
        windows.add(&ran, &delay, active, packets, is_as_asked);
        is_after_much = busy > options.load + NEAR;
        if windows.n == n_wanted {
            break;
        }
        active = next_active(active, busy, options.load).min(most);
        if active > timeline.rooms {
            timeline.have_rooms(active)?;
            // What was seen meanwhile was at steps of both sides, and with replays.
            timeline.bench.crowd.take_delays();
            is_after_much = true;
        }
    }
    if windows.n == 0 {
        return Err(EgressError::NoSuchLoad { wanted: options.load, busiest });
    }
    timeline.run(LATE, Speed::Real);
    let counts = timeline.bench.crowd.counts();
    windows.lost = counts.lost - before.lost;
    windows.recovered = counts.recovered - before.recovered;
    windows.unreadable = counts.unreadable - before.unreadable;
    windows.refused = timeline.bench.server.usage().dropped - refused;
    say("measuring what is chosen");
    timeline.bench.crowd.take_delays();
    timeline.run(WINDOW * windows.n as u32, Speed::Infinite);
    let chosen = timeline.bench.crowd.take_delays();
    Ok(windows.report(options.room_viewers, &chosen))
}

/// How many rooms play next: half of the way to as many as make the load, and at least one more or less
/// where that is not near.
fn next_active(active: usize, busy: f64, load: f64) -> usize {
    // All of a core may be much less than what was to be done.
    if busy > 98.0 {
        return (active * 2 / 3).max(1);
    }
    let wanted = active as f64 * load / busy.max(1.0);
    // Costs grow with what the caches do not hold, so a long way up is gone in steps.
    let wanted = wanted.min(3.0 * active as f64);
    let next = ((active as f64 + wanted) / 2.0).round().max(1.0) as usize;
    match busy - load {
        above if above > NEAR => next.min(active.saturating_sub(1)).max(1),
        below if below < -NEAR => next.max(active + 1),
        _ => next,
    }
}

/// What was measured.
#[derive(Debug, Default)]
struct Windows {
    /// While the load was as asked for.
    n: usize,
    n_left_out: usize,
    ran: Ran,
    delay: Times,
    /// Rooms, added up.
    rooms: usize,
    packets: u64,
    /// In all windows since the load was as asked for the first time.
    n_all: usize,
    all: Times,
    all_ran: Ran,
    lost: u64,
    recovered: u64,
    unreadable: u64,
    refused: u64,
}

impl Windows {
    fn add(&mut self, ran: &Ran, delay: &Times, rooms: usize, packets: u64, is_as_asked: bool) {
        if is_as_asked {
            self.n += 1;
            self.ran.add(ran);
            self.delay.add(delay);
            self.rooms += rooms;
            self.packets += packets;
        } else {
            self.n_left_out += 1;
        }
        if self.n > 0 {
            self.n_all += 1;
            self.all_ran.add(ran);
            self.all.add(delay);
        }
    }

    fn report(&self, room_viewers: usize, chosen: &Times) -> DelayReport {
        let time = WINDOW * self.n as u32;
        let (delay_ms, chosen_ms) = (Delays::of(&self.delay), Delays::of(chosen));
        let rooms = self.rooms as f64 / self.n as f64;
        DelayReport {
            load_percent: self.ran.busy_percent(time),
            rooms,
            viewers: rooms * room_viewers as f64,
            seconds: time.as_secs_f64(),
            windows: self.n,
            windows_left_out: self.n_left_out,
            packets: self.packets,
            lost: self.lost,
            recovered: self.recovered,
            unreadable: self.unreadable,
            refused: self.refused,
            us_per_packet: self.ran.busy.as_secs_f64() * 1e6 / self.packets as f64,
            longest_turn_ms: self.all_ran.longest.as_secs_f64() * 1e3,
            delay_ms,
            chosen_ms,
            beyond_mean_ms: delay_ms.mean - chosen_ms.mean,
            beyond_p50_ms: middle_shift(&self.delay, chosen),
            beyond_p99_ms: delay_ms.p99 - chosen_ms.p99,
            all_load_percent: self.all_ran.busy_percent(WINDOW * self.n_all as u32),
            all_delay_ms: Delays::of(&self.all),
        }
    }
}

/// By how much the percentiles of the one are above those of the other: the median of that, in ms.
fn middle_shift(delay: &Times, chosen: &Times) -> f64 {
    let shift = |percentile: u32| {
        let at = |times: &Times| times.percentile_ms(percentile.into()).unwrap_or(f64::NAN);
        at(delay) - at(chosen)
    };
    let mut shifts: Vec<f64> = (1..=99).map(shift).collect();
    shifts.sort_by(f64::total_cmp);
    shifts[shifts.len() / 2]
}

/// When a thread that begins to wait then for a deadline is awake.
fn wakes_at(began: Instant, deadline: Instant) -> Instant {
    let wait = deadline.saturating_duration_since(began);
    began + WAKES_EVERY * wait.as_nanos().div_ceil(WAKES_EVERY.as_nanos()) as u32
}

/// What turns came to.
#[derive(Debug, Clone, Copy, Default)]
struct Ran {
    busy: Duration,
    longest: Duration,
}

impl Ran {
    fn add(&mut self, other: &Self) {
        self.busy += other.busy;
        self.longest = self.longest.max(other.longest);
    }

    fn busy_percent(&self, of: Duration) -> f64 {
        100.0 * self.busy.as_secs_f64() / of.as_secs_f64()
    }
}

/// Both sides, rooms of one size, and the clock that goes on as the server works.
struct Timeline {
    bench: Bench,
    load: Load,
    room_viewers: usize,
    rooms: usize,
}

impl Timeline {
    fn start(room_viewers: usize, video_kbps: u64, fps: u32) -> Result<Self, EgressError> {
        let (ip, now) = (IpAddr::V4(Ipv4Addr::LOCALHOST), Instant::now());
        let load = Load { ip, video_kbps, fps, epoch: now };
        let server = Server::start(ip, Egress::Lean, || (0, 0))?;
        let crowd = Crowd::start(now, Duration::from_secs(1) / fps.max(1));
        let bench = Bench { server, crowd, now, tick: TICK };
        Ok(Self { bench, load, room_viewers, rooms: 0 })
    }

    /// Adds rooms until there are so many, all live and past their beginning.
    fn have_rooms(&mut self, wanted: usize) -> Result<(), EgressError> {
        let Self { bench, load, room_viewers, rooms } = self;
        let each = *room_viewers + 1;
        cpu::allow_files((wanted * each) as u64 + 64).map_err(EgressError::Files)?;
        let before = *rooms;
        for n in before..wanted {
            bench.publish(room(n), peer(n * each), load)?;
            bench.tick();
        }
        bench.wait("a publisher", |counts| counts.publishing == wanted as u64)?;
        for n in before..wanted {
            for viewer in 1..each {
                bench.join(room(n), peer(n * each + viewer), load.ip)?;
            }
            bench.tick();
        }
        bench.wait("a viewer", |counts| counts.connected == (wanted * *room_viewers) as u64)?;
        (before..wanted).for_each(|n| bench.server.go_live(room(n), bench.now));
        *rooms = wanted;
        bench.run(WARM_UP);
        Ok(())
    }

    /// Lets this much time pass.
    fn run(&mut self, time: Duration, speed: Speed) -> Ran {
        let Bench { server, crowd, now, .. } = &mut self.bench;
        let end = *now + time;
        let mut ran = Ran::default();
        while *now < end {
            crowd.until(*now);
            // What the clients send from here on is for the next turn, even if this one takes it.
            let mut came = false;
            let mut until = |at| {
                crowd.until(at);
                came |= crowd.counts().sent;
            };
            let turn = server.turn(*now, speed, &mut until);
            until(turn.ended);
            ran.busy += turn.ended - *now;
            ran.longest = ran.longest.max(turn.ended - *now);
            *now = turn.ended.max(*now + LEAST_STEP);
            if !(came || turn.has_more) {
                let of_server = turn.next.map(|next| match speed {
                    Speed::Real => wakes_at(turn.ended, next),
                    Speed::Infinite => next,
                });
                let next = [of_server, crowd.counts().next_at].into_iter().flatten().min();
                *now = next.map_or(*now, |next| next.max(*now));
            }
        }
        ran
    }
}

impl fmt::Display for DelayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, it: Delays| {
            writeln!(
                f,
                "  {name:<20} p50 {:6.2} ms   p90 {:6.2}   p99 {:6.2}   max {:6.2}   mean {:.2}",
                it.p50, it.p90, it.p99, it.max, it.mean
            )
        };
        writeln!(
            f,
            "{:.0} viewers in {:.0} rooms, {} s, the core busy for {:.1} % ({} windows left out)",
            self.viewers, self.rooms, self.seconds, self.load_percent, self.windows_left_out
        )?;
        row(f, "in the server", self.delay_ms)?;
        row(f, "of it chosen", self.chosen_ms)?;
        writeln!(
            f,
            "  {:<20} p50 {:6.2} ms   p99 {:6.2}   mean {:.2}",
            "beyond that", self.beyond_p50_ms, self.beyond_p99_ms, self.beyond_mean_ms
        )?;
        writeln!(
            f,
            "  {:<20} {:.2} µs; the longest turn {:.2} ms",
            "packet to a viewer", self.us_per_packet, self.longest_turn_ms
        )?;
        writeln!(
            f,
            "  {:<20} {:.1} % busy, p50 {:.2} ms, p99 {:.2}, max {:.2}",
            "all half seconds",
            self.all_load_percent,
            self.all_delay_ms.p50,
            self.all_delay_ms.p99,
            self.all_delay_ms.max
        )?;
        write!(
            f,
            "  lost {} packets; {} came late, {} unreadable, {} not taken by the system",
            self.lost, self.recovered, self.unreadable, self.refused
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rooms with as many viewers that are on air.
    fn timeline(rooms: usize, room_viewers: usize) -> Timeline {
        let mut timeline = Timeline::start(room_viewers, 300, 30).unwrap();
        timeline.have_rooms(rooms).unwrap();
        timeline.bench.crowd.take_delays();
        timeline
    }

    /// Of a second at this speed.
    fn second(timeline: &mut Timeline, speed: Speed) -> Delays {
        timeline.run(Duration::from_secs(1), speed);
        Delays::of(&timeline.bench.crowd.take_delays())
    }

    #[test]
    fn a_handful_of_viewers_waits_for_nothing_but_the_servers_work() {
        let mut timeline = timeline(2, 2);
        let chosen = second(&mut timeline, Speed::Infinite);
        assert!(chosen.p99 < 0.1, "{chosen:?}");
        let delay = second(&mut timeline, Speed::Real);
        assert!(delay.p50 > chosen.p50, "{delay:?} and {chosen:?}");
    }

    #[test]
    fn with_many_viewers_a_packet_waits_for_others_but_not_for_long() {
        let mut timeline = timeline(3, 30);
        let chosen = second(&mut timeline, Speed::Infinite);
        assert!(chosen.p90 > 1.0 && chosen.p99 < 10.5, "{chosen:?}");
    }

    #[test]
    fn a_silent_publisher_goes_on_in_step_and_nothing_is_lost() {
        let mut timeline = timeline(2, 1);
        timeline.bench.crowd.play(1, timeline.bench.now);
        second(&mut timeline, Speed::Infinite);
        timeline.bench.crowd.play(2, timeline.bench.now);
        let before = timeline.bench.crowd.counts();
        second(&mut timeline, Speed::Infinite);
        let after = timeline.bench.crowd.counts();
        // Two rooms of at least thirty frames and fifty packets of sound.
        assert!(after.packets - before.packets >= 155, "{before:?} and {after:?}");
        assert!(after.packets - before.packets < 320, "{before:?} and {after:?}");
        assert_eq!(after.lost, 0);
    }

    #[test]
    fn what_is_not_chosen_is_told_though_half_of_it_is_nothing() {
        let (mut chosen, mut delay) = (Times::default(), Times::default());
        for n in 0..1_000_u64 {
            let waits = if n % 2 == 0 { 0 } else { n * 10 };
            chosen.record_us(waits);
            delay.record_us(waits + 500);
        }
        let shift = middle_shift(&delay, &chosen);
        assert!((0.48..0.52).contains(&shift), "{shift}");
        let mean = delay.mean_ms() - chosen.mean_ms();
        assert!((0.48..0.52).contains(&mean), "{mean}");
    }

    #[test]
    fn a_thread_wakes_at_a_whole_millisecond_of_its_wait() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        let after = |us| wakes_at(now, now + Duration::from_micros(us)) - now;
        assert_eq!((after(0), after(1), after(1_000), after(1_001)), (ms(0), ms(1), ms(1), ms(2)));
        assert_eq!(wakes_at(now + ms(1), now), now + ms(1));
    }

    #[test]
    fn rooms_come_and_go_until_the_load_is_as_asked_for() {
        assert_eq!(next_active(10, 80.0, 80.0), 10);
        assert_eq!(next_active(10, 40.0, 80.0), 15);
        assert_eq!(next_active(60, 90.0, 80.0), 57);
        // Of all of a core nobody knows how much more it was to be.
        assert_eq!(next_active(60, 100.0, 80.0), 40);
        // Large rooms: one is more than what half of the way is.
        assert_eq!((next_active(7, 87.5, 80.0), next_active(4, 70.0, 80.0)), (6, 5));
        assert_eq!(next_active(1, 100.0, 10.0), 1);
        assert_eq!(next_active(8, 0.0, 80.0), 16);
    }
}
