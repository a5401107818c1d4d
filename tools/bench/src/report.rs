//! What a run measured, as JSON and as text: the same figures.

mod halves;
mod join_cost;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::options::{Options, Target};
use crate::worker::Measured;
use halves::Halves;
use join_cost::JoinCost;
pub(crate) use join_cost::{Phases, Used};
use synth::stats::{Counters, Times};

/// Loss at which a run has failed, in percent.
const MAX_LOSS_PERCENT: f64 = 1.0;

/// What a run measured. `docs/bench.md` says what each figure means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    target: String,
    rooms: usize,
    viewers: usize,
    /// The name of the file that was sent, if one was.
    file: Option<String>,
    /// What of it was not sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    video_kbit: u64,
    fps: u32,
    audio: bool,
    receivers: &'static str,
    transport: &'static str,
    threads: usize,
    loss_on_purpose_percent: f64,
    /// Ctrl+C ended it early.
    interrupted: bool,
    /// All joined, all stayed, and less than one percent was lost.
    ok: bool,
    joins: JoinReport,
    /// Absent when not all had joined before it was interrupted.
    steady: Option<SteadyReport>,
    /// Absent without a process to look at.
    server: Option<ServerReport>,
    tool: Option<ToolReport>,
    /// Absent unless something changed when half of the time was over; then all of the above is of the second half.
    halves: Option<Halves>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct JoinReport {
    requested: u64,
    succeeded: u64,
    failed: u64,
    /// Connections that ended after they had a picture.
    gone: u64,
    publishers_lost: u64,
    reasons: BTreeMap<String, u64>,
    seconds: f64,
    per_second: f64,
    connected_ms: Percentiles,
    first_packet_ms: Percentiles,
    first_keyframe_ms: Percentiles,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Percentiles {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Delay {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct SteadyReport {
    seconds: f64,
    packets: u64,
    bytes: u64,
    packets_per_second: f64,
    mbit_per_second: f64,
    delay_ms: Delay,
    loss_percent: f64,
    loss_before_repair_percent: f64,
    lost: u64,
    recovered: u64,
    retransmissions: u64,
    reordered: u64,
    duplicates: u64,
    unreadable: u64,
    dropped_on_purpose: u64,
    nacks: u64,
    plis: u64,
    freezes: u64,
    freeze_seconds: f64,
    silent_viewers: u64,
    machine_udp_buffer_errors: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct ServerReport {
    cpu_seconds: f64,
    cpu_percent: f64,
    cpu_seconds_per_gb: Option<f64>,
    cpu_us_per_packet: Option<f64>,
    rss_mb: Option<f64>,
    rss_kb_per_viewer: Option<f64>,
    /// What a join costs.
    join: Option<JoinCost>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct ToolReport {
    cpu_seconds: f64,
    cpu_percent: f64,
    cpu_us_per_packet: Option<f64>,
    busiest_thread_percent: Option<f64>,
}

/// How joining went.
#[derive(Debug)]
pub(crate) struct Joins {
    pub(crate) requested: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) gone: u64,
    pub(crate) publishers_lost: u64,
    pub(crate) seconds: f64,
    /// Viewers who were sent back in the broadcast.
    pub(crate) rewound: u64,
    /// Rooms that were recorded.
    pub(crate) recorded: u64,
    pub(crate) reasons: BTreeMap<String, u64>,
}

/// What threads of viewers measured: of those who watch what is live, and of those who go back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd<'a> {
    pub(crate) live: &'a [Measured],
    pub(crate) rewinding: Option<&'a Measured>,
}

/// What the machine told of the steady phase.
#[derive(Debug)]
pub(crate) struct Measurement {
    pub(crate) took: Duration,
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) server_rss: Option<u64>,
    pub(crate) server_rss_before: Option<u64>,
    pub(crate) own_cpu: Option<Duration>,
    pub(crate) busiest_thread: Option<Duration>,
    pub(crate) buffer_errors: Option<u64>,
    /// For the cost of joins.
    pub(crate) phases: Option<Phases>,
    /// Of the first of two steady phases.
    pub(crate) first: Option<Box<Self>>,
}

impl Delay {
    fn of(times: &Times) -> Self {
        let at = |percentile| times.percentile_ms(percentile);
        Self { p50: at(50.0), p90: at(90.0), p99: at(99.0), max: at(100.0) }
    }
}

impl Percentiles {
    fn of(times: &Times) -> Self {
        let at = |percentile| times.percentile_ms(percentile);
        Self { p50: at(50.0), p95: at(95.0), p99: at(99.0), max: at(100.0) }
    }
}

impl Report {
    pub(crate) fn new(
        options: &Options,
        interrupted: bool,
        joins: Joins,
        crowd: Crowd<'_>,
        measurement: Option<&Measurement>,
    ) -> Self {
        let measured = crowd.live;
        let all = |of: fn(&Measured) -> &Times| {
            let mut all = Times::default();
            measured.iter().for_each(|it| all.add(of(it)));
            all
        };
        let counters = measured.iter().fold(Counters::default(), |sum, it| sum.plus(it.steady));
        let both = crowd.rewinding.map_or(counters, |it| counters.plus(it.steady));
        let everybody = measured.iter().chain(crowd.rewinding);
        let joining = everybody.fold(Counters::default(), |sum, it| sum.plus(it.joining));
        let silent = measured.iter().map(|it| it.silent).sum();
        let delay = all(|it| &it.stats.delay);
        let steady = measurement.map(|it| SteadyReport::new(counters, silent, &delay, it));
        let halves = measurement.and_then(|it| Halves::new(options, crowd, it, &joins));
        let Joins { requested, succeeded, failed, gone, publishers_lost, seconds, reasons, .. } =
            joins;
        let all_there = succeeded == requested && gone == 0 && publishers_lost == 0;
        let flows = |it: &SteadyReport| {
            it.loss_percent < MAX_LOSS_PERCENT
                && it.silent_viewers == 0
                && (it.packets > 0 || requested == 0)
        };
        Self {
            target: match &options.target {
                Target::Ws(url) => url.clone(),
                Target::Whip { publish, watch } => watch.clone().unwrap_or_else(|| publish.clone()),
            },
            rooms: options.rooms,
            viewers: options.viewers,
            file: options
                .file
                .as_ref()
                .map(|it| it.file_name().unwrap_or_default().to_string_lossy().into_owned()),
            notes: Vec::new(),
            video_kbit: options.video_bitrate,
            fps: options.fps,
            audio: options.audio,
            receivers: options.receivers.name(),
            transport: options.transport.name(),
            threads: options.threads,
            loss_on_purpose_percent: options.loss,
            interrupted,
            ok: all_there
                && halves.as_ref().is_none_or(Halves::is_ok)
                && steady.as_ref().is_some_and(flows),
            joins: JoinReport {
                requested,
                succeeded,
                failed,
                gone,
                publishers_lost,
                reasons,
                seconds: round(seconds),
                per_second: ratio(succeeded as f64, seconds).unwrap_or(0.0),
                connected_ms: Percentiles::of(&all(|it| &it.stats.connected)),
                first_packet_ms: Percentiles::of(&all(|it| &it.stats.first_packet)),
                first_keyframe_ms: Percentiles::of(&all(|it| &it.stats.first_keyframe)),
            },
            server: measurement.and_then(|it| ServerReport::new(it, joining, both, succeeded)),
            tool: measurement.and_then(|it| ToolReport::new(it, both)),
            steady,
            halves,
        }
    }

    /// The same with what of the file was not sent.
    pub(crate) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// Whether all joined, all stayed, and less than one percent was lost.
    pub fn is_ok(&self) -> bool {
        self.ok
    }

    /// One JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and text have JSON")
    }
}

impl SteadyReport {
    fn new(counters: Counters, silent: u64, delay: &Times, machine: &Measurement) -> Self {
        let seconds = machine.took.as_secs_f64();
        let sent = counters.unique + counters.lost;
        Self {
            seconds: round(seconds),
            packets: counters.packets,
            bytes: counters.bytes,
            packets_per_second: round(counters.packets as f64 / seconds),
            mbit_per_second: round(counters.bytes as f64 * 8.0 / 1e6 / seconds),
            delay_ms: Delay::of(delay),
            loss_percent: percent(counters.lost, sent),
            loss_before_repair_percent: percent(counters.lost + counters.recovered, sent),
            lost: counters.lost,
            recovered: counters.recovered,
            retransmissions: counters.rtx,
            reordered: counters.reordered,
            duplicates: counters.duplicates,
            unreadable: counters.unreadable,
            dropped_on_purpose: counters.dropped,
            nacks: counters.nacks,
            plis: counters.plis,
            freezes: counters.freezes,
            freeze_seconds: round(counters.freeze_us as f64 / 1e6),
            silent_viewers: silent,
            machine_udp_buffer_errors: machine.buffer_errors,
        }
    }
}

impl ServerReport {
    fn new(
        machine: &Measurement,
        joining: Counters,
        counters: Counters,
        viewers: u64,
    ) -> Option<Self> {
        let cpu = machine.server_cpu?.as_secs_f64();
        let grown = machine.server_rss.zip(machine.server_rss_before);
        Some(Self {
            cpu_seconds: round(cpu),
            cpu_percent: round(cpu * 100.0 / machine.took.as_secs_f64()),
            cpu_seconds_per_gb: ratio(cpu, counters.bytes as f64 / 1e9),
            cpu_us_per_packet: ratio(cpu * 1e6, counters.packets as f64),
            rss_mb: machine.server_rss.map(|it| round(it as f64 / 1e6)),
            rss_kb_per_viewer: grown.and_then(|(after, before)| {
                ratio(after.saturating_sub(before) as f64 / 1e3, viewers as f64)
            }),
            join: machine.phases.and_then(|it| JoinCost::new(&it, joining, counters, viewers)),
        })
    }
}

impl ToolReport {
    fn new(machine: &Measurement, counters: Counters) -> Option<Self> {
        let cpu = machine.own_cpu?.as_secs_f64();
        let seconds = machine.took.as_secs_f64();
        Some(Self {
            cpu_seconds: round(cpu),
            cpu_percent: round(cpu * 100.0 / seconds),
            cpu_us_per_packet: ratio(cpu * 1e6, counters.packets as f64),
            busiest_thread_percent: machine
                .busiest_thread
                .map(|it| round(it.as_secs_f64() * 100.0 / seconds)),
        })
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 * 1e6 / whole as f64).round() / 1e4 }
}

fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| round(a / b))
}

/// To a thousandth: more digits say nothing.
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests;
