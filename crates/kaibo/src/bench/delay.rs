//! `kaibo bench delay`: how long a packet is in the server when its core is busy.

use std::process::ExitCode;

use bench_core::DelayOptions;
use clap::Args;

use super::{print, watched};

const AFTER_HELP: &str = "\
The server's core and its send path serve rooms of real clients on virtual time, which goes on by the CPU
time that the server's turns take. Rooms are added until the core is as busy as asked for. A packet's delay
is from when a publisher had it to when it was at a viewer's socket; what of it the server chose to wait is
measured first, on a clock that stands still during turns. docs/bench.md explains each figure.

The exit status is 0 when every packet came at the first time, 1 when not, 2 when the options make no sense.";

/// Flags of `bench delay`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct DelayArgs {
    /// How busy the core is to be, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=95))]
    load: u32,
    /// Viewers of each room; there are as many rooms as make the load.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    room_viewers: u32,
    /// Virtual seconds to measure.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Video of a publisher in kbit/s.
    #[arg(long, value_name = "KBIT", default_value_t = 2_400, value_parser = clap::value_parser!(u32).range(50..=50_000))]
    video_bitrate: u32,
    /// Frames a second.
    #[arg(long, value_name = "FPS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=120))]
    fps: u32,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Measures and prints the report.
pub(super) fn run(args: &DelayArgs) -> anyhow::Result<ExitCode> {
    let options = DelayOptions {
        room_viewers: args.room_viewers as usize,
        load: args.load.into(),
        seconds: args.seconds,
        video_kbps: args.video_bitrate.into(),
        fps: args.fps,
    };
    let report = watched(|say| bench_core::measure_delay(&options, say))?;
    print(&report, args.json.then(|| report.to_json()))?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
