//! `kaibo backup` and `kaibo restore`: a copy of what the server keeps, and back.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::output;

/// Flags of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to write [default: kaibo-DATE-TIME.db in this folder].
    #[arg(value_name = "FILE")]
    to: Option<PathBuf>,
    /// Data folder of the server, which may be running.
    #[arg(long, value_name = "DIR", env = "KAIBO_DATA", default_value = "data")]
    data: PathBuf,
    /// Replaces a file that is there already.
    #[arg(long)]
    force: bool,
}

/// Flags of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Data folder of the server, which must not be running.
    #[arg(long, value_name = "DIR", env = "KAIBO_DATA", default_value = "data")]
    data: PathBuf,
    /// Replaces what the folder has now.
    #[arg(long)]
    force: bool,
}

/// Prints where the copy is.
pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let to = args.to.clone().unwrap_or_else(|| {
        let now = Timestamp::now().to_zoned_datetime(TimeZone::system());
        PathBuf::from(now.strftime("kaibo-%Y%m%d-%H%M%S.db").to_string())
    });
    store::backup(&args.data, &to, args.force)?;
    output::print(format!(
        "{} has the rooms and all else that the server keeps, but not kaibo.toml nor certificates. Whoever has it can \
         tell who was banned: keep it safe\n",
        to.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what was put back.
pub(crate) fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    store::restore(&args.data, &args.from, args.force)?;
    output::print(format!("{} has what was in {}\n", args.data.display(), args.from.display()))?;
    Ok(ExitCode::SUCCESS)
}
