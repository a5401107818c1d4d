//! What is said of files.

use std::io::Cursor;
use std::time::Duration;

use record::inspect::{Report, inspect};
use record::read::Container;
use record::{Format, Frame, VideoCodec};

use super::common::{Show, growing, whole};
use super::read::OF_FFMPEG;

fn report(format: Format, show: &Show) -> Report {
    inspect(Cursor::new(whole(format, show).0)).unwrap()
}

fn told(report: &Report) -> Vec<String> {
    report.problems.iter().map(ToString::to_string).collect()
}

/// A show of so many seconds: pictures 25 a second with a keyframe every 2 s, and sound.
fn long(seconds: u32) -> Show {
    let mut show = Show::of(VideoCodec::Vp8);
    let (picture, sound) = (show.of_track(0)[0].clone(), show.of_track(1)[0].clone());
    let at = |n: u32, step: u64| Duration::from_millis(u64::from(n) * step);
    let pictures =
        (0..seconds * 25).map(|n| Frame { at: at(n, 40), is_key: n % 50 == 0, ..picture.clone() });
    let sounds = (0..seconds * 50).map(|n| Frame { at: at(n, 20), ..sound.clone() });
    show.frames = pictures.chain(sounds).collect();
    show.frames.sort_by_key(|frame| frame.at);
    show
}

fn between(frame: &Frame, from_ms: u64, to_ms: u64) -> bool {
    (u128::from(from_ms)..u128::from(to_ms)).contains(&frame.at.as_millis())
}

#[test]
fn a_good_file_has_its_numbers_and_no_problem() {
    for format in [Format::WebM, Format::Mp4] {
        let show = Show::of(VideoCodec::Vp9);
        let report = report(format, &show);
        assert_eq!(told(&report), Vec::<String>::new());
        assert_eq!(report.duration.as_millis(), 3000);
        let [picture, sound] = &report.tracks[..] else { panic!() };
        assert_eq!((picture.n_frames, sound.n_frames), (75, 150));
        assert_eq!(picture.frame_rate().unwrap().round(), 25.0);
        let bytes: usize = show.of_track(0).iter().map(|frame| frame.data.len()).sum();
        assert_eq!(picture.bytes, bytes as u64);
        assert_eq!(picture.bit_rate().unwrap(), bytes as u64 * 8 / 3);
        let longest = show.of_track(0).iter().map(|frame| frame.data.len()).max().unwrap();
        assert_eq!(picture.longest_frame as usize, longest);
        let keyframes = picture.keyframes.as_ref().unwrap();
        assert_eq!((keyframes.count, keyframes.longest.as_millis()), (2, 1600));
        assert_eq!(sound.keyframes, None);
        let offset = report.offset.unwrap();
        assert_eq!((offset.begin_ms, offset.end_ms), (0, 0));
    }
}

#[test]
fn sound_that_begins_late_is_told() {
    let mut show = long(4);
    show.frames.retain(|frame| frame.track == 0 || frame.at >= Duration::from_millis(340));
    let report = report(Format::WebM, &show);
    assert_eq!(told(&report), ["the sound begins 340 ms after the picture"]);
    assert_eq!(report.offset.unwrap().drift_ms(), -340);
}

#[test]
fn sound_that_ends_early_is_told() {
    let mut show = long(10);
    show.frames.retain(|frame| frame.track == 0 || frame.at < Duration::from_millis(8800));
    let report = report(Format::WebM, &show);
    assert_eq!(told(&report), ["the sound ends 1.2 s before the picture"]);
}

#[test]
fn gaps_are_told_with_their_place() {
    let mut show = long(60);
    show.frames.retain(|frame| {
        let gap = if frame.track == 0 { (37_040, 39_100) } else { (20_020, 20_300) };
        !between(frame, gap.0, gap.1)
    });
    let report = report(Format::WebM, &show);
    assert_eq!(
        told(&report),
        ["a gap of 2.1 s in the picture at 0:37", "a gap of 300 ms in the sound at 0:20"]
    );
}

#[test]
fn of_many_gaps_twenty_are_told() {
    let mut show = long(80);
    show.frames.retain(|frame| frame.track == 0 || frame.at.as_millis() % 2000 < 1600);
    let report = report(Format::WebM, &show);
    assert_eq!(report.tracks[1].gaps.len(), 20);
    assert_eq!(told(&report).last().unwrap(), "and 19 more gaps in the sound");
}

#[test]
fn a_slow_picture_has_no_gaps() {
    let mut show = long(60);
    show.frames.retain(|frame| frame.track == 1 || frame.at.as_millis() % 1000 == 0);
    assert_eq!(told(&report(Format::WebM, &show)), Vec::<String>::new());
}

#[test]
fn keyframes_that_are_far_apart_are_told() {
    let mut show = long(100);
    for frame in &mut show.frames {
        frame.is_key &= frame.track == 1 || !between(frame, 70_001, 84_000);
    }
    let report = report(Format::WebM, &show);
    assert_eq!(told(&report), ["no keyframe for 14 s at 1:10: players seek badly there"]);
}

#[test]
fn an_interruption_is_a_gap_and_no_lack_of_keyframes() {
    let mut show = long(60);
    show.frames.retain(|frame| !between(frame, 20_000, 40_000));
    assert_eq!(
        told(&report(Format::WebM, &show)),
        ["a gap of 20 s in the picture at 0:19", "a gap of 20 s in the sound at 0:19"]
    );
}

#[test]
fn a_file_that_was_cut_off_is_told_with_what_helps() {
    for format in [Format::WebM, Format::Mp4] {
        let file = growing(format, &Show::of(VideoCodec::Vp9));
        let inspect = |len: usize| told(&inspect(Cursor::new(&file.bytes[..len])).unwrap());
        let finishes = "`kaibo serve` finishes it at its next start";
        assert_eq!(
            inspect(file.bytes.len()),
            [format!("the file was cut off, or is still recorded; {finishes}")]
        );
        let cut = inspect(file.bytes.len() - 1);
        assert!(cut[0].starts_with("the file was cut off after "), "{cut:?}");
        assert!(cut[0].ends_with(finishes), "{cut:?}");
        let header = inspect(file.ends[0]);
        assert_eq!(header.last().unwrap(), "there is no frame in the file");
    }
}

#[test]
fn time_that_goes_back_is_told() {
    let (mut bytes, _) = whole(Format::WebM, &long(4));
    // The writer lets no time go back: the time of the third cluster is changed.
    let clusters: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..].starts_with(&[0x1F, 0x43, 0xB6, 0x75]))
        .collect();
    let at = clusters[2];
    let time = (at..at + 20).find(|it| bytes[*it] == 0xE7).unwrap();
    assert_eq!(bytes[time + 1..time + 4], [0x82, 0x07, 0xD0], "2000 ms");
    bytes[time + 2..time + 4].copy_from_slice(&[0x01, 0xF4]);
    let report = inspect(Cursor::new(bytes)).unwrap();
    let found = told(&report);
    assert!(
        found.contains(&"the timestamps of the picture go back to 0:00".to_owned()),
        "{found:?}"
    );
    assert!(found.contains(&"the timestamps of the sound go back to 0:00".to_owned()), "{found:?}");
}

#[test]
fn a_picture_without_a_keyframe_at_its_begin_is_told() {
    let mut show = long(6);
    show.frames.retain(|frame| frame.at >= Duration::from_millis(1000));
    assert_eq!(
        told(&report(Format::WebM, &show)),
        ["the picture does not begin with a keyframe: the first one is at 0:02"]
    );
}

#[test]
fn files_of_ffmpeg_are_good() {
    for (name, bytes) in OF_FFMPEG {
        let report = inspect(Cursor::new(bytes)).unwrap();
        let expected: &[&str] = match report.container {
            Container::WebM => &["the file was never finished: players may not be able to seek"],
            _ => &[],
        };
        assert_eq!(told(&report), expected, "{name}");
        let has_b_frames = report.tracks[0].n_reordered > 0;
        assert_eq!(has_b_frames, report.container == Container::Mp4, "{name}");
    }
}
