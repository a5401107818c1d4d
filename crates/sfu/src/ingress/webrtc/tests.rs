//! Arbitrary packets of an authenticated publisher: none causes a panic, and the state stays bounded.

use std::net::SocketAddr;
use std::time::Duration;

use rtp::header::{Extension, Header, HeaderWriter};

use super::*;
use crate::Config;
use crate::ingress::diagnostics::Limits;
use crate::testing::START;

const OFFERS: [&str; 4] = [
    include_str!("../../../../sdp/tests/fixtures/obs_offer.sdp"),
    include_str!("../../../../sdp/tests/fixtures/obs_offer_sim.sdp"),
    include_str!("../../../../sdp/tests/fixtures/ffmpeg_9_whip_offer.sdp"),
    include_str!("../../../../sdp/tests/fixtures/gst_bundle_none_whip_offer.sdp"),
];

/// Packets in the test, spread over four offers.
const PACKETS: usize = 1_000_000;
const MUTATED_OFFERS: usize = 200_000;

fn publisher(offer: &str) -> WebRtc {
    let config = Config::new(vec![SocketAddr::from(([192, 0, 2, 1], 3000))]);
    let limits = PublishLimits { kbps: 0, drop: Limits { packets: 0, kbps: 0 } };
    WebRtc::accept(&Shared::new(&config), Seat::HOST, limits, offer, None, *START).unwrap().0
}

/// Writes a packet as an encoder would, with a random stream and payload.
fn packet(rng: &mut fastrand::Rng, payload_types: &[u8], buffer: &mut [u8]) -> usize {
    let mid = [b'0' + rng.u8(0..3)];
    let transport_seq = rng.u16(..).to_be_bytes();
    let other: Vec<u8> = (0..rng.usize(1..16)).map(|_| rng.u8(..)).collect();
    let extensions = [
        Extension { id: 1, data: &mid },
        Extension { id: 2, data: &mid },
        Extension { id: 3, data: &transport_seq },
        Extension { id: rng.u8(1..15), data: &other },
    ];
    let writer = HeaderWriter {
        marker: rng.bool(),
        payload_type: payload_types[rng.usize(..payload_types.len())],
        seq: rng.u16(..),
        ts: rng.u32(..),
        ssrc: 1_942_975_419 + rng.u32(0..20),
        padding: rng.u8(..) < 20,
        extensions: &extensions[..rng.usize(0..=4)],
    };
    let header = writer.write(buffer).unwrap();
    let len = header + rng.usize(0..60);
    buffer[header..len].iter_mut().for_each(|it| *it = rng.u8(..));
    len
}

#[test]
fn no_packet_of_a_publisher_is_a_fault_and_what_is_kept_of_it_is_bounded() {
    let mut rng = fastrand::Rng::with_seed(1);
    let payload_types = [96, 97, 105, 106, 107, 111, 0, 8, 127];
    for offer in OFFERS {
        let mut it = publisher(offer);
        let (mut now, mut seq) = (*START, 0_u64);
        let mut buffer = [0; 200];
        for _ in 0..PACKETS / OFFERS.len() {
            now += Duration::from_micros(rng.u64(0..2_000));
            let len = packet(&mut rng, &payload_types, &mut buffer);
            for _ in 0..rng.usize(0..3) {
                let at = rng.usize(..len);
                buffer[at] ^= 1 << rng.u8(0..8);
            }
            let packet = &buffer[..len];
            if rng.u8(..) < 30 {
                it.handle_rtcp(packet, now);
                continue;
            }
            seq = seq.saturating_add_signed(rng.i64(-3..6));
            if let Some(header) = Header::parse(packet) {
                let link = rng.usize(0..2);
                it.handle_rtp(link, &header, packet, (seq, rng.u8(..) > 2), now);
            }
            assert!(it.ready.len() <= 4, "too many packets from one datagram");
            it.ready.clear();
            assert!(it.streams.all.len() <= 16, "{} streams", it.streams.all.len());
        }
    }
}

#[test]
fn an_empty_packet_is_on_the_clock_of_the_packets_around_it() {
    const JUMP: u32 = 900_000_000;
    let mut it = publisher(OFFERS[0]);
    let mut buffer = [0; 200];
    // The clock jumps after the first packet. The last one is late and is padding alone.
    let sent = [(1, 1_000, 9), (2, JUMP, 9), (4, JUMP, 9), (3, JUMP, 0)];
    for (n, (seq, ts, len)) in (0..).zip(sent) {
        let writer = HeaderWriter {
            marker: false,
            payload_type: 96,
            seq,
            ts,
            ssrc: 1_656_580_650,
            padding: false,
            extensions: &[],
        };
        let header = writer.write(&mut buffer).unwrap();
        let packet = &mut buffer[..header + len];
        packet[header..].fill(0x41);
        let header = Header::parse(packet).unwrap();
        let now = *START + Duration::from_millis(33) * n;
        it.handle_rtp(0, &header, packet, (seq.into(), true), now);
    }
    let packets: Vec<_> = it.ready.iter().map(|(_, _, it)| (it.ts, it.payload.len())).collect();
    let [(_, 9), (second, 9), (fourth, 9), (empty, 0)] = packets[..] else { panic!("{packets:?}") };
    assert!(second != JUMP && fourth == second);
    assert_eq!(empty, second);
}

#[test]
fn no_mutated_offer_is_a_fault() {
    let mut rng = fastrand::Rng::with_seed(2);
    let mut n_taken = 0;
    for n in 0..MUTATED_OFFERS {
        let mut text = OFFERS[n % OFFERS.len()].as_bytes().to_vec();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..text.len());
            match rng.u8(0..4) {
                0 => text[at] = rng.u8(32..127),
                1 => drop(text.remove(at)),
                2 => text.insert(at, b"\n:=/ 09amv"[rng.usize(0..10)]),
                // Repeat a line, or insert it elsewhere.
                _ => {
                    let line = text[at..].iter().position(|it| *it == b'\n').unwrap_or(0);
                    let copy = text[at..at + line].to_vec();
                    let to = rng.usize(..text.len());
                    text.splice(to..to, copy);
                }
            }
        }
        let Ok(text) = String::from_utf8(text) else { continue };
        match sdp::read_publisher(&text) {
            Ok(offer) => {
                n_taken += 1;
                assert!(offer.transports.len() <= 8 && !offer.transports.is_empty());
                assert!(!offer.layout.incoming_codecs().is_empty());
            }
            Err(error) => assert!(!error.to_string().contains("KHNrpPdAla2pQQ9R0vHJyX"), "{error}"),
        }
    }
    assert!(n_taken > MUTATED_OFFERS / 4, "only {n_taken} offers are still accepted");
}
