use media_api::RoomId;

use super::*;
use crate::testing::START;

/// Packets of H264 of so many bytes, 30 frames a second.
fn piece(from: u64, n: u64, bytes: usize, is_edge: bool) -> Arc<PastChunk> {
    let packet = |seq: u64| TapPacket {
        room: RoomId(1),
        seat: Seat::HOST,
        ssrc: 1,
        rid: None,
        codec: Codec::H264,
        seq,
        ts: (seq * 3_000) as u32,
        marker: true,
        is_keyframe: seq == from,
        orientation: None,
        captured: *START + Duration::from_micros(seq * 33_333),
        arrived: *START,
        payload: Arc::from(vec![7; bytes]),
    };
    Arc::new(PastChunk { packets: (from..from + n).map(packet).collect(), is_edge })
}

fn past() -> Past {
    let (audio, video) = (Track::default(), Track::default());
    let stage = Stage { audio: &audio, video: &video, on_air: true, guests: &[], speaker: None };
    Past::new(stage, 1)
}

/// How many packets were fed of all.
fn fed(past: &Past) -> u64 {
    past.video.layers.first().map_or(0, |it| it.ring.head())
}

/// Feeds as a viewer that sends at once what it is given.
fn feed(past: &mut Past, at: Instant) -> (Option<Instant>, Option<PastNews>) {
    let sent = Some((past.video.epoch, fed(past)));
    past.feed(sent, at)
}

#[test]
fn packets_are_fed_as_they_are_due_and_more_is_asked_for_in_time() {
    let (mut past, now) = (past(), *START + Duration::from_secs(100));
    past.take(piece(0, 10, 1_000, false));
    let (again, news) = feed(&mut past, now);
    assert_eq!((fed(&past), news), (1, Some(PastNews::Wanted)));
    let again = again.unwrap() - now;
    assert!(again.abs_diff(Duration::from_micros(33_333)) < Duration::from_millis(1), "{again:?}");
    past.take(piece(10, 10, 1_000, false));
    assert_eq!(feed(&mut past, now + Duration::from_millis(200)).1, None, "it has two");
    assert_eq!(fed(&past), 7);
    feed(&mut past, now + Duration::from_millis(400));
    assert_eq!(fed(&past), 13);
}

#[test]
fn a_large_frame_is_fed_no_faster_than_it_is_sent_and_little_is_held() {
    let (mut past, now) = (past(), *START);
    let mut chunk = (*piece(0, 100, 1_000, false)).clone();
    chunk.packets.iter_mut().for_each(|it| it.captured = *START);
    past.take(Arc::new(chunk));
    let (again, _) = past.feed(None, now);
    assert_eq!((fed(&past), again), (17, Some(now + AGAIN)));
    for _ in 0..100 {
        feed(&mut past, now);
        assert!(past.video.layers[0].ring.bytes() <= PICTURE.bytes);
    }
    assert_eq!(fed(&past), 100);
}

#[test]
fn a_gap_is_passed_over_and_the_end_is_told() {
    let (mut past, now) = (past(), *START);
    past.take(piece(0, 2, 100, false));
    past.take(piece(10_000, 2, 100, true));
    let mut at = now;
    let news = loop {
        let (again, news) = feed(&mut past, at);
        if news.is_some() {
            break news;
        }
        at = again.unwrap();
    };
    assert_eq!((fed(&past), news), (4, Some(PastNews::Over)));
    assert!(at - now < Duration::from_millis(200), "{:?}", at - now);
    let timestamps: Vec<u32> = past.video.layers[0].ring.packets().map(|it| it.ts).collect();
    assert!(timestamps.is_sorted() && timestamps[3] - timestamps[0] < 12_000, "{timestamps:?}");
}

#[test]
fn pictures_are_numbered_closer_to_each_other_when_it_goes_faster() {
    let (mut past, now) = (past(), *START);
    past.take(piece(0, 200, 10, true));
    feed(&mut past, now);
    feed(&mut past, now + Duration::from_secs(1));
    past.set_speed(110);
    let fed_before = fed(&past);
    let before = past.video.layers[0].ring.newest().unwrap().ts;
    feed(&mut past, now + Duration::from_secs(2));
    let ring = &past.video.layers[0].ring;
    let n = ring.head() - fed_before;
    assert!((32..=34).contains(&n), "{n} frames in a second");
    let step = ring.newest().unwrap().ts.wrapping_sub(before) / n as u32;
    assert!((2_700..=2_740).contains(&step), "{step} ticks apart");
}

#[test]
fn a_viewer_that_reads_no_picture_is_given_what_comes_after_it() {
    let (mut past, now) = (past(), *START);
    past.take(piece(0, 100, 2_000, true));
    for ms in (0..4_500).step_by(5) {
        past.feed(None, now + Duration::from_millis(ms));
        let held = past.video.layers.first().map_or(0, |it| it.ring.bytes());
        assert!(held <= PICTURE.bytes);
    }
    assert_eq!(fed(&past), 100, "nothing stands in the way");
}
