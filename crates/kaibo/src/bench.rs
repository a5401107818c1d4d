//! `kaibo bench`: its options, and what it prints.

mod attack;
mod chat;
mod delay;
mod egress;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ::bench::{Options, RunError, Target, VideoCodec};
use clap::{Args, Subcommand, ValueEnum};

use crate::output;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Examples:
  kaibo bench --viewers 200 --pid $(pidof kaibo)
      200 viewers of one room of the server on this machine, and what it uses
  kaibo bench --rooms 10 --viewers 500 --rate 100 --duration 60 --json
      ten rooms with 50 viewers each, for a minute, as JSON
  kaibo bench --file show.mp4 --viewers 50
      publishers send a recorded file again and again
  kaibo bench --loss 2
      viewers lose 2 % of what comes in, and ask for it again
  kaibo bench --viewers 200 --rewinding 200 --pid $(pidof kaibo)
      200 more viewers go back in the broadcast halfway: what the others notice, and what it costs
  kaibo bench --rooms 10 --viewers 200 --record --pid $(pidof kaibo)
      the rooms are recorded from halfway on: what that costs beside forwarding
  kaibo bench --viewers 300 --transport tcp --pid $(pidof kaibo)
      viewers behind networks without UDP; the server listens on another address than loopback
  kaibo bench egress --viewers 1000
      what forwarding costs on this machine, without a running server
  kaibo bench delay --load 80
      how long a packet is in the server when its core is busy for 80 % of the time
  kaibo bench chat --pid $(pidof kaibo)
      5,000 sockets that talk in one room
  kaibo bench attack --pid $(pidof kaibo)
      what others notice while somebody attacks the server on this machine
  kaibo bench --whip http://127.0.0.1:8080/whip/{room} --whep http://127.0.0.1:8080/whep/{room} --token T
      another server; {room} becomes the room's name

The report: joins (and why some failed), time from a viewer's first word to its connection, first
packet and first whole keyframe; then, of the steady phase alone, packets, bytes, delay from the
publisher's socket to the viewer's, loss before and after retransmission, freezes (no new frame for
200 ms), and what server and tool used. docs/bench.md has every field.

The exit status is 0 when all joined, all stayed and less than 1 % was lost; 1 when not; 2 when the
options make no sense.";

/// Flags of `bench`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// Other ways to measure.
    #[command(subcommand)]
    harness: Option<Harness>,
    /// Kaibo's WebSocket.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:3000/ws")]
    url: String,
    /// Any other server: where publishers post their offers (WHIP, http:// only).
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    whip: Option<String>,
    /// With --whip: where viewers post theirs (WHEP).
    #[arg(long, value_name = "URL", requires = "whip")]
    whep: Option<String>,
    /// Publishing key, or bearer token of WHIP and WHEP. Better in the environment.
    #[arg(long, value_name = "KEY", env = "KAIBO_BENCH_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Rooms, each with a publisher; viewers take turns.
    #[arg(long, value_name = "R", default_value_t = 1)]
    rooms: usize,
    /// Viewers of all rooms together.
    #[arg(long, value_name = "N", default_value_t = 100)]
    viewers: usize,
    /// More viewers, who go back in the broadcast after --duration; then --duration is measured again.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "whip")]
    rewinding: usize,
    /// Has the rooms recorded after --duration; then --duration is measured again.
    #[arg(long, conflicts_with = "whip")]
    record: bool,
    /// Viewers that join in a second.
    #[arg(long, value_name = "J", default_value_t = 50.0)]
    rate: f64,
    /// Seconds to measure, from when all have joined.
    #[arg(long, value_name = "S", default_value_t = 20)]
    duration: u64,
    /// A recorded file that publishers send again and again, with its codec, sound and rates: MP4, WebM or Matroska with VP8,
    /// VP9, H264 or AV1, and Opus.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["video_bitrate", "fps", "codec", "audio", "no_audio"]
    )]
    file: Option<PathBuf>,
    /// Video of a publisher in kbit/s.
    #[arg(long, value_name = "KBIT", default_value_t = 2_500)]
    video_bitrate: u64,
    /// Frames a second.
    #[arg(long, value_name = "FPS", default_value_t = 30)]
    fps: u32,
    /// What the pictures are shaped like.
    #[arg(long, value_name = "CODEC", default_value = "vp8")]
    codec: Codec,
    /// Publishers send sound (the default).
    #[arg(long, overrides_with = "no_audio")]
    audio: bool,
    /// Publishers send no sound.
    #[arg(long)]
    no_audio: bool,
    /// How media travels to viewers; publishers send over UDP.
    #[arg(long, value_name = "HOW", default_value = "udp")]
    transport: Transport,
    /// How clients receive over UDP: with UDP_GRO, which is cheap on one machine, or a datagram each call, as browsers do.
    #[arg(long, value_name = "HOW", default_value = "gro")]
    receivers: Receivers,
    /// Threads that viewers run on.
    #[arg(long, value_name = "T", default_value_t = 1)]
    threads: usize,
    /// The server's process, to be measured too (Linux).
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Percent of incoming packets that each viewer loses on purpose.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    loss: f64,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Allows servers outside this machine and private networks.
    #[arg(long)]
    yes_i_own_this_server: bool,
}

/// Other ways to measure.
#[derive(Debug, Subcommand)]
enum Harness {
    /// What forwarding one packet to one viewer costs, on virtual time, against the floor.
    Egress(egress::EgressArgs),
    /// How long a packet is in the server when its core is busy, on virtual time.
    Delay(delay::DelayArgs),
    /// How long a line of the chat is under way to thousands of sockets in one room.
    Chat(chat::ChatArgs),
    /// What others notice while somebody attacks a server on this machine.
    Attack(attack::AttackArgs),
}

/// The words of `--codec`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Codec {
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
}

/// The words of `--receivers`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Receivers {
    /// With UDP_GRO: a message of several datagrams comes whole.
    Gro,
    /// Without: over loopback the kernel cuts messages apart in the server's time.
    Plain,
}

/// The words of `--transport`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Transport {
    /// UDP.
    Udp,
    /// A TCP connection that the viewer opens (RFC 6544).
    Tcp,
}

impl From<Receivers> for ::bench::Receivers {
    fn from(it: Receivers) -> Self {
        match it {
            Receivers::Gro => Self::Gro,
            Receivers::Plain => Self::Plain,
        }
    }
}

impl std::fmt::Debug for BenchArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the rest: the token is in it.
        f.debug_struct("BenchArgs").field("viewers", &self.viewers).finish_non_exhaustive()
    }
}

impl BenchArgs {
    fn options(&self) -> Options {
        let target = match &self.whip {
            Some(publish) => Target::Whip { publish: publish.clone(), watch: self.whep.clone() },
            None => Target::Ws(self.url.clone()),
        };
        Options {
            target,
            token: self.token.clone(),
            rooms: self.rooms,
            viewers: self.viewers,
            rewinding: self.rewinding,
            record: self.record,
            rate: self.rate,
            duration: Duration::from_secs(self.duration),
            file: self.file.clone(),
            video_bitrate: self.video_bitrate,
            fps: self.fps,
            audio: !self.no_audio,
            codec: match self.codec {
                Codec::Vp8 => VideoCodec::Vp8,
                Codec::H264 => VideoCodec::H264,
            },
            transport: match self.transport {
                Transport::Udp => ::bench::Transport::Udp,
                Transport::Tcp => ::bench::Transport::Tcp,
            },
            receivers: self.receivers.into(),
            threads: self.threads,
            pid: self.pid,
            loss: self.loss,
            own_server: self.yes_i_own_this_server,
        }
    }
}

/// Runs the load and prints the report.
pub(crate) fn bench(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    if let Some(harness) = &args.harness {
        return match harness {
            Harness::Egress(args) => egress::run(args),
            Harness::Delay(args) => delay::run(args),
            Harness::Chat(args) => chat::run(args),
            Harness::Attack(args) => attack::run(args),
        };
    }
    let mut screen = Screen::new();
    let result = ::bench::run(&args.options(), |progress| screen.tell(progress));
    screen.clear();
    let report = match result {
        Ok(report) => report,
        Err(RunError::Options(error)) => {
            _ = writeln!(io::stderr(), "kaibo: {error}; see kaibo bench --help");
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    if args.json {
        output::print(format_args!("{}\n", report.to_json()))?;
    } else {
        output::print(&report)?;
    }
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a harness, and tells how far it is meanwhile.
fn watched<T>(measure: impl FnOnce(&mut dyn FnMut(&str)) -> T) -> T {
    let mut screen = Screen::new();
    let result = measure(&mut |what| screen.tell(&what));
    screen.clear();
    result
}

/// Prints what a harness came to: as JSON, if there is any, or for people.
fn print(report: &impl Display, json: Option<String>) -> anyhow::Result<()> {
    match json {
        Some(json) => output::print(format_args!("{json}\n")),
        None => output::print(format_args!("{report}\n")),
    }
}
