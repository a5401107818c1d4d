//! Stories of links and their estimates, on a virtual clock, with seeds.

#![allow(clippy::print_stdout, reason = "the figures behind each assertion, for tuning")]

mod link;
mod robust;
mod steady;
mod stories;
mod viewer;

/// A megabit per second.
const MBIT: f64 = 1e6;

/// A second in µs.
const SECOND: u64 = 1_000_000;
