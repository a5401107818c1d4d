//! Descriptions: what real programs write, what is forgiven and what is refused. One program, which is linked once.
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

mod fuzz;
mod lenient;
mod refused;
mod writers;
