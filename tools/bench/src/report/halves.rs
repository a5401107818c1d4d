//! The first half of a run in which something changes in the middle, and what the second half is by it.

use serde::Serialize;
use synth::stats::{Counters, Times};

use super::{Crowd, Delay, Joins, MAX_LOSS_PERCENT, Measurement, percent, ratio, round};
use crate::options::Options;

/// What a run with two halves measured of the first one, and how the second is by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Halves {
    /// The first half.
    pub(super) first: First,
    /// How the second half is by the first: 1 is the same.
    pub(super) second_by_first: ByFirst,
    /// Absent without viewers who go back.
    pub(super) rewound: Option<Rewound>,
    /// Absent unless rooms were to be recorded.
    pub(super) recorded: Option<Recorded>,
}

/// Rooms that were to be recorded in the second half, and those of which the server said that they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Recorded {
    pub(super) requested: u64,
    pub(super) recorded: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct First {
    pub(super) delay_ms: Delay,
    pub(super) loss_percent: f64,
    pub(super) freezes: u64,
    pub(super) cpu_seconds: Option<f64>,
    pub(super) cpu_us_per_packet: Option<f64>,
    pub(super) rss_mb: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ByFirst {
    /// Of viewers of what is live.
    pub(super) delay_p50: Option<f64>,
    pub(super) delay_p99: Option<f64>,
    /// Of the server's process, by second.
    pub(super) cpu: Option<f64>,
}

/// Viewers who went back, in the second half.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Rewound {
    pub(super) requested: u64,
    /// Those to whom the server said that they are back.
    pub(super) rewound: u64,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// How far back they were.
    pub(super) behind_ms: Delay,
    pub(super) loss_percent: f64,
    /// The way back is one where the picture stands still for longer than 200 ms.
    pub(super) freezes: u64,
    pub(super) freeze_seconds: f64,
    pub(super) silent_viewers: u64,
    /// What the server's memory grew by in the second half, a viewer who went back.
    pub(super) rss_kb_per_viewer: Option<f64>,
}

impl Halves {
    /// `None` when the run had one phase, or ended before the second.
    pub(super) fn new(
        options: &Options,
        crowd: Crowd<'_>,
        second: &Measurement,
        joins: &Joins,
    ) -> Option<Self> {
        let first = second.first.as_deref()?;
        let halves = || crowd.live.iter().filter_map(|it| it.first.as_ref());
        let counters = halves().fold(Counters::default(), |sum, it| sum.plus(it.counters));
        let back = crowd.rewinding.and_then(|it| it.first.as_ref());
        let both = back.map_or(counters, |it| counters.plus(it.counters));
        let mut delay = Times::default();
        halves().for_each(|it| delay.add(&it.delay));
        let mut delay_after = Times::default();
        crowd.live.iter().for_each(|it| delay_after.add(&it.stats.delay));
        let by_first = |percentile| {
            let before = delay.percentile_ms(percentile)?;
            ratio(delay_after.percentile_ms(percentile)?, before)
        };
        let rate = |it: &Measurement| {
            it.server_cpu.map(|cpu| cpu.as_secs_f64() / it.took.as_secs_f64().max(f64::EPSILON))
        };
        let cpu = first.server_cpu.map(|it| it.as_secs_f64());
        let grown = second.server_rss.zip(first.server_rss);
        Some(Self {
            first: First {
                delay_ms: Delay::of(&delay),
                loss_percent: lost(counters),
                freezes: counters.freezes,
                cpu_seconds: cpu.map(round),
                cpu_us_per_packet: cpu.and_then(|it| ratio(it * 1e6, both.packets as f64)),
                rss_mb: first.server_rss.map(|it| round(it as f64 / 1e6)),
            },
            second_by_first: ByFirst {
                delay_p50: by_first(50.0),
                delay_p99: by_first(99.0),
                cpu: rate(second).zip(rate(first)).and_then(|(after, before)| ratio(after, before)),
            },
            rewound: crowd.rewinding.map(|it| Rewound {
                requested: options.rewinding as u64,
                rewound: joins.rewound,
                packets: it.steady.packets,
                bytes: it.steady.bytes,
                behind_ms: Delay::of(&it.stats.delay),
                loss_percent: lost(it.steady),
                freezes: it.steady.freezes,
                freeze_seconds: round(it.steady.freeze_us as f64 / 1e6),
                silent_viewers: it.silent,
                rss_kb_per_viewer: grown.and_then(|(after, before)| {
                    let grown = after.saturating_sub(before) as f64 / 1e3;
                    ratio(grown, options.rewinding as f64)
                }),
            }),
            recorded: options
                .record
                .then_some(Recorded { requested: options.rooms as u64, recorded: joins.recorded }),
        })
    }

    /// Whether all rooms were recorded, and all who wanted to go back did and get what was there.
    pub(super) fn is_ok(&self) -> bool {
        let are_back = self.rewound.as_ref().is_none_or(|it| {
            it.rewound == it.requested
                && it.silent_viewers == 0
                && it.loss_percent < MAX_LOSS_PERCENT
        });
        are_back && self.recorded.is_none_or(|it| it.recorded == it.requested)
    }
}

fn lost(counters: Counters) -> f64 {
    percent(counters.lost, counters.unique + counters.lost)
}
