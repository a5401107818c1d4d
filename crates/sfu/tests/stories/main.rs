//! Tests of the media core with hosts and viewers on a simulated network.
//!
//! They are one program, so that the network and its clients are compiled once.
//! `cargo test -p sfu --test stories adaptation` runs one file of it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test asserts, and tells its figures"
)]

mod adaptation;
mod encoders;
mod figures;
mod goodbye;
mod ingest;
mod joining;
mod late_joiner;
mod layer_choice;
mod layers_inside;
mod loss_recovery;
mod malformed_input;
mod negotiation;
mod offers;
mod over_tcp;
mod publisher_reconnect;
mod resilience;
mod rewind;
mod roaming;
mod sim;
mod stage;
mod streams;
mod tap;
mod thrift;
mod workers;
