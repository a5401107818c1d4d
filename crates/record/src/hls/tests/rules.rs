//! What RFC 8216bis asks of playlists, of those of many broadcasts at every moment. Their syntax is checked by another reader.

use m3u8_rs::{MasterPlaylist, MediaPlaylist};
use mp4_atom::{Decode, Moof, TrunSamples};

use super::*;

/// As [`SPS`], of 640x448.
const OTHER_SPS: [u8; 9] = [0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x02, 0x80, 0xE6, 0x40];

#[derive(Debug, Clone, PartialEq)]
struct PartTag {
    uri: String,
    duration: f64,
    is_independent: bool,
}

/// A playlist with the tags of low latency, which `m3u8-rs` leaves as they are.
#[derive(Debug, Clone)]
struct Told {
    text: String,
    known: MediaPlaylist,
    /// Of each segment; those of the segment that is under way are last.
    parts: Vec<Vec<PartTag>>,
    hint: Option<String>,
    n_skipped: usize,
}

fn attribute<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let found = list.split(',').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    Some(found?.trim_matches('"'))
}

fn number(list: &str, name: &str) -> f64 {
    attribute(list, name).unwrap_or_else(|| panic!("{name} in {list}")).parse().unwrap()
}

impl Told {
    fn read(text: &str) -> Self {
        let known = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
        let mut parts = vec![Vec::new()];
        let (mut hint, mut n_skipped) = (None, 0);
        for line in text.lines() {
            if let Some(list) = line.strip_prefix("#EXT-X-PART:") {
                let uri = attribute(list, "URI").unwrap().to_owned();
                let is_independent = attribute(list, "INDEPENDENT") == Some("YES");
                let part = PartTag { uri, duration: number(list, "DURATION"), is_independent };
                parts.last_mut().unwrap().push(part);
            } else if let Some(list) = line.strip_prefix("#EXT-X-PRELOAD-HINT:") {
                assert_eq!(attribute(list, "TYPE"), Some("PART"));
                assert!(hint.replace(attribute(list, "URI").unwrap().to_owned()).is_none());
            } else if let Some(list) = line.strip_prefix("#EXT-X-SKIP:") {
                n_skipped = number(list, "SKIPPED-SEGMENTS") as usize;
            } else if !line.starts_with('#') {
                parts.push(Vec::new());
            }
        }
        assert_eq!(known.segments.len() + 1, parts.len(), "{text}");
        Self { text: text.to_owned(), known, parts, hint, n_skipped }
    }

    fn line(&self, tag: &str) -> &str {
        let mut found = self.text.lines().filter_map(|it| it.strip_prefix(tag));
        let line = found.next().unwrap_or_else(|| panic!("{tag} in {}", self.text));
        assert_eq!(found.next(), None, "{tag} stands once");
        line
    }

    fn n_breaks(&self) -> u64 {
        self.known.segments.iter().map(|it| u64::from(it.discontinuity)).sum()
    }

    fn duration(&self) -> f64 {
        let open: f64 = self.parts.last().unwrap().iter().map(|it| it.duration).sum();
        open + self.known.segments.iter().map(|it| f64::from(it.duration)).sum::<f64>()
    }

    /// What must hold of any playlist.
    fn check(&self) {
        let Self { known, text, .. } = self;
        assert!(known.version >= Some(9), "EXT-X-SKIP is of version 9");
        let target = known.target_duration;
        let server = self.line("#EXT-X-SERVER-CONTROL:");
        let longest = number(self.line("#EXT-X-PART-INF:"), "PART-TARGET");
        assert_eq!(attribute(server, "CAN-BLOCK-RELOAD"), Some("YES"));
        assert!(number(server, "PART-HOLD-BACK") >= 3.0 * longest - 1e-9, "{server}");
        assert!(number(server, "CAN-SKIP-UNTIL") >= 6.0 * target as f64, "{server}");
        let has_map = known.segments.first().is_none_or(|it| it.map.is_some());
        assert!(has_map || self.n_skipped > 0, "{text}");
        for segment in &known.segments {
            assert!(segment.duration.round() as u64 <= target, "{text}");
            assert!(segment.program_date_time.is_some(), "{text}");
        }
        for (n, parts) in self.parts.iter().enumerate() {
            let segment = known.segments.get(n);
            for (k, part) in parts.iter().enumerate() {
                let is_last = segment.is_some() && k + 1 == parts.len();
                assert!(part.duration <= longest + 1e-9, "too long: {part:?}");
                assert!(is_last || part.duration >= 0.85 * longest - 1e-9, "short: {part:?}");
            }
            if let Some(segment) = segment.filter(|_| !parts.is_empty()) {
                let sum: f64 = parts.iter().map(|it| it.duration).sum();
                assert!((sum - f64::from(segment.duration)).abs() < 0.001, "{sum}: {segment:?}");
            }
        }
        assert_eq!(self.hint.is_some(), !known.end_list, "{text}");
        let is_listed = |uri: &String| self.parts.iter().flatten().any(|it| it.uri == *uri);
        assert!(!self.hint.as_ref().is_some_and(is_listed), "{text}");
    }

    /// What must hold of a playlist that comes after another.
    fn check_after(&self, before: &Self) {
        let (now, was) = (&self.known, &before.known);
        assert_eq!(now.target_duration, was.target_duration);
        for tag in ["#EXT-X-PART-INF:", "#EXT-X-SERVER-CONTROL:"] {
            assert_eq!(self.line(tag), before.line(tag));
        }
        let gone = now.media_sequence.checked_sub(was.media_sequence).unwrap() as usize;
        let n_breaks = was.segments[..gone].iter().filter(|it| it.discontinuity).count() as u64;
        assert_eq!(now.discontinuity_sequence, was.discontinuity_sequence + n_breaks);
        assert!(gone == 0 || self.duration() >= 3.0 * now.target_duration as f64);
        for (n, before_it) in was.segments[gone..].iter().enumerate() {
            let (it, segment) = (&now.segments[n], &before_it);
            let told = |it: &m3u8_rs::MediaSegment| (it.uri.clone(), it.duration, it.discontinuity);
            assert_eq!(told(it), told(segment));
            assert_eq!(it.program_date_time, segment.program_date_time);
        }
        for (n, parts) in before.parts[gone..].iter().enumerate() {
            let now = &self.parts[n];
            assert!(now.is_empty() || now.starts_with(parts), "{parts:?}, then {now:?}");
            // What was hinted at is what came, but where the segment ended.
            if now.len() > parts.len() {
                assert_eq!(before.hint.as_ref(), now.get(parts.len()).map(|it| &it.uri));
            }
        }
    }

    /// With what a player knows of the playlist before it, it says what the whole one says.
    fn check_delta(&self, whole: &Self) {
        assert_eq!(self.known.media_sequence, whole.known.media_sequence);
        assert_eq!(self.known.discontinuity_sequence, whole.known.discontinuity_sequence);
        let skipped = &whole.known.segments[..self.n_skipped];
        assert_eq!(self.parts[..], whole.parts[self.n_skipped..]);
        let uris = |it: &[m3u8_rs::MediaSegment]| -> Vec<String> {
            it.iter().map(|it| it.uri.clone()).collect()
        };
        assert_eq!(uris(&self.known.segments), uris(&whole.known.segments[self.n_skipped..]));
        let skipped: f64 = skipped.iter().map(|it| f64::from(it.duration)).sum();
        let boundary = number(self.line("#EXT-X-SERVER-CONTROL:"), "CAN-SKIP-UNTIL");
        assert!(self.n_skipped == 0 || whole.duration() - skipped >= boundary - 0.001);
    }
}

/// A broadcast of which all playlists are looked at all the time.
struct Watched {
    world: World,
    before: HashMap<String, Told>,
    /// When the next frame is, in milliseconds, and which.
    next: f64,
    n: u64,
}

impl Watched {
    fn new(span_s: u64) -> Self {
        Self { world: World::new(span_s), before: HashMap::new(), next: 0.0, n: 0 }
    }

    /// Sound, and a picture whose frames are as far apart as that says.
    fn run(&mut self, for_ms: u64, mut apart: impl FnMut(u64) -> f64) {
        self.next = self.next.max(self.world.ms as f64);
        let mut keyed = None;
        for _ in 0..for_ms / 20 {
            let begin = self.world.ms;
            self.world.sound();
            while self.next < (begin + 20) as f64 {
                self.world.ms = self.next as u64;
                let is_key = keyed.is_none_or(|at| self.next - at >= 2_000.0);
                if is_key {
                    keyed = Some(self.next);
                }
                self.world.frame(1, is_key);
                self.next += apart(self.n);
                self.n += 1;
            }
            self.world.ms = begin;
            self.world.step();
            self.check();
        }
    }

    fn check(&mut self) {
        for id in ["v-1", "a"] {
            let Some(text) = self.world.live.media(id, false, "") else { continue };
            let told = Told::read(&text);
            let before = self.before.get(id);
            if before.is_some_and(|it| it.text == text) {
                continue;
            }
            told.check();
            if let Some(before) = before {
                told.check_after(before);
            }
            let delta = Told::read(&self.world.live.media(id, true, "").unwrap());
            delta.check();
            delta.check_delta(&told);
            self.before.insert(id.to_owned(), told);
        }
    }

    /// The discontinuities so far.
    fn n_breaks(&self, id: &str) -> u64 {
        let told = &self.before[id];
        told.known.discontinuity_sequence + told.n_breaks()
    }

    /// What is in parts is what is said of them.
    fn check_parts(&self, id: &str) {
        let mut ahead: Option<f64> = None;
        for part in self.before[id].parts.iter().flatten() {
            let name = part.uri.strip_suffix(".part.m4s").unwrap();
            let (rest, k) = name.rsplit_once('-').unwrap();
            let number = rest.rsplit_once('-').unwrap().1.parse().unwrap();
            let bytes = self.world.live.part(id, number, k.parse().unwrap()).unwrap();
            let moof = Moof::decode(&mut &bytes[..]).unwrap();
            let TrunSamples::Explicit(samples) = &moof.traf[0].trun[0].samples else { panic!() };
            let is_key = samples[0].flags.unwrap() & 0x1_0000 == 0;
            assert_eq!(part.is_independent, is_key, "{part:?}");
            let ticks: u32 = samples.iter().map(|it| it.duration.unwrap()).sum();
            let rate = if id == "a" { 48_000.0 } else { 90_000.0 };
            let apart = ahead.unwrap_or_default() + part.duration - f64::from(ticks) / rate;
            assert!(apart.abs() < 0.25, "{apart} at {part:?}");
            ahead = Some(apart);
        }
    }
}

fn multivariant(world: &World) -> MasterPlaylist {
    m3u8_rs::parse_master_playlist_res(world.live.multivariant("").as_bytes()).unwrap()
}

#[test]
fn playlists_hold_to_the_rules_at_any_frame_rate() {
    for rate in [5.0, 7.0, 8.0, 10.0, 12.0, 15.0, 17.0, 22.0, 24.0, 25.0, 27.0, 29.97, 60.0] {
        let mut watched = Watched::new(60);
        watched.run(20_000, |_| 1_000.0 / rate);
        watched.check_parts("v-1");
        watched.check_parts("a");
        assert!(watched.before["v-1"].parts.iter().flatten().count() > 50, "{rate}");
    }
}

#[test]
fn playlists_hold_to_the_rules_when_frames_come_unevenly_or_not_at_all() {
    for seed in 0..4 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut watched = Watched::new(20);
        watched.run(60_000, |_| match random.u32(..100) {
            // Frames that the encoder left out.
            0..=4 => 66.7,
            5 => 130.0,
            6 => 300.0,
            _ => 10.0 + 46.7 * random.f64(),
        });
        watched.check_parts("v-1");
    }
}

#[test]
fn a_screen_on_which_nothing_moves_has_longer_parts_that_say_so() {
    let mut world = World::new(60);
    for n in 0..1_000_u32 {
        world.sound();
        if n % 50 == 0 {
            world.frame(1, n == 0);
        }
        world.step();
    }
    let told = Told::read(&world.playlist("v-1"));
    let parts: Vec<f64> = told.parts.iter().flatten().map(|it| it.duration).collect();
    assert!(parts.len() > 10 && parts.iter().all(|it| (it - 1.0).abs() < 0.01), "{parts:?}");
}

#[test]
fn segments_leave_and_discontinuities_are_those_of_all_renditions() {
    let mut watched = Watched::new(30);
    let even = |_| 40.0;
    watched.run(20_000, even);
    // Away, back; another size; a picture that stops for a while; all of it gone from the playlist at last.
    watched.world.ms += 20_000;
    watched.run(10_000, even);
    watched.world.sps = OTHER_SPS;
    watched.run(10_000, even);
    watched.next = (watched.world.ms + 8_000) as f64;
    watched.run(20_000, even);
    assert_eq!((watched.n_breaks("v-1"), watched.n_breaks("a")), (3, 3));
    for (id, told) in &watched.before {
        assert!(told.n_breaks() > 0, "{id}: {}", told.text);
    }
    watched.run(60_000, even);
    for (id, told) in &watched.before {
        assert_eq!((told.n_breaks(), told.known.discontinuity_sequence), (0, 3), "{id}");
    }
}

#[test]
fn a_rendition_that_comes_later_counts_the_discontinuities_before_it() {
    let mut world = World::new(120);
    world.run(6_000, &[1], 2_000);
    world.ms += 20_000;
    world.run(6_000, &[1], 2_000);
    world.run(6_000, &[1, 2], 2_000);
    let told = Told::read(&world.playlist("v-2"));
    assert_eq!(told.known.discontinuity_sequence, 1, "{}", told.text);
}

#[test]
fn a_broadcast_that_is_over_has_an_end_and_no_hint() {
    let mut watched = Watched::new(60);
    watched.run(10_000, |_| 40.0);
    watched.world.packager.finish();
    watched.world.drain();
    watched.check();
    assert!(watched.before.values().all(|it| it.known.end_list && it.hint.is_none()));
}

#[test]
fn segments_are_said_to_be_independent_as_long_as_each_begins_with_a_keyframe() {
    let mut world = World::new(60);
    world.run(12_000, &[1], 2_000);
    let is_said = |world: &World, id| Told::read(&world.playlist(id)).known.independent_segments;
    assert!(is_said(&world, "v-1") && is_said(&world, "a"));
    // No keyframe any more.
    world.run(12_000, &[1], 1_000_000);
    assert!(!is_said(&world, "v-1") && is_said(&world, "a"));
}

#[test]
fn variants_name_what_they_need() {
    let mut world = World::new(60);
    world.run(6_000, &[1, 2], 2_000);
    let all = multivariant(&world);
    assert!(!all.independent_segments, "a host may leave keyframes out");
    assert_eq!((all.variants.len(), all.alternatives.len()), (2, 1));
    for variant in &all.variants {
        assert!(variant.bandwidth >= variant.average_bandwidth.unwrap());
        assert_eq!(variant.codecs.as_deref(), Some("avc1.42c01e,opus"));
        assert_eq!(variant.audio.as_deref(), Some("sound"));
        assert!(variant.resolution.is_some() && world.live.of(&variant.uri[..3]).is_some());
    }
    assert_eq!(all.alternatives[0].group_id, "sound");
}
