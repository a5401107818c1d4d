//! Server and clients on a clock that advances by the CPU time of the server's turns.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use synth::resources;
use synth::socket::Transport;
use synth::udp::Receivers;

use crate::crowd::Crowd;
use crate::error::BenchError;
use crate::lockstep::{Load, Lockstep, TICK, WARM_UP, peer, room};
use crate::server::{Forwarder, Server, Speed};

/// The engine's threads wait for whole milliseconds, as `mio` rounds them up for `epoll_wait`.
const WAKES_EVERY: Duration = Duration::from_millis(1);

/// Where turns take no time, this much passes between two, so that the clock never stands still.
const LEAST_STEP: Duration = Duration::from_micros(1);

/// When a thread that begins to wait then for a deadline is awake.
fn wakes_at(began: Instant, deadline: Instant) -> Instant {
    let wait = deadline.saturating_duration_since(began);
    began + WAKES_EVERY * wait.as_nanos().div_ceil(WAKES_EVERY.as_nanos()) as u32
}

/// How long turns were.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ran {
    pub(super) busy: Duration,
    pub(super) longest: Duration,
}

impl Ran {
    pub(super) fn add(&mut self, other: &Self) {
        self.busy += other.busy;
        self.longest = self.longest.max(other.longest);
    }

    pub(super) fn busy_percent(&self, of: Duration) -> f64 {
        100.0 * self.busy.as_secs_f64() / of.as_secs_f64()
    }
}

/// Server and clients, rooms of one size, and a clock that advances as the server works.
pub(super) struct Timeline {
    pub(super) lockstep: Lockstep,
    load: Load,
    room_viewers: usize,
    pub(super) rooms: usize,
}

impl Timeline {
    pub(super) fn start(
        room_viewers: usize,
        video_kbps: u64,
        fps: u32,
    ) -> Result<Self, BenchError> {
        let (ip, now) = (IpAddr::V4(Ipv4Addr::LOCALHOST), Instant::now());
        let load = Load { ip, video_kbps, fps, epoch: now };
        let server = Server::start(ip, Forwarder::Core, Transport::Udp, || (0, 0))?;
        let crowd = Crowd::start(now, Duration::from_secs(1) / fps.max(1), Receivers::Gro);
        let lockstep = Lockstep { server, crowd, now, tick: TICK };
        Ok(Self { lockstep, load, room_viewers, rooms: 0 })
    }

    /// Adds rooms until there are so many, all live and past their beginning.
    pub(super) fn have_rooms(&mut self, wanted: usize) -> Result<(), BenchError> {
        let Self { lockstep, load, room_viewers, rooms } = self;
        let each = *room_viewers + 1;
        resources::allow_files((wanted * each) as u64 + 64).map_err(BenchError::Files)?;
        let before = *rooms;
        for n in before..wanted {
            lockstep.publish(room(n), peer(n * each), load)?;
            lockstep.tick();
        }
        lockstep.wait("a publisher", |counts| counts.publishing == wanted as u64)?;
        for n in before..wanted {
            for viewer in 1..each {
                lockstep.join(room(n), peer(n * each + viewer), load.ip, Transport::Udp)?;
            }
            lockstep.tick();
        }
        lockstep.wait("a viewer", |counts| counts.connected == (wanted * *room_viewers) as u64)?;
        (before..wanted).for_each(|n| lockstep.server.go_live(room(n), lockstep.now));
        *rooms = wanted;
        lockstep.run(WARM_UP);
        Ok(())
    }

    /// Runs for this long.
    pub(super) fn run(&mut self, time: Duration, speed: Speed) -> Ran {
        let Lockstep { server, crowd, now, .. } = &mut self.lockstep;
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

#[cfg(test)]
mod tests {
    use super::super::Delays;
    use super::*;

    /// Rooms with as many viewers that are on air.
    fn timeline(rooms: usize, room_viewers: usize) -> Timeline {
        let mut timeline = Timeline::start(room_viewers, 300, 30).unwrap();
        timeline.have_rooms(rooms).unwrap();
        timeline.lockstep.crowd.take_delays();
        timeline
    }

    /// Of a second at this speed.
    fn second(timeline: &mut Timeline, speed: Speed) -> Delays {
        timeline.run(Duration::from_secs(1), speed);
        Delays::of(&timeline.lockstep.crowd.take_delays())
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
        let mut timeline = timeline(1, 250);
        let chosen = second(&mut timeline, Speed::Infinite);
        assert!(chosen.p90 > 1.0 && chosen.p99 < 10.5, "{chosen:?}");
    }

    #[test]
    fn a_silent_publisher_goes_on_and_nothing_is_lost() {
        let mut timeline = timeline(2, 1);
        timeline.lockstep.crowd.play(1, timeline.lockstep.now);
        second(&mut timeline, Speed::Infinite);
        timeline.lockstep.crowd.play(2, timeline.lockstep.now);
        let before = timeline.lockstep.crowd.counts();
        second(&mut timeline, Speed::Infinite);
        let after = timeline.lockstep.crowd.counts();
        // Of each room at least thirty frames and fifty packets of sound.
        assert!(after.packets - before.packets >= 155, "{before:?} and {after:?}");
        assert_eq!(after.lost, 0);
    }

    #[test]
    fn a_thread_wakes_at_a_whole_millisecond_of_its_wait() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        let after = |us| wakes_at(now, now + Duration::from_micros(us)) - now;
        assert_eq!((after(0), after(1), after(1_000), after(1_001)), (ms(0), ms(1), ms(1), ms(2)));
        assert_eq!(wakes_at(now + ms(1), now), now + ms(1));
    }
}
