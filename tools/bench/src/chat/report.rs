//! What a run of the chat came to: as JSON, and for people.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::listen::Counts;

/// What was measured.
pub(super) struct Parts {
    pub(super) sockets: usize,
    pub(super) failed: usize,
    pub(super) sent: u64,
    pub(super) measured: Duration,
    pub(super) heard: Counts,
    pub(super) server_cpu: Option<Duration>,
    pub(super) tool_cpu: Option<Duration>,
    /// Of the server's process: now, and before the first socket.
    pub(super) rss: Option<(u64, u64)>,
}

/// The report of `kaibo bench chat`; docs/bench.md explains each field.
#[derive(Debug, Clone, Serialize)]
pub struct ChatReport {
    ok: bool,
    sockets: usize,
    failed: usize,
    lines: Lines,
    delay_ms: Delay,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_cpu_percent: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
struct Lines {
    sent: u64,
    expected: u64,
    delivered: u64,
    skipped: u64,
    lost: u64,
    disordered: u64,
    messages: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Delay {
    p50: Option<f64>,
    p99: Option<f64>,
    worst: f64,
}

#[derive(Debug, Clone, Serialize)]
struct Server {
    cpu_percent: Option<f64>,
    cpu_us_per_line: Option<f64>,
    rss_mb: f64,
    rss_kb_per_socket: f64,
}

impl ChatReport {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { sockets, failed, sent, measured, heard, server_cpu, tool_cpu, rss } = parts;
        let expected = sent * sockets as u64;
        let lost = expected.saturating_sub(heard.lines + heard.skipped);
        let per_line = |cpu: Duration| cpu.as_secs_f64() * 1e6 / heard.lines.max(1) as f64;
        let percent = |cpu: Duration| 100.0 * cpu.as_secs_f64() / measured.as_secs_f64();
        let server = rss.map(|(after, before)| Server {
            cpu_percent: server_cpu.map(percent),
            cpu_us_per_line: server_cpu.map(per_line),
            rss_mb: after as f64 / 1e6,
            rss_kb_per_socket: after.saturating_sub(before) as f64 / 1e3 / sockets.max(1) as f64,
        });
        Self {
            ok: failed == 0 && lost == 0 && heard.disordered == 0,
            sockets,
            failed,
            delay_ms: Delay {
                p50: heard.percentile_ms(50.0),
                p99: heard.percentile_ms(99.0),
                worst: heard.worst_us as f64 / 1_000.0,
            },
            lines: Lines {
                sent,
                expected,
                delivered: heard.lines,
                skipped: heard.skipped,
                lost,
                disordered: heard.disordered,
                messages: heard.messages,
            },
            server,
            tool_cpu_percent: tool_cpu.map(percent),
        }
    }

    /// Whether all sockets opened, and each heard every line, or how many were left out, in order.
    pub fn is_ok(&self) -> bool {
        self.ok
    }

    /// One line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers only")
    }
}

impl fmt::Display for ChatReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sockets, failed, lines, delay_ms, server, tool_cpu_percent, .. } = self;
        writeln!(f, "sockets        {sockets} in the room, {failed} failed")?;
        let Lines { sent, delivered, skipped, lost, disordered, messages, .. } = lines;
        writeln!(f, "lines          {sent} said, {delivered} delivered in {messages} messages")?;
        writeln!(
            f,
            "               {skipped} left out and told, {lost} lost, {disordered} out of order"
        )?;
        if let (Some(p50), Some(p99)) = (delay_ms.p50, delay_ms.p99) {
            let worst = delay_ms.worst;
            writeln!(f, "delay          {p50:.1} ms median, {p99:.1} ms p99, {worst:.1} ms worst")?;
        }
        if let Some(Server { cpu_percent, cpu_us_per_line, rss_mb, rss_kb_per_socket }) = server {
            if let (Some(percent), Some(us)) = (cpu_percent, cpu_us_per_line) {
                writeln!(
                    f,
                    "server CPU     {percent:.0} % of a core, {us:.2} µs a delivered line"
                )?;
            }
            writeln!(f, "server memory  {rss_mb:.0} MB, {rss_kb_per_socket:.1} kB a socket")?;
        }
        if let Some(percent) = tool_cpu_percent {
            writeln!(f, "tool CPU       {percent:.0} % of its core: the delay holds its own")?;
        }
        Ok(())
    }
}
