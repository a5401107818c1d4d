//! What keeps others from reaching a server, and what to do about it.
//!
//! ```text
//!  Server   what the server knows: addresses, ports, certificates ─┐
//!                                                                  ├─► examine ─► findings, the worst first
//!  Machine  what the system says: limits, clock, disk, firewall ───┘
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `server.rs` | [`Server`], told by the caller |
//! | `machine.rs`, `machine/` | [`Machine::look`]: reads the system; takes up to some seconds |
//! | `checks.rs`, `checks/` | one function for each check, from both to a finding; reads nothing |
//! | `words.rs` | a sentence in both languages |
//! | `paths.rs` | the sentences about ways from a device, which the pages have too |
//!
//! Deliberately absent: HTTP (`server`), the terminal (`kaibo`), and whatever only a device outside can tell.

mod address;
mod checks;
mod machine;
mod paths;
mod server;
mod words;

pub use address::is_public;
pub use checks::examine;
pub use machine::{
    Cloud, Disk, Firewall, FirewallKind, Machine, Port, PortTaken, Resolved, UdpBuffers, Verdict,
};
pub use paths::{path_name, path_text};
pub use server::{Certificate, Https, Order, OrderState, Server};
