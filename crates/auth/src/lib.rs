//! Who a client is, and what it may do.
//!
//! Every door asks here: `/ws`, WHIP, WHEP, and those to come. Nothing else compares a secret, reads a
//! forwarding header or decides from an address.
//!
//! | file | what |
//! | --- | --- |
//! | `network.rs` | the network of an address: what limits count by |
//! | `per_network.rs` | a bounded table with one value for each network |
//! | `rate_limit.rs` | token bucket, and a count in a window |
//!
//! Time is an argument everywhere.

mod network;
mod per_network;
pub mod rate_limit;

pub use network::Network;
pub use per_network::PerNetwork;
