//! What is sent, as servers and viewers read it.

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
        let first = Stamp::of_video(&video[0].payload).unwrap();
        assert!(first.is_key && first.index == 0 && first.run == 7 && first.sent_us == 0);
        let last = Stamp::of_video(&video.last().unwrap().payload).unwrap();
        assert_eq!((last.frame, last.index + 1), (29, last.count));
        assert!((966_000..970_000).contains(&last.sent_us), "{last:?}");
        assert_eq!(Stamp::of_audio(&audio[3].payload).unwrap().frame, 3);
        assert_eq!(Stamp::of_video(b"something else, and rather short"), None);
    }
}

#[test]
fn servers_see_keyframes_where_they_begin() {
    for it in second_of(VideoCodec::Vp8) {
        let begins = Stamp::of_video(&it.payload).filter(|it| it.is_key && it.index == 0);
        assert_eq!(it.is_video && detect_vp8_keyframe(&it.payload), begins.is_some());
    }
    for it in second_of(VideoCodec::H264) {
        let begins = Stamp::of_video(&it.payload).filter(|it| it.is_key && it.index == 0);
        assert_eq!(it.is_video && detect_h264_keyframe(&it.payload), begins.is_some());
    }
}

#[test]
fn the_bitrate_is_what_was_asked_for() {
    let made = second_of(VideoCodec::Vp8);
    let deltas =
        made.iter().filter(|it| Stamp::of_video(&it.payload).is_some_and(|stamp| !stamp.is_key));
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
    let stamps = made.iter().filter_map(|it| Stamp::of_video(&it.payload));
    let keys = stamps.filter(|it| it.is_key && it.index == 0).map(|it| it.frame);
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
