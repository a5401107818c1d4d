use std::sync::Arc;

use media_api::{Codec, Name, RoomId, Seat};

use super::*;
use crate::read::{Reader, StoredTrack};

mod flash;

const FRAME_MS: u64 = 40;

/// A room: layers of VP8 and sound, a frame of each every 40 ms.
struct World {
    begun: Instant,
    ms: u64,
    recording: Recording,
    /// What was told of files: their sides when they begin, their length when they are over.
    begins: Vec<Option<(u32, u32)>>,
    lengths: Vec<f64>,
    asked: Vec<u32>,
    /// The bytes of files.
    files: Vec<Vec<u8>>,
    /// Layers that send: SSRC, sides, bytes of a frame.
    layers: Vec<(u32, u16, usize)>,
    has_sound: bool,
    /// How much later than the picture its sound comes.
    sound_late_ms: u64,
    seq: u64,
}

impl World {
    fn new(layers: &[(u32, u16, usize)]) -> Self {
        let settings = Settings {
            format: Format::Mp4,
            file_for: Duration::from_secs(60),
            file_bytes: u64::MAX,
            layers: Layers::Best,
        };
        Self {
            begun: Instant::now(),
            ms: 0,
            recording: Recording::new(settings, None),
            begins: Vec::new(),
            lengths: Vec::new(),
            asked: Vec::new(),
            files: Vec::new(),
            layers: layers.to_vec(),
            has_sound: true,
            sound_late_ms: 0,
            seq: 0,
        }
    }

    /// Time goes on, with a keyframe of each layer every second, or when it was asked for.
    fn run(&mut self, ms: u64) {
        for _ in 0..ms / FRAME_MS {
            self.seq += 1;
            self.ms += FRAME_MS;
            if self.has_sound && self.ms >= self.sound_late_ms {
                let now = self.ms;
                self.ms -= self.sound_late_ms;
                let sound = self.packet(9, Codec::Opus, false, vec![0xFC, 1, 2]);
                self.ms = now;
                let arrived = self.begun + Duration::from_millis(now);
                self.recording.push(TapPacket { arrived, ..sound });
            }
            for (ssrc, side, bytes) in self.layers.clone() {
                let is_key = self.seq % 25 == 1 || self.asked.last() == Some(&ssrc);
                if self.asked.last() == Some(&ssrc) {
                    self.asked.push(0);
                }
                let mut data = vec![0x10, u8::from(!is_key), 0, 0, 0x9D, 1, 0x2A];
                data.extend_from_slice(&side.to_le_bytes());
                data.extend_from_slice(&side.to_le_bytes());
                data.resize(bytes, 7);
                let packet = self.packet(ssrc, Codec::Vp8, is_key, data);
                self.recording.push(packet);
            }
            self.recording.tick(self.begun + Duration::from_millis(self.ms));
            self.drain();
        }
    }

    fn packet(&self, ssrc: u32, codec: Codec, is_keyframe: bool, data: Vec<u8>) -> TapPacket {
        let at = self.begun + Duration::from_millis(self.ms);
        let rate = u64::from(codec.kind().clock_rate()) / 1_000;
        let is_layer = self.layers.len() > 1 && codec.is_video();
        TapPacket {
            room: RoomId(1),
            seat: Seat::HOST,
            ssrc,
            rid: is_layer.then(|| Name::new(ssrc.to_string().as_bytes()).unwrap()),
            codec,
            seq: self.seq,
            ts: (self.ms * rate) as u32,
            marker: true,
            is_keyframe,
            orientation: None,
            captured: at,
            arrived: at,
            payload: Arc::from(data),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.recording.poll() {
            match output {
                Output::Begin { size, .. } => {
                    self.begins.push(size);
                    self.files.push(Vec::new());
                }
                Output::Write(bytes) => {
                    assert!(self.begins.len() > self.lengths.len());
                    self.files.last_mut().unwrap().extend(bytes);
                }
                Output::End(finished) => self.lengths.push(finished.duration.as_secs_f64()),
                Output::Keyframe(ssrc) => self.asked.push(ssrc),
            }
        }
    }

    /// Ends the recording; the sides and the seconds of its files.
    fn finish(mut self) -> Vec<(u32, f64)> {
        self.recording.finish();
        self.drain();
        assert_eq!(self.begins.len(), self.lengths.len());
        let sides = self.begins.iter().map(|it| it.map_or(0, |(width, _)| width));
        sides.zip(self.lengths).collect()
    }
}

fn is_about(files: &[(u32, f64)], expected: &[(u32, f64)]) {
    let is = |(a, b): (&(u32, f64), &(u32, f64))| a.0 == b.0 && (a.1 - b.1).abs() < 0.3;
    let is = files.len() == expected.len() && files.iter().zip(expected).all(is);
    assert!(is, "{files:?}, not {expected:?}");
}

#[test]
fn the_best_of_several_layers_is_recorded() {
    let mut world = World::new(&[(1, 180, 200), (2, 720, 3_000), (3, 360, 800)]);
    world.run(10_000);
    is_about(&world.finish(), &[(720, 10.0)]);
}

#[test]
fn a_layer_that_stops_is_followed_by_the_next_best_and_comes_back() {
    let mut world = World::new(&[(1, 180, 200), (2, 720, 3_000)]);
    world.run(5_000);
    world.layers = vec![(1, 180, 200), (4, 90, 100)];
    world.run(5_000);
    world.layers = vec![(1, 180, 200), (2, 720, 3_000)];
    world.run(10_000);
    let files = world.finish();
    let sides: Vec<u32> = files.iter().map(|it| it.0).collect();
    assert_eq!(sides, [720, 180, 720], "{files:?}");
}

#[test]
fn a_host_that_comes_back_goes_on_in_the_same_file_with_a_gap() {
    let mut world = World::new(&[(1, 360, 800)]);
    world.run(4_000);
    world.layers.clear();
    world.has_sound = false;
    world.run(10_000);
    world.layers = vec![(7, 360, 800)];
    world.has_sound = true;
    world.run(4_000);
    is_about(&world.finish(), &[(360, 18.0)]);
}

#[test]
fn a_long_recording_is_of_several_files_and_of_another_size_as_well() {
    let mut world = World::new(&[(1, 360, 800)]);
    world.run(130_000);
    world.layers = vec![(1, 720, 800)];
    world.run(5_000);
    is_about(&world.finish(), &[(360, 60.0), (360, 60.0), (360, 10.0), (720, 5.0)]);
}

/// How many frames of the picture and of the sound are in a file.
fn count(file: &[u8]) -> (usize, usize) {
    let mut reader = Reader::open(std::io::Cursor::new(file)).unwrap();
    let is_video: Vec<bool> = reader.tracks().iter().map(StoredTrack::is_video).collect();
    let mut counted = (0, 0);
    while let Some(frame) = reader.next_frame().unwrap() {
        *if is_video[frame.track] { &mut counted.0 } else { &mut counted.1 } += 1;
    }
    counted
}

#[test]
fn sound_that_comes_later_than_the_picture_is_in_the_file_where_it_belongs() {
    for late in [0, 40, 240, 1_000] {
        let mut world = World::new(&[(1, 360, 800)]);
        world.sound_late_ms = late;
        world.run(4_000);
        world.layers = vec![(1, 720, 800)];
        world.run(1_000);
        world.layers = vec![(1, 360, 800)];
        world.run(4_000);
        world.has_sound = late > 0;
        world.layers.clear();
        world.run(late);
        world.recording.finish();
        world.drain();
        let counted: Vec<_> = world.files.iter().map(|it| count(it)).collect();
        // What is captured together with a keyframe may come before it.
        let is = |(had, wanted): (&(usize, usize), &usize)| {
            had.0 == *wanted && had.1.abs_diff(*wanted) <= 1
        };
        assert!(counted.iter().zip(&[100, 25, 100]).all(is), "{late} ms late: {counted:?}");
        assert_eq!(counted.iter().map(|it| it.1).sum::<usize>(), 225, "{late} ms late");
    }
}

#[test]
fn a_recording_that_ends_soon_after_its_picture_changed_has_both() {
    let mut world = World::new(&[(1, 360, 800)]);
    world.has_sound = false;
    world.run(1_000);
    world.layers = vec![(1, 720, 800)];
    world.run(400);
    world.recording.finish();
    world.drain();
    let counted: Vec<_> = world.files.iter().map(|it| count(it).0).collect();
    assert_eq!(counted, [25, 10]);
}

#[test]
fn what_the_disk_does_not_take_is_left_out_and_the_picture_goes_on_at_a_keyframe() {
    let mut world = World::new(&[(1, 360, 800)]);
    world.run(4_000);
    world.recording.hold(true);
    world.run(3_480);
    let n_asked = world.asked.len();
    world.recording.hold(false);
    world.run(3_000);
    assert!(world.asked.len() > n_asked);
    is_about(&world.finish(), &[(360, 10.5)]);
}

#[test]
fn a_file_that_was_given_up_is_followed_by_another() {
    let mut world = World::new(&[(1, 360, 800)]);
    world.run(4_000);
    world.recording.abandon();
    world.lengths.push(0.0);
    world.run(4_000);
    is_about(&world.finish(), &[(360, 0.0), (360, 4.0)]);
}

#[test]
fn sound_alone_is_recorded_and_a_picture_that_comes_later_begins_a_file() {
    let mut world = World::new(&[]);
    world.run(10_000);
    world.layers = vec![(1, 360, 800)];
    world.run(5_000);
    is_about(&world.finish(), &[(0, 10.0), (360, 5.0)]);
}

#[test]
fn nothing_is_left_of_a_recording_to_which_nothing_came() {
    assert!(World::new(&[]).finish().is_empty());
}
