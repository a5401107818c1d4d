//! The report of `bench egress`, as JSON and as text.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::EgressOptions;
use crate::server::Usage;
use synth::socket::Transport;

/// Packets a second of one viewer in the unit that viewers a core are told in: 260 of video and 50
/// of sound, 2.5 Mbit/s.
const PACKETS_A_VIEWER: f64 = 310.0;

/// Half a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) cpu: Duration,
    pub(super) packets: u64,
    pub(super) floor_us: f64,
}

/// All that was measured.
pub(super) struct Measured<'a> {
    pub(super) options: &'a EgressOptions,
    pub(super) transport: Transport,
    pub(super) rooms: usize,
    pub(super) windows: Vec<Window>,
    pub(super) used: Usage,
    pub(super) packets: u64,
    pub(super) lost: u64,
    pub(super) unreadable: u64,
    /// CPU seconds a second without viewers.
    pub(super) baseline: f64,
    pub(super) join_us: f64,
    pub(super) settling_us: f64,
    pub(super) bytes_per_viewer: i64,
    pub(super) seconds: f64,
}

/// What forwarding costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EgressReport {
    /// Viewers in all.
    pub viewers: usize,
    /// Rooms that they were spread over.
    pub rooms: usize,
    /// Who forwarded: `core` or `str0m`.
    pub server: &'static str,
    /// How media travelled to viewers: `udp` or `tcp`.
    pub transport: &'static str,
    /// How viewers received over UDP: `gro` or `plain`.
    pub receivers: &'static str,
    /// Virtual seconds measured.
    pub seconds: f64,
    /// Packets that came to the viewers.
    pub packets: u64,
    /// Packets that did not.
    pub lost: u64,
    /// Datagrams that a viewer could not authenticate or read.
    pub unreadable: u64,
    /// CPU time a packet to one viewer, everything included, in µs: the lower quartile of windows of
    /// half a second.
    pub us_per_packet: f64,
    /// Of the same, the least.
    pub us_per_packet_min: f64,
    /// Of the same, the median.
    pub us_per_packet_median: f64,
    /// Without what the publishers cost, which is the same for one viewer and for a thousand.
    pub egress_us_per_packet: f64,
    /// Encrypting and sending alone, in the same run, in µs: the lower quartile.
    pub floor_us_per_packet: f64,
    /// The one by the other.
    pub ratio: f64,
    /// Viewers of 2.5 Mbit/s that one core serves.
    pub viewers_per_core: f64,
    /// Messages to the kernel for each viewer in a second.
    pub messages_per_viewer_second: f64,
    /// Datagrams from each viewer in a second.
    pub received_per_viewer_second: f64,
    /// Heap allocations a packet to one viewer, those for the publisher's packets included.
    pub allocations_per_packet: f64,
    /// Heap of a connected viewer, in bytes.
    pub bytes_per_viewer: i64,
    /// CPU time of a join, in µs: descriptions, ICE, DTLS, keys.
    pub join_us: f64,
    /// CPU time of a viewer's first second after that, in µs, while nothing is on air: mostly the probes that
    /// find out what its link carries.
    pub settling_us: f64,
    /// Joins that one core serves in a second, that first second of each included.
    pub joins_per_core_second: f64,
}

impl EgressReport {
    /// As one line of JSON.
    pub fn to_json(&self) -> String {
        // Only a map with strange keys could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

pub(super) fn of(measured: Measured<'_>) -> EgressReport {
    let Measured { options, transport, rooms, windows, used, packets, seconds, .. } = measured;
    let viewers = options.viewers as f64;
    let costs: Vec<f64> = windows
        .iter()
        .filter(|it| it.packets > 0)
        .map(|it| it.cpu.as_secs_f64() * 1e6 / it.packets as f64)
        .collect();
    let floors: Vec<f64> = windows.iter().map(|it| it.floor_us).collect();
    let us_per_packet = quantile(&costs, 0.25);
    let floor_us_per_packet = quantile(&floors, 0.25);
    let rate = packets as f64 / seconds;
    EgressReport {
        viewers: options.viewers,
        rooms,
        server: options.forwarder.name(),
        transport: transport.name(),
        receivers: options.receivers.name(),
        seconds,
        packets,
        lost: measured.lost,
        unreadable: measured.unreadable,
        us_per_packet,
        us_per_packet_min: quantile(&costs, 0.0),
        us_per_packet_median: quantile(&costs, 0.5),
        egress_us_per_packet: us_per_packet - measured.baseline * 1e6 / rate,
        floor_us_per_packet,
        ratio: us_per_packet / floor_us_per_packet,
        viewers_per_core: 1e6 / (us_per_packet * PACKETS_A_VIEWER),
        messages_per_viewer_second: used.messages as f64 / viewers / seconds,
        received_per_viewer_second: used.received as f64 / viewers / seconds,
        allocations_per_packet: used.allocations as f64 / packets as f64,
        bytes_per_viewer: measured.bytes_per_viewer,
        join_us: measured.join_us,
        settling_us: measured.settling_us,
        joins_per_core_second: 1e6 / (measured.join_us + measured.settling_us),
    }
}

/// A quantile: the value that this share of the values is below.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

impl fmt::Display for EgressReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, viewers, rooms, transport, receivers, seconds, .. } = self;
        writeln!(
            f,
            "{server}: {viewers} viewers over {transport} ({receivers} receivers) in {rooms} room(s), {seconds} s"
        )?;
        writeln!(
            f,
            "  packet to a viewer   {:7.2} µs   least {:.2}, median {:.2}; without publishers {:.2}",
            self.us_per_packet,
            self.us_per_packet_min,
            self.us_per_packet_median,
            self.egress_us_per_packet,
        )?;
        writeln!(f, "  floor                {:7.2} µs", self.floor_us_per_packet)?;
        writeln!(f, "  ratio                {:7.2}", self.ratio)?;
        writeln!(f, "  viewers a core       {:7.0}", self.viewers_per_core)?;
        writeln!(
            f,
            "  messages             {:7.1} a viewer and second; {:.1} received",
            self.messages_per_viewer_second, self.received_per_viewer_second
        )?;
        writeln!(f, "  allocations          {:7.4} a packet", self.allocations_per_packet)?;
        writeln!(
            f,
            "  memory               {:7.1} kB a viewer",
            self.bytes_per_viewer as f64 / 1e3
        )?;
        writeln!(
            f,
            "  join                 {:7.0} µs   and {:.0} in the second after it: {:.0} a second and core",
            self.join_us, self.settling_us, self.joins_per_core_second
        )?;
        write!(
            f,
            "  lost {} of {} packets, {} unreadable",
            self.lost, self.packets, self.unreadable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!((quantile(&values, 0.0), quantile(&values, 0.25)), (1.0, 2.0));
        assert_eq!(quantile(&values, 1.0), 4.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
