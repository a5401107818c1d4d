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

mod report;
mod timeline;

use crate::error::BenchError;
use crate::lockstep::WINDOW;
use crate::server::Speed;
pub use report::DelayReport;
use report::Delays;
use synth::resources;
use synth::stats::Times;
use synth::viewer::GIVE_UP;
use timeline::{Ran, Timeline};

/// The tolerance of the load, in percent of a core.
const NEAR: f64 = 5.0;

/// Windows that are looked at for each that is wanted.
const PATIENCE: usize = 6;

/// Viewers to begin with, or one room of more.
const FIRST_VIEWERS: usize = 80;

/// Nobody has more open files than this allows.
const MAX_VIEWERS: usize = 20_000;

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
    /// Frames per second.
    pub fps: u32,
}

/// Measures; `say` is told how far it is.
///
/// # Errors
/// When there are no sockets, or a client did not connect.
pub fn measure(
    options: &DelayOptions,
    mut say: impl FnMut(&str),
) -> Result<DelayReport, BenchError> {
    resources::of_thread().ok_or(BenchError::NoCpuTime)?;
    let mut timeline = Timeline::start(options.room_viewers, options.video_kbps, options.fps)?;

    let most = (MAX_VIEWERS / options.room_viewers.max(1)).max(1);
    let mut active = (FIRST_VIEWERS / options.room_viewers.max(1)).clamp(1, most);
    say("joining");
    timeline.have_rooms(active)?;
    let before = timeline.lockstep.crowd.counts();
    let refused = timeline.lockstep.server.usage().dropped;
    let mut windows = Windows::default();
    let n_wanted = (options.seconds as usize * 1_000).div_ceil(WINDOW.as_millis() as usize);
    let mut is_after_much = true;
    let mut busiest: f64 = 0.0;
    for _ in 0..n_wanted * PATIENCE {
        say(&format!("measuring {}/{n_wanted}, {active} rooms", windows.n));
        timeline.lockstep.crowd.play(active, timeline.lockstep.now);
        let packets = timeline.lockstep.crowd.counts().packets;
        let ran = timeline.run(WINDOW, Speed::Real);
        let packets = timeline.lockstep.crowd.counts().packets - packets;
        let delay = timeline.lockstep.crowd.take_delays();
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
            timeline.lockstep.crowd.take_delays();
            is_after_much = true;
        }
    }
    if windows.n == 0 {
        return Err(BenchError::NoSuchLoad { wanted: options.load, busiest });
    }
    // What is missing now is lost by then.
    timeline.run(2 * GIVE_UP, Speed::Real);
    let counts = timeline.lockstep.crowd.counts();
    windows.lost = counts.lost - before.lost;
    windows.recovered = counts.recovered - before.recovered;
    windows.unreadable = counts.unreadable - before.unreadable;
    windows.refused = timeline.lockstep.server.usage().dropped - refused;
    say("measuring what is chosen");
    timeline.lockstep.crowd.take_delays();
    timeline.run(WINDOW * windows.n as u32, Speed::Infinite);
    let chosen = timeline.lockstep.crowd.take_delays();
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
            beyond_p50_ms: report::middle_shift(&self.delay, chosen),
            beyond_p99_ms: delay_ms.p99 - chosen_ms.p99,
            all_load_percent: self.all_ran.busy_percent(WINDOW * self.n_all as u32),
            all_delay_ms: Delays::of(&self.all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
