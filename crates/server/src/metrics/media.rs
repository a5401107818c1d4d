//! The metrics of all media, and of the media threads.

use std::fmt;

use media_api::{ESTIMATE_KBPS, Egress, Ingress, Links, TURN_US};

use super::buckets::Buckets;
use super::gather::Gathered;
use super::text::Writer;

/// Upper bounds of the time of turns, in seconds: those of [`TURN_US`].
const TURN_S: [f64; TURN_US.len()] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.05];

/// A counter: its name without `_total`, what it counts, and where it is.
pub(super) type Counter<T> = (&'static str, &'static str, fn(&T) -> u64);

/// What comes from publishers; names are without `kaibo_`.
pub(super) const INGRESS: [Counter<Ingress>; 7] = [
    ("ingress_packets", "RTP packets of publishers.", |it| it.packets),
    ("ingress_bytes", "Bytes of payload in RTP packets of publishers.", |it| it.bytes),
    (
        "ingress_expected_packets",
        "Media packets that publishers sent, by their sequence numbers.",
        |it| it.expected,
    ),
    (
        "ingress_received_packets",
        "Media packets that came, each once, retransmitted ones among them.",
        |it| it.received,
    ),
    (
        "ingress_repaired_packets",
        "Media packets that came after they were requested again.",
        |it| it.repaired,
    ),
    ("ingress_nacks", "Packets requested of publishers again (NACK).", |it| it.nacks),
    ("ingress_keyframe_requests", "Keyframes requested of publishers (PLI, FIR).", |it| {
        it.keyframe_requests
    }),
];

/// What goes to viewers.
pub(super) const EGRESS: [Counter<Egress>; 8] = [
    ("egress_packets", "RTP packets to viewers.", |it| it.packets),
    ("egress_bytes", "Bytes of payload in RTP packets to viewers.", |it| it.bytes),
    (
        "egress_retransmitted_packets",
        "RTP packets to viewers that repeat others or probe a link.",
        |it| it.repeats,
    ),
    ("egress_reported_packets", "RTP packets whose arrival or loss viewers reported.", |it| {
        it.reported
    }),
    ("egress_lost_packets", "RTP packets that viewers reported lost.", |it| it.lost),
    ("egress_repaired_packets", "Lost RTP packets whose retransmission came.", |it| it.repaired),
    ("egress_nacks", "Packets that viewers requested again (NACK).", |it| it.nacks),
    ("egress_keyframe_requests", "Keyframes that viewers requested (PLI, FIR).", |it| {
        it.keyframe_requests
    }),
];

/// Writes them.
pub(super) fn write(writer: &mut Writer<'_>, gathered: &Gathered) -> fmt::Result {
    let (mut ingress, mut egress) = (Ingress::default(), Egress::default());
    for worker in &gathered.workers {
        ingress += worker.ingress;
        egress += worker.egress;
    }
    for (name, help, read) in INGRESS {
        writer.counter(&format!("kaibo_{name}"), help, read(&ingress))?;
    }
    for (name, help, read) in EGRESS {
        writer.counter(&format!("kaibo_{name}"), help, read(&egress))?;
    }
    let sides = [
        ("ingress", ingress.freezes, ingress.frozen_ms),
        ("egress", egress.freezes, egress.frozen_ms),
    ];
    let n = sides.map(|(side, n, _)| ([("side", side)], n));
    writer.counters("kaibo_freezes", FREEZES, n)?;
    let ms = sides.map(|(side, _, ms)| ([("side", side)], ms));
    writer.seconds("kaibo_frozen_seconds", "Time of those.", ms)?;
    let mut links = Links::default();
    gathered.rooms.values().for_each(|it| links += it.links);
    let classes = ESTIMATE_KBPS.iter().map(|it| (u64::from(*it) * 1_000).to_string());
    let classes = classes.chain(["inf".to_owned()]).zip(links.by_estimate);
    let classes = classes.map(|(below, n)| ([("below_bps", below)], i64::from(n)));
    writer.gauges(
        "kaibo_viewers_by_estimate",
        "Connected viewers by the bandwidth estimate of their links, each in the lowest class.",
        classes,
    )?;
    write_threads(writer, gathered)
}

/// What freezes are, of either side.
pub(super) const FREEZES: &str = "Pictures that stood still: of a host whose media stopped (ingress), and of one viewer \
     though the host's media flowed (egress).";

fn write_threads(writer: &mut Writer<'_>, gathered: &Gathered) -> fmt::Result {
    let named = || gathered.threads.iter().enumerate().map(|(n, it)| (of(n), it));
    let turns = named().map(|(labels, it)| {
        (labels, Buckets::of(&TURN_S, &it.turns, it.busy_us as f64 / 1_000_000.0))
    });
    writer.histograms(
        "kaibo_worker_turn_seconds",
        "Turns of a media thread: each takes everything that came and sends what is made of it.",
        turns,
    )?;
    let waiting = named().map(|(labels, it)| (labels, it.waiting as f64));
    writer.gauges("kaibo_worker_queue", "Commands that wait for a media thread.", waiting)?;
    writer.counters(
        "kaibo_worker_received_datagrams",
        "Datagrams received over UDP.",
        named().map(|(labels, it)| (labels, it.received)),
    )?;
    writer.counters(
        "kaibo_worker_received_bytes",
        "Bytes received over UDP.",
        named().map(|(labels, it)| (labels, it.received_bytes)),
    )?;
    writer.counters(
        "kaibo_worker_sent_messages",
        "Messages sent over UDP: one or several datagrams for one address.",
        named().map(|(labels, it)| (labels, it.sent)),
    )?;
    writer.counters(
        "kaibo_worker_sent_bytes",
        "Bytes sent.",
        named().map(|(labels, it)| (labels, it.sent_bytes)),
    )?;
    writer.counters(
        "kaibo_worker_dropped_datagrams",
        "Datagrams that could not be sent.",
        named().map(|(labels, it)| (labels, it.dropped)),
    )?;
    writer.counters(
        "kaibo_worker_crowded_datagrams",
        "Datagrams that the system had no room for; they are among those that could not be sent.",
        named().map(|(labels, it)| (labels, it.crowded)),
    )?;
    writer.counters(
        "kaibo_worker_late_turns",
        "Turns of a media thread that took, or began late by, more than 100 ms: people may see it.",
        named().map(|(labels, it)| (labels, it.late)),
    )?;
    writer.counters(
        "kaibo_worker_undelivered_messages",
        "Messages that another media thread's full inbox did not take at first.",
        named().map(|(labels, it)| (labels, it.undelivered)),
    )?;
    let answered = || gathered.workers.iter().map(|it| (of(it.worker.into()), it));
    let peers = answered().map(|(labels, it)| (labels, it.peers as f64));
    writer.gauges("kaibo_worker_peers", "Publishers and viewers at a media thread.", peers)?;
    let bytes = answered().map(|(labels, it)| (labels, it.ring_bytes as f64));
    writer.gauges("kaibo_worker_ring_bytes", "Bytes of recent packets in memory.", bytes)?;
    writer.gauge(
        "kaibo_workers_silent",
        "Media threads that did not answer this scrape in time.",
        gathered.n_silent as f64,
    )
}

fn of(worker: usize) -> [(&'static str, String); 1] {
    [("worker", worker.to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_in_seconds_are_those_that_are_counted_by() {
        for (s, us) in TURN_S.into_iter().zip(TURN_US) {
            assert_eq!((s * 1_000_000.0).round() as u64, us);
        }
    }
}
