//! Certificates from real ACME servers, with authorities of their own.
//!
//! A CA validates names at the ports 80 and 443, so each story runs in a network namespace, where these ports and the
//! file of host names are its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod caddy;
mod namespace;
#[cfg(feature = "pebble")]
mod pebble;
mod server;
mod world;
