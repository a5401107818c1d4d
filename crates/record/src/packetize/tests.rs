//! What is packetized comes out of `depacketize` as it was.

use std::sync::Arc;
use std::time::{Duration, Instant};

use media_api::{Codec, RoomId, Seat, TapPacket};

use super::*;
use crate::depacketize::{Stream, StreamEvent};

const FILES: [(Codec, StoredCodec, &[u8], &[u8]); 5] = [
    (Codec::Vp8, StoredCodec::Vp8, include_bytes!("../../tests/fixtures/vp8.ivf"), &[]),
    (Codec::Vp9, StoredCodec::Vp9, include_bytes!("../../tests/fixtures/vp9.ivf"), &[]),
    (
        Codec::H264,
        StoredCodec::H264,
        include_bytes!("../../tests/fixtures/h264.ivf"),
        include_bytes!("../../tests/fixtures/h264.config"),
    ),
    (Codec::Av1, StoredCodec::Av1, include_bytes!("../../tests/fixtures/av1.ivf"), &[]),
    (Codec::Opus, StoredCodec::Opus, include_bytes!("../../tests/fixtures/opus.ivf"), &[]),
];

fn frames_of(ivf: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &ivf[32..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        frames.push(rest[12..12 + len].to_vec());
        rest = &rest[12 + len..];
    }
    frames
}

/// Sends frames and puts them together again: each with whether it is a keyframe.
fn round_trip(
    codec: Codec,
    packetizer: &mut Packetizer,
    frames: &[(Vec<u8>, bool)],
) -> Vec<(Vec<u8>, bool)> {
    let now = Instant::now();
    let mut stream = Stream::new(codec);
    let mut found = Vec::new();
    let mut seq = 0;
    for (n, (frame, is_key)) in frames.iter().enumerate() {
        let packets = packetizer.packets(frame, *is_key);
        let last = packets.len() - 1;
        for (at, payload) in packets.into_iter().enumerate() {
            assert!(payload.len() <= MAX_PAYLOAD, "{} bytes", payload.len());
            seq += 1;
            stream.push(TapPacket {
                room: RoomId(1),
                seat: Seat::HOST,
                ssrc: 7,
                rid: None,
                codec,
                seq,
                ts: n as u32 * 3_600,
                marker: at == last,
                is_keyframe: *is_key && at == 0,
                orientation: None,
                captured: now,
                arrived: now + Duration::from_millis(n as u64 * 40),
                payload: Arc::from(payload),
            });
            while let Some(event) = stream.poll() {
                let StreamEvent::Frame(media) = event else { panic!("frame {n} is lost") };
                found.push((media.data, media.is_key));
            }
        }
    }
    found
}

#[test]
fn frames_come_out_as_they_were() {
    for (codec, stored, ivf, config) in FILES {
        let mut packetizer = Packetizer::new(stored, config).unwrap();
        let is_key = |n: usize| codec == Codec::Opus || n == 0 || n == 40;
        let frames = frames_of(ivf).into_iter().enumerate().map(|(n, it)| (it, is_key(n)));
        let frames: Vec<_> = frames.collect();
        let found = round_trip(codec, &mut packetizer, &frames);
        assert!(found == frames, "{codec:?}: {} of {}", found.len(), frames.len());
    }
}

#[test]
fn frames_of_many_packets_come_out_as_they_were() {
    for (codec, stored, ivf, config) in FILES.into_iter().take(4) {
        let mut packetizer = Packetizer::new(stored, config).unwrap();
        let key = frames_of(ivf).remove(0);
        for len in (MAX_PAYLOAD - 20..MAX_PAYLOAD + 20).chain([3_000, 200_000]) {
            // Behind the keyframe, a NAL unit or an OBU of this length; VP8 and VP9 take any bytes behind their headers.
            let mut frame = key.clone();
            let body = vec![0x5A; len];
            match codec {
                Codec::H264 => {
                    frame.extend((len as u32 + 1).to_be_bytes());
                    frame.push(0x65);
                }
                Codec::Av1 => {
                    let size = [len as u8 | 0x80, (len >> 7) as u8 | 0x80, (len >> 14) as u8];
                    // As it is written after the way: the shortest form.
                    let size =
                        if len < 1 << 14 { vec![size[0], size[1] & 0x7F] } else { size.to_vec() };
                    frame.push(0x32);
                    frame.extend(size);
                }
                _ => {}
            }
            frame.extend(body);
            let found = round_trip(codec, &mut packetizer, &[(frame.clone(), true)]);
            assert!(found == [(frame, true)], "{codec:?} {len}");
        }
    }
}

#[test]
fn what_cannot_be_read_has_no_packets() {
    assert!(Packetizer::new(StoredCodec::Other, &[]).is_none());
    assert!(Packetizer::new(StoredCodec::H264, &[1, 2, 3]).is_none());
    let config = include_bytes!("../../tests/fixtures/h264.config");
    let mut h264 = Packetizer::new(StoredCodec::H264, config).unwrap();
    assert!(h264.packets(&[0, 0, 0, 9, 0x65], true).is_empty());
    let mut av1 = Packetizer::new(StoredCodec::Av1, &[]).unwrap();
    assert!(av1.packets(&[0x32, 9, 1], false).is_empty());
    let mut vp8 = Packetizer::new(StoredCodec::Vp8, &[]).unwrap();
    assert!(vp8.packets(&[], false).is_empty());
}

#[test]
fn keyframes_of_h264_have_their_parameter_sets_in_front() {
    let config = include_bytes!("../../tests/fixtures/h264.config");
    let mut h264 = Packetizer::new(StoredCodec::H264, config).unwrap();
    let packets = h264.packets(&[0, 0, 0, 2, 0x65, 1], true);
    assert_eq!(packets[0][0] & 0x1F, 24, "a STAP-A");
    assert_eq!(packets[1..], [vec![0x65, 1]]);
    assert_eq!(h264.packets(&[0, 0, 0, 2, 0x41, 1], false), [vec![0x41, 1]]);
}

proptest::proptest! {
    #[test]
    fn any_frame_is_survived(
        which in 0..FILES.len(),
        frame in proptest::collection::vec(proptest::num::u8::ANY, 0..4000),
        config in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
        is_key: bool,
    ) {
        let (_, stored, _, own) = FILES[which];
        _ = Packetizer::new(stored, &config).map(|mut it| it.packets(&frame, is_key));
        let mut packetizer = Packetizer::new(stored, own).unwrap();
        packetizer.packets(&frame, is_key);
    }
}
