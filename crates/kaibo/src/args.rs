//! The command line. Values also come from the environment, as `--help` says.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use server::Config;
use server::config::ConfigOverlay;

use crate::backup::{BackupArgs, RestoreArgs};
#[cfg(feature = "tools")]
use crate::bench::BenchArgs;
#[cfg(feature = "tools")]
use crate::check::CheckArgs;
use crate::doctor::DoctorArgs;
use crate::environment;
use crate::health::HealthArgs;
use crate::inspect::InspectArgs;
use crate::log::{BadFilter, Filter};
use crate::operate::{InviteArgs, KeyArgs, OwnerLinkArgs, RoomArgs, TokenArgs};
#[cfg(feature = "tools")]
use crate::play::PlayArgs;

/// Self-hosted live streaming on WebRTC: one program, one port.
#[derive(Debug, Parser)]
#[command(name = "kaibo", version, propagate_version = true)]
#[command(
    after_help = "`kaibo` alone is `kaibo serve`, with its options: see `kaibo serve --help`."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the server (the default).
    Serve(Box<ServeArgs>),
    /// Asks a running server whether it lives.
    Health(HealthArgs),
    /// Finds what keeps others from reaching the server, and says what to do.
    Doctor(Box<DoctorArgs>),
    /// Says what is in a recorded file, and what is wrong with it.
    Inspect(InspectArgs),
    /// Prints a link that makes the owner's login, once.
    OwnerLink(OwnerLinkArgs),
    /// Rooms that were set up: who may watch and write, limits.
    Room(RoomArgs),
    /// Keys with which to publish in one room.
    Key(KeyArgs),
    /// Invitations to a room.
    Invite(InviteArgs),
    /// Tokens (JWT), and the keys that sign them.
    Token(TokenArgs),
    /// Copies what the server keeps into a file, also while it runs.
    Backup(BackupArgs),
    /// Puts such a copy back.
    Restore(RestoreArgs),
    /// Measures a server with synthetic publishers and viewers.
    #[cfg(feature = "tools")]
    Bench(Box<BenchArgs>),
    /// Checks any server of WHIP or WHEP against what their documents ask for.
    #[cfg(feature = "tools")]
    Check(CheckArgs),
    /// Publishes a recorded file by WHIP, in real time.
    #[cfg(feature = "tools")]
    Play(PlayArgs),
}

/// Flags of `serve`. A flag beats the environment, the environment beats the file.
#[derive(Clone, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file [default: kaibo.toml in the data folder, if it is there].
    #[arg(long, value_name = "FILE", env = "KAIBO_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Prints the configuration in effect, without secrets, and exits.
    #[arg(long)]
    pub(crate) check: bool,
    /// The knobs that were turned.
    #[command(flatten)]
    pub(crate) overlay: ConfigOverlay,
}

impl std::fmt::Debug for ServeArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeArgs").field("check", &self.check).finish_non_exhaustive()
    }
}

/// A text that is a filter.
fn filter(text: &str) -> Result<String, BadFilter> {
    Filter::parse(text).map(|_| text.to_owned())
}

/// The command line, with the values that only this crate can read.
pub(crate) fn command() -> clap::Command {
    Cli::command()
        .mut_subcommand("serve", |serve| serve.mut_arg("log", |log| log.value_parser(filter)))
        .mut_subcommand("doctor", |doctor| doctor.mut_arg("log", |log| log.value_parser(filter)))
}

/// Reads the command line.
pub(crate) fn parse(args: &[OsString]) -> Result<Command, clap::Error> {
    let mut command = environment::without_empty(command());
    let matches = command.try_get_matches_from_mut(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|it| it.format(&mut command))?;
    Ok(cli.command)
}

/// The settings of a server that is started with no option, as by a unit or in a container.
pub(crate) fn settings() -> anyhow::Result<Config> {
    let Command::Serve(serve) = parse(&["kaibo".into(), "serve".into()])? else {
        anyhow::bail!("`kaibo serve` is no command");
    };
    let ServeArgs { config, overlay, .. } = *serve;
    Ok(Config::load(overlay, config.as_deref())?)
}

/// Puts `serve` where no subcommand stands, so that `kaibo --listen …` works as well.
pub(crate) fn with_default_subcommand(mut args: Vec<OsString>) -> Vec<OsString> {
    let first = args.get(1).and_then(|arg| arg.to_str());
    let is_own = matches!(first, Some("-h" | "--help" | "-V" | "--version"));
    if first.is_none_or(|first| first.starts_with('-')) && !is_own {
        args.insert(args.len().min(1), "serve".into());
    }
    args
}
