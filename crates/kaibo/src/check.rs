//! `kaibo check`: its options, and what it prints.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Mutex;

use ::check::{CheckError, Options, Protocol, VideoCodec};
use clap::{Args, Subcommand, ValueEnum};

use crate::output;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Examples:
  kaibo check whip http://127.0.0.1:3000/whip/test --origin http://localhost:3000
      every requirement of RFC 9725 that can be seen from outside; publishes for a few seconds
  kaibo check whep http://127.0.0.1:3000/whep/test --publish http://127.0.0.1:3000/whip/test \
      --origin http://localhost:3000
      every one of WHEP and its core extensions, with media that it publishes itself
  KAIBO_CHECK_TOKEN=secret kaibo check whip https://example.com/whip/test --json \
      --origin https://example.com
      a server that wants a bearer token; the report as JSON, without the token

Browsers ask a server which pages may use it (CORS), and so does the check. --origin is a page that
may: Kaibo lets in its own pages unless --allow-origin names others. Without it, the check is a page of
a site that no server knows, which only a server for all pages lets in.

Use a room that nobody needs: the check goes live there, ends what it began, and tries what must not
be done. It takes a few seconds, and two minutes at most.

Each line of the report is one requirement: pass, FAIL or n/a (it could not be looked at, or the
server does not claim it), its number, how strongly it is asked for, and where. Beneath a failure
stand the requests and what was answered.

The exit status is 0 when nothing failed; 1 when a MUST or, without --allow-should, a SHOULD failed;
2 when the options make no sense or nobody answers.";

/// Flags of `check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    #[command(subcommand)]
    what: What,
}

/// What is checked.
#[derive(Debug, Subcommand)]
enum What {
    /// A WHIP endpoint (RFC 9725).
    #[command(after_help = EXAMPLES)]
    Whip(Common),
    /// A WHEP endpoint (draft-ietf-wish-whep-03 and its core extensions).
    #[command(after_help = EXAMPLES)]
    Whep {
        #[command(flatten)]
        common: Common,
        /// WHIP endpoint of the same room: media is published there, stopped and published again.
        /// Without it, what is there is watched.
        #[arg(long, value_name = "WHIP_URL")]
        publish: Option<String>,
    },
}

/// Flags of both.
#[derive(Args)]
struct Common {
    /// The endpoint: http:// or https://.
    #[arg(value_name = "URL")]
    url: String,
    /// Bearer token that the server wants. Better in the environment.
    #[arg(long, value_name = "TOKEN", env = "KAIBO_CHECK_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Origin of a web page that may use the endpoint, such as https://example.com; needed where not all
    /// pages may, as of a Kaibo server without --allow-origin.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// What the pictures are shaped like.
    #[arg(long, value_name = "CODEC", default_value = "vp8")]
    codec: Codec,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Exits with 0 though a SHOULD failed.
    #[arg(long)]
    allow_should: bool,
}

/// The words of `--codec`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Codec {
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
}

impl std::fmt::Debug for Common {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the rest: the token is in it.
        f.debug_struct("Common").field("json", &self.json).finish_non_exhaustive()
    }
}

impl What {
    fn common(&self) -> &Common {
        match self {
            Self::Whip(common) | Self::Whep { common, .. } => common,
        }
    }

    fn options(&self) -> Options {
        let common = self.common();
        let (protocol, publish) = match self {
            Self::Whip(_) => (Protocol::Whip, None),
            Self::Whep { publish, .. } => (Protocol::Whep, publish.clone()),
        };
        Options {
            publish,
            token: common.token.clone().filter(|it| !it.is_empty()),
            origin: common.origin.clone(),
            codec: match common.codec {
                Codec::Vp8 => VideoCodec::Vp8,
                Codec::H264 => VideoCodec::H264,
            },
            ..Options::new(protocol, &common.url)
        }
    }
}

/// Checks a server and prints the report.
pub(crate) fn check(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let common = args.what.common();
    let screen = Mutex::new(Screen::new());
    let result = ::check::run(&args.what.options(), |progress| {
        if let Ok(mut screen) = screen.lock() {
            screen.tell(progress);
        }
    });
    if let Ok(screen) = screen.lock() {
        screen.clear();
    }
    let report = match result {
        Ok(report) => report,
        Err(error @ (CheckError::BadUrl { .. } | CheckError::Unreachable { .. })) => {
            _ = writeln!(io::stderr(), "kaibo: {error}; see kaibo check --help");
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    if common.json {
        output::print(format_args!("{}\n", report.to_json()))?;
    } else {
        output::print(&report)?;
    }
    let failed = report.has_failed() || report.has_failed_should() && !common.allow_should;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
