use std::sync::Arc;

use media_api::{Codec, RoomId};

use super::*;

fn keyframe(ssrc: u32, side: u16, bytes: usize, at: Instant, seq: u64) -> TapPacket {
    let mut payload = vec![0x10, 0x10, 0, 0, 0x9D, 1, 0x2A];
    payload.extend_from_slice(&side.to_le_bytes());
    payload.extend_from_slice(&side.to_le_bytes());
    payload.resize(bytes, 7);
    TapPacket {
        room: RoomId(1),
        seat: Seat::HOST,
        ssrc,
        rid: None,
        codec: Codec::Vp8,
        seq,
        ts: (seq * 3_000) as u32,
        marker: true,
        is_keyframe: true,
        orientation: None,
        captured: at,
        arrived: at,
        payload: Arc::from(payload),
    }
}

/// Keyframes of layers each half a second: the sides of the pictures that are made.
fn made(layers: &[(u16, usize)], seconds: u64) -> Vec<u32> {
    let (begun, mut stills) = (Instant::now(), Stills::default());
    let mut made = Vec::new();
    for n in 0..seconds * 2 {
        let at = begun + Duration::from_millis(n * 500);
        for (ssrc, (side, bytes)) in layers.iter().enumerate() {
            let packet = keyframe(ssrc as u32 + 1, *side, *bytes, at, n + 1);
            made.extend(stills.push(&packet).map(|it| it.width));
        }
    }
    made
}

#[test]
fn a_keyframe_of_vp8_is_a_webp() {
    let mut stills = Stills::default();
    let still = stills.push(&keyframe(1, 640, 2_001, Instant::now(), 1)).unwrap();
    assert_eq!((still.mime, still.width, still.height), ("image/webp", 640, 640));
    assert_eq!(&still.bytes[..4], b"RIFF");
    assert_eq!(&still.bytes[8..16], b"WEBPVP8 ");
    // Without the byte of the payload descriptor.
    assert_eq!(still.bytes[16..20], 2_000_u32.to_le_bytes());
    assert_eq!(still.bytes.len(), 2_020);
}

#[test]
fn a_room_has_a_new_picture_each_five_seconds() {
    assert_eq!(made(&[(640, 1_000)], 11), [640, 640, 640]);
}

#[test]
fn the_narrowest_layer_that_is_wide_enough_is_shown() {
    // Which one it is, is known after a keyframe of each.
    assert_eq!(made(&[(160, 500), (320, 1_000), (1_280, 9_000)], 16)[1..], [320, 320, 320]);
    assert_eq!(made(&[(160, 500), (240, 1_000)], 11)[1..], [240, 240]);
}

#[test]
fn a_picture_is_never_larger_than_promised() {
    assert_eq!(made(&[(640, 120_000)], 11), [0; 0]);
    assert_eq!(made(&[(640, 120_000), (1_280, 90_000)], 11), [1_280, 1_280, 1_280]);
}

#[test]
fn a_keyframe_is_asked_for_when_none_came_for_long() {
    let (begun, mut stills) = (Instant::now(), Stills::default());
    stills.push(&keyframe(1, 640, 1_000, begun, 1));
    assert_eq!(stills.tick(begun + Duration::from_secs(14)), None);
    assert_eq!(stills.tick(begun + Duration::from_secs(16)), Some(1));
    assert_eq!(stills.tick(begun + Duration::from_secs(17)), None, "not again at once");
}
