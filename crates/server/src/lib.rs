//! Who may enter: HTTP, WebSocket, signalling, configuration.
//!
//! [`serve`] is what the program and every test call. Inside, tokio serves HTTP and sockets; one
//! task owns the control plane ([`signaling::Hub`]); media runs elsewhere, behind [`media::Media`].
//!
//! | file | what |
//! | --- | --- |
//! | `config.rs` | every knob, and where its value comes from |
//! | `serve.rs`, `supervise.rs`, `shutdown.rs` | starting; the tasks that must live; stopping |
//! | `listen.rs`, `listen/` | the TCP port: connections, their number and their deadlines |
//! | `routes.rs` | the whole URL space |
//! | `socket.rs`, `outbox.rs`, `rate.rs`, `limits.rs` | one WebSocket and its limits |
//! | `wish.rs`, `wish/` | one session of WHIP or WHEP |
//! | `driver.rs` | the loop around the control plane |
//! | `signaling.rs` | the control plane itself |

mod caller;
pub mod config;
mod driver;
mod error;
pub mod limits;
pub mod listen;
pub mod media;
mod origin;
mod outbox;
mod rate;
mod routes;
mod serve;
mod shutdown;
pub mod signaling;
mod socket;
mod supervise;
mod wish;

pub use ::protocol;
pub use config::Config;
pub use driver::EventSink;
pub use error::{ApiError, ServeError};
pub use serve::{Running, serve, serve_limited, serve_with};
pub use shutdown::Shutdown;
pub use supervise::Died;
