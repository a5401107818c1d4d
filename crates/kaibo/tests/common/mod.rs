//! The program as it is built, and a server of it.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The program, as nobody has configured it.
pub(crate) fn kaibo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaibo"));
    command.args(args).current_dir(env!("CARGO_TARGET_TMPDIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KAIBO_")) {
        command.env_remove(name);
    }
    command
}

/// A server on a port of the system's choice.
pub(crate) struct Server {
    child: Child,
    /// Its address, `127.0.0.1:PORT`.
    pub(crate) at: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts one that is configured otherwise.
    pub(crate) fn start_with(change: impl FnOnce(&mut Command)) -> Self {
        let mut command = kaibo(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        change(&mut command);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let greeting = BufReader::new(child.stdout.take().unwrap());
        let port = greeting.lines().find_map(|line| {
            let line = line.unwrap();
            let rest = line.split("http://localhost:").nth(1)?;
            Some(rest.split('/').next()?.to_owned())
        });
        Self { child, at: format!("127.0.0.1:{}", port.unwrap()) }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
