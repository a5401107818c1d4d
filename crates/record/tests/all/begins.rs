//! Where a recording begins: with the first keyframe, though it was not there yet when the first packet came, or is there no
//! more when the recording is asked for. No encoder is asked for another one here.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use media_api::TapPacket;
use record::{
    Bounds, Event, FileInfo, Format, Keep, Layers, Recorder, Settings, Start, TapQueue, VideoCodec,
};

use super::live::{Host, ROOM, good};

const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    recorder: Recorder,
    events: Receiver<Event>,
    tap: TapQueue,
}

impl World {
    fn new() -> Self {
        let (tap, (tell, events)) = (TapQueue::default(), channel());
        let bounds = Bounds { max_past_bytes: u64::MAX, min_free: 0 };
        let recorder = Recorder::start(tap.clone(), bounds, move |it| _ = tell.send(it)).unwrap();
        Self { recorder, events, tap }
    }

    fn go_live(&self, folder: &Path) {
        let folder = folder.join("past");
        self.recorder.keep(Keep { room: ROOM, folder, past: None, has_stills: false });
    }

    fn record(&self, folder: &Path) {
        let settings = Settings {
            format: Format::Mp4,
            file_for: Duration::from_secs(3_600),
            file_bytes: u64::MAX,
            layers: Layers::Best,
        };
        let folder = folder.to_owned();
        self.recorder.record(Start { room: ROOM, id: "r".into(), folder, settings, min_free: 0 });
    }

    /// Puts packets into the tap, and waits until they are taken.
    fn send(&self, mut packets: Vec<TapPacket>) {
        self.tap.put(&mut packets);
        let (reply, taken) = channel();
        self.recorder.entry(ROOM, Duration::ZERO, move |_| reply.send(()).unwrap());
        taken.recv_timeout(PATIENCE).unwrap();
    }

    fn stop(&self) -> Vec<FileInfo> {
        self.recorder.stop(ROOM);
        let mut files = Vec::new();
        loop {
            match self.events.recv_timeout(PATIENCE).unwrap() {
                Event::File { file, .. } => files.push(file),
                Event::Over { .. } => return files,
                _ => {}
            }
        }
    }
}

/// The file has all of a broadcast of two seconds.
fn has_all(folder: &Path, files: &[FileInfo]) {
    let [file] = files else { panic!("{files:?}") };
    assert!(file.at < Duration::from_millis(50), "{file:?}");
    assert!(file.duration > Duration::from_millis(1_950), "{file:?}");
    let report = good(&folder.join(&file.name));
    assert_eq!(report.tracks[0].n_frames, 50);
}

const BEFORE: Duration = Duration::from_secs(2);

#[test]
fn a_recording_that_is_asked_for_a_moment_after_the_room_went_live_has_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let begun = Instant::now().checked_sub(BEFORE).unwrap();
    let mut host = Host::new(VideoCodec::Vp8, 0, begun);
    world.go_live(folder.path());
    world.send(host.until(begun + Duration::from_millis(700)));
    world.record(folder.path());
    world.send(host.until(begun + BEFORE - Duration::from_millis(1)));
    has_all(folder.path(), &world.stop());
}

#[test]
fn a_keyframe_that_comes_after_sound_that_was_captured_later_is_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let begun = Instant::now().checked_sub(BEFORE).unwrap();
    let mut host = Host::new(VideoCodec::Vp8, 0, begun);
    world.record(folder.path());
    let mut packets = host.until(begun + BEFORE - Duration::from_millis(1));
    for packet in packets.iter_mut().filter(|it| it.codec.is_video()) {
        packet.arrived += Duration::from_millis(60);
    }
    packets.retain(|it| it.codec.is_video() || it.captured > begun);
    packets.sort_by_key(|it| it.arrived);
    assert!(!packets[0].codec.is_video());
    world.send(packets);
    has_all(folder.path(), &world.stop());
}
