use std::time::Instant;

use control::{CONNECT_MS, Durations, Entrance, Figures, Part, Stand};
use media_api::{Egress, Links, RoomId};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use protocol::{LiveState, RoomName};

use super::*;
use crate::metrics::text::{self, Format};

/// A room with a host and two viewers.
fn room(id: u64) -> RoomCounts {
    let connected = |part| ((Entrance::Ws, part, Stand::Connected), 1);
    RoomCounts {
        id: RoomId(id),
        name: RoomName::parse(&format!("room-{id}")).unwrap(),
        live: LiveState::Live,
        since: Some(1.0),
        viewers: 2,
        peak: 2,
        joins: 2,
        sessions: vec![connected(Part::Host), connected(Part::Fan)],
        layers: vec![("h".into(), 1), ("m".into(), 1)],
        latency_ms: Some((250.0, 400.0)),
        findings: Vec::new(),
    }
}

#[derive(Debug)]
struct Rooms(Gathered, Pages);

impl Collector for Rooms {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        write(&mut Writer(encoder), &self.0, &self.1)
    }
}

fn scrape(n: u64) -> String {
    let mut links = Links::default();
    [900, 2_100].into_iter().for_each(|kbps| links.note(kbps));
    let egress = Egress { packets: 1_000_000_007, bytes: 1_000_000_000_007, ..Egress::default() };
    let media = |id| (RoomId(id), RoomMedia { egress, links, ..RoomMedia::default() });
    let gathered = Gathered {
        threads: Vec::new(),
        workers: Vec::new(),
        n_silent: 0,
        rooms: (0..n).map(media).collect(),
        hub: Figures {
            joins: Entrance::ALL.map(|it| (it, 0, 0)),
            connected_in: Durations { classes: [0; CONNECT_MS.len() + 1], sum_ms: 0 },
            refusals: Vec::new(),
            rooms: (0..n).map(room).collect(),
        },
    };
    text::write(Rooms(gathered, Pages::default()), Format::Plain)
}

#[test]
fn a_thousand_rooms_are_told_by_name_and_the_others_as_one() {
    let begun = Instant::now();
    let text = scrape(1_000);
    eprintln!("{} kB of 1,000 rooms in {:?}", text.len() / 1_000, begun.elapsed());
    let told = |text: &str, metric: &str| {
        text.lines().filter(|it| it.starts_with(&format!("{metric}{{"))).count()
    };
    assert_eq!(told(&text, "kaibo_room_viewers"), 1_000);
    assert!(!text.contains("other rooms"));

    let text = scrape(1_500);
    assert_eq!(told(&text, "kaibo_room_viewers"), 1_001);
    assert!(text.contains("kaibo_room_viewers{room=\"other rooms\"} 1000\n"), "{text}");
    assert!(text.contains("kaibo_room_viewers{room=\"room-999\"} 2\n"), "the oldest have names");
    let sum = "kaibo_room_egress_packets_total{room=\"other rooms\"} 500000003500\n";
    assert!(text.contains(sum));
    let estimates = "kaibo_room_estimate_bps{room=\"other rooms\",stat=\"mean\"} 1500000.0\n";
    assert!(text.contains(estimates));
}
