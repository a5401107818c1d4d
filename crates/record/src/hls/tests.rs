use std::collections::HashMap;
use std::time::Instant;

use media_api::{Codec, Name, RoomId, Seat, TapPacket};

use super::packager::Output;
use super::*;

mod rules;

/// A room of H264 and Opus: layers with a keyframe each `key_ms`.
struct World {
    begun: Instant,
    ms: u64,
    packager: Packager,
    live: Live,
    stored: Vec<String>,
    asked: Vec<u32>,
    /// What the picture is coded with.
    sps: [u8; 9],
    /// How many packets each stream had.
    sent: HashMap<u32, u64>,
}

const NOW_MS: u64 = 1_800_000_000_000;

/// An SPS of 640x480 in Constrained Baseline, and a PPS, as x264 writes them.
const SPS: [u8; 9] = [0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x02, 0x80, 0xF6, 0x40];
const PPS: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];

impl World {
    fn new(span_s: u64) -> Self {
        let begun = Instant::now();
        Self {
            begun,
            ms: 0,
            packager: Packager::new(Duration::from_secs(span_s), begun, NOW_MS),
            live: Live::default(),
            stored: Vec::new(),
            asked: Vec::new(),
            sps: SPS,
            sent: HashMap::new(),
        }
    }

    /// Each stream has its own numbers, without gaps.
    fn packet(&mut self, ssrc: u32, codec: Codec, is_keyframe: bool, data: &[u8]) {
        let sent = self.sent.entry(ssrc).or_default();
        *sent += 1;
        let at = self.begun + Duration::from_millis(self.ms);
        let rate = u64::from(codec.kind().clock_rate()) / 1_000;
        self.packager.push(TapPacket {
            room: RoomId(1),
            seat: Seat::HOST,
            ssrc,
            rid: (ssrc < 9).then(|| Name::new(ssrc.to_string().as_bytes()).unwrap()),
            codec,
            seq: *sent,
            ts: (self.ms * rate) as u32,
            marker: true,
            is_keyframe,
            orientation: None,
            captured: at,
            arrived: at,
            payload: data.into(),
        });
        self.drain();
    }

    fn sound(&mut self) {
        self.packet(9, Codec::Opus, false, &[0xFC, 1, 2]);
    }

    fn frame(&mut self, ssrc: u32, is_key: bool) {
        let slice: &[u8] = if is_key { &[0x65, 0x88, 1, 2, 3] } else { &[0x41, 0x9A, 1] };
        let sps = self.sps;
        let units: Vec<&[u8]> = if is_key { vec![&sps, &PPS, slice] } else { vec![slice] };
        let mut data = vec![24_u8];
        for unit in units {
            data.extend_from_slice(&(unit.len() as u16).to_be_bytes());
            data.extend_from_slice(unit);
        }
        self.packet(ssrc, Codec::H264, is_key, &data);
    }

    /// Time goes on by 20 ms.
    fn step(&mut self) {
        if self.ms.is_multiple_of(500) {
            self.packager.tick(self.begun + Duration::from_millis(self.ms));
            self.drain();
        }
        self.ms += 20;
    }

    fn run(&mut self, for_ms: u64, layers: &[u32], key_ms: u64) {
        for _ in 0..for_ms / 20 {
            self.sound();
            if self.ms.is_multiple_of(40) {
                for ssrc in layers {
                    self.frame(*ssrc, self.ms.is_multiple_of(key_ms));
                }
            }
            self.step();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.packager.poll() {
            match output {
                Output::Cut(cut) => self.live.apply(cut),
                Output::Store { name, rendition, number, .. } => {
                    self.stored.push(name);
                    self.live.apply(Cut::Stored { rendition, number });
                }
                Output::Remove(name) => self.stored.retain(|it| *it != name),
                Output::Keyframe(ssrc) => self.asked.push(ssrc),
            }
        }
    }

    fn playlist(&self, rendition: &str) -> String {
        self.live.media(rendition, false, "").unwrap()
    }
}

fn values(playlist: &str, tag: &str) -> Vec<f64> {
    let lines = playlist.lines().filter_map(|it| it.strip_prefix(tag));
    lines.map(|it| it.split(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_room_is_cut_into_parts_of_a_fifth_of_a_second() {
    let mut world = World::new(60);
    world.run(30_000, &[1], 4_000);
    for rendition in ["v-1", "a"] {
        let playlist = world.playlist(rendition);
        let parts = values(&playlist, "#EXT-X-PART:DURATION=");
        assert!(parts.len() > 40, "{rendition}: {playlist}");
        assert!(parts.iter().all(|it| *it <= PART_TARGET.as_secs_f64() + 1e-9), "{parts:?}");
        // The last part of a segment may be shorter.
        let n_short = parts.iter().filter(|it| **it < 0.85 * PART_TARGET.as_secs_f64()).count();
        assert!(n_short <= 4, "{n_short} of {rendition}: {parts:?}");
        let segments = values(&playlist, "#EXTINF:");
        assert!(segments[1..].iter().all(|it| (3.5..5.5).contains(it)), "{segments:?}");
    }
}

#[test]
fn a_segment_of_the_picture_begins_with_a_keyframe_and_sound_is_cut_with_it() {
    let mut world = World::new(60);
    world.run(20_000, &[1], 2_000);
    let playlist = world.playlist("v-1");
    let firsts =
        playlist.lines().filter(|it| it.contains("EXT-X-PART:") && it.contains("-0.part.m4s"));
    let firsts: Vec<&str> = firsts.collect();
    assert!(
        firsts.len() >= 3 && firsts.iter().all(|it| it.contains("INDEPENDENT=YES")),
        "{firsts:?}"
    );
    let dates = |rendition: &str| {
        let playlist = world.playlist(rendition);
        let of = playlist.lines().filter_map(|it| it.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:"));
        of.map(|it| it[17..23].parse::<f64>().unwrap()).collect::<Vec<_>>()
    };
    for (picture, sound) in dates("v-1").iter().zip(dates("a")) {
        assert!((picture - sound).abs() < 0.25, "{picture} {sound}");
    }
}

#[test]
fn times_are_those_of_the_calendar() {
    let mut world = World::new(60);
    world.run(2_000, &[1], 1_000);
    assert!(world.playlist("v-1").contains("PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z"));
}

#[test]
fn each_layer_is_a_variant_with_the_sound_beside_it() {
    let mut world = World::new(60);
    world.run(6_000, &[1, 2], 2_000);
    let text = world.live.multivariant("?pass=x");
    assert_eq!(text.matches("#EXT-X-STREAM-INF:").count(), 2, "{text}");
    assert!(
        text.contains("CODECS=\"avc1.42c01e,opus\",RESOLUTION=640x480,AUDIO=\"sound\""),
        "{text}"
    );
    assert!(
        text.contains("URI=\"a.m3u8?pass=x\"") && text.contains("\nv-2.m3u8?pass=x\n"),
        "{text}"
    );
}

#[test]
fn what_is_old_is_forgotten_and_left_out_where_it_is_known() {
    let mut world = World::new(60);
    world.run(120_000, &[1], 4_000);
    let playlist = world.playlist("v-1");
    let first = values(&playlist, "#EXT-X-MEDIA-SEQUENCE:")[0];
    assert!((13.0..=16.0).contains(&first), "{first}");
    let n_listed = values(&playlist, "#EXTINF:").len();
    assert_eq!(world.stored.iter().filter(|it| it.starts_with("v-1-")).count(), n_listed);
    let delta = world.live.media("v-1", true, "").unwrap();
    let skipped = values(&delta, "#EXT-X-SKIP:SKIPPED-SEGMENTS=")[0] as usize;
    assert_eq!(values(&delta, "#EXTINF:").len() + skipped, n_listed);
    assert!(skipped > 3, "{delta}");
}

#[test]
fn a_player_waits_for_what_comes_and_is_told_what_is_gone() {
    let mut world = World::new(20);
    world.run(60_000, &[1], 4_000);
    let newest = world.live.newest("v-1").unwrap();
    assert!(world.live.has("v-1", newest - 1, None));
    assert!(!world.live.has("v-1", newest, None));
    assert!(!world.live.has("v-1", newest, Some(200)));
    // Beyond the last part of a segment, the first of the next is meant; there it is.
    assert!(world.live.has("v-1", newest - 1, Some(200)));
    assert!(world.live.part("v-1", newest, 0).is_ok());
    assert_eq!(world.live.part("v-1", newest, 200), Err(Missing::Never));
    assert_eq!(world.live.segment("v-1", 0), Err(Missing::Never));
    let old = world.live.segment("v-1", newest - 5);
    assert_eq!(old, Err(Missing::InFile(format!("v-1-{:08}.m4s", newest - 5))));
    assert!(!world.live.segment("v-1", newest - 1).unwrap().is_empty());
}

#[test]
fn a_host_that_was_away_leaves_a_discontinuity() {
    let mut world = World::new(120);
    world.run(10_000, &[1], 2_000);
    world.ms += 40_000;
    world.run(4_000, &[], 2_000);
    let playlist = world.playlist("a");
    assert_eq!(playlist.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{playlist}");
    assert!(values(&playlist, "#EXTINF:").iter().all(|it| *it < 6.0), "{playlist}");
}

#[test]
fn keyframes_are_asked_for_and_a_segment_ends_without_one_at_last() {
    let mut world = World::new(60);
    world.run(20_000, &[1], 1_000_000);
    assert!(world.asked.len() >= 3, "{:?}", world.asked);
    let segments = values(&world.playlist("v-1"), "#EXTINF:");
    assert!(segments.len() >= 3 && segments.iter().all(|it| *it <= 5.5), "{segments:?}");
}

#[test]
fn a_room_of_vp8_says_why_it_has_no_hls() {
    let mut world = World::new(60);
    world.packet(1, Codec::Vp8, true, &[0x10, 0x10]);
    assert_eq!(world.live.unplayable(), Some("VP8"));
}

#[test]
fn sound_waits_for_the_picture_that_comes_a_moment_later_and_goes_alone_where_there_is_none() {
    let mut world = World::new(60);
    world.run(1_000, &[], 1_000);
    assert!(!world.live.is_ready());
    world.run(2_000, &[1], 1_000);
    assert!(world.live.is_ready());
    assert!(world.live.multivariant("").contains("avc1"));
    let mut world = World::new(60);
    world.run(3_000, &[], 1_000);
    assert!(world.live.is_ready());
    let text = world.live.multivariant("");
    assert!(text.contains("CODECS=\"opus\"") && !text.contains("RESOLUTION"), "{text}");
}
