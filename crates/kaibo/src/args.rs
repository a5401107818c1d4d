//! The command line. Values also come from the environment, as `--help` says.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use server::config::{Layer, PublishLayer};
use server::protocol::IceServer;
use server::signaling::PublishOpen;

use crate::bench::BenchArgs;
use crate::check::CheckArgs;
use crate::environment;
use crate::log::{BadFilter, Filter};

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
    Serve(ServeArgs),
    /// Measures a server with synthetic publishers and viewers.
    Bench(BenchArgs),
    /// Checks any server of WHIP or WHEP against what their documents ask for.
    Check(CheckArgs),
}

/// Flags of `serve`. A flag beats the environment, the environment beats the file.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// TCP address of pages and signalling; [::] is every address of both families.
    #[arg(long, value_name = "ADDR:PORT", env = "KAIBO_LISTEN")]
    listen: Option<SocketAddr>,
    /// UDP port of all media [default: the number of the TCP port].
    #[arg(long, value_name = "PORT", env = "KAIBO_UDP_PORT")]
    udp_port: Option<u16>,
    /// Address to announce for media, of the NAT or container host in front; may be repeated.
    #[arg(long, value_name = "IP", env = "KAIBO_PUBLIC_IP", value_delimiter = ',')]
    public_ip: Option<Vec<IpAddr>>,
    /// Folder of durable things, and of kaibo.toml [default: data].
    #[arg(long, value_name = "DIR", env = "KAIBO_DATA")]
    data: Option<PathBuf>,
    /// Configuration file [default: kaibo.toml in the data folder, if it is there].
    #[arg(long, value_name = "FILE", env = "KAIBO_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Room of pages that name none [default: default].
    #[arg(long, value_name = "ROOM", env = "KAIBO_DEFAULT_ROOM", value_parser = room)]
    default_room: Option<server::protocol::RoomName>,
    /// Who may publish without a key [default: loopback].
    #[arg(long, value_name = "WHO", env = "KAIBO_PUBLISH_OPEN")]
    publish_open: Option<Open>,
    /// Key that lets anyone publish. Better in the environment: others can read the command line.
    #[arg(long, value_name = "KEY", env = "KAIBO_PUBLISH_KEY", hide_env_values = true)]
    publish_key: Option<String>,
    /// Origin of other web pages that may connect, such as https://example.com; may be repeated.
    #[arg(long, value_name = "ORIGIN", env = "KAIBO_ALLOW_ORIGIN", value_delimiter = ',')]
    allow_origin: Option<Vec<String>>,
    /// STUN server to hand to pages and players, such as stun:stun.example.com:3478; may be repeated. TURN
    /// servers, which need a credential, are named in the file.
    #[arg(long, value_name = "URL", env = "KAIBO_ICE_SERVER", value_delimiter = ',')]
    ice_server: Option<Vec<String>>,
    /// Most viewers of one room [default: 1000].
    #[arg(long, value_name = "N", env = "KAIBO_MAX_VIEWERS")]
    max_viewers: Option<usize>,
    /// Most connections of the server, hosts and viewers [default: 2000].
    #[arg(long, value_name = "N", env = "KAIBO_MAX_PEERS")]
    max_peers: Option<usize>,
    /// Most that a host should send, in kbit/s; who sends more is told so [default: 0, no limit].
    #[arg(long, value_name = "KBPS", env = "KAIBO_MAX_PUBLISH_KBPS")]
    max_publish_kbps: Option<u32>,
    /// Media threads [default: one for each core, up to 16].
    #[arg(long, value_name = "N", env = "KAIBO_MEDIA_WORKERS")]
    media_workers: Option<usize>,
    /// What to log, such as info or server=debug [default: info].
    #[arg(long, value_name = "FILTER", env = "KAIBO_LOG", value_parser = filter)]
    log: Option<String>,
    /// Prints the configuration in effect, without the key, and exits.
    #[arg(long)]
    pub(crate) check: bool,
}

/// The words of `--publish-open`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Open {
    /// Anyone.
    All,
    /// Programs of this machine.
    Loopback,
    /// Nobody.
    None,
}

impl std::fmt::Debug for ServeArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the rest: the key is in it.
        f.debug_struct("ServeArgs").field("check", &self.check).finish_non_exhaustive()
    }
}

impl ServeArgs {
    /// The knobs that were turned.
    pub(crate) fn layer(&self) -> Layer {
        Layer {
            listen: self.listen,
            udp_port: self.udp_port,
            public_ips: self.public_ip.clone(),
            data: self.data.clone(),
            default_room: self.default_room.clone(),
            allow_origins: self.allow_origin.clone(),
            ice_servers: self.ice_server.as_ref().map(|urls| {
                let server = |url: &String| IceServer {
                    urls: vec![url.clone()],
                    username: None,
                    credential: None,
                };
                urls.iter().map(server).collect()
            }),
            max_viewers: self.max_viewers,
            max_peers: self.max_peers,
            max_publish_kbps: self.max_publish_kbps,
            media_workers: self.media_workers,
            log: self.log.clone(),
            publish: PublishLayer {
                open: self.publish_open.map(|open| match open {
                    Open::All => PublishOpen::All,
                    Open::Loopback => PublishOpen::Loopback,
                    Open::None => PublishOpen::None,
                }),
                key: self.publish_key.clone(),
            },
        }
    }
}

fn room(text: &str) -> Result<server::protocol::RoomName, server::protocol::InvalidName> {
    server::protocol::RoomName::parse(text)
}

/// A text that is a filter.
fn filter(text: &str) -> Result<String, BadFilter> {
    Filter::parse(text).map(|_| text.to_owned())
}

/// Reads the command line.
pub(crate) fn parse(args: &[OsString]) -> Result<Command, clap::Error> {
    let mut command = environment::without_empty(Cli::command());
    let matches = command.try_get_matches_from_mut(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|it| it.format(&mut command))?;
    Ok(cli.command)
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
