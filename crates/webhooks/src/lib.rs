//! Webhooks: what happens on the server, told to addresses that the operator names.
//!
//! An event is written to the queue in the store before anything is sent, so that a restart loses nothing. Each webhook is
//! told the events of a room in their order, each once that it answers with 2xx; one that does not answer is asked again,
//! later and later, for a day. Receivers that are slow or away hold nobody else's deliveries.
//!
//! ```text
//! Webhooks::happened ──► Queue ──► store: deliveries
//!                          │  ▲
//!        Lanes: what is due│  │what came of it
//!                          ▼  │
//!                        Client ──► the receiver
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `event.rs` | events, and the body that tells one |
//! | `handle.rs` | [`Webhooks`]: what the server calls |
//! | `queue.rs` | the task: takes events, starts tries, writes what came of them |
//! | `lanes.rs` | which delivery is next: in order by room, in turn by webhook |
//! | `backoff.rs`, `rate.rs` | when a delivery is tried again; how many tries a minute |
//! | `sign.rs` | the two signatures |
//! | `target.rs`, `address.rs` | URLs that may be called, and the addresses behind them |
//! | `client.rs` | one POST |
//! | `limits.rs` | every bound of this crate |
//!
//! Deliberately absent: what happens in rooms (`control`), and how events come of it (`server`).

mod address;
mod backoff;
mod client;
mod event;
mod handle;
mod lanes;
pub mod limits;
mod queue;
mod rate;
mod sign;
mod target;

#[cfg(test)]
mod tests;

pub use address::Policy;
pub use event::{Event, EventKind};
pub use handle::{AddError, Webhooks, channel};
pub use queue::Queue;
