//! What players find in WebM files.

use std::time::Duration;

use record::{Format, Rotation, VideoCodec};

use super::common::{Sample, Show, expected, growing, whole};
use super::webm_reader::{File, elements, float, uint};

const CODECS: [(VideoCodec, &str, &str); 4] = [
    (VideoCodec::Vp8, "webm", "V_VP8"),
    (VideoCodec::Vp9, "webm", "V_VP9"),
    (VideoCodec::Av1, "webm", "V_AV1"),
    (VideoCodec::H264, "matroska", "V_MPEG4/ISO/AVC"),
];

fn plain(samples: Vec<(Sample, Option<u64>)>) -> Vec<Sample> {
    samples.into_iter().map(|(sample, _)| sample).collect()
}

#[test]
fn a_finished_file_has_every_frame_at_its_time() {
    for (codec, doc_type, codec_id) in CODECS {
        let show = Show::of(codec);
        let (bytes, finished) = whole(Format::WebM, &show);
        let file = File::read(&bytes);
        assert_eq!(file.doc_type, doc_type);
        assert_eq!(file.in_track(0, &[0x86]).unwrap(), codec_id.as_bytes());
        for track in 0..2 {
            assert_eq!(plain(file.samples(track)), expected(&show, track), "{codec:?}");
        }
        assert_eq!(file.duration_ms(), Some(3000.0));
        assert_eq!(finished.duration, Duration::from_secs(3));
    }
}

#[test]
fn the_last_frames_say_how_long_they_are_shown() {
    let (bytes, _) = whole(Format::WebM, &Show::of(VideoCodec::Vp8));
    let file = File::read(&bytes);
    for (track, step) in [(0, 40), (1, 20)] {
        let samples = file.samples(track);
        let (last, before) = samples.split_last().unwrap();
        assert_eq!(last.1, Some(step));
        assert!(before.iter().all(|(_, duration)| duration.is_none()));
    }
}

#[test]
fn clusters_last_a_second_or_until_a_keyframe_and_cues_name_keyframes() {
    let (bytes, _) = whole(Format::WebM, &Show::of(VideoCodec::Vp9));
    let file = File::read(&bytes);
    let begins: Vec<u64> =
        file.clusters().iter().map(|cluster| uint(elements(cluster.body, 0)[0].body)).collect();
    assert_eq!(begins, [0, 1000, 1600, 2600]);
    assert_eq!(file.cues(), [(0, 1, 0), (1600, 1, 2)]);
}

#[test]
fn sound_alone_can_be_sought_by_the_second() {
    let show = Show::of_sound();
    let (bytes, _) = whole(Format::WebM, &show);
    let file = File::read(&bytes);
    assert_eq!(plain(file.samples(0)), expected(&show, 0));
    assert_eq!(file.cues(), [(0, 1, 0), (1000, 1, 1), (2000, 1, 2)]);
}

#[test]
fn the_seek_head_names_what_follows() {
    let (bytes, _) = whole(Format::WebM, &Show::of(VideoCodec::Av1));
    let file = File::read(&bytes);
    let seeks = elements(file.find(0x114D_9B74).unwrap().body, 0);
    let names: Vec<u64> = seeks
        .iter()
        .map(|seek| {
            let parts = elements(seek.body, 0);
            let id = uint(parts[0].body);
            let at = file.segment_at + uint(parts[1].body) as usize;
            assert_eq!(file.find(id as u32).unwrap().at, at);
            id
        })
        .collect();
    assert_eq!(names, [0x1549_A966, 0x1654_AE6B, 0x1C53_BB6B]);
}

#[test]
fn a_file_that_grows_has_no_end_and_no_length_yet() {
    let show = Show::of(VideoCodec::Vp8);
    let file = growing(Format::WebM, &show);
    let read = File::read(&file.bytes);
    assert_eq!(read.duration_ms(), None);
    assert!(read.find(0x1C53_BB6B).is_none());
    let found = plain(read.samples(0));
    assert_eq!(found, expected(&show, 0)[..found.len()]);
    assert_eq!(file.writer.waiting_since(), Some(Duration::from_millis(2600)));
}

#[test]
fn decoders_are_told_what_the_track_says() {
    let (bytes, _) = whole(Format::WebM, &Show::of(VideoCodec::Av1));
    let file = File::read(&bytes);
    let config = include_bytes!("../fixtures/av1.config");
    assert_eq!(file.in_track(0, &[0x63A2]).unwrap(), config);
    assert_eq!(uint(file.in_track(0, &[0xE0, 0xB0]).unwrap()), 64);
    assert_eq!(uint(file.in_track(0, &[0xE0, 0xBA]).unwrap()), 48);
    assert_eq!(file.in_track(1, &[0x86]).unwrap(), b"A_OPUS");
    assert_eq!(file.in_track(1, &[0x63A2]).unwrap(), b"OpusHead\x01\x01\0\0\x80\xBB\0\0\0\0\0");
    assert_eq!(uint(file.in_track(1, &[0x56BB]).unwrap()), 80_000_000);
    assert_eq!(float(file.in_track(1, &[0xE1, 0xB5]).unwrap()), 48_000.0);
}

#[test]
fn a_picture_is_turned_by_its_projection() {
    let roll = |rotation| {
        let (bytes, _) = whole(Format::WebM, &Show::of(VideoCodec::Vp8).turned(rotation));
        File::read(&bytes).in_track(0, &[0xE0, 0x7670, 0x7675]).map(float)
    };
    assert_eq!(roll(Rotation::None), None);
    assert_eq!(roll(Rotation::By90), Some(-90.0));
    assert_eq!(roll(Rotation::By180), Some(180.0));
    assert_eq!(roll(Rotation::By270), Some(90.0));
}

#[test]
fn tracks_that_come_late_are_in_the_order_of_time() {
    let mut show = Show::of(VideoCodec::Vp8);
    // Sound comes 300 ms after the pictures of its time.
    show.frames.sort_by_key(|frame| {
        frame.at + Duration::from_millis(if frame.track == 1 { 300 } else { 0 })
    });
    let (bytes, _) = whole(Format::WebM, &show);
    let file = File::read(&bytes);
    assert_eq!(plain(file.samples(0)), expected(&show, 0));
    assert_eq!(plain(file.samples(1)), expected(&show, 1));
}
