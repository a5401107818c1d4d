//! What forwarding costs and how long it takes: the server's core and its send path in this process, in lock-step
//! with real clients on virtual time.
//!
//! ```text
//! this thread                                   the clients' thread
//! Server: sfu, engine's sockets ◄─ loopback ─►  Crowd: publishers, viewers, a socket each
//!    step(now), its CPU counted ◄── turns ───►  until(now), not counted
//! Floor: encrypt, send; counted
//! ```
//!
//! Time is an argument on both sides, so nothing is dropped for lack of it and the result does not depend on how busy
//! the machine is; only the CPU time of the server's steps counts.

mod crowd;
mod delay;
mod egress;
mod error;
mod floor;
mod lockstep;
mod server;
mod str0m_rooms;

pub use delay::{DelayOptions, DelayReport, measure as measure_delay};
pub use egress::{EgressOptions, EgressReport, measure as measure_egress};
pub use error::BenchError;
pub use server::Forwarder;
pub use synth::socket::Transport;
pub use synth::udp::Receivers;
