//! The server as a whole: its doors, its documents and the shape of the house. One program, which is linked once.
//!
//! `cargo test -p server --test all whip` runs one file of it.
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

mod access;
mod base_path;
mod chat;
mod config;
mod connections;
mod docs;
mod doctor;
mod embed;
mod fuzz;
mod http;
mod https;
mod idempotency;
mod keep_alive;
mod kept;
mod limits;
mod log;
mod metrics;
mod object_store;
mod openapi;
mod recordings;
mod reload;
mod room_book;
mod supervision;
mod tidy;
mod webhooks;
mod whep;
mod whip;
mod whip_rights;
mod ws;
