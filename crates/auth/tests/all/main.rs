//! Rights, clients and invitations. One program, which is linked once.
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

mod clients;
mod fuzz;
mod invites;
mod log;
mod rights;
