//! The `kaibo` program: reads the command line, runs the server, says in one sentence what went
//! wrong.

mod args;
mod backup;
#[cfg(feature = "tools")]
mod bench;
#[cfg(feature = "tools")]
mod check;
mod descriptors;
mod did_you_mean;
mod doctor;
mod environment;
mod greeting;
mod health;
#[cfg(feature = "tools")]
mod heap;
mod inspect;
mod log;
mod operate;
mod output;
mod own_server;
#[cfg(feature = "tools")]
mod play;
#[cfg(feature = "tools")]
mod screen;
mod serve;
mod signals;
mod usage;

use std::process::ExitCode;

use args::Command;

#[cfg(feature = "tools")]
#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

fn main() -> ExitCode {
    let args = args::with_default_subcommand(std::env::args_os().collect());
    let command = match args::parse(&args) {
        Ok(command) => command,
        Err(error) => return usage::usage(&error, &args),
    };
    let result = match &command {
        Command::Serve(args) => serve::serve(args),
        Command::Health(args) => health::health(args, args::settings),
        Command::Backup(args) => backup::backup(args),
        Command::Restore(args) => backup::restore(args),
        Command::Inspect(args) => inspect::inspect(args),
        Command::Doctor(args) => doctor::doctor(args),
        Command::OwnerLink(args) => operate::operate(args, args::settings),
        Command::Room(args) => operate::operate(args, args::settings),
        Command::Key(args) => operate::operate(args, args::settings),
        Command::Invite(args) => operate::operate(args, args::settings),
        Command::Token(args) => operate::operate(args, args::settings),
        #[cfg(feature = "tools")]
        Command::Bench(args) => bench::bench(args),
        #[cfg(feature = "tools")]
        Command::Check(args) => check::check(args),
        #[cfg(feature = "tools")]
        Command::Play(args) => play::play(args),
    };
    output::exit_status(result)
}
