//! Payloads, as servers and viewers read them.

use str0m::format::{detect_h264_keyframe, detect_vp8_keyframe};

use super::*;

fn second_of(codec: VideoCodec) -> Vec<Made> {
    let epoch = Instant::now();
    let shape = Shape { codec, video_bitrate: 2_500_000, fps: 30, audio: true, run: 7, epoch };
    let mut source = Source::new(shape, 1);
    let mut made = Vec::new();
    for ms in 0..1_000 {
        source.produce(epoch + Duration::from_millis(ms), &mut made);
    }
    made
}

#[test]
fn what_is_stamped_is_read_back() {
    for codec in [VideoCodec::Vp8, VideoCodec::H264] {
        let made = second_of(codec);
        let (video, audio): (Vec<_>, Vec<_>) = made.iter().partition(|it| it.is_video);
        assert_eq!(audio.len(), 50);
        let stamps: Vec<Stamp> = video.iter().filter_map(|it| Stamp::find(&it.payload)).collect();
        let first = stamps[0];
        assert!(first.is_key && first.begins && first.run == 7 && first.sent_us == 0);
        let last = stamps[stamps.len() - 1];
        assert_eq!(last.frame, 29);
        assert!((966_000..970_000).contains(&last.sent_us), "{last:?}");
        assert_eq!(stamps.iter().filter(|it| it.begins).count(), 30);
        assert_eq!(Stamp::find(&audio[3].payload).unwrap().frame, 3);
        assert_eq!(Stamp::find(b"something else, and rather short"), None);
    }
}

#[test]
fn servers_see_keyframes_where_they_begin() {
    let begins_key =
        |it: &Made| Stamp::find(&it.payload).is_some_and(|stamp| stamp.is_key && stamp.begins);
    for it in second_of(VideoCodec::Vp8) {
        assert_eq!(it.is_video && detect_vp8_keyframe(&it.payload), it.is_video && begins_key(&it));
    }
    let made = second_of(VideoCodec::H264);
    let mut before: Option<&Made> = None;
    for it in made.iter().filter(|it| it.is_video) {
        if begins_key(it) {
            let sets = before.expect("parameter sets come first");
            assert_eq!((sets.media_time, sets.marker), (it.media_time, false));
            assert!(detect_h264_keyframe(&it.payload));
        }
        before = Some(it);
    }
}

/// The NAL units of each frame, as a server puts them together.
pub(crate) fn units(made: &[Made]) -> Vec<Vec<Vec<u8>>> {
    let (mut frames, mut frame, mut unit) = (Vec::new(), Vec::new(), Vec::new());
    for it in made.iter().filter(|it| it.is_video) {
        match *it.payload {
            [0x78, ref units @ ..] => {
                let mut rest = units;
                while let [a, b, units @ ..] = rest {
                    let (unit, next) = units.split_at(usize::from(u16::from_be_bytes([*a, *b])));
                    frame.push(unit.to_vec());
                    rest = next;
                }
            }
            [indicator, header, ref content @ ..] if indicator & 0x1F == 28 => {
                assert_eq!(header & 0x80 != 0, unit.is_empty(), "only the first begins a unit");
                if unit.is_empty() {
                    unit.push(indicator & 0xE0 | header & 0x1F);
                }
                unit.extend(content);
                assert_eq!(header & 0x40 != 0, it.marker, "only the last ends it");
                if header & 0x40 != 0 {
                    frame.push(std::mem::take(&mut unit));
                }
            }
            ref whole => frame.push(whole.to_vec()),
        }
        if it.marker {
            frames.push(std::mem::take(&mut frame));
        }
    }
    frames
}

#[test]
fn h264_is_made_of_whole_units_with_parameter_sets_before_each_keyframe() {
    for (video_bitrate, fps) in [(2_500_000, 30), (50_000, 60)] {
        let (epoch, codec) = (Instant::now(), VideoCodec::H264);
        let shape = Shape { codec, video_bitrate, fps, audio: true, run: 7, epoch };
        let mut source = Source::new(shape, 1);
        let mut made = Vec::new();
        for ms in 0..3_000 {
            if ms % 1_000 == 0 {
                source.want_keyframe();
            }
            source.produce(epoch + Duration::from_millis(ms), &mut made);
        }
        let frames = units(&made);
        assert_eq!(frames.len(), 3 * fps as usize);
        for (n, frame) in frames.iter().enumerate() {
            let types: Vec<u8> = frame.iter().map(|it| it[0] & 0x1F).collect();
            let expected: &[u8] = if n % fps as usize == 0 { &[7, 8, 5] } else { &[1] };
            assert_eq!(types, expected, "frame {n}");
            for unit in frame {
                let forbidden = unit.windows(3).any(|it| it[..2] == [0, 0] && it[2] < 4);
                assert!(!forbidden && *unit.last().unwrap() != 0, "frame {n}");
            }
        }
    }
}

#[test]
fn the_bitrate_is_what_was_asked_for() {
    let made = second_of(VideoCodec::Vp8);
    let deltas = made
        .iter()
        .filter(|it| Stamp::find(&it.payload).is_some_and(|stamp| it.is_video && !stamp.is_key));
    let bits = deltas.map(|it| it.payload.len() * 8).sum::<usize>();
    let expected = 2_500_000 * 29 / 30;
    assert!(bits.abs_diff(expected) < expected / 20, "{bits} of {expected}");
}

#[test]
fn a_keyframe_comes_when_somebody_asks() {
    let epoch = Instant::now();
    let codec = VideoCodec::Vp8;
    let shape = Shape { codec, video_bitrate: 500_000, fps: 10, audio: false, run: 1, epoch };
    let mut source = Source::new(shape, 1);
    let mut made = Vec::new();
    for tenth in 0..100 {
        if tenth == 50 {
            source.want_keyframe();
        }
        source.produce(epoch + Duration::from_millis(tenth * 100), &mut made);
    }
    let stamps = made.iter().filter_map(|it| Stamp::find(&it.payload));
    let keys = stamps.filter(|it| it.is_key && it.begins).map(|it| it.frame);
    assert_eq!(keys.collect::<Vec<_>>(), [0, 50]);
}

#[test]
fn what_was_due_while_it_was_silent_is_left_out() {
    let epoch = Instant::now();
    let codec = VideoCodec::Vp8;
    let shape = Shape { codec, video_bitrate: 2_500_000, fps: 30, audio: true, run: 7, epoch };
    let mut source = Source::new(shape, 1);
    let mut made = Vec::new();
    source.produce(epoch, &mut made);
    made.clear();
    // Neither a frame nor sound is due at this moment.
    let later = epoch + Duration::from_millis(1_010);
    source.skip_to(later);
    source.produce(later, &mut made);
    assert!(made.is_empty(), "{} packets at once", made.len());
    assert_eq!(source.next_at(), Some(epoch + Duration::from_millis(1_020)));
}
