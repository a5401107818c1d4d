use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::channel;

use media_api::{Codec, Name, RoomId};

use super::*;
use crate::window::{Step, Window};

/// A past of two layers and sound, a packet of each every 100 ms, a keyframe each 2 s.
struct World {
    folder: PathBuf,
    begun: Instant,
    window: Window,
    file: Option<File>,
    seq: u64,
}

impl World {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("played-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let begun = Instant::now();
        let window = Window::new(folder.clone(), Duration::from_secs(600), u64::MAX, begun);
        Self { folder, begun, window, file: None, seq: 0 }
    }

    fn at(&self, ms: u64) -> Instant {
        self.begun + Duration::from_millis(ms)
    }

    fn run(&mut self, from_ms: u64, to_ms: u64, ssrcs: [u32; 2]) {
        for ms in (from_ms..to_ms).step_by(100) {
            for (ssrc, bytes) in [(ssrcs[0], 1_000), (ssrcs[1], 100), (9, 80)] {
                self.seq += 1;
                let packet = TapPacket {
                    room: RoomId(1),
                    seat: Seat::HOST,
                    ssrc,
                    rid: Name::new(b"x"),
                    codec: if ssrc == 9 { Codec::Opus } else { Codec::H264 },
                    seq: self.seq,
                    ts: (ms * 90) as u32,
                    marker: true,
                    is_keyframe: ssrc != 9 && ms % 2_000 == 0,
                    orientation: None,
                    captured: self.at(ms),
                    arrived: self.at(ms),
                    payload: vec![7; bytes].into(),
                };
                self.window.push(&packet);
            }
            self.drain();
        }
        self.window.flush();
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(step) = self.window.poll() {
            match step {
                Step::Begin(path) => self.file = Some(File::create(path).unwrap()),
                Step::Write(bytes) => self.file.as_mut().unwrap().write_all(&bytes).unwrap(),
                Step::Close => self.file = None,
                Step::Remove(path) => fs::remove_file(path).unwrap(),
                Step::Keyframe(_) => {}
            }
        }
    }

    fn play(&self, ms: u64) -> Playback {
        Playback::new(self.window.entry(self.at(ms), RoomId(1)).unwrap())
    }

    fn ms(&self, at: Instant) -> u128 {
        at.duration_since(self.begun).as_millis()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_past_is_played_from_the_nearest_keyframe_of_the_best_layer_to_where_it_grows() {
    let mut world = World::new("whole");
    world.run(0, 30_000, [1, 2]);
    let reader = &mut Reader::default();
    let mut playback = world.play(10_700);
    assert_eq!(world.ms(playback.entry.arrived), 10_000);
    assert_eq!(world.ms(world.play(11_200).entry.arrived), 12_000);
    let mut n = 0;
    let first = playback.piece(reader);
    assert!(first.packets[0].is_keyframe && first.packets[0].ssrc == 1);
    let mut pieces = vec![first];
    while !pieces.last().unwrap().is_edge {
        pieces.push(playback.piece(reader));
        n += 1;
        assert!(n < 1_000);
    }
    let all = || pieces.iter().flat_map(|it| &it.packets);
    assert_eq!(all().filter(|it| it.ssrc == 1).count(), 200);
    assert!(all().all(|it| it.ssrc != 2));
    // A keyframe's packets of sound that came with it are there.
    assert!(all().filter(|it| it.ssrc == 9).count() >= 200);
    let size = |it: &PastChunk| it.packets.iter().map(|it| it.payload.len()).sum::<usize>();
    assert!(pieces.iter().all(|it| size(it) < PIECE_BYTES + 1_500));
    // What is added later follows.
    assert!(playback.piece(reader).packets.is_empty());
    world.run(30_000, 31_000, [1, 2]);
    let more = playback.piece(reader);
    assert_eq!(more.packets.iter().filter(|it| it.ssrc == 1).count(), 10);
}

#[test]
fn a_host_that_comes_again_is_played_from_its_keyframe_on() {
    let mut world = World::new("again");
    world.run(0, 10_000, [1, 2]);
    world.run(20_000, 30_000, [3, 4]);
    let mut playback = world.play(4_000);
    let reader = &mut Reader::default();
    let mut packets = Vec::new();
    loop {
        let piece = playback.piece(reader);
        packets.extend(piece.packets.iter().cloned());
        if piece.is_edge {
            break;
        }
    }
    let of = |ssrc| packets.iter().filter(move |it| it.ssrc == ssrc).count();
    assert_eq!((of(1), of(2), of(4)), (60, 0, 0));
    assert_eq!(of(3), 100);
}

#[test]
fn viewers_at_the_same_place_are_given_what_was_read_once() {
    let mut world = World::new("shared");
    world.run(0, 30_000, [1, 2]);
    let reader = &mut Reader::default();
    let (mut one, mut other) = (world.play(4_000), world.play(4_000));
    let pieces: Vec<_> = (0..4).map(|_| one.piece(reader)).collect();
    // Who comes later, to where the files are gone by now.
    _ = fs::remove_dir_all(&world.folder);
    let again: Vec<_> = (0..4).map(|_| other.piece(reader)).collect();
    assert!(pieces.iter().zip(&again).all(|(a, b)| Arc::ptr_eq(a, b)));
    assert_eq!(one.entry.offset, other.entry.offset);
    assert_eq!(one.seen, other.seen);
}

#[test]
fn a_small_layer_among_large_ones_is_played_whole() {
    let mut world = World::new("small");
    world.run(0, 30_000, [1, 2]);
    let mut playback = world.play(10_000);
    (playback.entry.ssrc, playback.seen) = (Some(2), Some(world.at(10_000)));
    let reader = &mut Reader::default();
    let mut packets = Vec::new();
    loop {
        let piece = playback.piece(reader);
        packets.extend(piece.packets.iter().filter(|it| it.ssrc == 2).map(|it| it.seq));
        if piece.is_edge {
            break;
        }
    }
    assert_eq!(packets.len(), 200, "what is read at once ends within packets");
    assert!(packets.is_sorted());
}

#[test]
fn what_grows_is_not_shared_before_it_is_whole() {
    let mut world = World::new("grows");
    world.run(0, 2_100, [1, 2]);
    let reader = &mut Reader::default();
    let (mut one, mut other) = (world.play(2_000), world.play(2_000));
    assert_eq!(one.piece(reader).packets.len(), 2);
    world.run(2_100, 3_000, [1, 2]);
    assert!(other.piece(reader).packets.len() > 2);
}

#[test]
fn viewers_are_given_pieces_as_they_ask() {
    let mut world = World::new("asked");
    world.run(0, 10_000, [1, 2]);
    let (sender, given) = channel();
    let playbacks =
        Playbacks::start(move |peer, piece, first| _ = sender.send((peer, piece, first))).unwrap();
    let entry = world.window.entry(world.at(2_000), RoomId(1)).unwrap();
    playbacks.begin(PeerId(7), entry);
    let (peer, piece, first) = given.recv().unwrap();
    assert!(peer == PeerId(7) && first && piece.packets[0].is_keyframe);
    playbacks.next(PeerId(7));
    assert!(!given.recv().unwrap().2);
    playbacks.end(PeerId(7));
    playbacks.next(PeerId(7));
    drop(playbacks);
    assert!(given.recv().is_err(), "nothing more is given");
}
