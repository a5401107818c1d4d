//! Attacks on a Kaibo server on this machine, and what others notice of them. Each attack is bounded in
//! connections, rate and time, goes to loopback alone, and stops by itself.
//!
//! ```text
//!  run        for each attack: others join without it, then beside it, then until all is well again
//!  others     joins by somebody else: a page, a player with media, an encoder (a thread of its own)
//!  attacker   workers that repeat one of `attacks` at a bounded rate (a thread of low priority)
//!  process    memory and descriptors of the server, from /proc
//!  verdict    held or fell, and why ──► report
//! ```

mod attacker;
mod attacks;
mod broadcast;
mod catalog;
mod http;
mod log_lines;
mod options;
mod others;
mod page;
mod process;
mod report;
mod run;
mod stream;
mod system;
mod target;
mod tls;
mod verdict;

pub use catalog::{ATTACKS, Attack};
pub use options::{OptionError, Options};
pub use report::Report;
pub use run::{RunError, run};
