use super::*;
use crate::media::{Feed, Shape, Source, VideoCodec};

fn part(seq: u64, is_last: bool, stamp: Option<(u32, bool)>) -> Part {
    let stamp =
        stamp.map(|(frame, is_key)| Stamp { run: 0, sent_us: 0, frame, is_key, begins: true });
    Part { seq, is_last, stamp }
}

/// A frame of one packet.
fn whole(frame: u32, is_key: bool) -> Part {
    part(70_000 + u64::from(frame), true, Some((frame, is_key)))
}

#[test]
fn a_picture_begins_with_a_complete_keyframe() {
    let now = Instant::now();
    let mut it = Frames::default();
    it.take(part(70_000, true, Some((7, false))), now);
    it.take(part(70_001, false, Some((8, true))), now);
    it.take(part(70_003, true, None), now);
    assert_eq!(it.first_keyframe_at(), None);
    let later = now + Duration::from_secs(1);
    it.take(part(70_002, false, None), later);
    assert_eq!(it.first_keyframe_at(), Some(later));
    assert_eq!(it.shown, Some(8));
}

#[test]
fn a_frame_whose_first_packet_comes_last_is_complete_by_it() {
    let now = Instant::now();
    let mut it = Frames::default();
    it.take(part(70_001, false, None), now);
    it.take(part(70_003, true, Some((2, false))), now);
    it.take(part(70_002, true, None), now);
    assert_eq!(it.shown, None);
    it.take(part(70_000, false, Some((1, true))), now);
    assert_eq!((it.shown, it.pending.len()), (Some(2), 0));
}

#[test]
fn a_lost_frame_freezes_the_picture_until_it_comes_or_a_keyframe_does() {
    let now = Instant::now();
    let at = |n: u32| now + Duration::from_millis(u64::from(n) * 33);
    let mut it = Frames::default();
    it.take(whole(0, true), at(0));
    for n in (1..10).filter(|n| *n != 3) {
        let stood = it.take(whole(n, false), at(n));
        assert_eq!(stood, (n < 3).then(|| at(1) - at(0)), "{n}");
    }
    assert_eq!(it.shown, Some(2));
    let freeze = it.take(whole(3, false), at(10)).unwrap();
    assert_eq!((it.shown, freeze), (Some(9), at(10) - at(2)));
    it.take(whole(11, false), at(11));
    assert!(it.take(whole(20, true), at(20)).is_some());
    assert_eq!((it.shown, it.pending.len()), (Some(20), 0));
}

#[test]
fn frames_of_another_stream_do_not_complete_those_of_the_one_before() {
    let now = Instant::now();
    let mut it = Frames::default();
    it.take(part(70_000, false, Some((1, true))), now);
    it.begin_stream();
    it.take(part(70_001, true, None), now);
    assert_eq!(it.shown, None);
    it.take(part(90_000, true, Some((2, true))), now);
    assert_eq!(it.shown, Some(2));
}

/// What a server sends that puts frames together and cuts them anew: parameter sets alone, fragments of any size.
fn cut_anew(frame: &[Vec<u8>], size: usize) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    for unit in frame {
        let (head, content) = unit.split_first().unwrap();
        if unit.len() <= size {
            payloads.push(unit.clone());
            continue;
        }
        let n = content.chunks(size).count();
        for (at, chunk) in content.chunks(size).enumerate() {
            let bits = u8::from(at == 0) << 7 | u8::from(at + 1 == n) << 6;
            payloads.push([&[head & 0xE0 | 28, bits | head & 0x1F], chunk].concat());
        }
    }
    payloads
}

#[test]
fn h264_that_a_server_packetises_anew_is_seen_whole() {
    let epoch = Instant::now();
    let codec = VideoCodec::H264;
    let shape = Shape { codec, video_bitrate: 2_500_000, fps: 30, audio: false, run: 7, epoch };
    let mut source = Source::new(shape, 1);
    let mut made = Vec::new();
    (0..1_000).for_each(|ms| source.produce(epoch + Duration::from_millis(ms), &mut made));
    for size in [500, 1_150, 1_400, 60_000] {
        let mut screen = Frames::default();
        let mut seq = 70_000;
        for (n, frame) in crate::media::tests::units(&made).iter().enumerate() {
            let payloads = cut_anew(frame, size);
            for (at, payload) in payloads.iter().enumerate() {
                let (is_last, stamp) = (at + 1 == payloads.len(), Stamp::find(payload));
                screen.take(Part { seq, is_last, stamp }, epoch);
                seq += 1;
            }
            assert_eq!(screen.shown, Some(n as u32), "cut to {size} bytes");
        }
    }
}

#[test]
fn a_keyframe_of_long_ago_begins_the_picture_anew() {
    let now = Instant::now();
    let mut it = Frames::default();
    it.take(whole(0, true), now);
    (1..=400).for_each(|n| _ = it.take(whole(n, false), now));
    let late = now + Duration::from_millis(50);
    let again = |seq: u64, frame, is_key| part(70_000 + seq, true, Some((frame, is_key)));
    it.take(again(401, 390, true), late);
    assert_eq!(it.shown, Some(400), "overtaken on the way");
    assert_eq!(it.take(again(402, 150, true), late), Some(late - now));
    it.take(again(403, 151, false), late);
    assert_eq!(it.shown, Some(151));
}
