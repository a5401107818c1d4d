//! Load for a WebRTC server: synthetic publishers and viewers with real ICE, DTLS and SRTP over real
//! UDP sockets, and what they measure.
//!
//! ```text
//!  signalling (tokio, the caller's thread)          media threads (mio, no runtime)
//!  Door: /ws, or WHIP and WHEP  ── Viewer, socket ──►  Worker: thousands of Viewers
//!  Run: publish, join, steady   ── Publisher ───────►  Worker: one Publisher a room
//!        ▲ Board: how many, why not                         │
//!        └──────────────────────────────────────────────────┘ Measured, at the end
//! ```
//!
//! Publishers are full clients on str0m. Viewers are our own (`viewer`): ICE, DTLS, SRTP, the feedback
//! of a browser and no decoder, at a fraction of a full client's cost, so that the tool does not need
//! more than the server it measures. Both take time as an argument; the workers own the clock.

pub mod client;
mod cpu;
mod description;
mod egress;
mod media;
mod options;
mod progress;
mod publisher;
mod report;
mod run;
mod signal;
mod stats;
mod udp;
mod viewer;
mod worker;

pub use egress::{
    DelayOptions, DelayReport, EgressError, EgressOptions, EgressReport, measure as measure_egress,
    measure_delay,
};
pub use media::VideoCodec;
pub use options::{OptionError, Options, Target};
pub use progress::{Phase, Progress};
pub use report::Report;
pub use run::{RunError, run};
