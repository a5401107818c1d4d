//! The metrics of the server: who is there, who was refused, what it stands on.

use std::collections::BTreeMap;
use std::fmt;

use control::{CONNECT_MS, Entrance, Part, Stand};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::beacons::Pages;
use super::buckets::Buckets;
use super::gather::Gathered;
use super::labels::{LIVES, labels_of, word_of};
use super::text::Writer;
use super::{Metrics, media, pages, rooms};

/// Upper bounds of the time that viewers took to connect, in seconds: those of [`CONNECT_MS`].
const CONNECT_S: [f64; CONNECT_MS.len()] = [0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0];

/// All figures of one scrape.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) metrics: Metrics,
    pub(super) gathered: Gathered,
    pub(super) pages: Pages,
}

impl Collector for Sheet {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut writer = Writer(encoder);
        self.write_server(&mut writer)?;
        self.write_doors(&mut writer)?;
        media::write(&mut writer, &self.gathered)?;
        pages::write(&mut writer, &self.pages)?;
        rooms::write(&mut writer, &self.gathered, &self.pages)
    }
}

impl Sheet {
    fn write_server(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let Metrics(inner) = &self.metrics;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        writer.gauges(
            "kaibo_build_info",
            "The version that runs; always 1.",
            [(version, 1_i64)],
        )?;
        let up = inner.started.elapsed().as_secs_f64();
        writer.gauge("kaibo_uptime_seconds", "Time since the server started.", up)?;
        let lost = inner.lines_lost.get().map_or(0, |lost| lost());
        writer.counter(
            "kaibo_log_lines_lost",
            "Lines of the log that could not be written.",
            lost,
        )?;
        let health = inner.store.health();
        let is_well = f64::from(u8::from(health.is_writable && !health.is_failing));
        writer.gauge(
            "kaibo_store_writable",
            "Whether the data folder can be written: 1, or 0.",
            is_well,
        )?;
        writer.gauge(
            "kaibo_store_waiting",
            "Calls and rooms that wait for the disk.",
            health.n_waiting as f64,
        )?;
        let kept = inner.archive.figures();
        writer.gauge("kaibo_recordings", "Rooms that are recorded.", kept.recordings as f64)?;
        writer.gauge(
            "kaibo_recording_files",
            "Files of recordings that are written, or not in the object store yet.",
            kept.files as f64,
        )?;
        writer.counter(
            "kaibo_recording_faults",
            "Parts of recordings that were lost: the disk failed or did not keep up.",
            kept.faults,
        )?;
        writer.counter(
            "kaibo_tap_lost_packets",
            "Packets that the recorder did not take in time.",
            kept.lost_packets,
        )?;
        let (n, most) = inner.connections.size();
        writer.gauge("kaibo_connections", "TCP connections.", n as f64)?;
        writer.gauge("kaibo_connections_max", "TCP connections that there may be.", most as f64)?;
        let usage = inner.admission.usage();
        writer.gauge(
            "kaibo_media_connections",
            "Media connections: hosts, guests and viewers, connected or not.",
            usage.peers as f64,
        )?;
        writer.gauge(
            "kaibo_media_connections_max",
            "Media connections that there may be.",
            usage.max_peers as f64,
        )
    }

    fn write_doors(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let hub = &self.gathered.hub;
        let mut rooms: BTreeMap<&str, i64> = LIVES.map(|it| (word_of(it), 0)).into();
        let mut sessions: BTreeMap<(Entrance, Part, Stand), i64> = BTreeMap::new();
        for room in &hub.rooms {
            *rooms.entry(word_of(room.live)).or_default() += 1;
            for (kind, n) in &room.sessions {
                *sessions.entry(*kind).or_default() += i64::from(*n);
            }
        }
        let rooms = rooms.into_iter().map(|(state, n)| ([("state", state)], n));
        writer.gauges("kaibo_rooms", "Rooms with anybody in them, by state.", rooms)?;
        let sessions = sessions.into_iter().map(|(kind, n)| (labels_of(kind), n));
        let help = "Sessions by door, role and state.";
        writer.gauges("kaibo_sessions", help, sessions)?;
        let viewers: u32 = hub.rooms.iter().map(|it| it.viewers).sum();
        writer.gauge("kaibo_viewers", "Connected viewers.", f64::from(viewers))?;
        let joins = hub.joins.iter().flat_map(|(by, hosts, fans)| {
            let of = |role, n: &u64| ([("door", by.as_str()), ("role", role)], *n);
            [of("host", hosts), of("fan", fans)]
        });
        let help = "Hosts and guests that began to publish, and viewers that connected, by door.";
        writer.counters("kaibo_joins", help, joins)?;
        let took = hub.connected_in;
        let took = Buckets::of(&CONNECT_S, &took.classes, took.sum_ms as f64 / 1_000.0);
        writer.histograms(
            "kaibo_connect_seconds",
            "Time of viewers from being asked for to being connected.",
            [(super::text::NONE, took)],
        )?;
        let of_sockets = hub.refusals.iter().map(|(code, n)| ("ws_message", *code, *n));
        let of_http = self.metrics.refusals().read().map(|(at, code, n)| (at.as_str(), code, n));
        let refusals = of_sockets
            .chain(of_http)
            .map(|(door, code, n)| ([("door", door), ("code", code.as_str())], n));
        writer.counters("kaibo_refusals", "What was refused, by door and error code.", refusals)
    }
}
