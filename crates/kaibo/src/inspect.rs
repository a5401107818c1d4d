//! `kaibo inspect`: what is in a recorded file, and what is wrong with it.
//!
//! | file | what |
//! | --- | --- |
//! | `text.rs` | how a report looks in a terminal |
//! | `json.rs` | the same as JSON |

mod json;
mod text;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::output;

const EXAMPLES: &str = "\
Examples:
  kaibo inspect data/recordings/studio/1.mp4
      tracks, keyframes, gaps, whether sound and picture lie together, whether it was cut off
  kaibo inspect show.mkv --json
      the same as JSON, for programs

It reads WebM, Matroska and MP4, also fragmented and cut off, of any program. The file is not changed. Headers and
indexes alone are read: the index of an MP4 of up to 128 MiB, twice for a moment, and of any file 100 kB a track.

The exit status is 0 when nothing is wrong; 1 when something is; 2 when the file cannot be read.";

/// Flags of `inspect`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the report. The exit status is 1 when something is wrong with the file, and 2 when it cannot be read.
pub(crate) fn inspect(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.display();
    let read = File::open(&args.file).map_err(record::read::ReadError::Io);
    let report = match read.and_then(record::inspect::inspect) {
        Ok(report) => report,
        Err(error) => {
            _ = writeln!(io::stderr(), "kaibo: {name}: {error}");
            return Ok(ExitCode::from(output::MISTAKE));
        }
    };
    if args.json {
        output::print(format_args!("{:#}\n", json::report(&report)))?;
    } else {
        output::print(text::report(&name.to_string(), &report))?;
    }
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
