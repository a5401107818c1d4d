//! `/ws`: one WebSocket a page.
//!
//! | file | what |
//! | --- | --- |
//! | `open.rs` | who may open one |
//! | `socket.rs` | reads frames and holds the client to its limits, writes what waits for it |
//! | `guard.rs` | what the door learns of a token, and of the operator's service |
//! | `outbox.rs` | what waits for it |
//! | `fuzz.rs` | what must hold for any bytes in its URL |

pub(crate) mod fuzz;
mod guard;
mod open;
mod outbox;
mod socket;

pub(crate) use open::open;
pub(crate) use outbox::{Outbox, serialize};
