//! Server and clients in lock-step on one virtual clock.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use sfu::{PeerId, RoomId};
use synth::media::{Shape, VideoCodec};
use synth::socket::Transport;

use crate::crowd::{Counts, Crowd};
use crate::error::BenchError;
use crate::server::Server;

/// How much time passes between two steps.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// How long costs are added up before they count as one figure.
pub(crate) const WINDOW: Duration = Duration::from_millis(500);

/// From going on air to the first window: replays are over, and estimates settled.
pub(crate) const WARM_UP: Duration = Duration::from_secs(3);

pub(crate) fn room(n: usize) -> RoomId {
    RoomId(n as u64)
}

pub(crate) fn peer(n: usize) -> PeerId {
    PeerId(n as u64 + 1)
}

/// The load of each publisher, and the address of the clients.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) ip: IpAddr,
    pub(crate) video_kbps: u64,
    pub(crate) fps: u32,
    /// What stamps count from.
    pub(crate) epoch: Instant,
}

/// Server, clients and their clock.
pub(crate) struct Lockstep {
    pub(crate) server: Server,
    pub(crate) crowd: Crowd,
    pub(crate) now: Instant,
    /// How much time passes between two steps.
    pub(crate) tick: Duration,
}

impl Lockstep {
    /// One step of the clients, then one of the server.
    pub(crate) fn tick(&mut self) {
        self.now += self.tick;
        self.crowd.until(self.now);
        self.server.step(self.now);
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.tick();
        }
        // What was sent last is received, too.
        self.crowd.until(self.now);
    }

    pub(crate) fn wait(
        &mut self,
        who: &str,
        holds: impl Fn(&Counts) -> bool,
    ) -> Result<(), BenchError> {
        for _ in 0..2_000 {
            let counts = self.crowd.counts();
            if holds(&counts) {
                return Ok(());
            }
            if let Some(reason) = counts.failed {
                return Err(BenchError::NoConnection(format!("{who} failed: {reason}")));
            }
            self.tick();
        }
        Err(BenchError::NoConnection(format!("{who} did not connect in 2000 steps")))
    }

    pub(crate) fn publish(
        &mut self,
        room: RoomId,
        peer: PeerId,
        load: &Load,
    ) -> Result<(), BenchError> {
        let shape = Shape {
            codec: VideoCodec::Vp8,
            video_bitrate: load.video_kbps * 1_000,
            fps: load.fps,
            audio: true,
            run: 1,
            epoch: load.epoch,
        };
        let socket = synth::udp::bind(load.ip).map_err(BenchError::Sockets)?;
        let offer = self.crowd.add_publisher(socket, shape, self.now)?;
        let answer = self.server.publish(room, peer, offer, self.now)?;
        self.crowd.answer_publisher(answer)
    }

    pub(crate) fn join(
        &mut self,
        room: RoomId,
        peer: PeerId,
        ip: IpAddr,
        transport: Transport,
    ) -> Result<(), BenchError> {
        let offer = self.server.watch(room, peer, self.now)?;
        let answer = self.crowd.add_viewer(ip, transport, &offer, self.now)?;
        self.server.answer(peer, answer, self.now)
    }
}
