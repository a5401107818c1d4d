//! The TCP port: who gets a connection, for how long, and which one gives way when all are taken.
//!
//! ```text
//! accept.rs ──► Table::admit ──► connection.rs ──► TLS, if the first byte says so ──► serve_http.rs: hyper
//!                  │  full: the oldest unfinished connection is closed                 around the router
//!                  ▼
//!               Place: counted until its socket is gone, also after an upgrade to WebSocket
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `limits.rs` | the numbers, each with its reason |
//! | `bind.rs` | opens the port |
//! | `accept.rs` | takes connections from the system |
//! | `table.rs`, `unfinished.rs` | counts connections; finds the one that gives way |
//! | `table/place.rs` | what one connection waits for |
//! | `handlers.rs` | what connections are served with |
//! | `connection.rs`, `first_byte.rs` | one connection: plain or TLS |
//! | `handshakes.rs` | how many TLS handshakes a network may ask for |
//! | `serve_http.rs` | HTTP/1.1 and HTTP/2 on it |
//! | `timed_io.rs`, `body.rs` | deadlines of writes; of bodies. hyper has that of heads |
//! | `aside.rs` | an address beside it, for metrics |
//! | `descriptors.rs` | how many connections the system allows |

mod accept;
mod ahead;
mod aside;
mod bind;
mod body;
mod connection;
mod descriptors;
mod first_byte;
mod handlers;
mod handshakes;
mod limits;
mod serve_http;
mod table;
mod timed_io;
mod unfinished;

pub(crate) use accept::accept;
pub(crate) use aside::serve_aside;
pub(crate) use bind::bind;
pub(crate) use handlers::{Handlers, LocalAddr, OverTls};
pub(crate) use handshakes::Handshakes;
pub use limits::*;
pub(crate) use table::Table;
