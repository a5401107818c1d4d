//! `kaibo health`: asks a running server whether it lives. A container has no other program for that.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use server::Config;
use url::Url;

use crate::output;
use crate::own_server::{Request, ask, reachable};

/// The longest wait for each part of the answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Flags of `health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// What to ask, http:// or https://; a certificate is not verified [default: /healthz of the server on this
    /// machine that the environment and the configuration file describe].
    #[arg(value_name = "URL")]
    url: Option<String>,
}

/// Prints a sentence. The exit status is 0 when the server serves. `settings` are those of this machine's server.
pub(crate) fn health(
    args: &HealthArgs,
    settings: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<ExitCode> {
    let text = match &args.url {
        Some(text) => text.clone(),
        None => format!("http://{}/healthz", reachable(settings()?.listen)),
    };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| {
        anyhow!("{text:?} is not a URL; write it as http://localhost:3000/healthz")
    })?;
    let request = Request {
        method: "GET",
        url: &url,
        secret: None,
        body: None,
        is_verified: false,
        within: ANSWER_WITHIN,
    };
    let status = ask(&request).with_context(|| format!("{url} does not answer"))?.status;
    if status != 200 {
        bail!("{url} answers {status}");
    }
    output::print(format!("{url} is well\n"))?;
    Ok(ExitCode::SUCCESS)
}
