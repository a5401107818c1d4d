//! Load for a WebRTC server over the network: synthetic publishers and viewers on real sockets, and what
//! they measure.
//!
//! ```text
//!  signalling (tokio, the caller's thread)            media threads (mio, no runtime)
//!  Signaling: /ws, or WHIP and WHEP ── Viewer, socket ──►  Worker: thousands of viewers
//!  Run: publish, join, steady      ── Publisher ───────►  Worker: one publisher a room
//!        ▲ Totals: how many, why not                          │
//!        └────────────────────────────────────────────────────┘ Measured, at the end
//! ```
//!
//! `chat.rs` is another load: sockets that talk in one room, without media.

mod chat;
mod error;
mod options;
mod progress;
mod report;
mod run;
mod server_process;
mod signaling;
mod turn;
mod worker;

pub use chat::{ChatOptions, ChatReport, run_chat};
pub use error::RunError;
pub use options::{OptionError, Options, Target};
pub use progress::{Phase, Progress};
pub use report::Report;
pub use run::run;
pub use synth::media::VideoCodec;
pub use synth::socket::Transport;
pub use synth::udp::Receivers;
