//! `kaibo play`: publishes a recorded file by WHIP, in real time.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ::play::{Options, PlayError, Progress};
use clap::Args;
use record::inspect::clock;

use crate::output;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Examples:
  kaibo play show.mp4 http://localhost:3000/whip/default
      publishes a recording in the room `default` of the server on this machine
  KAIBO_PLAY_TOKEN=secret kaibo play trailer.webm https://live.example.com/whip/studio --loop
      again and again, until Ctrl-C

It sends the first picture (VP8, VP9, H264, AV1) and the first sound (Opus) as they are, without encoding anything, from
WebM, Matroska or MP4. Sound of another codec, such as the AAC of OBS, is left out. Viewers who come later wait for the next
keyframe of the file.

The exit status is 0 when all was sent; 1 when the server did not take it or the connection ended; 2 when the file cannot be
read or sent, or the URL makes no sense.";

/// Flags of `play`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlayArgs {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The WHIP endpoint: http:// or https://.
    #[arg(value_name = "URL")]
    url: String,
    /// Begins again at the end of the file, until Ctrl-C.
    #[arg(long = "loop")]
    repeats: bool,
    /// Bearer token that the server wants. Better in the environment.
    #[arg(long, value_name = "TOKEN", env = "KAIBO_PLAY_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl fmt::Debug for PlayArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the rest: the token is in it.
        f.debug_struct("PlayArgs").field("file", &self.file).finish_non_exhaustive()
    }
}

/// How far it is.
struct Played(Duration, Option<Duration>);

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "playing {}", clock(self.0))?;
        match self.1 {
            Some(length) => write!(f, " of {}", clock(length)),
            None => Ok(()),
        }
    }
}

/// Plays a file to its end.
pub(crate) fn play(args: &PlayArgs) -> anyhow::Result<ExitCode> {
    let options = Options {
        file: args.file.clone(),
        url: args.url.clone(),
        token: args.token.clone().filter(|it| !it.is_empty()),
        repeats: args.repeats,
    };
    let mut screen = Screen::new();
    let result = ::play::run(&options, |progress| match progress {
        Progress::Note(note) => _ = writeln!(io::stderr(), "kaibo: {note}"),
        Progress::Played { played, length } => screen.tell(&Played(*played, *length)),
    });
    screen.clear();
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error @ (PlayError::File { .. } | PlayError::Tracks { .. } | PlayError::Url(_))) => {
            _ = writeln!(io::stderr(), "kaibo: {error}");
            Ok(ExitCode::from(output::MISTAKE))
        }
        Err(error) => Err(error.into()),
    }
}
