//! `kaibo bench chat`: thousands of sockets in one room, and how long a line is under way.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use ::bench::{ChatOptions, RunError};
use clap::Args;

use super::{print, watched};

const AFTER_HELP: &str = "\
Examples:
  kaibo bench chat --pid $(pidof kaibo)
      5,000 sockets in one room of the server on this machine, and what it uses
  kaibo bench chat --sockets 500 --lines 40 --duration 60 --json
      a room of fewer, which is shown every line, as JSON

The sockets are pages of the basic profile: without media, so that the chat alone is measured. More than 1,000
members are shown 20 lines a second; what is left out beyond is told, and no loss. docs/bench.md explains
each figure.

The exit status is 0 when all sockets opened and each heard every line in order, 1 when not, 2 when the options
make no sense.";

/// Flags of `bench chat`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ChatArgs {
    /// Kaibo's WebSocket.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:3000/ws")]
    url: String,
    /// Sockets in the room.
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    sockets: usize,
    /// Sockets that open in a second.
    #[arg(long, value_name = "J", default_value_t = 250.0)]
    rate: f64,
    /// Lines a second, of a few of the sockets.
    #[arg(long, value_name = "L", default_value_t = 20)]
    lines: u32,
    /// Seconds to talk.
    #[arg(long, value_name = "S", default_value_t = 20)]
    duration: u64,
    /// The server's process, to be measured too (Linux).
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Measures and prints the report.
pub(super) fn run(args: &ChatArgs) -> anyhow::Result<ExitCode> {
    let options = ChatOptions {
        url: args.url.clone(),
        sockets: args.sockets,
        rate: args.rate,
        lines: args.lines,
        duration: Duration::from_secs(args.duration),
        pid: args.pid,
    };
    let report = match watched(|say| ::bench::run_chat(&options, say)) {
        Ok(report) => report,
        Err(RunError::Options(error)) => {
            _ = writeln!(io::stderr(), "kaibo: {error}; see kaibo bench chat --help");
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    print(&report, args.json.then(|| report.to_json()))?;
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
