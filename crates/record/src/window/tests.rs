use std::fs;
use std::io::Write;
use std::sync::Arc;

use media_api::{Codec, Name, RoomId};

use super::*;

/// A room whose past is kept in a folder of its own.
struct World {
    folder: PathBuf,
    begun: Instant,
    window: Window,
    file: Option<fs::File>,
    asked: Vec<u32>,
    seq: u64,
}

impl World {
    fn new(name: &str, span_s: u64, max_bytes: u64) -> Self {
        let folder = std::env::temp_dir().join(format!("past-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let begun = Instant::now();
        let window = Window::new(folder.clone(), Duration::from_secs(span_s), max_bytes, begun);
        Self { folder, begun, window, file: None, asked: Vec::new(), seq: 0 }
    }

    fn at(&self, ms: u64) -> Instant {
        self.begun + Duration::from_millis(ms)
    }

    fn packet(&mut self, ms: u64, ssrc: u32, is_keyframe: bool, bytes: usize) -> TapPacket {
        self.seq += 1;
        let codec = if ssrc == 9 { Codec::Opus } else { Codec::H264 };
        TapPacket {
            room: RoomId(1),
            seat: Seat::HOST,
            ssrc,
            rid: Name::new(b"h"),
            codec,
            seq: self.seq,
            ts: (ms * 90) as u32,
            marker: true,
            is_keyframe,
            orientation: Some(2),
            captured: self.at(ms) - Duration::from_millis(30),
            arrived: self.at(ms),
            payload: Arc::from(vec![7; bytes]),
        }
    }

    fn push(&mut self, ms: u64, ssrc: u32, is_keyframe: bool, bytes: usize) {
        let packet = self.packet(ms, ssrc, is_keyframe, bytes);
        self.window.push(&packet);
        self.drain();
    }

    /// Time goes on, a packet of the picture and of the sound each 100 ms, a keyframe each `key_ms`.
    fn run(&mut self, from_ms: u64, to_ms: u64, key_ms: u64) {
        for ms in (from_ms..to_ms).step_by(100) {
            self.push(ms, 1, ms % key_ms == 0, 1_000);
            self.push(ms, 9, false, 100);
            self.window.tick(self.at(ms));
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(step) = self.window.poll() {
            match step {
                Step::Begin(path) => self.file = Some(fs::File::create(path).unwrap()),
                Step::Write(bytes) => self.file.as_mut().unwrap().write_all(&bytes).unwrap(),
                Step::Close => self.file = None,
                Step::Remove(path) => fs::remove_file(path).unwrap(),
                Step::Keyframe(ssrc) => self.asked.push(ssrc),
            }
        }
    }

    /// What is read back from a moment on.
    fn read(&mut self, at_ms: u64) -> Vec<TapPacket> {
        self.window.flush();
        self.drain();
        let span = self.window.span_from(self.at(at_ms)).unwrap();
        span.packets(RoomId(1)).collect()
    }

    fn ms(&self, packet: &TapPacket) -> u128 {
        packet.arrived.duration_since(self.begun).as_millis()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn what_is_read_back_is_what_came() {
    let mut world = World::new("same", 60, u64::MAX);
    let mut packet = world.packet(500, 1, true, 1_234);
    packet.captured = world.begun - Duration::from_millis(20);
    world.window.push(&packet);
    world.drain();
    let read = world.read(500);
    assert_eq!(format!("{read:?}"), format!("{:?}", [packet]));
}

#[test]
fn the_past_is_entered_at_the_keyframe_before() {
    let mut world = World::new("keyframe", 120, u64::MAX);
    world.run(0, 60_000, 4_000);
    let read = world.read(30_500);
    assert_eq!(world.ms(&read[0]), 28_000, "the keyframe before");
    assert!(read[0].is_keyframe);
    assert_eq!(world.ms(read.last().unwrap()), 59_900, "also what came last");
    let n_pictures = read.iter().filter(|it| it.ssrc == 1).count();
    assert_eq!(n_pictures, 320, "nothing is missing over the borders of files");
    let before_all = world.read(0);
    assert_eq!(world.ms(&before_all[0]), 0);
}

#[test]
fn parameter_sets_in_front_of_a_keyframe_belong_to_it() {
    let mut world = World::new("sets", 60, u64::MAX);
    world.push(100, 1, false, 100);
    let mut sets = world.packet(200, 1, false, 30);
    sets.marker = false;
    world.window.push(&sets);
    world.push(200, 1, true, 1_000);
    let read = world.read(250);
    assert_eq!((read.len(), read[0].payload.len()), (2, 30));
}

#[test]
fn of_several_layers_the_best_is_entered() {
    let mut world = World::new("layers", 60, u64::MAX);
    for ms in (0..20_000).step_by(100) {
        world.push(ms, 1, ms % 5_000 == 0, 100);
        world.push(ms, 2, ms % 5_000 == 400, 1_000);
    }
    let read = world.read(10_300);
    assert_eq!((read[0].ssrc, world.ms(&read[0])), (2, 5_400));
}

#[test]
fn what_is_too_old_or_too_much_is_forgotten_with_its_file() {
    let mut world = World::new("old", 30, u64::MAX);
    world.run(0, 120_000, 2_000);
    let n_files = fs::read_dir(&world.folder).unwrap().count();
    assert!((3..=5).contains(&n_files), "{n_files} files");

    let mut world = World::new("much", 3_600, 400_000);
    world.run(0, 120_000, 2_000);
    let on_disk = || fs::read_dir(&world.folder).unwrap();
    let bytes: u64 = on_disk().map(|it| it.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes <= 400_000, "{bytes} bytes");
}

#[test]
fn keyframes_are_asked_for_where_there_are_too_few() {
    let mut world = World::new("few", 60, u64::MAX);
    world.run(0, 20_000, 1_000_000);
    assert!((3..=8).contains(&world.asked.len()), "{:?}", world.asked);
    let mut world = World::new("enough", 60, u64::MAX);
    world.run(0, 20_000, 2_000);
    assert!(world.asked.is_empty());
}

#[test]
fn a_file_that_is_cut_off_or_gone_is_passed_over() {
    let mut world = World::new("cut", 120, u64::MAX);
    world.run(0, 30_000, 2_000);
    world.window.flush();
    world.drain();
    let span = world.window.span_from(world.at(0)).unwrap();
    fs::remove_file(world.folder.join("00000002.past")).unwrap();
    let last = world.folder.join("00000003.past");
    let whole = fs::read(&last).unwrap();
    fs::write(&last, &whole[..whole.len() - 10]).unwrap();
    let read: Vec<_> = span.packets(RoomId(1)).collect();
    assert_eq!(read.len(), 399);
}

#[test]
fn a_past_that_cannot_be_written_goes_on_with_another_file() {
    let mut world = World::new("failed", 120, u64::MAX);
    world.run(0, 5_000, 1_000);
    world.window.abandon();
    world.drain();
    world.run(5_000, 8_000, 1_000);
    let read = world.read(0);
    assert_eq!(world.ms(&read[0]), 5_000);
}
