//! `kaibo serve`: the log, the limits, the server, its end.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use server::{Config, Shutdown};
use tokio::runtime::Builder;

use crate::args::{self, ServeArgs};
use crate::log::{Filter, Log, Style};
use crate::{descriptors, environment, greeting, output, signals};

/// The exit status of a server that ended though nobody stopped it (`EX_SOFTWARE`).
const DIED: u8 = 70;

/// How long tasks that are left over may take to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Runs the server until it is stopped.
pub(crate) fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.overlay.clone(), args.config.as_deref())?;
    let filter = Filter::parse(&config.log)?;
    if args.check {
        output::print(config.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    let style = Style { format: config.log_format, hides_addresses: !config.log_addresses };
    let log = Log::start(filter, style)?;
    let code = start_and_wait(config, &log).unwrap_or_else(|error| {
        log.say(&format!("kaibo: {}", output::sentence(&error)));
        output::failure(&error)
    });
    log.flush();
    Ok(code)
}

fn start_and_wait(config: Config, log: &Log) -> anyhow::Result<ExitCode> {
    descriptors::check(descriptors::raise()).map_err(anyhow::Error::msg)?;
    warn_of_settings();
    let runtime =
        Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let result = runtime.block_on(run(config, log));
    runtime.shutdown_timeout(END_WITHIN);
    result
}

/// What is allowed, and probably not meant.
fn warn_of_settings() {
    for text in environment::mistyped(&args::command()) {
        tracing::warn!("{text}");
    }
}

async fn run(config: Config, log: &Log) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::default();
    signals::stop_on_signals(shutdown.clone()).context("cannot listen for signals")?;
    let running = server::serve(config.clone(), shutdown).await?;
    running.count_lines_lost(log.lost_lines());
    signals::reload_on_hangup(running.reload()).context("cannot listen for signals")?;
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
