//! `kaibo doctor --phone`: the QR code, and what devices find.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fast_qr::qr::QRBuilder;
use protocol::DeviceReport;

use super::Language;
use super::ask::OwnServer;
use super::text::{self, Ports};
use crate::output;

/// How often the server is asked what devices found.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Answers in a row that may be missing.
const MAX_FAILURES: usize = 15;

/// Shows what devices find until the ticket expires, or the program is stopped.
pub(super) fn phone(
    server: &OwnServer,
    trust: Option<&str>,
    language: Language,
    is_json: bool,
) -> anyhow::Result<ExitCode> {
    let ticket = server.ticket()?;
    let Some(page) = ticket.pages.first() else {
        bail!(
            "no other device can open the pages of {}: start the server with --listen '[::]:3000', or name the proxy \
             in front with --allow-host",
            server.at()
        );
    };
    let url = format!("{page}#{}", ticket.ticket);
    let lasts = Duration::from_secs(ticket.expires_in_s.into());
    if is_json {
        output::print(format!("{}\n", serde_json::json!({ "url": url })))?;
    } else {
        output::print(invitation(&url, &ticket.pages, trust, lasts, language)?)?;
    }
    follow(server, &ticket.ticket, lasts, |report, ports| {
        if is_json {
            output::print(format!("{}\n", serde_json::to_string(report)?))
        } else {
            output::print(format!("\n{}", text::device(report, ports, language)))
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn invitation(
    url: &str,
    pages: &[String],
    trust: Option<&str>,
    lasts: Duration,
    language: Language,
) -> anyhow::Result<String> {
    let code = QRBuilder::new(url).build().map_err(|error| anyhow::anyhow!("{error:?}"));
    let code = code.context("the address does not fit into a QR code")?.to_str();
    let minutes = lasts.as_secs() / 60;
    let hosts: Vec<&str> = pages.iter().skip(1).map(String::as_str).collect();
    let mut others = if hosts.is_empty() {
        String::new()
    } else {
        format!(
            "{} {}\n",
            language.choose("Other addresses of the page:", "页面的其他地址："),
            hosts.join("  ")
        )
    };
    if let Some(trust) = trust {
        let first = language.choose(
            "A device that does not trust this server yet opens this first:",
            "还没有信任本服务器的设备，先打开：",
        );
        others += &format!("{first} {trust}\n");
    }
    Ok(match language {
        Language::En => format!(
            "Open this on a phone or another computer. It tries every way to the server with real media, and what it\n\
             finds shows here and there. It is good for {minutes} minutes; Ctrl+C ends it.\n\n{code}\n\n{url}\n{others}"
        ),
        Language::Zh => format!(
            "用手机或另一台电脑打开。它会用真实的媒体逐一尝试到服务器的每条路，结果在两边都会显示。\n\
             {minutes} 分钟内有效；按 Ctrl+C 结束。\n\n{code}\n\n{url}\n{others}"
        ),
    })
}

/// Tells each new report until the ticket expires.
fn follow(
    server: &OwnServer,
    ticket: &str,
    lasts: Duration,
    mut tell: impl FnMut(&DeviceReport, Ports) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let end = Instant::now() + lasts;
    // What devices found before is no news.
    let mut told = server.report_for(ticket)?.devices;
    let mut failures = 0;
    while Instant::now() < end {
        thread::sleep(ASK_EVERY);
        let report = match server.report_for(ticket) {
            Ok(report) => report,
            // The server may be starting anew; at the end its own clock decides.
            Err(_) if failures < MAX_FAILURES => {
                failures += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        failures = 0;
        // The last comes first.
        for device in report.devices.iter().rev().filter(|it| !told.contains(it)) {
            tell(device, Ports { udp: report.udp_port, tcp: report.tcp_port })?;
        }
        told = report.devices;
    }
    Ok(())
}
