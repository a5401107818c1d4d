//! What forwarding costs: the server's core and its send path in lock-step with real clients, on
//! virtual time, against the floor (encrypting and sending, nothing else) in the same run.
//!
//! ```text
//! this thread                                   the clients' thread
//! Server: sfu, engine's sockets ◄─ loopback ─►  Crowd: publishers, viewers, a socket each
//!    step(now), its CPU counted ◄── turns ───►  until(now), not counted
//! Floor: encrypt, send; counted
//! ```
//!
//! Time is an argument on both sides, so nothing is dropped for lack of it and the result does not
//! depend on how busy the machine is; only the CPU time of the server's steps counts.

mod crowd;
mod delay;
mod floor;
mod report;
mod server;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use sfu::{PeerId, RoomId};

use crate::cpu;
use crate::media::{Shape, VideoCodec};
use crowd::Crowd;
pub use delay::{DelayOptions, DelayReport, measure as measure_delay};
use floor::Floor;
pub use report::EgressReport;
use report::Window;
use server::Server;

/// How much time passes between two steps.
const TICK: Duration = Duration::from_millis(5);

/// The same while viewers join: no timer comes due, so that the join is counted and nothing else. Who is not
/// there after some hundreds of them lost a datagram, and is waited for as usual.
const JOIN_TICK: Duration = Duration::from_micros(5);
const JOIN_TICKS: usize = 300;

/// How long costs are added up before they count as one figure.
const WINDOW: Duration = Duration::from_millis(500);

/// What a packet costs without viewers is measured for this long.
const BASELINE: Duration = Duration::from_secs(2);

/// From going on air to the first window: replays are over, and estimates settled.
const WARM_UP: Duration = Duration::from_secs(3);

/// How long the links of viewers that joined are looked at, with probes, before anything is sent.
const SETTLING: Duration = Duration::from_secs(1);

/// Viewers that join in one tick.
const JOINS_A_TICK: usize = 10;

/// What to measure.
#[derive(Debug, Clone)]
pub struct EgressOptions {
    /// Viewers in all.
    pub viewers: usize,
    /// Rooms that they are spread over, each with its publisher.
    pub rooms: usize,
    /// Virtual seconds to measure.
    pub seconds: u32,
    /// Of one publisher, in kbit/s.
    pub video_kbps: u64,
    /// Frames a second.
    pub fps: u32,
    /// Allocations made so far by this thread, and bytes it holds more than it gave back; so that
    /// they can be counted, the program's allocator has to.
    pub heap: fn() -> (u64, i64),
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The system gave no socket, or not enough of them.
    #[error("no sockets for the clients")]
    Sockets(#[source] std::io::Error),
    /// The engine's sockets.
    #[error("no socket for the server")]
    Server(#[from] engine::StartError),
    /// Too few open files are allowed.
    #[error("{0}")]
    Files(String),
    /// A publisher or viewer did not connect.
    #[error("{0}")]
    NoConnection(String),
    /// This system does not tell the CPU time of a thread.
    #[error("this system does not tell the CPU time of a thread")]
    NoCpuTime,
    /// The core was never as busy as asked for.
    #[error(
        "the core was never busy for about {wanted} % of half a second, and for {busiest:.0} % at most: \
         smaller rooms make a load of smaller steps, or the machine is too uneven"
    )]
    NoSuchLoad {
        /// In percent.
        wanted: f64,
        /// In percent.
        busiest: f64,
    },
}

/// Measures; `say` is told how far it is.
///
/// # Errors
/// When there are no sockets, or a client did not connect.
pub fn measure(
    options: &EgressOptions,
    mut say: impl FnMut(&str),
) -> Result<EgressReport, EgressError> {
    cpu::of_thread().ok_or(EgressError::NoCpuTime)?;
    cpu::allow_files(2 * options.viewers as u64 + 64).map_err(EgressError::Files)?;
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let now = Instant::now();
    let mut bench = Bench {
        server: Server::start(ip, options.heap)?,
        crowd: Crowd::start(now, Duration::from_secs(1) / options.fps.max(1)),
        now,
        tick: TICK,
    };
    let rooms = options.rooms.clamp(1, options.viewers.max(1));

    say("publishing");
    let load = Load { ip, video_kbps: options.video_kbps, fps: options.fps, epoch: now };
    for n in 0..rooms {
        bench.publish(room(n), peer(n), &load)?;
    }
    bench.wait("a publisher", |counts| counts.publishing == rooms as u64)?;
    bench.run(Duration::from_secs(1));
    let before = bench.server.usage();
    bench.run(BASELINE);
    let baseline = bench.server.usage().since(before).cpu.as_secs_f64() / BASELINE.as_secs_f64();

    say("joining");
    let before = bench.server.usage();
    bench.tick = JOIN_TICK;
    for n in 0..options.viewers {
        bench.join(room(n % rooms), peer(rooms + n), ip)?;
        if n % JOINS_A_TICK == JOINS_A_TICK - 1 {
            bench.tick();
        }
    }
    let all_joined = |counts: &crowd::Counts| counts.connected == options.viewers as u64;
    for _ in 0..JOIN_TICKS {
        if !all_joined(&bench.crowd.counts()) {
            bench.tick();
        }
    }
    bench.tick = TICK;
    bench.wait("a viewer", all_joined)?;
    let a_viewer = |cpu: f64| cpu * 1e6 / options.viewers as f64;
    let join_us = a_viewer(bench.server.usage().since(before).cpu.as_secs_f64());
    let joined = bench.server.usage();
    bench.run(SETTLING);
    let beside = baseline * SETTLING.as_secs_f64();
    let settling_us = a_viewer(bench.server.usage().since(joined).cpu.as_secs_f64() - beside);

    say("going on air");
    (0..rooms).for_each(|n| bench.server.go_live(room(n), bench.now));
    bench.run(WARM_UP);
    let bytes_per_viewer = (bench.server.usage().held - before.held) / options.viewers as i64;

    let mut floor = Floor::new(ip, options.viewers)?;
    let mut windows = Vec::new();
    let n_windows = u128::from(options.seconds) * 1_000 / WINDOW.as_millis();
    let steady = (bench.server.usage(), bench.crowd.counts());
    for n in 0..n_windows {
        say(&format!("measuring {}/{n_windows}", n + 1));
        let (before, seen) = (bench.server.usage(), bench.crowd.counts());
        bench.run(WINDOW);
        let used = bench.server.usage().since(before);
        let packets = bench.crowd.counts().packets - seen.packets;
        windows.push(Window { cpu: used.cpu, packets, floor_us: floor.measure() });
    }
    let used = bench.server.usage().since(steady.0);
    let counts = bench.crowd.counts();
    Ok(report::of(report::Measured {
        options,
        rooms,
        windows,
        used,
        packets: counts.packets - steady.1.packets,
        lost: counts.lost - steady.1.lost,
        unreadable: counts.unreadable - steady.1.unreadable,
        baseline,
        join_us,
        settling_us,
        bytes_per_viewer,
        seconds: (WINDOW * n_windows as u32).as_secs_f64(),
    }))
}

fn room(n: usize) -> RoomId {
    RoomId(n as u64)
}

fn peer(n: usize) -> PeerId {
    PeerId(n as u64 + 1)
}

/// What every publisher sends, and from where.
struct Load {
    ip: IpAddr,
    video_kbps: u64,
    fps: u32,
    /// What stamps count from.
    epoch: Instant,
}

/// Both sides and their clock.
struct Bench {
    server: Server,
    crowd: Crowd,
    now: Instant,
    /// How much time passes between two steps.
    tick: Duration,
}

impl Bench {
    /// Each side once.
    fn tick(&mut self) {
        self.now += self.tick;
        self.crowd.until(self.now);
        self.server.step(self.now);
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.tick();
        }
        // What was sent last is received, too.
        self.crowd.until(self.now);
    }

    fn wait(
        &mut self,
        who: &str,
        holds: impl Fn(&crowd::Counts) -> bool,
    ) -> Result<(), EgressError> {
        for _ in 0..2_000 {
            let counts = self.crowd.counts();
            if holds(&counts) {
                return Ok(());
            }
            if let Some(reason) = counts.failed {
                return Err(EgressError::NoConnection(format!("{who} failed: {reason}")));
            }
            self.tick();
        }
        Err(EgressError::NoConnection(format!("{who} did not connect in 2000 steps")))
    }

    fn publish(&mut self, room: RoomId, peer: PeerId, load: &Load) -> Result<(), EgressError> {
        let shape = Shape {
            codec: VideoCodec::Vp8,
            video_bitrate: load.video_kbps * 1_000,
            fps: load.fps,
            audio: true,
            run: 1,
            epoch: load.epoch,
        };
        let socket = crate::udp::bind(load.ip).map_err(EgressError::Sockets)?;
        let offer = self.crowd.add_publisher(socket, shape, self.now)?;
        let answer = self.server.publish(room, peer, offer, self.now)?;
        self.crowd.answer_publisher(answer)
    }

    fn join(&mut self, room: RoomId, peer: PeerId, ip: IpAddr) -> Result<(), EgressError> {
        let socket = crate::udp::bind(ip).map_err(EgressError::Sockets)?;
        let offer = self.server.watch(room, peer, self.now)?;
        let answer = self.crowd.add_viewer(socket, &offer, self.now)?;
        self.server.answer(peer, answer, self.now)
    }
}
