//! The report for a person.

use std::fmt;

use super::halves::Halves;
use super::{JoinReport, Percentiles, Report, ServerReport, SteadyReport, ToolReport};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, rooms, viewers, video_kbit, fps, .. } = self;
        let sound = if self.audio { "with sound" } else { "no sound" };
        writeln!(
            f,
            "{target}: {rooms} rooms, {viewers} viewers, {video_kbit} kbit/s, {fps} fps, {sound}"
        )?;
        if let Some(file) = &self.file {
            writeln!(f, "file       {file}")?;
        }
        for note in &self.notes {
            writeln!(f, "             {note}")?;
        }
        if self.interrupted {
            writeln!(f, "interrupted: what follows is of the part that ran")?;
        }
        joins(f, &self.joins)?;
        if let Some(it) = &self.steady {
            steady(f, it)?;
        }
        if let Some(it) = &self.server {
            server(f, it)?;
        }
        if let Some(it) = &self.tool {
            tool(f, it)?;
        }
        if let Some(it) = &self.halves {
            halves(f, it)?;
        }
        let verdict = if self.ok { "ok" } else { "not ok" };
        writeln!(f, "result     {verdict}")
    }
}

fn joins(f: &mut fmt::Formatter<'_>, it: &JoinReport) -> fmt::Result {
    let JoinReport { requested, succeeded, failed, gone, seconds, per_second, .. } = it;
    writeln!(
        f,
        "joins      {succeeded} of {requested} in {seconds} s ({per_second}/s), {failed} failed, {gone} \
         lost later, {} publishers lost",
        it.publishers_lost
    )?;
    for (reason, n) in &it.reasons {
        writeln!(f, "             {n} x {reason}")?;
    }
    writeln!(f, "  ms                       p50      p95      p99      max")?;
    row(f, "connected", it.connected_ms)?;
    row(f, "first packet", it.first_packet_ms)?;
    row(f, "first keyframe", it.first_keyframe_ms)
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, it: Percentiles) -> fmt::Result {
    let Percentiles { p50, p95, p99, max } = it;
    write!(f, "    {name:<16}")?;
    for value in [p50, p95, p99, max] {
        write!(f, " {:>8}", or_dash(value))?;
    }
    writeln!(f)
}

fn steady(f: &mut fmt::Formatter<'_>, it: &SteadyReport) -> fmt::Result {
    let SteadyReport { seconds, packets, packets_per_second, mbit_per_second, .. } = it;
    writeln!(
        f,
        "received   {packets} packets, {} bytes in {seconds} s: {packets_per_second}/s, \
         {mbit_per_second} Mbit/s",
        it.bytes
    )?;
    let delay = it.delay_ms;
    writeln!(
        f,
        "delay      p50 {} ms, p90 {} ms, p99 {} ms, max {} ms",
        or_dash(delay.p50),
        or_dash(delay.p90),
        or_dash(delay.p99),
        or_dash(delay.max)
    )?;
    writeln!(
        f,
        "loss       {} % ({} packets), before repair {} %; {} recovered by {} retransmissions, {} \
         asked for",
        it.loss_percent,
        it.lost,
        it.loss_before_repair_percent,
        it.recovered,
        it.retransmissions,
        it.nacks
    )?;
    writeln!(
        f,
        "           {} reordered, {} duplicates, {} unreadable, {} dropped on purpose, {} dropped by \
         full buffers of this machine",
        it.reordered,
        it.duplicates,
        it.unreadable,
        it.dropped_on_purpose,
        it.machine_udp_buffer_errors.map_or_else(|| "-".to_owned(), |it| it.to_string())
    )?;
    writeln!(
        f,
        "picture    {} freezes ({} s), {} keyframes asked for, {} viewers got nothing at the end",
        it.freezes, it.freeze_seconds, it.plis, it.silent_viewers
    )
}

fn server(f: &mut fmt::Formatter<'_>, it: &ServerReport) -> fmt::Result {
    let ServerReport { cpu_seconds, cpu_percent, .. } = it;
    writeln!(
        f,
        "server     {cpu_seconds} CPU s ({cpu_percent} %), {} CPU s/GB, {} us/packet, {} MB resident, \
         {} kB more a viewer",
        or_dash(it.cpu_seconds_per_gb),
        or_dash(it.cpu_us_per_packet),
        or_dash(it.rss_mb),
        or_dash(it.rss_kb_per_viewer)
    )?;
    let Some(join) = it.join else { return Ok(()) };
    writeln!(
        f,
        "  a join   {} us: signalling {}, descriptions and handshake {}, replay {}, probes {}; goodbye {}",
        join.total_us,
        or_dash(join.signaling_us),
        or_dash(join.handshake_us),
        join.replay_us,
        join.probes_us,
        join.goodbye_us
    )
}

fn tool(f: &mut fmt::Formatter<'_>, it: &ToolReport) -> fmt::Result {
    let ToolReport { cpu_seconds, cpu_percent, .. } = it;
    writeln!(
        f,
        "this tool  {cpu_seconds} CPU s ({cpu_percent} %), {} us/packet, busiest thread {} %",
        or_dash(it.cpu_us_per_packet),
        or_dash(it.busiest_thread_percent)
    )
}

fn halves(f: &mut fmt::Formatter<'_>, it: &Halves) -> fmt::Result {
    let Halves { first, second_by_first: by, rewound, recorded } = it;
    let delay = first.delay_ms;
    writeln!(
        f,
        "first half delay p50 {} ms, p99 {} ms; loss {} %; {} freezes; server {} CPU s, {} us/packet, {} MB",
        or_dash(delay.p50),
        or_dash(delay.p99),
        first.loss_percent,
        first.freezes,
        or_dash(first.cpu_seconds),
        or_dash(first.cpu_us_per_packet),
        or_dash(first.rss_mb)
    )?;
    writeln!(
        f,
        "second/first: delay p50 {}, p99 {}; server's CPU {}",
        or_dash(by.delay_p50),
        or_dash(by.delay_p99),
        or_dash(by.cpu)
    )?;
    if let Some(it) = recorded {
        writeln!(f, "recorded   {} of {} rooms", it.recorded, it.requested)?;
    }
    let Some(it) = rewound else { return Ok(()) };
    let behind = it.behind_ms;
    writeln!(
        f,
        "went back  {} of {}, behind p50 {} ms, max {} ms; loss {} %, {} freezes ({} s), {} got nothing at the \
         end, {} kB more each",
        it.rewound,
        it.requested,
        or_dash(behind.p50),
        or_dash(behind.max),
        it.loss_percent,
        it.freezes,
        it.freeze_seconds,
        it.silent_viewers,
        or_dash(it.rss_kb_per_viewer)
    )
}

fn or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |it| it.to_string())
}
