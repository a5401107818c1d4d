//! A recorder whose disk fails: it goes on taking packets, says what is wrong, and goes on in another file when it can.
//!
//! What is tried without being root: a folder that is none, or is of another file system that takes no files (`ENOTDIR`,
//! `EACCES`, `EPERM`, `EROFS`); a file that may not grow (`EFBIG` by RLIMIT_FSIZE, which comes out of `write` as `ENOSPC` does);
//! a disk that stands still, as the thread of the disk is held.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use record::{VideoCodec, mend};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::live::{Live, ROOM, files_of, good};

/// A file is tried again after 5 s, and begins with a keyframe, of which there is one every 1.6 s.
const AGAIN_WITHIN: Duration = Duration::from_secs(10);

/// Enough for some fragments of a file.
const SOME: u64 = 12_000;

/// A fault of the folder, which `repair` takes away.
fn goes_on_after(fault: impl FnOnce(&Path), repair: impl FnOnce(&Path), words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("recordings/r");
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fault(&folder);
    let mut live = Live::new(VideoCodec::Vp8, 0);
    live.record(&folder);
    let error = live.failure();
    assert!(words.iter().any(|it| error.contains(it)), "{error}");
    repair(&folder);
    let repaired = live.now();
    live.wait_for_bytes(&folder.join("002.webm"), SOME);
    let files = live.stop();
    let [file] = &files[..] else { panic!("{files:?}") };
    assert_eq!(file.name, "002.webm");
    let gone_for = file.at.saturating_sub(repaired);
    assert!(gone_for < AGAIN_WITHIN, "{gone_for:?}");
    assert_eq!(files_of(&folder), [folder.join("002.webm")]);
    good(&folder.join("002.webm"));
}

#[test]
fn a_folder_that_cannot_be_made_is_told_and_tried_again() {
    let is_file = |folder: &Path| std::fs::write(folder, "not a folder").unwrap();
    goes_on_after(is_file, |it| std::fs::remove_file(it).unwrap(), &["exists", "directory"]);
}

#[test]
fn a_folder_in_which_nothing_can_be_made_is_told_and_tried_again() {
    // Nobody makes files there, root neither.
    let is_system = |folder: &Path| std::os::unix::fs::symlink("/proc/self", folder).unwrap();
    let words = ["denied", "permitted", "Read-only", "No such file"];
    goes_on_after(is_system, |it| std::fs::remove_file(it).unwrap(), &words);
}

#[test]
fn a_folder_that_is_not_there_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("some/where/else");
    let mut live = Live::new(VideoCodec::H264, 0);
    live.record(&folder);
    live.wait_for_bytes(&folder.join("001.mp4"), SOME / 4);
    assert_eq!(live.stop().len(), 1);
    good(&folder.join("001.mp4"));
}

/// In a process of its own, as the limit is of the process.
const FULL: &str = "KAIBO_RECORD_FULL_DISK";

#[test]
fn what_was_written_before_the_disk_was_full_is_kept_and_another_file_follows() {
    const NAME: &str =
        "disk_faults::what_was_written_before_the_disk_was_full_is_kept_and_another_file_follows";
    if let Ok(folder) = std::env::var(FULL) {
        return fill(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    // A process that goes beyond the limit is killed, unless it was begun with the signal ignored.
    let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let program = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", script, program.to_str().unwrap(), "--exact", NAME, "--nocapture"])
        .env(FULL, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && files_of(folder.path()).len() == 2, "{text}");
}

fn fill(folder: &Path) {
    const LIMIT: u64 = 400_000;
    let before = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(LIMIT), ..before }).unwrap();
    let mut live = Live::new(VideoCodec::Vp8, 4_000);
    live.record(folder);
    let error = live.failure();
    assert!(error.contains("too large"), "{error}");
    setrlimit(Resource::Fsize, before).unwrap();
    let repaired = live.now();
    let first = live.wait_for("file", |it| match it {
        record::Event::File { file, .. } => Some(file),
        _ => None,
    });
    assert_eq!(first.name, "001.webm");
    assert!(first.duration > Duration::from_secs(2), "{first:?}");
    live.wait_for_bytes(&folder.join("002.webm"), 200_000);
    let files = live.stop();
    let [second] = &files[..] else { panic!("{files:?}") };
    assert!(second.at.saturating_sub(repaired) < AGAIN_WITHIN, "{second:?}");
    assert!(second.at >= first.at + first.duration);
    for file in [&first, second] {
        let report = good(&folder.join(&file.name));
        assert_eq!(report.bytes, file.bytes);
        assert!(report.duration.abs_diff(file.duration) < Duration::from_millis(100), "{file:?}");
    }
    assert!(first.bytes <= LIMIT);
}

/// The thread of the disk stands still until this is dropped.
fn hold_disk(live: &Live) -> Sender<()> {
    let (release, held) = channel::<()>();
    let (begins, begun) = channel();
    // The reply is given on the thread of the disk.
    live.recorder.entry(ROOM, Duration::ZERO, move |_| {
        _ = begins.send(());
        _ = held.recv();
    });
    begun.recv().unwrap();
    release
}

#[test]
fn while_the_disk_stands_still_packets_are_taken_and_frames_left_out_and_then_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    // 20 MB a second: after some seconds the frames that wait are too many.
    let mut live = Live::new(VideoCodec::Vp8, 800_000);
    live.record(folder.path());
    let path = folder.path().join("001.webm");
    live.wait_for_bytes(&path, 1_000_000);
    let release = hold_disk(&live);
    assert_eq!(live.failure(), "the disk does not keep up");
    let before = std::fs::metadata(&path).unwrap().len();
    drop(release);
    let released = live.now();
    live.wait_for_bytes(&path, before + 80_000_000);
    let files = live.stop();
    let [file] = &files[..] else { panic!("{files:?}") };
    let report = record::inspect::inspect(std::fs::File::open(&path).unwrap()).unwrap();
    // What was left out is a gap, in the picture and in the sound; nothing else is wrong.
    let is_gap =
        |it: &record::inspect::Problem| it.code() == "gap" || it.code() == "keyframes_apart";
    assert!(report.problems.iter().all(is_gap) && !report.problems.is_empty(), "{report:?}");
    let picture = &report.tracks[0];
    let gap = picture.gaps.iter().max_by_key(|it| it.length).unwrap();
    let goes_on = gap.at + gap.length;
    // A busy machine writes what waited for some time.
    assert!(goes_on.saturating_sub(released) < Duration::from_secs(15), "{gap:?}");
    assert!(file.duration.abs_diff(report.duration) < Duration::from_millis(100));
}

#[test]
fn a_disk_that_takes_no_more_jobs_is_told_and_both_files_play() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::new(VideoCodec::H264, 0);
    live.record(folder.path());
    live.wait_for_bytes(&folder.path().join("001.mp4"), SOME / 4);
    let release = hold_disk(&live);
    // As many jobs as the way to the disk has room for, and more.
    for _ in 0..5_000 {
        live.recorder.entry(ROOM, Duration::ZERO, |_| {});
    }
    let error = live.failure();
    assert_eq!(error, "the disk does not keep up");
    drop(release);
    let released = live.now();
    let mut first = None;
    live.wait_for_bytes(&folder.path().join("002.mp4"), SOME / 4);
    let mut files = live.stop();
    files.sort_by_key(|it| it.at);
    if let [file, _] = &files[..] {
        first = Some(file.clone());
    }
    let first = first.unwrap_or_else(|| panic!("{files:?}"));
    assert_eq!((first.name.as_str(), files[1].name.as_str()), ("001.mp4", "002.mp4"));
    assert!(files[1].at.saturating_sub(released) < AGAIN_WITHIN, "{files:?}");
    for path in files_of(folder.path()) {
        good(&path);
    }
}

#[test]
fn a_recorder_ends_though_the_disk_stands_still_and_its_file_is_finished_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::new(VideoCodec::H264, 0);
    live.record(folder.path());
    let path = folder.path().join("001.mp4");
    live.wait_for_bytes(&path, SOME / 4);
    let release = hold_disk(&live);
    live.check_tap();
    let before = Instant::now();
    drop(live);
    let took = before.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    // The next start, whether or not the disk has gone on meanwhile.
    let mended = mend(&path).unwrap().unwrap();
    let report = good(&path);
    assert!(mended.duration.unwrap().abs_diff(report.duration) < Duration::from_millis(50));
    assert_eq!(mend(&path).unwrap(), Some(mended), "of one that is whole the same is told");
    drop(release);
}
