//! The HTTP shell around the control plane and the media plane.
//!
//! [`serve`] is what the program and every test call. Inside, tokio serves HTTP and WebSockets; one task owns the
//! control plane ([`control::Hub`]); media runs elsewhere, behind [`media::Media`].
//!
//! | file | what |
//! | --- | --- |
//! | `serve.rs`, `supervise.rs`, `shutdown.rs` | starting; the tasks that must live; stopping |
//! | `listen.rs`, `listen/` | the TCP port: connections, their number and their deadlines |
//! | `http.rs`, `http/` | the whole URL space; who calls; headers of every response; the API; the pages |
//! | `https.rs`, `https/` | certificates, and what keeps them new |
//! | `own_turn.rs` | TURN over TLS, which reaches the media port alone |
//! | `ws.rs`, `ws/` | one WebSocket and its limits |
//! | `whip_whep.rs`, `whip_whep/` | sessions of WHIP and WHEP |
//! | `driver.rs` | the task that owns the hub, and how doors speak to it |
//! | `access.rs`, `access/` | what tokens and the operator's service say of a client |
//! | `room_book.rs`, `owner.rs` | rooms that were set up; the owner's login |
//! | `token_keys.rs`, `token_book.rs` | keys that sign tokens; what tokens are checked with |
//! | `state.rs`, `clock.rs` | what the handlers share; the time of the calendar |
//! | `idempotency.rs` | what was answered to who may ask again |
//! | `keep.rs`, `keep/`, `covers.rs` | rooms over restarts; their pictures |
//! | `public_ips.rs` | the addresses that the internet has for this server |
//! | `lan.rs` | by which addresses others in the network come |
//! | `doctor.rs` | what the doctor knows of a server, and what devices found |
//! | `config.rs`, `config/` | every knob, its flag, and where its value comes from |
//! | `in_force.rs`, `reload.rs`, `reload/` | the configuration in force; another one in its place while the server runs |
//! | `media.rs` | the seam to the media plane |
//! | `metrics.rs`, `metrics/` | what the operator sees: metrics, history, sessions |
//! | `fuzz.rs` | what must hold for any bytes of a client |
//! | `error.rs`, `problem.rs` | errors as HTTP tells them; the same as `application/problem+json` |
//! | `limits.rs` | bounds of this crate |

mod access;
mod archive;
mod clock;
pub mod config;
mod covers;
mod doctor;
mod driver;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod happenings;
mod http;
mod https;
mod idempotency;
mod in_force;
mod keep;
mod lan;
pub mod limits;
pub mod listen;
pub mod media;
mod metrics;
mod own_turn;
mod owner;
mod past;
mod policies;
mod problem;
mod public_ips;
mod reload;
mod room_book;
mod serve;
mod shutdown;
mod state;
mod supervise;
mod token_book;
mod token_keys;
mod whip_whep;
mod ws;

pub use crate::doctor::stopped_server;
pub use crate::http::description as openapi;
pub use ::auth;
pub use ::protocol;
pub use ::tls::client_config;
pub use config::Config;
pub use error::{ApiError, ServeError};
pub use https::{FilesAgain, HttpsError};
pub use lan::lan_addresses;
pub use media::EventSink;
pub use reload::{Configured, Reload, ReloadError, Reloaded, Source};
pub use serve::{Running, serve, serve_with};
pub use shutdown::Shutdown;
pub use supervise::Died;
