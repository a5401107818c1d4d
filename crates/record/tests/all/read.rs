//! Files that are read: ours, cut off or whole, and those of ffmpeg.

use std::io::Cursor;
use std::time::Duration;

use proptest::prelude::*;
use record::read::{Container, End, ReadError, Reader, StoredCodec, StoredFrame, StoredMedia};
use record::{Format, Rotation, VideoCodec, repair};

use super::common::{Sample, Show, expected, growing, whole};

const KINDS: [(Format, VideoCodec); 7] = [
    (Format::WebM, VideoCodec::Vp8),
    (Format::WebM, VideoCodec::Vp9),
    (Format::WebM, VideoCodec::H264),
    (Format::WebM, VideoCodec::Av1),
    (Format::Mp4, VideoCodec::Vp9),
    (Format::Mp4, VideoCodec::H264),
    (Format::Mp4, VideoCodec::Av1),
];

pub(crate) const OF_FFMPEG: [(&str, &[u8]); 4] = [
    ("ordinary, with B-frames", include_bytes!("../fixtures/ffmpeg.mp4")),
    ("fragmented", include_bytes!("../fixtures/ffmpeg-fragmented.mp4")),
    ("Matroska", include_bytes!("../fixtures/ffmpeg.mkv")),
    ("live WebM", include_bytes!("../fixtures/ffmpeg-live.webm")),
];

type File<'a> = Reader<Cursor<&'a [u8]>>;

fn open(bytes: &[u8]) -> File<'_> {
    Reader::open(Cursor::new(bytes)).unwrap()
}

/// The frames of each track, and how the file ends.
fn frames(file: &mut File<'_>) -> (Vec<Vec<Sample>>, End) {
    let mut tracks = vec![Vec::new(); file.tracks().len()];
    while let Some(frame) = file.next_frame().unwrap() {
        let StoredFrame { track, at, is_key, .. } = frame;
        // MP4 counts in 90 kHz.
        let at = Duration::from_micros((at.as_nanos() as u64 + 500) / 1000);
        tracks[track].push(Sample { at, is_key, data: file.data(&frame).unwrap() });
    }
    assert!(file.next_frame().unwrap().is_none(), "it stays at its end");
    (tracks, file.end().unwrap())
}

#[test]
fn a_file_of_ours_has_every_frame_with_its_bytes() {
    for (format, codec) in KINDS {
        let show = Show::with_audio_at(codec, Duration::from_millis(300));
        let (bytes, finished) = whole(format, &show);
        let mut file = open(&bytes);
        let (tracks, end) = frames(&mut file);
        for (track, found) in tracks.iter().enumerate() {
            assert_eq!(found[..], expected(&show, track), "{format:?} {codec:?}");
        }
        assert_eq!(end, End::Whole);
        assert!(file.is_ours());
        let ms = |it: Duration| it.as_millis();
        assert_eq!(file.declared_duration().map(ms), Some(ms(finished.duration)));
    }
}

#[test]
fn a_file_that_grows_has_the_frames_of_its_fragments() {
    for (format, codec) in KINDS {
        let show = Show::of(codec);
        let file = growing(format, &show);
        let (tracks, end) = frames(&mut open(&file.bytes));
        for (track, found) in tracks.iter().enumerate() {
            assert_eq!(found[..], expected(&show, track)[..found.len()]);
            assert!(found.last().unwrap().at >= Duration::from_millis(2560));
        }
        assert_eq!(end, End::Unfinished, "{format:?} {codec:?}");
    }
}

#[test]
fn tracks_say_what_they_are() {
    let show = Show::of(VideoCodec::H264).turned(Rotation::By270);
    for format in [Format::WebM, Format::Mp4] {
        let (bytes, _) = whole(format, &show);
        let file = open(&bytes);
        let [video, audio] = file.tracks() else { panic!() };
        let rotation = Rotation::By270;
        assert_eq!(video.media, StoredMedia::Video { width: 64, height: 48, rotation });
        assert_eq!((video.codec, video.codec_name.as_str()), (StoredCodec::H264, "avc1.42c00a"));
        assert_eq!(video.config, include_bytes!("../fixtures/h264.config"));
        assert_eq!(
            (audio.codec, audio.media),
            (StoredCodec::Opus, StoredMedia::Audio { channels: 1 })
        );
    }
}

#[test]
fn a_file_cut_anywhere_is_read_as_far_as_it_goes() {
    for (format, codec) in [(Format::WebM, VideoCodec::Vp8), (Format::Mp4, VideoCodec::H264)] {
        let show = Show::of(codec);
        let all = [expected(&show, 0), expected(&show, 1)];
        let file = growing(format, &show);
        let header = file.ends[0];
        for len in 0..=file.bytes.len() {
            match Reader::open(Cursor::new(&file.bytes[..len])) {
                Ok(mut file) => {
                    let mut counts = [0, 0];
                    while let Some(frame) = file.next_frame().unwrap() {
                        let expected = &all[frame.track][counts[frame.track]];
                        assert_eq!(frame.at.as_millis(), expected.at.as_millis());
                        assert_eq!(frame.len as usize, expected.data.len());
                        assert!(frame.offset + u64::from(frame.len) <= len as u64);
                        counts[frame.track] += 1;
                    }
                    assert_ne!(file.end(), Some(End::Whole), "{len}");
                }
                Err(error) => {
                    assert!(len < header, "{len}: {error}");
                    let told = matches!(
                        error,
                        ReadError::Empty | ReadError::Foreign | ReadError::NoTracks
                    );
                    assert!(told, "{error}");
                }
            }
        }
    }
}

#[test]
fn what_repair_keeps_is_what_is_read() {
    for (format, codec) in KINDS {
        let (bytes, _) = whole(format, &Show::of(codec));
        for len in (bytes.len() / 2..bytes.len()).step_by(97) {
            let cut = &bytes[..len];
            // An MP4 that was cut off while it was finished has its fragments inside its mdat.
            let (tracks, end) = frames(&mut open(cut));
            assert_ne!(end, End::Whole, "{format:?} {codec:?} {len}");
            assert!(repair(Cursor::new(cut)).is_ok());
            assert!(tracks.iter().all(|track| !track.is_empty()));
        }
    }
}

#[test]
fn files_of_ffmpeg_are_read() {
    let read = |n: usize| {
        let mut file = open(OF_FFMPEG[n].1);
        let (tracks, end) = frames(&mut file);
        let counts: Vec<usize> = tracks.iter().map(Vec::len).collect();
        let names: Vec<String> = file.tracks().iter().map(|it| it.codec_name.clone()).collect();
        (file.container(), names, counts, end, tracks)
    };
    let (container, names, counts, end, tracks) = read(0);
    assert_eq!((container, end), (Container::Mp4, End::Whole));
    assert_eq!(names, ["avc1.64000a", "mp4a.40.2"]);
    assert_eq!(counts, [25, 48]);
    let mut times: Vec<u128> = tracks[0].iter().map(|it| it.at.as_millis()).collect();
    assert_eq!(times[..4], [0, 120, 40, 80], "in decoding order");
    times.sort_unstable();
    assert!(times.iter().eq((0..25).map(|n| n * 40).collect::<Vec<_>>().iter()));

    let (container, names, counts, end, tracks) = read(1);
    assert_eq!((container, end), (Container::FragmentedMp4, End::Whole));
    assert_eq!((names[1].as_str(), counts), ("opus", vec![50, 101]));
    let keys: Vec<usize> = (0..50).filter(|n| tracks[0][*n].is_key).collect();
    assert_eq!(keys, [0, 25]);
    // Its sound begins 6.5 ms before zero, so what follows is later. ffprobe says the same.
    assert_eq!(tracks[0][49].at.as_micros(), 1_966_563);

    let (container, names, counts, end, tracks) = read(2);
    assert_eq!((container, end), (Container::Matroska, End::Whole));
    assert_eq!((names[0].starts_with("vp09"), counts), (true, vec![25, 51]));
    assert_eq!(tracks[0].iter().filter(|it| it.is_key).count(), 1);

    let (container, _, counts, end, tracks) = read(3);
    assert_eq!((container, end), (Container::WebM, End::Unfinished));
    assert_eq!(counts, [25, 51]);
    // Its sound has a CodecDelay of 6.5 ms, by which the picture is later.
    let first = |track: usize| tracks[track][0].at.as_micros();
    assert_eq!((first(0), first(1)), (6_500, 0));
}

#[test]
fn a_file_of_ffmpeg_cut_anywhere_is_survived() {
    for (name, bytes) in OF_FFMPEG {
        for len in 0..bytes.len() {
            let Ok(mut file) = Reader::open(Cursor::new(&bytes[..len])) else { continue };
            while let Some(frame) = file.next_frame().unwrap() {
                assert!(frame.offset + u64::from(frame.len) <= len as u64, "{name} {len}");
            }
        }
    }
}

#[test]
fn what_is_no_recording_is_told() {
    let told = |bytes: &[u8]| Reader::open(Cursor::new(bytes)).unwrap_err().to_string();
    assert_eq!(told(b""), "the file is empty");
    assert_eq!(told(b"RIFF"), "the file is neither WebM, Matroska nor MP4");
    assert_eq!(told(b"RIFF....WAVEfmt "), "the file is neither WebM, Matroska nor MP4");
    // An ordinary MP4 that was cut off before its moov.
    let cut = told(b"\0\0\0\x10ftypisom\0\0\0\0\0\0\xFF\xFFmdat....");
    assert_eq!(cut, "the file was cut off: what describes its tracks is not there");
}

/// Reads all of a file. However it was made up, the frames are inside it, and no more than it has bytes.
fn read_all(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(mut file) = Reader::open(Cursor::new(bytes)) else { return Ok(()) };
    let mut n_frames = 0;
    while let Some(frame) = file.next_frame().unwrap() {
        n_frames += 1;
        prop_assert!(frame.offset + u64::from(frame.len) <= bytes.len() as u64);
        prop_assert!(frame.track < file.tracks().len());
        prop_assert_eq!(file.data(&frame).unwrap().len(), frame.len as usize);
    }
    prop_assert!(n_frames <= bytes.len());
    prop_assert!(file.end().is_some());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_bytes_are_survived(
        kind in 0..KINDS.len() + OF_FFMPEG.len(),
        is_whole: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_header: bool,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = match KINDS.get(kind) {
            Some((format, codec)) if is_whole => whole(*format, &Show::of(*codec)).0,
            Some((format, codec)) => growing(*format, &Show::of(*codec)).bytes,
            None => OF_FFMPEG[kind - KINDS.len()].1.to_vec(),
        };
        let range = if in_header { 1500 } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(range)] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2));
        read_all(&bytes)?;
    }

    #[test]
    fn any_bytes_are_survived(
        begin in 0..3usize,
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let begin: &[u8] = match begin {
            0 => b"",
            1 => b"\x1A\x45\xDF\xA3\x84\x42\x82\x81w\x18\x53\x80\x67\xFF",
            _ => b"\0\0\0\x08ftyp\0\0\0\x08free",
        };
        read_all(&[begin, &bytes].concat())?;
    }
}
