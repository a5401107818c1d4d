//! The report of `bench delay`, as JSON and as text.

use std::fmt;

use serde::Serialize;

use synth::stats::Times;

/// Percentiles and mean of a distribution, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delays {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine of ten are at most this.
    pub p90: f64,
    /// 99 of 100 are.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Delays {
    pub(super) fn of(times: &Times) -> Self {
        let at = |percentile| times.percentile_ms(percentile).unwrap_or(f64::NAN);
        Self { mean: times.mean_ms(), p50: at(50.0), p90: at(90.0), p99: at(99.0), max: at(100.0) }
    }
}

/// How long packets were in the server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DelayReport {
    /// How busy the core was while it was measured, in percent.
    pub load_percent: f64,
    /// Viewers in all, on average.
    pub viewers: f64,
    /// Rooms, on average.
    pub rooms: f64,
    /// Virtual seconds measured, in windows of half a second.
    pub seconds: f64,
    /// Those windows: the core was as busy as asked for, within five points.
    pub windows: usize,
    /// Windows in which it was not, or that came after one in which it was busier.
    pub windows_left_out: usize,
    /// Packets that came to the viewers.
    pub packets: u64,
    /// Packets that did not, in all windows, and so are those that follow.
    pub lost: u64,
    /// Packets that came when they were sent again; they are not in the delays.
    pub recovered: u64,
    /// Datagrams that a viewer could not authenticate or read.
    pub unreadable: u64,
    /// Datagrams that the system did not take.
    pub refused: u64,
    /// CPU time a packet to one viewer, in µs.
    pub us_per_packet: f64,
    /// The longest turn since the load was as asked for the first time, left out or not, in ms.
    pub longest_turn_ms: f64,
    /// From when a publisher's packet was due to when it was at the viewer's socket.
    pub delay_ms: Delays,
    /// The same where turns take no time: what the server chose to wait.
    pub chosen_ms: Delays,
    /// What is not chosen, on average: the one mean above the other.
    pub beyond_mean_ms: f64,
    /// How much later packets are than chosen, in the middle: the median of how far each percentile of
    /// the one is above that of the other. Half of what is chosen is next to nothing and half is up to
    /// 10 ms, so that the medians alone, which are between the two, tell little.
    pub beyond_p50_ms: f64,
    /// The same of the slowest: `delay_ms.p99` above `chosen_ms.p99`.
    pub beyond_p99_ms: f64,
    /// How busy the core was in all windows since the load was as asked for the first time, in percent.
    pub all_load_percent: f64,
    /// `delay_ms` in all of those: what an event that takes much of a window does to it is in this alone.
    pub all_delay_ms: Delays,
}

impl DelayReport {
    /// Whether every packet came, at the first time.
    pub fn is_whole(&self) -> bool {
        self.lost + self.recovered + self.unreadable + self.refused == 0
    }

    /// As one line of JSON.
    pub fn to_json(&self) -> String {
        // Only a map with strange keys could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// By how much the percentiles of the one are above those of the other: the median of that, in ms.
pub(super) fn middle_shift(delay: &Times, chosen: &Times) -> f64 {
    let shift = |percentile: u32| {
        let at = |times: &Times| times.percentile_ms(percentile.into()).unwrap_or(f64::NAN);
        at(delay) - at(chosen)
    };
    let mut shifts: Vec<f64> = (1..=99).map(shift).collect();
    shifts.sort_by(f64::total_cmp);
    shifts[shifts.len() / 2]
}

impl fmt::Display for DelayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, it: Delays| {
            writeln!(
                f,
                "  {name:<20} p50 {:6.2} ms   p90 {:6.2}   p99 {:6.2}   max {:6.2}   mean {:.2}",
                it.p50, it.p90, it.p99, it.max, it.mean
            )
        };
        writeln!(
            f,
            "{:.0} viewers in {:.0} rooms, {} s, the core busy for {:.1} % ({} windows left out)",
            self.viewers, self.rooms, self.seconds, self.load_percent, self.windows_left_out
        )?;
        row(f, "in the server", self.delay_ms)?;
        row(f, "of it chosen", self.chosen_ms)?;
        writeln!(
            f,
            "  {:<20} p50 {:6.2} ms   p99 {:6.2}   mean {:.2}",
            "beyond that", self.beyond_p50_ms, self.beyond_p99_ms, self.beyond_mean_ms
        )?;
        writeln!(
            f,
            "  {:<20} {:.2} µs; the longest turn {:.2} ms",
            "packet to a viewer", self.us_per_packet, self.longest_turn_ms
        )?;
        writeln!(
            f,
            "  {:<20} {:.1} % busy, p50 {:.2} ms, p99 {:.2}, max {:.2}",
            "all half seconds",
            self.all_load_percent,
            self.all_delay_ms.p50,
            self.all_delay_ms.p99,
            self.all_delay_ms.max
        )?;
        write!(
            f,
            "  lost {} packets; {} came late, {} unreadable, {} not taken by the system",
            self.lost, self.recovered, self.unreadable, self.refused
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_chosen_is_told_though_half_of_it_is_nothing() {
        let (mut chosen, mut delay) = (Times::default(), Times::default());
        for n in 0..1_000_u64 {
            let waits = if n % 2 == 0 { 0 } else { n * 10 };
            chosen.record_us(waits);
            delay.record_us(waits + 500);
        }
        let shift = middle_shift(&delay, &chosen);
        assert!((0.48..0.52).contains(&shift), "{shift}");
        let mean = delay.mean_ms() - chosen.mean_ms();
        assert!((0.48..0.52).contains(&mean), "{mean}");
    }
}
