//! `/ws`: one WebSocket a page.
//!
//! | file | what |
//! | --- | --- |
//! | `open.rs` | who may open one |
//! | `socket.rs` | reads frames and holds the client to its limits, writes what waits for it |
//! | `outbox.rs` | what waits for it |
//! | `fuzz.rs` | what must hold for any bytes in its URL |

pub(crate) mod fuzz;
mod open;
mod outbox;
mod socket;

pub(crate) use open::open;
pub(crate) use outbox::{Outbox, serialize};
