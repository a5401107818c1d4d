//! What a host sends, as a room's tap gives it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use media_api::{Codec, Name, RoomId, Seat, TapPacket};
use serde_json::json;

use super::operator::ask;
use super::{Page, SENDING, TestServer};

/// An SPS of 640x480 in Constrained Baseline, a PPS and a slice, in one packet (STAP-A).
const H264_KEY: [u8; 25] = [
    24, 0, 9, 0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x02, 0x80, 0xF6, 0x40, 0, 4, 0x68, 0xCE, 0x3C, 0x80,
    0, 5, 0x65, 0x88, 1, 2, 3,
];

/// Sends a picture and sound: 50 frames of each a second, and a keyframe.
pub(crate) struct Source {
    room: RoomId,
    seat: Seat,
    /// The layer of the picture; the layer f and what has none send sound as well.
    rid: Option<&'static str>,
    begun: Instant,
    seq: u64,
    codec: Codec,
    /// Bytes of a picture that is no keyframe.
    frame: Vec<u8>,
}

impl Source {
    /// VP8, from now on.
    pub(crate) fn new(room: RoomId) -> Self {
        Self::at(room, Instant::now(), 0)
    }

    /// VP8, from this packet on.
    pub(crate) fn at(room: RoomId, begun: Instant, seq: u64) -> Self {
        let frame = vec![0x10, 1, 9, 9];
        Self { room, seat: Seat::HOST, rid: None, begun, seq, codec: Codec::Vp8, frame }
    }

    /// H264, from now on.
    pub(crate) fn h264(room: RoomId) -> Self {
        Self { codec: Codec::H264, frame: vec![0x41, 0x9A, 1], ..Self::new(room) }
    }

    /// The same of another seat.
    pub(crate) fn of(self, seat: Seat) -> Self {
        Self { seat, ..self }
    }

    /// The picture of it, as a layer.
    pub(crate) fn layer(self, rid: &'static str) -> Self {
        Self { rid: Some(rid), ..self }
    }

    /// The same with so many bytes more in each picture.
    pub(crate) fn heavier(mut self, by: usize) -> Self {
        self.frame.extend((0..by).map(|n| (n * 7 + 1) as u8 | 1));
        self
    }

    /// A second of both.
    pub(crate) fn second(&mut self, server: &TestServer) {
        let mut packets = Vec::new();
        for n in 0..50_u64 {
            let ms = self.seq * 20;
            if self.rid.is_none_or(|it| it == "f") {
                packets.push(self.packet(Codec::Opus, 1, ms * 48, ms, &[0xFC, 0xFF, 0xFE]));
            }
            let is_key = n == 0;
            let frame: &[u8] = match (self.codec, is_key) {
                (Codec::H264, true) => &H264_KEY,
                (_, true) => &[0x10, 0, 0, 0, 0x9D, 1, 0x2A, 64, 0, 48, 0, 7, 7, 7],
                (_, false) => &self.frame,
            };
            let ssrc = self.rid.map_or(2, |it| u32::from(it.as_bytes()[0]));
            let picture = self.packet(self.codec, ssrc, ms * 90, ms, frame);
            packets.push(TapPacket { is_keyframe: is_key, ..picture });
            self.seq += 1;
        }
        server.stage.lock().unwrap().sink.as_ref().unwrap().tap(&mut packets);
    }

    fn packet(&self, codec: Codec, ssrc: u32, ts: u64, ms: u64, payload: &[u8]) -> TapPacket {
        let at = self.begun + Duration::from_millis(ms);
        TapPacket {
            room: self.room,
            seat: self.seat,
            ssrc: ssrc + u32::from(self.seat.number()) * 1_000,
            rid: self.rid.filter(|_| codec.is_video()).and_then(|it| Name::new(it.as_bytes())),
            codec,
            seq: self.seq,
            ts: ts as u32,
            marker: true,
            is_keyframe: false,
            orientation: None,
            captured: at,
            arrived: at,
            payload: Arc::from(payload),
        }
    }
}

/// A host of the room `default` is live.
pub(crate) async fn go_live(server: &TestServer) -> Page {
    ask(server, "PUT", "/rooms/default", json!({"watch": "everybody"})).await;
    let (_, key) = ask(server, "POST", "/rooms/default/keys", json!({"name": "Ann"})).await;
    let mut host = server.page().await;
    let hello = json!({"type": "hello", "v": 1, "role": "host", "key": key["key"]});
    host.say(&hello.to_string()).await;
    host.hear_type("welcome").await;
    host.say(&json!({"type": "offer", "sdp": SENDING}).to_string()).await;
    host.hear_type("answer").await;
    host.say(r#"{"type":"golive"}"#).await;
    server.flow();
    while host.hear_type("state").await["live"] != "live" {}
    host
}
