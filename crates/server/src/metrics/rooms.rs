//! The metrics of each room. They are bounded in number: of more rooms, the younger ones are told as one.

use std::collections::BTreeMap;
use std::fmt;

use control::RoomCounts;

use super::beacons::Pages;
use super::gather::{Gathered, RoomMedia};
use super::labels::{MAX_ROOMS, OTHERS, is_live, labels_of};
use super::media::{EGRESS, FREEZES, INGRESS};
use super::text::Writer;

/// One room, or all others.
struct Row<'a> {
    name: &'a str,
    media: RoomMedia,
    rooms: Vec<&'a RoomCounts>,
}

impl Row<'_> {
    fn sum(&self, read: impl Fn(&RoomCounts) -> u64) -> u64 {
        self.rooms.iter().map(|it| read(it)).sum()
    }

    fn room(&self) -> [(&'static str, &str); 1] {
        [("room", self.name)]
    }
}

/// Writes them.
pub(super) fn write(writer: &mut Writer<'_>, gathered: &Gathered, pages: &Pages) -> fmt::Result {
    let rows = rows(gathered);
    let rows = rows.as_slice();
    write_people(writer, rows)?;
    for (name, help, read) in INGRESS {
        let samples = rows.iter().map(|it| (it.room(), read(&it.media.ingress)));
        writer.counters(&format!("kaibo_room_{name}"), help, samples)?;
    }
    for (name, help, read) in EGRESS {
        let samples = rows.iter().map(|it| (it.room(), read(&it.media.egress)));
        writer.counters(&format!("kaibo_room_{name}"), help, samples)?;
    }
    let sides = |it: &Row<'_>| {
        let (ingress, egress) = (it.media.ingress, it.media.egress);
        [
            ("ingress", ingress.freezes, ingress.frozen_ms),
            ("egress", egress.freezes, egress.frozen_ms),
        ]
    };
    let each = || rows.iter().flat_map(move |it| sides(it).map(move |side| (it.name, side)));
    let n = each().map(|(room, (side, n, _))| ([("room", room), ("side", side)], n));
    writer.counters("kaibo_room_freezes", FREEZES, n)?;
    let ms = each().map(|(room, (side, _, ms))| ([("room", room), ("side", side)], ms));
    writer.seconds("kaibo_room_frozen_seconds", "Time of those.", ms)?;
    let estimates = rows.iter().filter(|it| it.media.links.n() > 0).flat_map(|it| {
        let links = it.media.links;
        let mean = links.sum_kbps as f64 * 1_000.0 / f64::from(links.n());
        let min = f64::from(links.min_kbps) * 1_000.0;
        [("min", min), ("mean", mean)].map(|(stat, bps)| ([("room", it.name), ("stat", stat)], bps))
    });
    writer.gauges(
        "kaibo_room_estimate_bps",
        "Bandwidth estimates of the links of connected viewers, in bit/s.",
        estimates,
    )?;
    write_pages(writer, pages)
}

fn write_people(writer: &mut Writer<'_>, rows: &[Row<'_>]) -> fmt::Result {
    let live = rows.iter().map(|it| (it.room(), it.sum(|room| u64::from(is_live(room))) as i64));
    writer.gauges("kaibo_room_live", "Whether somebody is live: 1, or 0.", live)?;
    let viewers = rows.iter().map(|it| (it.room(), it.sum(|room| room.viewers.into()) as i64));
    writer.gauges("kaibo_room_viewers", "Connected viewers.", viewers)?;
    let joins = rows.iter().map(|it| (it.room(), it.sum(|room| room.joins)));
    writer.counters("kaibo_room_joins", "Viewers that connected.", joins)?;
    let sessions = rows.iter().flat_map(|it| {
        let mut all = BTreeMap::new();
        for (kind, n) in it.rooms.iter().flat_map(|room| &room.sessions) {
            *all.entry(*kind).or_insert(0_i64) += i64::from(*n);
        }
        all.into_iter().map(|(kind, n)| {
            let [door, role, state] = labels_of(kind);
            ([("room", it.name), door, role, state], n)
        })
    });
    writer.gauges("kaibo_room_sessions", "Sessions by door, role and state.", sessions)?;
    let layers = rows.iter().flat_map(|it| {
        let mut all: BTreeMap<&str, i64> = BTreeMap::new();
        for (layer, n) in it.rooms.iter().flat_map(|room| &room.layers) {
            *all.entry(layer).or_default() += i64::from(*n);
        }
        all.into_iter().map(|(layer, n)| ([("room", it.name), ("layer", layer)], n))
    });
    writer.gauges(
        "kaibo_room_layer_viewers",
        "Viewers by the layer that they are sent: whole without simulcast, none without a picture.",
        layers,
    )?;
    let latencies = rows.iter().flat_map(|it| {
        let one = it.rooms.first().filter(|_| it.rooms.len() == 1);
        let told = one.and_then(|room| room.latency_ms);
        told.into_iter().flat_map(|(median, max)| {
            [("median", median), ("max", max)]
                .map(|(stat, ms)| ([("room", it.name), ("stat", stat)], ms / 1_000.0))
        })
    });
    writer.gauges(
        "kaibo_room_latency_seconds",
        "Time from capture to display, by what fans said lately.",
        latencies,
    )?;
    let findings = rows.iter().flat_map(|it| {
        let mut all: BTreeMap<&str, i64> = BTreeMap::new();
        for (finding, _) in it.rooms.iter().flat_map(|room| &room.findings) {
            *all.entry(finding.code.as_str()).or_default() += 1;
        }
        all.into_iter().map(|(code, n)| ([("room", it.name), ("code", code)], n))
    });
    writer.gauges("kaibo_room_findings", "What is wrong with what the host sends.", findings)
}

fn write_pages(writer: &mut Writer<'_>, pages: &Pages) -> fmt::Result {
    let rooms = || pages.rooms.iter().map(|(name, it)| ([("room", name.as_str())], it));
    let n = rooms().map(|(labels, it)| (labels, it.n));
    writer.counters("kaibo_room_page_reports", "Reports of pages.", n)?;
    let watched = rooms().map(|(labels, it)| (labels, it.watched_ms));
    writer.seconds(
        "kaibo_room_page_watched_seconds",
        "Time that pages showed the room.",
        watched,
    )?;
    let freezes = rooms().map(|(labels, it)| (labels, it.freezes));
    writer.counters("kaibo_room_page_freezes", "Freezes that pages saw.", freezes)?;
    let frozen = rooms().map(|(labels, it)| (labels, it.frozen_ms));
    writer.seconds("kaibo_room_page_frozen_seconds", "Time of those.", frozen)?;
    let first = rooms().map(|(labels, it)| (labels, it.first_frame.clone()));
    writer.histograms(
        "kaibo_room_page_first_frame_seconds",
        "Time from the opening of a page to the first frame.",
        first,
    )
}

/// The oldest rooms each in a row, and the others in one. A room stays where it is while it exists.
fn rows(gathered: &Gathered) -> Vec<Row<'_>> {
    let mut rooms: Vec<&RoomCounts> = gathered.hub.rooms.iter().collect();
    rooms.sort_by_key(|it| it.id);
    let others = rooms.split_off(rooms.len().min(MAX_ROOMS));
    let mut rows: Vec<Row<'_>> = rooms
        .into_iter()
        .map(|it| Row { name: it.name.as_str(), media: gathered.media_of(it), rooms: vec![it] })
        .collect();
    if !others.is_empty() {
        let mut media = RoomMedia::default();
        for room in &others {
            let one = gathered.media_of(room);
            media.ingress += one.ingress;
            media.egress += one.egress;
            media.links += one.links;
        }
        rows.push(Row { name: OTHERS, media, rooms: others });
    }
    rows
}

#[cfg(test)]
mod tests;
