//! How findings look in a terminal.

use std::fmt::Write;

use doctor::{path_name, path_text};
use protocol::{DeviceReport, DoctorFinding, DoctorLevel, DoctorPath, PathState};

use super::Language;
use super::ask::OwnServer;

/// All findings, and how many doors are closed.
pub(super) fn findings(
    findings: &[DoctorFinding],
    running: Option<&OwnServer>,
    language: Language,
) -> String {
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        _ = writeln!(out, "{text}");
    };
    match running {
        Some(server) => line(format_args!(
            "{} {}\n",
            language.choose("Kaibo runs at", "Kaibo 正在运行："),
            server.at()
        )),
        None => line(format_args!(
            "{}\n",
            language.choose(
                "No server runs with these settings; this is what it would meet.",
                "没有以这些设置运行的服务器；下面是它启动后会遇到的情况。"
            )
        )),
    }
    for finding in findings {
        let mark = match finding.level {
            DoctorLevel::Closed => "✗",
            DoctorLevel::Advice => "!",
            DoctorLevel::Fine => "✓",
        };
        line(format_args!("  {mark} {}", language.of(&finding.text)));
        if let Some(advice) = &finding.advice {
            line(format_args!("    → {}", language.of(advice)));
        }
    }
    let n_closed = findings.iter().filter(|it| it.level == DoctorLevel::Closed).count();
    let end = match (n_closed, language) {
        (0, Language::En) => "No closed door was found from inside.".to_owned(),
        (0, Language::Zh) => "从里面看，没有发现不通的地方。".to_owned(),
        (1, Language::En) => "1 door is closed: begin with it.".to_owned(),
        (n, Language::En) => format!("{n} doors are closed: begin with the first."),
        (n, Language::Zh) => format!("有 {n} 处不通：从第一处开始。"),
    };
    line(format_args!("\n{end}"));
    if running.is_some() {
        line(format_args!(
            "{}",
            language.choose(
                "What only a device outside can tell: kaibo doctor --phone",
                "只有外面的设备才能看到的情况：kaibo doctor --phone"
            )
        ));
    }
    out
}

/// The ports of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) udp: u16,
    pub(super) tcp: u16,
}

/// What a device found.
pub(super) fn device(report: &DeviceReport, ports: Ports, language: Language) -> String {
    let host = url::Url::parse(&report.origin).ok();
    let host = host.as_ref().and_then(|it| it.host_str()).unwrap_or("?");
    let mut out = format!("{}  {}\n", report.device, report.origin);
    for result in &report.results {
        let name = path_name(result.path);
        let name = language.of(&name);
        let (mark, state) = match result.state {
            PathState::Works => ("✓", language.choose("works", "通")),
            PathState::Closed => ("✗", language.choose("closed", "不通")),
            PathState::NotOffered => ("–", language.choose("not offered", "未提供")),
            PathState::NotTried => ("–", language.choose("not tried", "未试")),
        };
        let seconds = result.ms.filter(|_| result.state == PathState::Works);
        let seconds = seconds.map(|ms| format!(" {:.1} s", f64::from(ms) / 1000.0));
        // Writing to a string does not fail.
        _ = writeln!(out, "  {mark} {name}: {state}{}", seconds.unwrap_or_default());
        let port = match result.path {
            DoctorPath::Udp4 | DoctorPath::Udp6 => ports.udp,
            _ => ports.tcp,
        };
        if let Some(words) = path_text(result.path, result.state, port, host) {
            _ = writeln!(out, "    → {}", language.of(&words));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use protocol::{PathResult, Words};

    use super::*;

    #[test]
    fn a_device_is_told_with_what_works_and_what_to_do() {
        let result = |path, state, ms| PathResult { path, state, ms };
        let report = DeviceReport {
            device: "Safari, iPhone".into(),
            origin: "https://live.example.com".into(),
            clock_ahead_ms: 0.0,
            results: vec![
                result(DoctorPath::Udp4, PathState::Closed, None),
                result(DoctorPath::Tcp4, PathState::Works, Some(340)),
            ],
        };
        let ports = Ports { udp: 5000, tcp: 443 };
        let told = device(&report, ports, Language::En);
        assert!(told.contains("Safari, iPhone  https://live.example.com"), "{told}");
        assert!(told.contains("✗ Media over UDP, IPv4: closed"), "{told}");
        assert!(told.contains("ufw allow 5000/udp"), "{told}");
        assert!(told.contains("✓ Media over TCP, IPv4: works 0.3 s"), "{told}");
        assert!(device(&report, ports, Language::Zh).contains("不通"));
    }

    #[test]
    fn closed_doors_are_counted() {
        let words = |text: &str| Words { en: text.into(), zh: text.into() };
        let closed = DoctorFinding {
            check: "listen".into(),
            level: DoctorLevel::Closed,
            text: words("Only this computer."),
            advice: Some(words("Listen everywhere.")),
        };
        let told = findings(&[closed], None, Language::En);
        assert!(told.contains("✗ Only this computer.\n    → Listen everywhere."), "{told}");
        assert!(told.contains("1 door is closed"), "{told}");
    }
}
