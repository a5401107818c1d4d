//! The floor: the cost that no server can undercut that sends each viewer its own encrypted packets. Copies, encrypts with
//! AES-128-GCM under each viewer's key, and sends messages of eight segments, which is a frame at 2.5 Mbit/s and 30
//! frames a second. It parses, rewrites and remembers nothing.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use engine::udp::{self, Sockets};
use rtp::srtp::{self, Profile, Role};
use sfu::Outbox;

use crate::error::BenchError;
use synth::resources;
use synth::udp::{Buffers, Receivers, Udp};

/// One message: a frame of video.
const SEGMENTS: usize = 8;
const HEADER_BYTES: usize = 28;
const PAYLOAD_BYTES: usize = 1_150;

/// How often each viewer is sent a frame in one measurement.
const ROUNDS: usize = 4;

/// Room to encrypt and send.
pub(crate) struct Floor {
    keys: Vec<(srtp::Sender, srtp::Stream, u64)>,
    sockets: Sockets,
    local: SocketAddr,
    sinks: Vec<Udp>,
    addresses: Vec<SocketAddr>,
    /// What the sinks are registered with; nobody asks it.
    _poll: mio::Poll,
    outbox: Outbox,
    buffers: Buffers,
    payload: Vec<u8>,
}

impl Floor {
    pub(crate) fn new(
        ip: IpAddr,
        viewers: usize,
        receivers: Receivers,
    ) -> Result<Self, BenchError> {
        let poll = mio::Poll::new().map_err(BenchError::Sockets)?;
        let mut sinks = Vec::new();
        let mut addresses = Vec::new();
        // As many as the server has: over loopback what the system does for a receiver, it does in the
        // sender's time, and of many sockets it finds none in the processor's caches.
        for _ in 0..viewers.max(1) {
            let socket: UdpSocket = synth::udp::bind(ip).map_err(BenchError::Sockets)?;
            addresses.push(socket.local_addr().map_err(BenchError::Sockets)?);
            let udp = Udp::register(socket, poll.registry(), mio::Token(0), receivers);
            sinks.push(udp.map_err(BenchError::Sockets)?);
        }
        let keys = (0..viewers.max(1)).filter_map(|n| {
            let profile = Profile::AeadAes128Gcm;
            let material: Vec<u8> =
                (0..profile.keying_material_len()).map(|at| (n + at) as u8).collect();
            let (mut sender, _) = srtp::session(profile, &material, Role::Server).ok()?;
            let stream = sender.stream(1)?;
            Some((sender, stream, 1))
        });
        let sockets = udp::bind(ip, 0)?;
        let local = SocketAddr::new(ip, sockets.port());
        Ok(Self {
            keys: keys.collect(),
            sockets,
            local,
            sinks,
            addresses,
            _poll: poll,
            outbox: Outbox::default(),
            buffers: Buffers::default(),
            payload: vec![7; PAYLOAD_BYTES],
        })
    }

    /// Microseconds a packet.
    pub(crate) fn measure(&mut self) -> f64 {
        let mut used = Duration::ZERO;
        let mut packets = 0;
        for _ in 0..ROUNDS {
            let began = resources::of_thread().unwrap_or_default();
            packets += self.round();
            used += resources::of_thread().unwrap_or_default().saturating_sub(began);
            for sink in &self.sinks {
                while sink.receive(&mut self.buffers, |_, _| {}) {}
            }
        }
        used.as_secs_f64() * 1e6 / packets as f64
    }

    fn round(&mut self) -> usize {
        let Self { keys, sockets, local, addresses, outbox, payload, .. } = self;
        let mut packets = 0;
        for (n, (sender, stream, index)) in keys.iter_mut().enumerate() {
            for _ in 0..SEGMENTS {
                *index += 1;
                let buffer = outbox.reserve();
                let (header, rest) = buffer.split_at_mut(HEADER_BYTES);
                header.fill(0);
                header[0] = 0x90;
                header[2..4].copy_from_slice(&(*index as u16).to_be_bytes());
                header[8..12].copy_from_slice(&1_u32.to_be_bytes());
                rest[..PAYLOAD_BYTES].copy_from_slice(payload);
                let plain = HEADER_BYTES + PAYLOAD_BYTES;
                if let Ok(len) = sender.protect(stream, *index, buffer, HEADER_BYTES, plain) {
                    outbox.commit(len, *local, addresses[n % addresses.len()].into());
                    packets += 1;
                }
            }
            if outbox.is_full() {
                sockets.send(outbox, |_, _| {});
                outbox.clear();
            }
        }
        sockets.send(outbox, |_, _| {});
        outbox.clear();
        packets
    }
}
