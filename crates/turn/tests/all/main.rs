//! The TURN server: what its clients may do, and what others cannot. One program, which is linked once.
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

mod allocation;
mod foreign;
mod fuzz;
mod recorded;
mod rights;
mod serve;
mod slow;
