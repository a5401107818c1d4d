//! What players find in MP4 files.

use std::time::Duration;

use mp4_atom::{AnySampleGroupEntry, Codec, FourCC, Matrix};
use record::{ContainerError, Format, Frame, Rotation, VideoCodec, Writer};

use super::common::{Growing, KEYS, Show, VIDEO_STEP, expected, growing, whole};
use super::mp4_reader::{fragments, moov, samples, top};

const CODECS: [VideoCodec; 3] = [VideoCodec::Vp9, VideoCodec::H264, VideoCodec::Av1];

#[test]
fn a_finished_file_has_every_frame_at_its_time() {
    for codec in CODECS {
        let show = Show::of(codec);
        let (bytes, finished) = whole(Format::Mp4, &show);
        let moov = moov(&bytes);
        assert_eq!(moov.mvex, None, "it is no fragmented file any more");
        for (track, trak) in moov.trak.iter().enumerate() {
            assert_eq!(samples(&bytes, trak), expected(&show, track), "{codec:?}");
            assert_eq!(trak.edts, None);
        }
        assert_eq!(finished.duration, Duration::from_secs(3));
        assert_eq!(moov.mvhd.duration, 3 * 90_000);
        assert_eq!(moov.trak[0].mdia.mdhd.duration, 3 * 90_000);
        assert_eq!(moov.trak[1].mdia.mdhd.duration, 3 * 48_000);
        let stss = moov.trak[0].mdia.minf.stbl.stss.as_ref().unwrap();
        assert_eq!(stss.entries, KEYS.map(|key| key as u32 + 1));
    }
}

#[test]
fn a_file_that_grows_has_fragments_of_a_second_or_from_a_keyframe_on() {
    let show = Show::of(VideoCodec::H264);
    let file = growing(Format::Mp4, &show);
    let kinds: Vec<String> = top(&file.bytes).into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(&kinds[..3], ["ftyp", "free", "moov"]);
    let found = fragments(&file.bytes, &[90_000, 48_000]);
    let begins: Vec<u128> = found.iter().map(|tracks| tracks[0][0].at.as_millis()).collect();
    // The keyframe at 1.6 s begins one, and then it is a second again.
    assert_eq!(begins, [0, 1000, 1600]);
    assert_eq!(file.writer.waiting_since(), Some(Duration::from_millis(2600)));
    for track in 0..2 {
        let all: Vec<_> = found.iter().flat_map(|tracks| tracks[track].clone()).collect();
        assert_eq!(all, expected(&show, track)[..all.len()]);
        assert!(all.last().unwrap().at >= Duration::from_millis(2560), "nothing is held back");
    }
}

#[test]
fn frames_that_wait_are_written_when_that_is_asked() {
    let show = Show::of(VideoCodec::Vp9);
    for format in [Format::Mp4, Format::WebM] {
        let mut file = Growing::begin(format, &show.tracks);
        file.write(show.frames[0].clone());
        let before = file.bytes.len();
        file.writer.flush(&mut file.bytes).unwrap();
        assert!(file.bytes.len() > before);
        assert_eq!(file.writer.waiting_since(), None);
        file.writer.flush(&mut file.bytes).unwrap();
        assert_eq!(file.bytes.len() as u64, file.writer.bytes(), "no empty fragment");
    }
}

#[test]
fn sound_that_begins_later_stays_late() {
    let delay = Duration::from_millis(500);
    let show = Show::with_audio_at(VideoCodec::Av1, delay);
    let (bytes, finished) = whole(Format::Mp4, &show);
    let moov = moov(&bytes);
    assert_eq!(samples(&bytes, &moov.trak[1]), expected(&show, 1));
    assert_eq!(moov.trak[1].tkhd.duration, 35 * 9_000);
    assert_eq!(finished.duration, Duration::from_millis(3500));
}

#[test]
fn a_gap_in_a_track_keeps_what_follows_at_its_time() {
    let mut show = Show::of(VideoCodec::Vp9);
    // The picture stops for a second, and goes on with its next keyframe.
    let gap = Duration::from_millis(600)..Duration::from_millis(1600);
    show.frames.retain(|frame| frame.track == 1 || !gap.contains(&frame.at));
    let (bytes, _) = whole(Format::Mp4, &show);
    let moov = moov(&bytes);
    assert_eq!(samples(&bytes, &moov.trak[0]), expected(&show, 0));
    assert_eq!(samples(&bytes, &moov.trak[1]), expected(&show, 1));
}

#[test]
fn the_last_frame_after_an_interruption_is_not_shown_as_long_as_that() {
    let mut show = Show::of(VideoCodec::Vp9);
    let mut last = show.frames[0].clone();
    last.at = Duration::from_secs(600);
    show.frames.push(last);
    for format in [Format::Mp4, Format::WebM] {
        assert_eq!(whole(format, &show).1.duration, Duration::from_secs(601), "{format:?}");
    }
}

#[test]
fn a_track_that_never_came_is_left_out() {
    let mut show = Show::of(VideoCodec::H264);
    show.frames.retain(|frame| frame.track == 0);
    let (bytes, _) = whole(Format::Mp4, &show);
    let moov = moov(&bytes);
    assert_eq!(moov.trak.len(), 1);
    assert_eq!(samples(&bytes, &moov.trak[0]), expected(&show, 0));
}

#[test]
fn a_picture_is_turned_by_the_matrix() {
    const ONE: i32 = 1 << 16;
    let turned = |rotation| {
        let (bytes, _) = whole(Format::Mp4, &Show::of(VideoCodec::H264).turned(rotation));
        moov(&bytes).trak[0].tkhd.matrix.clone()
    };
    let plain = Matrix::default();
    assert_eq!(turned(Rotation::None), plain);
    let by90 = Matrix { a: 0, b: ONE, c: -ONE, d: 0, x: 48 * ONE, ..plain.clone() };
    assert_eq!(turned(Rotation::By90), by90);
    let by180 = Matrix { a: -ONE, d: -ONE, x: 64 * ONE, y: 48 * ONE, ..plain.clone() };
    assert_eq!(turned(Rotation::By180), by180);
    let by270 = Matrix { a: 0, b: -ONE, c: ONE, d: 0, y: 64 * ONE, ..plain };
    assert_eq!(turned(Rotation::By270), by270);
}

#[test]
fn decoders_are_told_what_the_track_says() {
    for codec in CODECS {
        let show = Show::of(codec);
        let (bytes, _) = whole(Format::Mp4, &show);
        let moov = moov(&bytes);
        let entry = &moov.trak[0].mdia.minf.stbl.stsd.codecs[0];
        let is_right = match codec {
            VideoCodec::Vp9 => matches!(entry, Codec::Vp09(_)),
            VideoCodec::H264 => matches!(entry, Codec::Avc1(_)),
            VideoCodec::Av1 => matches!(entry, Codec::Av01(_)),
            VideoCodec::Vp8 => false,
        };
        assert!(is_right, "{entry:?}");
        let visual = entry.visual().unwrap();
        assert_eq!((visual.width, visual.height), (64, 48));
        let Codec::Opus(opus) = &moov.trak[1].mdia.minf.stbl.stsd.codecs[0] else { panic!() };
        assert_eq!((opus.dops.output_channel_count, opus.dops.pre_skip), (1, 0));
        // Decoding begins 4 packets of 20 ms before the place that is sought.
        let roll = &moov.trak[1].mdia.minf.stbl.sgpd[0].entries[0].entry;
        let expected =
            AnySampleGroupEntry::UnknownGroupingType(FourCC::new(b"roll"), vec![0xFF, 0xFC]);
        assert_eq!(*roll, expected);
    }
}

#[test]
fn there_is_no_mp4_with_vp8() {
    let show = Show::of(VideoCodec::Vp8);
    let refused = Writer::begin(Format::Mp4, &show.tracks, &mut Vec::new()).unwrap_err();
    assert_eq!(refused, ContainerError::Codec { format: Format::Mp4, codec: VideoCodec::Vp8 });
}

#[test]
fn frames_with_the_same_time_are_a_moment_apart() {
    let show = Show::of(VideoCodec::Vp9);
    let mut file = Growing::begin(Format::Mp4, &show.tracks);
    let frame = show.frames[0].clone();
    for at in [VIDEO_STEP, VIDEO_STEP, Duration::ZERO, VIDEO_STEP * 2] {
        file.write(Frame { at, is_key: at == VIDEO_STEP, ..frame.clone() });
    }
    let (bytes, _) = file.finish();
    let stts = &moov(&bytes).trak[0].mdia.minf.stbl.stts;
    let steps: Vec<_> =
        stts.entries.iter().map(|run| (run.sample_count, run.sample_delta)).collect();
    assert_eq!(steps, [(2, 1), (2, 3598)]);
}
