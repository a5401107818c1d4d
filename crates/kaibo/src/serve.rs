//! `kaibo serve`: the log, the limits, the server, its end.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use server::{Config, Configured, Shutdown, Source};
use tokio::runtime::Builder;

use crate::args::{self, ServeArgs};
use crate::log::{Filter, Filters, Log, Style};
use crate::signals::Hangups;
use crate::{descriptors, environment, greeting, output, signals};

/// The exit status of a server that ended though nobody stopped it (`EX_SOFTWARE`).
const DIED: u8 = 70;

/// How long tasks that are left over may take to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Runs the server until it is stopped.
pub(crate) fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let (config, filter) = read(args)?;
    if args.check {
        output::print(config.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    let style = Style { format: config.log_format, hides_addresses: !config.log_addresses };
    let log = Log::start(filter, style)?;
    let code = start_and_wait(args, config, &log).unwrap_or_else(|error| {
        log.say(&format!("kaibo: {}", output::sentence(&error)));
        output::failure(&error)
    });
    log.flush();
    Ok(code)
}

/// Reads the configuration, and checks what this program alone can check.
fn read(args: &ServeArgs) -> anyhow::Result<(Config, Filter)> {
    let config = Config::load(args.overlay.clone(), args.config.as_deref())?;
    let filter = Filter::parse(&config.log)?;
    Ok((config, filter))
}

/// Where the configuration comes from: the same flags, the same environment and the same file as at the start.
struct Configuration {
    args: ServeArgs,
    filters: Filters,
}

impl Source for Configuration {
    fn read(&self) -> Result<Config, String> {
        read(&self.args).map(|(config, _)| config).map_err(|error| output::sentence(&error))
    }

    fn set_log(&self, filter: &str) {
        match Filter::parse(filter) {
            Ok(filter) => self.filters.set(filter),
            Err(error) => tracing::error!(%error, "the log goes on with the filter it had"),
        }
    }
}

fn start_and_wait(args: &ServeArgs, config: Config, log: &Log) -> anyhow::Result<ExitCode> {
    descriptors::check(descriptors::raise()).map_err(anyhow::Error::msg)?;
    warn_of_settings();
    let runtime =
        Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let result = runtime.block_on(run(args, config, log));
    runtime.shutdown_timeout(END_WITHIN);
    result
}

/// What is allowed, and probably not meant.
fn warn_of_settings() {
    for text in environment::mistyped(&args::command()) {
        tracing::warn!("{text}");
    }
}

async fn run(args: &ServeArgs, config: Config, log: &Log) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::default();
    signals::stop_on_signals(shutdown.clone()).context("cannot listen for signals")?;
    let hangups = Hangups::new().context("cannot listen for signals")?;
    let source = Configuration { args: args.clone(), filters: log.filters() };
    let running = server::serve(Configured::by(config.clone(), source), shutdown).await?;
    running.count_lines_lost(log.lost_lines());
    hangups.reload(running.reload());
    greet(greeting::greeting(&config, &running));
    match running.wait().await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(died) => {
            tracing::error!(%died, "the server ended though nobody stopped it; please report it");
            Ok(ExitCode::from(DIED))
        }
    }
}

/// Prints the greeting. Nobody needs to read it: it may go to a closed or a full pipe.
fn greet(text: String) {
    let print = move || _ = output::print(text);
    // Without a thread to be had, without a greeting.
    _ = thread::Builder::new().name("greeting".into()).spawn(print);
}
