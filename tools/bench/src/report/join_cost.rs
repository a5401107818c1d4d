//! What one join costs the server, by phase.
//!
//! From the first join to a second after the last, the server also forwards what is live, and takes what publishers
//! send. Both are known from other phases of the run and taken off: the price of a packet from the steady phase, the
//! cost of publishers from before the joins.

use std::time::Duration;

use serde::Serialize;
use synth::stats::Counters;

/// What the server used in one phase of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) took: Duration,
    pub(crate) cpu: Duration,
    /// Of it, in media threads; `None` of a server that does not tell them apart.
    pub(crate) media: Option<Duration>,
}

/// The phases of a run, for the cost of its joins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phases {
    /// Publishers alone.
    pub(crate) publishing: Used,
    /// From the first join to the beginning of the steady phase.
    pub(crate) joining: Used,
    pub(crate) steady: Used,
    /// While all said goodbye.
    pub(crate) goodbye: Duration,
}

/// CPU time of the server, in microseconds a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct JoinCost {
    /// From the first word to a second after the last picture of all, without what is live.
    pub(super) total_us: f64,
    /// Of it, outside of media threads: connections, HTTP, WebSocket, rooms.
    pub(super) signaling_us: Option<f64>,
    /// Of it, what is left in media threads: descriptions, ICE, DTLS, keys.
    pub(super) handshake_us: Option<f64>,
    /// Of it, packets that were made before the viewer was connected, at the price of a packet.
    pub(super) replay_us: f64,
    /// Of it, packets that measure the link, at the price of a packet.
    pub(super) probes_us: f64,
    /// Beside it: leaving.
    pub(super) goodbye_us: f64,
    replayed_packets: f64,
    probe_packets: f64,
}

impl JoinCost {
    pub(super) fn new(
        phases: &Phases,
        joining: Counters,
        steady: Counters,
        viewers: u64,
    ) -> Option<Self> {
        if viewers == 0 || steady.packets == 0 {
            return None;
        }
        let Phases { publishing, joining: joins, steady: live, goodbye } = phases;
        let us = |time: Duration| time.as_secs_f64() * 1e6;
        let other = |it: &Used| it.media.map(|media| us(it.cpu) - us(media));
        let idle = |of: f64, during: &Used| {
            of * during.took.as_secs_f64() / publishing.took.as_secs_f64().max(1e-3)
        };
        let above_idle = |it: &Used| us(it.cpu) - idle(us(publishing.cpu), it);
        let price = (above_idle(live) / steady.packets as f64).max(0.0);
        let live_packets =
            joining.packets.saturating_sub(joining.replayed).saturating_sub(joining.probes);
        let a_viewer = |us: f64| super::round(us.max(0.0) / viewers as f64);
        let total = above_idle(joins) - price * live_packets as f64;
        let (replay, probes) = (price * joining.replayed as f64, price * joining.probes as f64);
        let signaling = other(joins).zip(other(publishing)).map(|(all, of)| all - idle(of, joins));
        Some(Self {
            total_us: a_viewer(total),
            signaling_us: signaling.map(a_viewer),
            handshake_us: signaling.map(|it| a_viewer(total - it - replay - probes)),
            replay_us: a_viewer(replay),
            probes_us: a_viewer(probes),
            goodbye_us: a_viewer(us(*goodbye)),
            replayed_packets: a_viewer(joining.replayed as f64),
            probe_packets: a_viewer(joining.probes as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_live_is_taken_off_and_the_rest_is_told_apart() {
        let ms = Duration::from_millis;
        let used = |took, cpu, media| Used { took: ms(took), cpu: ms(cpu), media };
        // 10 us a packet; publishers take 1 % of the time.
        let phases = Phases {
            publishing: used(1_000, 10, Some(ms(10))),
            joining: used(2_000, 20 + 100 + 60, Some(ms(160))),
            steady: used(10_000, 100 + 1_000, None),
            goodbye: ms(5),
        };
        let joining =
            Counters { packets: 13_000, replayed: 2_000, probes: 1_000, ..<_>::default() };
        let steady = Counters { packets: 100_000, ..<_>::default() };
        let it = JoinCost::new(&phases, joining, steady, 100).unwrap();
        assert_eq!(it.total_us, 600.0);
        assert_eq!((it.replay_us, it.probes_us, it.goodbye_us), (200.0, 100.0, 50.0));
        assert_eq!((it.signaling_us, it.handshake_us), (Some(200.0), Some(100.0)));
        let other = Used { media: None, ..phases.publishing };
        let phases = Phases { publishing: other, ..phases };
        let it = JoinCost::new(&phases, joining, steady, 100).unwrap();
        assert_eq!((it.total_us, it.signaling_us, it.handshake_us), (600.0, None, None));
        assert_eq!(JoinCost::new(&phases, joining, Counters::default(), 100), None);
    }
}
