//! What forwarding costs, against the floor (encrypting and sending, nothing else) in the same run.

mod report;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use synth::resources;
use synth::socket::Transport;
use synth::udp::Receivers;

use crate::crowd::{Counts, Crowd};
use crate::error::BenchError;
use crate::floor::Floor;
use crate::lockstep::{Load, Lockstep, TICK, WARM_UP, WINDOW, peer, room};
use crate::server::{Forwarder, Server, Usage};
pub use report::EgressReport;
use report::Window;

/// How much time passes between two steps while viewers join: no timer comes due, so that the join is counted and nothing else. Who is not
/// there after some hundreds of them lost a datagram, and is waited for as usual.
const JOIN_TICK: Duration = Duration::from_micros(5);
const JOIN_TICKS: usize = 300;

/// What a packet costs without viewers is measured for this long.
const BASELINE: Duration = Duration::from_secs(2);

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
    /// Frames per second.
    pub fps: u32,
    /// Who forwards.
    pub forwarder: Forwarder,
    /// How media travels to viewers: each is measured, in turns.
    pub transports: Vec<Transport>,
    /// How viewers receive; the floor's sinks as well.
    pub receivers: Receivers,
    /// Allocations made so far by this thread, and bytes it holds more than it gave back; so that
    /// they can be counted, the program's allocator has to.
    pub heap: fn() -> (u64, i64),
}

/// Measures each transport, in turns; `say` is told how far it is.
///
/// # Errors
/// When there are no sockets, or a client did not connect.
pub fn measure(
    options: &EgressOptions,
    mut say: impl FnMut(&str),
) -> Result<Vec<EgressReport>, BenchError> {
    resources::of_thread().ok_or(BenchError::NoCpuTime)?;
    let a_viewer = 1 + 2 * options.transports.len() as u64;
    resources::allow_files(a_viewer * options.viewers as u64 + 64).map_err(BenchError::Files)?;
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut runs = Vec::new();
    for transport in &options.transports {
        let run = Run::begin(options, *transport, ip, &mut |what| {
            say(&format!("{}: {what}", transport.name()));
        });
        runs.push(run?);
    }
    let mut floor = Floor::new(ip, options.viewers, options.receivers)?;
    let n_windows = u128::from(options.seconds) * 1_000 / WINDOW.as_millis();
    for n in 0..n_windows {
        say(&format!("measuring {}/{n_windows}", n + 1));
        for run in &mut runs {
            run.window(&mut floor);
        }
    }
    let seconds = (WINDOW * n_windows as u32).as_secs_f64();
    Ok(runs.into_iter().map(|it| it.report(options, seconds)).collect())
}

/// A server and its clients, on air.
struct Run {
    transport: Transport,
    bench: Lockstep,
    rooms: usize,
    /// CPU seconds a second without viewers.
    baseline: f64,
    join_us: f64,
    settling_us: f64,
    bytes_per_viewer: i64,
    /// When everybody was on air.
    began: (Usage, Counts),
    windows: Vec<Window>,
}

impl Run {
    fn begin(
        options: &EgressOptions,
        transport: Transport,
        ip: IpAddr,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self, BenchError> {
        let now = Instant::now();
        let interval = Duration::from_secs(1) / options.fps.max(1);
        let mut bench = Lockstep {
            server: Server::start(ip, options.forwarder, transport, options.heap)?,
            crowd: Crowd::start(now, interval, options.receivers),
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
        let baseline =
            bench.server.usage().since(before).cpu.as_secs_f64() / BASELINE.as_secs_f64();

        say("joining");
        let before = bench.server.usage();
        bench.tick = JOIN_TICK;
        for n in 0..options.viewers {
            bench.join(room(n % rooms), peer(rooms + n), ip, transport)?;
            if n % JOINS_A_TICK == JOINS_A_TICK - 1 {
                bench.tick();
            }
        }
        let all_joined = |counts: &Counts| counts.connected == options.viewers as u64;
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
        let held = bench.server.usage().held - before.held;
        Ok(Self {
            transport,
            rooms,
            baseline,
            join_us,
            settling_us,
            bytes_per_viewer: held / options.viewers as i64,
            began: (bench.server.usage(), bench.crowd.counts()),
            windows: Vec::new(),
            bench,
        })
    }

    /// Measures half a second, and the floor after it.
    fn window(&mut self, floor: &mut Floor) {
        let bench = &mut self.bench;
        let (before, seen) = (bench.server.usage(), bench.crowd.counts());
        bench.run(WINDOW);
        let cpu = bench.server.usage().since(before).cpu;
        let packets = bench.crowd.counts().packets - seen.packets;
        self.windows.push(Window { cpu, packets, floor_us: floor.measure() });
    }

    fn report(self, options: &EgressOptions, seconds: f64) -> EgressReport {
        let (used, seen) = self.began;
        let counts = self.bench.crowd.counts();
        report::of(report::Measured {
            options,
            transport: self.transport,
            rooms: self.rooms,
            windows: self.windows,
            used: self.bench.server.usage().since(used),
            packets: counts.packets - seen.packets,
            lost: counts.lost - seen.lost,
            unreadable: counts.unreadable - seen.unreadable,
            baseline: self.baseline,
            join_us: self.join_us,
            settling_us: self.settling_us,
            bytes_per_viewer: self.bytes_per_viewer,
            seconds,
        })
    }
}
