//! The `kaibo` program: reads the command line, runs the server, says in one sentence what went
//! wrong.

mod args;
mod bench;
mod check;
mod descriptors;
mod did_you_mean;
mod environment;
mod greeting;
mod heap;
mod log;
mod output;
mod screen;
mod serve;
mod signals;
mod usage;

use std::process::ExitCode;

use args::Command;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

/// The exit code after a task died that must live: an internal error, as `EX_SOFTWARE` of sysexits.h.
const DIED: u8 = 70;

fn main() -> ExitCode {
    let args = args::with_default_subcommand(std::env::args_os().collect());
    let command = match args::parse(&args) {
        Ok(command) => command,
        Err(error) => return usage::usage(&error, &args),
    };
    let result = match &command {
        Command::Serve(args) => serve::serve(args),
        Command::Bench(args) => bench::bench(args),
        Command::Check(args) => check::check(args),
    };
    output::exit_status(result)
    match result {
        Ok(code) => code,
        Err(error) => {
            _ = writeln!(io::stderr(), "kaibo: {error:#}");
            if error.is::<server::Died>() { ExitCode::from(DIED) } else { ExitCode::FAILURE }
        }
    }
}

/// Help as it is; of a mistake, the sentence that says what it was.
fn usage(error: &clap::Error, args: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).take_while(|it| !it.is_empty());
    let mut sentence = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    if sentence.ends_with(':') {
        // A list follows.
        lines.for_each(|it| sentence.extend([" ", it]));
    }
    let named = args.get(1).and_then(|it| it.to_str());
    let command = named.filter(|it| matches!(*it, "bench" | "check")).unwrap_or("serve");
    _ = writeln!(io::stderr(), "kaibo: {sentence}; see kaibo {command} --help");
    ExitCode::from(2)
}

fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let config = Config::load(args.layer(), args.config.as_deref())?;
    if args.check {
        write!(io::stdout(), "{}", config.to_toml())?;
        return Ok(());
    }
    let mut filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .with_context(|| format!("the log filter {:?} cannot be read", config.log))?;
    // It warns of every extension of a ClientHello that it does not know.
    if !config.log.contains("rtc_dtls") {
        filter = filter.add_directive("rtc_dtls=error".parse().context("our own log filter")?);
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> anyhow::Result<()> {
    let shutdown = Shutdown::default();
    stop_on_signals(shutdown.clone()).context("cannot listen for signals")?;
    let running = server::serve(config.clone(), shutdown).await?;
    // A closed stdout is no reason not to serve.
    _ = write!(io::stdout(), "{}", greeting::greeting(&config, &running));
    Ok(running.wait().await?)
}

/// The first signal stops the server in good order, the second at once.
#[cfg(unix)]
fn stop_on_signals(shutdown: Shutdown) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if shutdown.is_triggered() {
                std::process::exit(130);
            }
            shutdown.trigger();
        }
    });
    Ok(())
}

/// The first Ctrl+C stops the server in good order, the second at once.
#[cfg(not(unix))]
fn stop_on_signals(shutdown: Shutdown) -> io::Result<()> {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if shutdown.is_triggered() {
                std::process::exit(130);
            }
            shutdown.trigger();
        }
    });
    Ok(())
}
