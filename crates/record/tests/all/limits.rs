//! What is refused, and what is bounded.

use std::time::Duration;

use record::{
    AudioTrack, ContainerError, Format, Frame, MAX_BATCH_BYTES, MAX_FRAME_BYTES, MAX_TRACKS, Track,
    VideoCodec, Writer,
};

use super::common::{Growing, Show, whole};

const BOTH: [Format; 2] = [Format::WebM, Format::Mp4];

fn refusal(tracks: &[Track]) -> ContainerError {
    let of = |format| Writer::begin(format, tracks, &mut Vec::new()).unwrap_err();
    assert_eq!(of(Format::WebM), of(Format::Mp4));
    of(Format::Mp4)
}

#[test]
fn tracks_that_cannot_be_stored_are_refused() {
    assert_eq!(refusal(&[]), ContainerError::NoTracks);
    let sound = |channels| Track::Audio(AudioTrack { channels });
    assert_eq!(refusal(&vec![sound(2); MAX_TRACKS + 1]), ContainerError::TooManyTracks);
    assert_eq!(refusal(&[sound(6)]), ContainerError::Channels(6));
    assert_eq!(refusal(&[sound(0)]), ContainerError::Channels(0));
    let mut video = Show::of(VideoCodec::Vp9).tracks.remove(0);
    if let Track::Video(video) = &mut video {
        video.width = 70_000;
    }
    let size = ContainerError::Size { width: 70_000, height: 48 };
    assert_eq!(refusal(&[video]), size);
}

#[test]
fn a_configuration_that_cannot_be_read_is_refused() {
    for codec in [VideoCodec::Vp9, VideoCodec::H264, VideoCodec::Av1] {
        let mut tracks = Show::of(codec).tracks;
        if let Track::Video(video) = &mut tracks[0] {
            video.config.truncate(3);
        }
        let mut out = Vec::new();
        let refused = Writer::begin(Format::Mp4, &tracks, &mut out).unwrap_err();
        assert_eq!(refused, ContainerError::Config(codec));
        assert!(out.is_empty());
    }
}

#[test]
fn a_frame_that_is_refused_leaves_the_file_as_it_was() {
    let show = Show::of(VideoCodec::Vp9);
    for format in BOTH {
        let mut file = Growing::begin(format, &show.tracks);
        for frame in &show.frames {
            let mut write = |frame| file.writer.write(frame, &mut file.bytes).unwrap_err();
            let unknown = Frame { track: 2, ..frame.clone() };
            assert_eq!(write(unknown), ContainerError::UnknownTrack(2));
            let late = Frame { at: Duration::MAX, ..frame.clone() };
            assert_eq!(write(late), ContainerError::TooLong);
            file.write(frame.clone());
        }
        let huge = Frame { data: vec![0; MAX_FRAME_BYTES + 1], ..show.frames[0].clone() };
        let refused = file.writer.write(huge, &mut file.bytes).unwrap_err();
        assert_eq!(refused, ContainerError::FrameTooLarge(MAX_FRAME_BYTES + 1));
        assert_eq!(file.finish().0, whole(format, &show).0);
    }
}

#[test]
fn what_waits_is_bounded_also_when_time_stands_still() {
    let show = Show::of(VideoCodec::Vp9);
    for (format, len) in [(Format::WebM, 100_000), (Format::Mp4, 100_000), (Format::Mp4, 0)] {
        let mut file = Growing::begin(format, &show.tracks);
        let frame = Frame { track: 0, at: Duration::ZERO, is_key: false, data: vec![0; len] };
        for _ in 0..3 * MAX_BATCH_BYTES / (len + 128) {
            file.write(frame.clone());
        }
        assert!(file.ends.len() >= 3, "the header and two fragments");
    }
}

#[test]
fn a_track_that_jumps_ahead_never_makes_time_go_back() {
    let show = Show::of(VideoCodec::Vp9);
    for format in BOTH {
        let mut file = Growing::begin(format, &show.tracks);
        for frame in &show.frames {
            let mut frame = frame.clone();
            if frame.track == 0 && frame.at == Duration::from_millis(400) {
                frame.at = Duration::from_secs(3600);
            }
            file.write(frame);
        }
        let (_, finished) = file.finish();
        assert!(finished.duration >= Duration::from_secs(3600));
        assert!(finished.duration < Duration::from_secs(3602));
    }
}
