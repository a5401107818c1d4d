//! `kaibo bench egress`: what forwarding costs, against the floor in the same run.

use std::io::{self, Write};
use std::process::ExitCode;

use bench_core::{EgressOptions, Transport};
use clap::{Args, ValueEnum};

use super::{Receivers, print, watched};
use crate::heap;

const AFTER_HELP: &str = "\
The server's core and its send path run in lock-step with real clients, on virtual time, so that the
figures do not depend on how busy the machine is otherwise; only the server's CPU time counts. The
floor is encrypting (AES-128-GCM) and sending in messages of eight segments, nothing else, measured
in turns with it. docs/bench.md explains each figure.

With --transport both there is a report of each, in JSON a line of each.

The exit status is 0 when every packet came, 1 when not, 2 when the options make no sense.";

/// The words of `--server`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Forwarder {
    /// The server's core.
    Core,
    /// str0m.
    Str0m,
}

/// The words of `--transport`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Transports {
    /// UDP.
    Udp,
    /// A TCP connection that the viewer opens (RFC 6544).
    Tcp,
    /// Each, and a report of each.
    Both,
}

/// Flags of `bench egress`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct EgressArgs {
    /// Viewers.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    viewers: u32,
    /// Rooms that they are spread over, each with a publisher.
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    rooms: u32,
    /// Virtual seconds to measure.
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Video of a publisher in kbit/s.
    #[arg(long, value_name = "KBIT", default_value_t = 2_400, value_parser = clap::value_parser!(u32).range(50..=50_000))]
    video_bitrate: u32,
    /// Frames a second.
    #[arg(long, value_name = "FPS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=120))]
    fps: u32,
    /// Who forwards: our core, or a str0m session for each client, for comparison.
    #[arg(long, value_name = "WHO", default_value = "core")]
    server: Forwarder,
    /// How media travels to viewers; with `both`, each in turns with the other.
    #[arg(long, value_name = "HOW", default_value = "udp")]
    transport: Transports,
    /// How viewers receive, and those of the floor.
    #[arg(long, value_name = "HOW", default_value = "gro")]
    receivers: Receivers,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Measures and prints the report.
pub(super) fn run(args: &EgressArgs) -> anyhow::Result<ExitCode> {
    if matches!(args.server, Forwarder::Str0m) && args.transport != Transports::Udp {
        _ = writeln!(io::stderr(), "kaibo: --server str0m forwards over UDP alone");
        return Ok(ExitCode::from(2));
    }
    let options = EgressOptions {
        viewers: args.viewers as usize,
        rooms: args.rooms as usize,
        seconds: args.seconds,
        video_kbps: args.video_bitrate.into(),
        fps: args.fps,
        forwarder: match args.server {
            Forwarder::Core => bench_core::Forwarder::Core,
            Forwarder::Str0m => bench_core::Forwarder::Str0m,
        },
        transports: match args.transport {
            Transports::Udp => vec![Transport::Udp],
            Transports::Tcp => vec![Transport::Tcp],
            Transports::Both => vec![Transport::Udp, Transport::Tcp],
        },
        receivers: args.receivers.into(),
        heap: heap::of_this_thread,
    };
    let reports = watched(|say| bench_core::measure_egress(&options, say))?;
    for report in &reports {
        print(report, args.json.then(|| report.to_json()))?;
    }
    let is_whole = reports.iter().all(|it| it.lost == 0 && it.unreadable == 0);
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
