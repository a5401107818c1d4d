//! Files that were cut off: what is left of them.

use std::io::Cursor;
use std::time::Duration;

use proptest::prelude::*;
use record::{Format, RepairError, Repaired, Rotation, VideoCodec, repair};

use super::common::{Growing, Sample, Show, apply, expected, growing, repaired, whole};
use super::mp4_reader::{moov, samples};
use super::webm_reader::File;

const KINDS: [(Format, VideoCodec); 3] = [
    (Format::WebM, VideoCodec::Vp8),
    (Format::Mp4, VideoCodec::H264),
    (Format::Mp4, VideoCodec::Av1),
];

/// The samples of each track of a whole file.
fn tracks_of(format: Format, bytes: &[u8]) -> Vec<Vec<Sample>> {
    match format {
        Format::WebM => {
            let file = File::read(bytes);
            let of = |track| file.samples(track).into_iter().map(|(sample, _)| sample).collect();
            (0..2).map(of).collect()
        }
        Format::Mp4 => moov(bytes).trak.iter().map(|trak| samples(bytes, trak)).collect(),
    }
}

#[test]
fn a_file_cut_anywhere_keeps_all_whole_fragments() {
    for (format, codec) in KINDS {
        let show = Show::of(codec);
        let file = growing(format, &show);
        let mut checked = 0;
        for len in 0..=file.bytes.len() {
            let keeps = file.ends.iter().copied().filter(|end| *end <= len).max();
            let repair = repair(Cursor::new(&file.bytes[..len]));
            match keeps {
                Some(keeps) if keeps > file.ends[0] => {
                    let Ok(Repaired::Cut { len: kept, finished }) = repair else { panic!() };
                    assert_eq!(kept as usize, keeps);
                    // What comes of it depends on the whole fragments alone.
                    if file.ends.contains(&len) || checked == 0 {
                        let mut bytes = file.bytes[..keeps].to_vec();
                        apply(&mut bytes, &finished);
                        for (track, found) in tracks_of(format, &bytes).iter().enumerate() {
                            assert_eq!(found[..], expected(&show, track)[..found.len()]);
                        }
                        checked += 1;
                    }
                }
                _ => assert!(matches!(repair, Err(RepairError::Empty)), "{format:?} {len}"),
            }
        }
        assert!(checked >= 3);
    }
}

#[test]
fn a_file_that_was_repaired_is_the_one_that_would_have_been_finished() {
    for (format, codec) in KINDS {
        let delay = Duration::from_millis(300);
        let show = Show::with_audio_at(codec, delay).turned(Rotation::By270);
        let mut file = growing(format, &show);
        file.writer.flush(&mut file.bytes).unwrap();
        let cut = file.bytes.clone();
        assert_eq!(repaired(cut), file.finish().0, "{format:?}");
    }
}

#[test]
fn a_process_that_died_while_it_finished_is_no_loss() {
    for (format, codec) in KINDS {
        let show = Show::of(codec);
        let file = growing(format, &show);
        let mut bytes = file.bytes;
        let finished = file.writer.finish().unwrap();
        let header = bytes.len();
        bytes.extend_from_slice(&finished.tail);
        let mut steps = vec![bytes.clone()];
        for patch in &finished.patches {
            let at = patch.offset as usize;
            bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
            steps.push(bytes.clone());
        }
        let whole = steps.pop().unwrap();
        assert_eq!(repair(Cursor::new(&whole)).unwrap(), Repaired::Whole);
        for step in steps {
            assert_eq!(tracks_of(format, &repaired(step)), tracks_of(format, &whole));
        }
        // Its last bytes never reached the disk, though the patches did.
        for len in header + 1..whole.len() {
            let found = tracks_of(format, &repaired(whole[..len].to_vec()));
            for (track, found) in found.iter().enumerate() {
                assert_eq!(found[..], expected(&show, track)[..found.len()]);
                assert!(found.last().unwrap().at >= Duration::from_millis(2560));
            }
        }
    }
}

#[test]
fn what_the_disk_never_got_is_cut_off() {
    for (format, codec) in KINDS {
        let show = Show::of(codec);
        let file = growing(format, &show);
        let mut bytes = file.bytes.clone();
        bytes.resize(bytes.len() + 10_000, 0);
        let Ok(Repaired::Cut { len, .. }) = repair(Cursor::new(&bytes)) else { panic!() };
        assert_eq!(len as usize, file.bytes.len());
    }
}

#[test]
fn files_without_media_and_files_of_others_are_told_apart() {
    let is_empty = |bytes: &[u8]| matches!(repair(Cursor::new(bytes)), Err(RepairError::Empty));
    let is_foreign = |bytes: &[u8]| matches!(repair(Cursor::new(bytes)), Err(RepairError::Foreign));
    assert!(is_empty(b""));
    let show = Show::of(VideoCodec::Vp9);
    for format in [Format::WebM, Format::Mp4] {
        assert!(is_empty(&Growing::begin(format, &show.tracks).bytes));
    }
    assert!(is_foreign(b"RIFF....WAVE"));
    assert!(is_foreign(b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov"));
}

#[test]
fn a_whole_file_is_left_alone() {
    for (format, codec) in KINDS {
        let (bytes, _) = whole(format, &Show::of(codec));
        assert_eq!(repair(Cursor::new(&bytes)).unwrap(), Repaired::Whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_survived(
        kind in 0..KINDS.len(),
        is_whole: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_header: bool,
        cut in any::<prop::sample::Index>(),
    ) {
        let (format, codec) = KINDS[kind];
        let show = Show::of(codec);
        let mut bytes = if is_whole { whole(format, &show).0 } else { growing(format, &show).bytes };
        let range = if in_header { 1500 } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(range)] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2));
        // Whatever comes of it: what it says can be done, and is whole then.
        if let Ok(Repaired::Cut { len, finished }) = repair(Cursor::new(&bytes)) {
            prop_assert!(len as usize <= bytes.len());
            bytes.truncate(len as usize);
            apply(&mut bytes, &finished);
            let again = repair(Cursor::new(&bytes)).unwrap();
            prop_assert_eq!(again, Repaired::Whole);
        }
    }
}
