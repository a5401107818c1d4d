//! Where a recording begins: with the first keyframe of the broadcast. The host of these tests makes no keyframe on request.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use media_api::TapPacket;
use record::{Bounds, Event, FileInfo, Keep, Recorder, TapQueue, VideoCodec};

use super::live::{Host, ROOM, good, start};

const PATIENCE: Duration = Duration::from_secs(60);

/// How long the broadcast is.
const BROADCAST: Duration = Duration::from_secs(2);

struct World {
    recorder: Recorder,
    events: Receiver<Event>,
    tap: TapQueue,
    /// Two seconds ago.
    begun: Instant,
    host: Host,
}

impl World {
    fn new() -> Self {
        let (tap, (tell, events)) = (TapQueue::default(), channel());
        let bounds = Bounds { max_past_bytes: u64::MAX, min_free: 0 };
        let recorder = Recorder::start(tap.clone(), bounds, move |it| _ = tell.send(it)).unwrap();
        let begun = Instant::now().checked_sub(BROADCAST).unwrap();
        Self { recorder, events, tap, begun, host: Host::new(VideoCodec::Vp8, 0, begun) }
    }

    /// The next packets of the broadcast, up to a moment of it.
    fn until(&mut self, at: Duration) -> Vec<TapPacket> {
        self.host.until(self.begun + at - Duration::from_millis(1))
    }

    fn go_live(&self, folder: &Path) {
        let folder = folder.join("past");
        self.recorder.keep(Keep { room: ROOM, folder, past: None, has_stills: false });
    }

    fn record(&self, folder: &Path) {
        self.recorder.record(start(folder, Duration::from_secs(3_600)));
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

#[test]
fn a_recording_that_is_asked_for_a_moment_after_the_room_went_live_has_all_of_it() {
    let (folder, mut world) = (tempfile::tempdir().unwrap(), World::new());
    world.go_live(folder.path());
    let packets = world.until(Duration::from_millis(700));
    world.send(packets);
    world.record(folder.path());
    let packets = world.until(BROADCAST);
    world.send(packets);
    has_all(folder.path(), &world.stop());
}

#[test]
fn a_keyframe_that_comes_after_sound_that_was_captured_later_is_the_first() {
    let (folder, mut world) = (tempfile::tempdir().unwrap(), World::new());
    world.record(folder.path());
    let mut packets = world.until(BROADCAST);
    for packet in packets.iter_mut().filter(|it| it.codec.is_video()) {
        packet.arrived += Duration::from_millis(60);
    }
    packets.retain(|it| it.codec.is_video() || it.captured > world.begun);
    packets.sort_by_key(|it| it.arrived);
    assert!(!packets[0].codec.is_video());
    world.send(packets);
    has_all(folder.path(), &world.stop());
}
