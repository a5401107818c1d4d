//! `kaibo bench attack`: what others notice while somebody attacks a server on this machine.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use attack::{ATTACKS, Attack, Options, RunError};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::{print, watched};

const AFTER_HELP: &str = "\
Examples:
  kaibo bench attack --pid $(pidof kaibo)
      every attack on the server of this machine, and what it uses
  kaibo bench attack --only hello-reset,unread-get --connections 20000 --seconds 20 --json
      two of them, with as many connections as 20,000, as JSON
  kaibo bench attack --url https://127.0.0.1:3000 --pid $(pidof kaibo)
      the same over TLS, with those on TLS itself and on TURN inside of it
  KAIBO_BENCH_TOKEN=KEY kaibo bench attack --only keys,log --log kaibo.log
      guesses the publishing key, and counts the lines of the server's log

The server is on this machine: no other address is taken. It needs a room to publish in: without
--token, publishing from the server's own machine is to be open. One attack runs after the other. Somebody
else joins for up to 5 s without it, then beside it, then until all get in again. An attack opens at most
--rate connections a second and holds at most --connections, for --seconds, and closes all of them.

The attacker connects from 127.0.0.2 and says in X-Forwarded-For that it speaks for 203.0.113.9, as a
proxy would; with --networks also from 127.0.0.3, for 203.0.113.10, and so on. The others connect from
127.0.0.1, each for another address of 198.51.100.0/24.

The exit status is 0 when the server held against all attacks; 1 when it fell, or an attack could not be
tried; 2 when the options make no sense. docs/attack.md has every figure.";

/// Flags of `bench attack`.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct AttackArgs {
    /// The server, on a loopback address; https for attacks over TLS, whose certificate is not verified.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The server's process, to be measured too (Linux).
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Only these attacks [default: all, without those that need TLS where the server has none].
    #[arg(long, value_name = "ATTACK", value_delimiter = ',', value_parser = attack())]
    only: Vec<Attack>,
    /// Connections that an attack holds at once, at most.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    connections: usize,
    /// Connections that an attack opens a second, at most.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    rate: u32,
    /// How long each attack lasts.
    #[arg(long, value_name = "S", default_value_t = 10)]
    seconds: u64,
    /// How many seconds are waited after an attack until others get in again.
    #[arg(long, value_name = "S", default_value_t = 90)]
    recovery: u64,
    /// Networks that the attacker has an address in.
    #[arg(long, value_name = "N", default_value_t = 1)]
    networks: usize,
    /// The server's publishing key. Better in the environment.
    #[arg(long, value_name = "KEY", env = "KAIBO_BENCH_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The file that the server's log goes to, to count its lines.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

impl std::fmt::Debug for AttackArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the rest: the key is in it.
        f.debug_struct("AttackArgs").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Reads the name of an attack; `--help` says what each does.
fn attack() -> impl TypedValueParser<Value = Attack> {
    let values = ATTACKS.map(|it| PossibleValue::new(it.name).help(it.what));
    PossibleValuesParser::new(values)
        .try_map(|name| Attack::named(&name).ok_or("there is no such attack"))
}

/// Attacks and prints the report.
pub(super) fn run(args: &AttackArgs) -> anyhow::Result<ExitCode> {
    let options = Options {
        url: args.url.clone(),
        pid: args.pid,
        attacks: if args.only.is_empty() {
            Attack::all(args.url.starts_with("https:"))
        } else {
            args.only.clone()
        },
        connections: args.connections,
        rate: args.rate,
        duration: Duration::from_secs(args.seconds),
        recovery: Duration::from_secs(args.recovery),
        networks: args.networks,
        token: args.token.clone(),
        log: args.log.clone(),
    };
    let report = match watched(|say| attack::run(&options, say)) {
        Ok(report) => report,
        Err(RunError::Options(error)) => {
            _ = writeln!(io::stderr(), "kaibo: {error}; see kaibo bench attack --help");
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    print(&report, args.json.then(|| report.to_json()))?;
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
