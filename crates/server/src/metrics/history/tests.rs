use control::{CONNECT_MS, Durations, Entrance, Figures, RoomCounts};
use media_api::Egress;
use protocol::LiveState;

use super::*;
use crate::metrics::gather::RoomMedia;

const MINUTE_MS: i64 = 60_000;

fn room(id: u64, name: &str, viewers: u32) -> RoomCounts {
    RoomCounts {
        id: RoomId(id),
        name: RoomName::parse(name).unwrap(),
        live: LiveState::Live,
        since: None,
        viewers,
        peak: viewers,
        joins: 0,
        sessions: Vec::new(),
        layers: Vec::new(),
        latency_ms: None,
        findings: Vec::new(),
    }
}

fn gathered(rooms: Vec<RoomCounts>, bytes_out: u64) -> Gathered {
    let media = |it: &RoomCounts| {
        let egress = Egress { bytes: bytes_out, ..Egress::default() };
        (it.id, RoomMedia { egress, ..RoomMedia::default() })
    };
    Gathered {
        threads: Vec::new(),
        workers: Vec::new(),
        n_silent: 0,
        rooms: rooms.iter().map(media).collect(),
        hub: Figures {
            joins: Entrance::ALL.map(|it| (it, 0, 0)),
            connected_in: Durations { classes: [0; CONNECT_MS.len() + 1], sum_ms: 0 },
            refusals: Vec::new(),
            rooms,
        },
    }
}

#[test]
fn a_point_has_the_bit_rate_of_its_minute() {
    let history = History::default();
    history.step(&gathered(vec![room(1, "stage", 3)], 7_500_000), MINUTE_MS);
    history.step(&gathered(vec![room(1, "stage", 4)], 7_500_000 + 750_000), 2 * MINUTE_MS);
    let told = history.since(None, 0);
    let points: Vec<_> = told[0].1.iter().map(|it| (it.viewers, it.out_kbps)).collect();
    assert_eq!(points, [(3, 1_000), (4, 100)]);
    assert_eq!(history.since(None, MINUTE_MS)[0].1.len(), 1, "only what was asked for");
    let other = RoomName::parse("other").unwrap();
    assert_eq!(history.since(Some(&other), 0), []);
}

#[test]
fn a_day_is_kept_and_no_more_rooms_than_fit() {
    let history = History::default();
    for minute in 1..=STEPS + 5 {
        history.step(&gathered(vec![room(1, "stage", 1)], 0), minute * MINUTE_MS);
    }
    assert_eq!(history.since(None, 0)[0].1.len() as i64, STEPS);
    let crowd = (0..MAX_ROOMS as u64).map(|n| room(n + 2, &format!("r{n}"), 1)).collect();
    history.step(&gathered(crowd, 0), (STEPS + 6) * MINUTE_MS);
    let told = history.since(None, 0);
    assert_eq!(told.len(), MAX_ROOMS);
    assert!(told.iter().all(|(name, _)| name.as_str() != "stage"), "the oldest gave way");
}

#[test]
fn a_room_that_nobody_watches_is_no_news() {
    let history = History::default();
    history.step(&gathered(vec![room(1, "empty", 0)], 0), MINUTE_MS);
    assert_eq!(history.since(None, 0), []);
}
