//! Stories of links and of what is watched over them, on a virtual clock, with seeds.

#![allow(clippy::print_stdout, reason = "the figures behind each bar, for whoever tunes it")]

mod link;
mod robust;
mod steady;
mod stories;
mod viewer;

/// A megabit.
const MBIT: f64 = 1e6;

/// Seconds in microseconds.
const SECOND: u64 = 1_000_000;
