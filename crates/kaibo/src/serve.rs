//! `kaibo serve`: the log, the limits, the server, its end.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::CommandFactory;
use server::{Config, Running, Shutdown};
use tokio::runtime::Builder;

use crate::args::{Cli, ServeArgs};
use crate::descriptors::{self, Verdict};
use crate::log::{Filter, Log};
use crate::{environment, greeting, output, signals};

/// The exit status of a server that ended though nobody stopped it (`EX_SOFTWARE`).
const DIED: u8 = 70;

/// How long tasks that are left over may take to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A key of fewer characters can be guessed.
const KEY_CHARS: usize = 16;

/// Runs the server until it is stopped.
pub(crate) fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.layer(), args.config.as_deref())?;
    let filter = Filter::parse(&config.log)?;
    if args.check {
        output::print(config.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    let log = Log::start(filter)?;
    let code = start_and_wait(config).unwrap_or_else(|error| {
        log.say(&format!("kaibo: {}", output::sentence(&error)));
        ExitCode::FAILURE
    });
    log.flush();
    Ok(code)
}

fn start_and_wait(config: Config) -> anyhow::Result<ExitCode> {
    match descriptors::judge(descriptors::raise()) {
        Verdict::Fine => {}
        Verdict::Warning(text) => tracing::warn!("{text}"),
        Verdict::Refusal(text) => anyhow::bail!(text),
    }
    warn_of_settings(&config);
    let runtime =
        Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let result = runtime.block_on(run(config));
    runtime.shutdown_timeout(END_WITHIN);
    result
}

/// What is allowed, and probably not meant.
fn warn_of_settings(config: &Config) {
    for text in environment::mistyped(&Cli::command()) {
        tracing::warn!("{text}");
    }
    if config.publish.key.as_ref().is_some_and(|it| it.chars().count() < KEY_CHARS) {
        tracing::warn!(
            "the publishing key has fewer than {KEY_CHARS} characters and can be guessed: take a longer one"
        );
    }
}

async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::default();
    signals::stop_on_signals(shutdown.clone()).context("cannot listen for signals")?;
    let running = server::serve(config.clone(), shutdown.clone()).await?;
    greet(greeting::greeting(&config, &running));
    Ok(match ended(running, &shutdown).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(died) => {
            tracing::error!("{died}");
            ExitCode::from(DIED)
        }
    })
}

/// Prints the greeting. Nobody needs to read it: it may go to a closed or a full pipe.
fn greet(text: String) {
    let print = move || _ = output::print(text);
    // Without a thread to be had, without a greeting.
    _ = thread::Builder::new().name("greeting".into()).spawn(print);
}

/// Waits for the end of the server. It is a mistake when nobody asked for it.
async fn ended(running: Running, shutdown: &Shutdown) -> Result<(), &'static str> {
    // In a task, so that a panic in it has the exit status, too.
    match tokio::spawn(running.wait()).await {
        Ok(()) if shutdown.is_triggered() => Ok(()),
        _ => Err("the server ended though nobody stopped it; please report it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_end_that_nobody_asked_for_is_told_from_a_stop() {
        for is_asked in [true, false] {
            let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
            let (stop, asked) = (Shutdown::default(), Shutdown::default());
            let running = server::serve(config, stop.clone()).await.unwrap();
            stop.trigger();
            let shutdown = if is_asked { &stop } else { &asked };
            assert_eq!(ended(running, shutdown).await.is_ok(), is_asked);
        }
    }
}
