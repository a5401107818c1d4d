//! `kaibo doctor`: what keeps others from reaching the server, and what to do about it.
//!
//! | file | what |
//! | --- | --- |
//! | `ask.rs` | asks the server that runs on this machine |
//! | `phone.rs` | the QR code, and what devices find |
//! | `text.rs` | how findings look in a terminal |

mod ask;
mod phone;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use doctor::Machine;
use protocol::{DoctorFinding, DoctorLevel, Words};
use server::Config;
use server::config::ConfigOverlay;

use crate::output;
use ask::OwnServer;

/// Flags of `doctor`: those of `serve` tell how the server runs, or would run.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Prints a QR code for a phone or another computer, which then tries every way to the server with real media;
    /// the server has to run.
    #[arg(long)]
    phone: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Language of what is printed [default: of the system, else en].
    #[arg(long, value_name = "LANG")]
    lang: Option<Language>,
    /// Configuration file [default: kaibo.toml in the data folder, if it is there].
    #[arg(long, value_name = "FILE", env = "KAIBO_CONFIG")]
    config: Option<PathBuf>,
    /// The knobs that were turned.
    #[command(flatten)]
    overlay: ConfigOverlay,
}

impl std::fmt::Debug for DoctorArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DoctorArgs").field("phone", &self.phone).finish_non_exhaustive()
    }
}

/// A language of the program's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    En,
    Zh,
}

impl Language {
    /// The one that the environment names (POSIX, section 8.2).
    fn of_system() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
        let name = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
        if name.starts_with("zh") { Self::Zh } else { Self::En }
    }

    fn of(self, words: &Words) -> &str {
        match self {
            Self::En => &words.en,
            Self::Zh => &words.zh,
        }
    }

    fn choose<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

/// Prints the findings. The exit status is 1 when a door is closed.
pub(crate) fn doctor(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.overlay.clone(), args.config.as_deref())?;
    let language = args.lang.unwrap_or_else(Language::of_system);
    let server = OwnServer::of(&config);
    if args.phone {
        return phone::phone(&server, language, args.json);
    }
    let report = server.report()?;
    let is_running = report.is_some();
    let findings = match report {
        Some(report) => with_own_firewall(report.findings, &config)?,
        None => look(&config)?,
    };
    if args.json {
        let json = serde_json::json!({ "isRunning": is_running, "findings": findings });
        output::print(format!("{json:#}\n"))?;
    } else {
        output::print(text::findings(&findings, is_running.then_some(&server), language))?;
    }
    let is_closed = findings.iter().any(|it| it.level == DoctorLevel::Closed);
    Ok(if is_closed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What a server with these settings would meet.
fn look(config: &Config) -> anyhow::Result<Vec<DoctorFinding>> {
    let server = server::stopped_server(config).context("HTTPS cannot be had")?;
    Ok(doctor::examine(&server, &Machine::look(&server)))
}

/// A server that may not read the firewall's rules leaves that to whoever asks, who may be an administrator.
fn with_own_firewall(
    mut findings: Vec<DoctorFinding>,
    config: &Config,
) -> anyhow::Result<Vec<DoctorFinding>> {
    const CHECK: &str = "firewall";
    if findings.iter().any(|it| it.check == CHECK) {
        return Ok(findings);
    }
    findings.extend(look(config)?.into_iter().filter(|it| it.check == CHECK));
    findings.sort_by_key(|it| it.level);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_words() {
        let words = Words { en: "closed".into(), zh: "没有放行".into() };
        assert_eq!(Language::En.of(&words), "closed");
        assert_eq!(Language::Zh.of(&words), "没有放行");
    }
}
