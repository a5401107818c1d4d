//! The process: what it warns of.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::io::Read;
use std::process::{Command, Stdio};

use common::{Server, kaibo};
use rustix::process::Signal;

const LISTENING: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

/// What a server warns of from start to stop.
fn log_of(mut command: Command) -> String {
    let mut server = Server::start_from(command.env("KAIBO_LOG", "warn").stderr(Stdio::piped()));
    let mut stderr = server.stderr();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    log
}

#[test]
fn settings_that_are_probably_not_meant_are_warned_of_once() {
    let mut command = kaibo(LISTENING);
    command.env("KAIBO_PUBLISH_KEY", "hunter2").env("KAIBO_LISTN", "x").env("KAIBO_PORT", "x");
    let log = log_of(command);
    assert_eq!(log.matches("the publishing key has fewer than 16 characters").count(), 1, "{log}");
    assert_eq!(log.matches("KAIBO_LISTN is not known; did you mean KAIBO_LISTEN?").count(), 1);
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(!log.contains("hunter2"), "{log}");

    let mut command = kaibo(LISTENING);
    command.env("KAIBO_PUBLISH_KEY", "0123456789abcdef");
    assert_eq!(log_of(command), "");
}
