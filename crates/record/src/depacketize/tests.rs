use std::sync::Arc;

use media_api::{RoomId, Seat};

use super::*;

/// Packets of VP8, one for each frame unless said otherwise, every 33 ms.
struct Sender {
    begun: Instant,
}

impl Sender {
    fn packet(&self, seq: u64, frame: u32, is_key: bool, arrives_ms: u64) -> TapPacket {
        let data = if is_key {
            vec![0x10, 0, 0, 0, 0x9D, 1, 0x2A, 64, 0, 48, 0, frame as u8]
        } else {
            vec![0x10, 1, frame as u8]
        };
        self.raw(seq, frame, is_key, arrives_ms, &data)
    }

    fn raw(&self, seq: u64, frame: u32, is_keyframe: bool, ms: u64, data: &[u8]) -> TapPacket {
        let arrived = self.begun + Duration::from_millis(ms);
        TapPacket {
            room: RoomId(1),
            seat: Seat::HOST,
            ssrc: 7,
            rid: None,
            codec: Codec::Vp8,
            seq,
            ts: frame * 3_000,
            marker: true,
            is_keyframe,
            orientation: None,
            captured: arrived,
            arrived,
            payload: Arc::from(data),
        }
    }
}

fn sender() -> Sender {
    Sender { begun: Instant::now() }
}

/// The numbers of the frames that came; 999 for a loss.
fn take(stream: &mut Stream) -> Vec<u32> {
    let mut all = Vec::new();
    while let Some(event) = stream.poll() {
        all.push(match event {
            StreamEvent::Frame(frame) => frame.ts / 3_000,
            StreamEvent::Lost => 999,
        });
    }
    all
}

#[test]
fn frames_begin_at_a_keyframe_and_come_in_their_order() {
    let (sender, mut stream) = (sender(), Stream::new(Codec::Vp8));
    for (seq, frame, is_key) in [(10, 1, false), (12, 3, false), (11, 2, true), (14, 5, false)] {
        stream.push(sender.packet(seq, frame, is_key, seq * 33));
    }
    assert_eq!(take(&mut stream), [2, 3]);
    stream.push(sender.packet(13, 4, false, 500));
    assert_eq!(take(&mut stream), [4, 5]);
    stream.push(sender.packet(13, 4, false, 510));
    assert_eq!(take(&mut stream), [], "what came is not taken again");
}

#[test]
fn what_does_not_come_within_a_second_is_lost_and_the_picture_goes_on_at_the_next_keyframe() {
    let (sender, mut stream) = (sender(), Stream::new(Codec::Vp8));
    stream.push(sender.packet(1, 1, true, 0));
    for seq in 3..60 {
        stream.push(sender.packet(seq, seq as u32, seq == 50, seq * 33));
    }
    let frames = take(&mut stream);
    assert_eq!(frames[..3], [1, 999, 50]);
    assert_eq!(frames.last(), Some(&59));
    assert!(stream.waiting.is_empty());
}

#[test]
fn a_frame_of_several_packets_is_one_whether_its_last_is_marked_or_not() {
    for has_marker in [true, false] {
        let (sender, mut stream) = (sender(), Stream::new(Codec::Vp8));
        let key = sender.packet(1, 1, true, 0);
        stream.push(TapPacket { marker: false, ..key });
        let rest = sender.raw(2, 1, false, 1, &[0x00, 77]);
        stream.push(TapPacket { marker: has_marker, orientation: Some(1), ..rest });
        stream.push(sender.packet(3, 2, false, 40));
        let Some(StreamEvent::Frame(frame)) = stream.poll() else { panic!("a frame") };
        assert_eq!(frame.data.last(), Some(&77));
        let video = frame.video.unwrap();
        assert_eq!((video.width, video.height, video.rotation), (64, 48, Rotation::By90));
    }
}

#[test]
fn parameter_sets_in_front_of_the_packet_that_is_marked_belong_to_the_keyframe() {
    let (sender, mut stream) = (sender(), Stream::new(Codec::H264));
    let h264 = |seq, frame, is_key, data: &[u8]| TapPacket {
        codec: Codec::H264,
        ..sender.raw(seq, frame, is_key, seq * 10, data)
    };
    stream.push(h264(6, 1, false, &[0x41, 1]));
    let sets = [&[0x18, 0, 25][..], &h264::tests::SET, &[0, 5], &h264::tests::PICTURE_SET].concat();
    stream.push(TapPacket { marker: false, ..h264(7, 2, false, &sets) });
    stream.push(h264(8, 2, true, &[0x65, 1, 2]));
    stream.push(h264(9, 3, false, &[0x41, 3]));
    assert_eq!(take(&mut stream), [2, 3]);
}

#[test]
fn sound_goes_on_behind_a_gap() {
    let (sender, mut stream) = (sender(), Stream::new(Codec::Opus));
    let sound = |seq: u64| TapPacket {
        codec: Codec::Opus,
        ..sender.raw(seq, seq as u32, false, seq * 20, &[1, 2, 3])
    };
    for seq in (1..5).chain(8..80) {
        stream.push(sound(seq));
    }
    let frames = take(&mut stream);
    assert_eq!(frames[..5], [1, 2, 3, 4, 8]);
    assert_eq!(frames.last(), Some(&79));
}

#[test]
fn packets_without_a_keyframe_do_not_pile_up() {
    let (sender, mut stream) = (sender(), Stream::new(Codec::Vp8));
    for seq in 0..100_000 {
        // A thousand in a second, and then a great many at once.
        stream.push(sender.packet(seq, seq as u32, false, (seq).min(50_000)));
        assert!(stream.waiting.len() <= MAX_WAITING);
    }
    assert_eq!(take(&mut stream), []);
}

proptest::proptest! {
    #[test]
    fn any_packets_in_any_order_are_read_without_a_fault(
        packets in proptest::collection::vec(
            (0_u64..40, 0_u32..8, proptest::bool::ANY, proptest::bool::ANY,
             proptest::collection::vec(proptest::num::u8::ANY, 0..24)),
            0..60,
        ),
        which in 0_usize..5,
    ) {
        let codec = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1, Codec::Opus][which];
        let (sender, mut stream) = (sender(), Stream::new(codec));
        for (n, (seq, frame, is_key, marker, data)) in packets.into_iter().enumerate() {
            let packet = sender.raw(seq, frame, is_key, n as u64 * 50, &data);
            stream.push(TapPacket { codec, marker, ..packet });
            while stream.poll().is_some() {}
        }
    }
}
