//! Stories of publishers and their findings.

#![allow(clippy::unusual_byte_groupings, reason = "the groups are the codes in them")]

use std::sync::Arc;

use super::*;
use crate::testing::{START, allocations_in, packet};

const SSRC: u32 = 7;

/// First bytes of H264 payloads, here an SPS with this profile.
fn sps(profile_idc: u8) -> Vec<u8> {
    vec![0x67, profile_idc, 0, 31]
}
/// The first slice of an IDR picture.
const IDR: &[u8] = &[0x65, 0x88];
/// A P slice.
const P: &[u8] = &[0x41, 0b1_1_000000];
/// A B slice.
const B: &[u8] = &[0x01, 0b1_010_0000];

/// A publisher, its clock, and its findings.
struct Run {
    ingest: Ingest,
    now: Instant,
    seq: u64,
    has_sound: bool,
    codec: Codec,
    /// Whether its parameter sets are missing.
    lacks_sets: bool,
    /// Packets of each review.
    arrivals: Arrivals,
    payload_bytes: usize,
    /// Every set of findings, with the second in which it was reported.
    told: Vec<(u64, Vec<Finding>)>,
}

impl Run {
    fn new() -> Self {
        Self::with_limit(0)
    }

    fn with_limit(limit_kbps: u32) -> Self {
        Self {
            ingest: Ingest::new(limit_kbps, Limits { packets: 0, kbps: 0 }, *START),
            now: *START,
            seq: 0,
            has_sound: true,
            codec: Codec::H264,
            lacks_sets: false,
            arrivals: Arrivals::default(),
            payload_bytes: 1_000,
            told: Vec::new(),
        }
    }

    fn packet(&mut self, seq: u64, ts: u32, head: &[u8]) -> Packet {
        let mut payload = head.to_vec();
        payload.resize(self.payload_bytes, 0);
        let is_keyframe = matches!(head.first(), Some(0x65 | 0x67));
        Packet { payload: Arc::from(payload), ..packet(seq, ts, is_keyframe, self.now) }
    }

    fn takes(&mut self, seq: u64, ts: u32, head: &[u8]) {
        let packet = self.packet(seq, ts, head);
        self.ingest.take(SSRC, (self.codec, self.lacks_sets), &packet);
    }

    fn passes(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        if self.has_sound {
            let packet = self.packet(self.seq, 0, &[0xF8]);
            self.ingest.take(8, (Codec::Opus, false), &packet);
        }
        if self.ingest.is_review_due(self.now)
            && let Some(found) = self.ingest.review(&self.arrivals, self.now)
        {
            self.told.push(((self.now - *START).as_secs(), found));
        }
        if let Some(ssrc) = self.ingest.worth_asking() {
            self.ingest.asked(ssrc, self.now);
        }
    }

    /// Sends video at 25 frames/s, one packet a frame. `frame` returns the timestamp, in frames, and the first bytes of
    /// a frame number.
    fn frames(&mut self, n: u32, frame: impl Fn(u32) -> (u32, &'static [u8])) -> &mut Self {
        for number in 0..n {
            let (ts, head) = frame(number);
            self.seq += 1;
            self.takes(self.seq, (ts + 1_000) * 3_600, head);
            self.passes(40);
        }
        self
    }

    fn last(&self) -> &[Finding] {
        self.told.last().map_or(&[], |it| &it.1)
    }
}

#[test]
fn an_ordinary_publisher_has_no_findings() {
    let mut run = Run::with_limit(500);
    run.frames(1_000, |n| (n, if n == 0 { IDR } else { P }));
    assert_eq!(run.told, [], "25 packets of 1000 bytes a second, with sound");
}

#[test]
fn pictures_that_are_sent_before_earlier_ones_are_b_frames() {
    // I0 P2 B1 P4 B3 ..., each with its presentation time.
    let shown_at = |n: u32| if n % 2 == 1 { n + 1 } else { n.saturating_sub(1) };
    let mut run = Run::new();
    run.frames(200, |n| (shown_at(n), P));
    assert_eq!(run.last(), [Finding::BFrames]);
    assert!(run.told[0].0 <= 3, "{:?}", run.told);
    // All packets of a picture have its timestamp.
    let mut run = Run::new();
    run.frames(400, |n| (shown_at(n / 4), P));
    assert_eq!(run.last(), [Finding::BFrames]);
}

#[test]
fn b_slices_are_found_where_time_never_goes_back_as_from_obs() {
    let mut run = Run::new();
    run.frames(200, |n| (n, if n % 3 == 0 { P } else { B }));
    assert_eq!(run.told, [(2, vec![Finding::BFrames])]);
    // When the encoder stops making B-frames, the finding ends after a while.
    run.frames(300, |n| (n, P));
    assert_eq!(run.last(), []);
    assert_eq!(run.told.len(), 2);
}

#[test]
fn a_network_that_reorders_loses_and_repeats_is_not_taken_for_b_frames() {
    let mut run = Run::new();
    let mut rng = fastrand::Rng::with_seed(3);
    let mut late: Vec<(u64, u64)> = Vec::new();
    for n in 0..3_000_u64 {
        match rng.u8(0..10) {
            0 => {}
            // A packet arrives up to 20 packets late, perhaps twice.
            1..=4 => late.push((n + rng.u64(1..20), n)),
            _ => run.takes(n, n as u32 * 3_600, P),
        }
        for (at, seq) in late.clone() {
            if at == n {
                run.takes(seq, seq as u32 * 3_600, P);
                run.takes(seq, seq as u32 * 3_600, P);
            }
        }
        run.passes(10);
    }
    assert_eq!(run.told, []);
}

#[test]
fn an_encoder_that_starts_again_is_not_taken_for_b_frames() {
    let mut run = Run::new();
    for round in 0..10 {
        run.frames(100, |n| (n + 500 * (10 - round), P));
        run.frames(100, |n| (n + 500 * (10 - round) + 90, P));
    }
    assert_eq!(run.told, []);
}

#[test]
fn the_timestamp_and_the_number_may_pass_their_ends() {
    let mut run = Run::new();
    for n in 0..500_u64 {
        run.takes(0xFFF0 + n, 0xFFFF_0000_u32.wrapping_add(n as u32 * 3_600), P);
        run.passes(40);
    }
    assert_eq!(run.told, []);
}

#[test]
fn a_profile_counts_by_what_is_in_the_stream() {
    let found = |offered: Option<u8>, sent: &[u8]| {
        let mut run = Run::new();
        run.ingest.offered.bad_profile = offered;
        for (n, profile) in sent.iter().enumerate() {
            run.takes(n as u64, n as u32, &sps(*profile));
            run.passes(1_000);
        }
        run.told
    };
    for playable in [66, 77, 100] {
        assert_eq!(found(None, &[playable]), []);
        assert_eq!(found(Some(244), &[playable]), [], "the profile in the stream takes precedence");
    }
    for profile_idc in [110, 122, 244] {
        assert_eq!(found(None, &[profile_idc]), [(1, vec![Finding::H264Profile { profile_idc }])]);
    }
    let finding = Finding::H264Profile { profile_idc: 244 };
    assert_eq!(found(None, &[244, 244, 100, 100]), [(1, vec![finding]), (3, vec![])]);
    let mut run = Run::new();
    run.ingest.offered.bad_profile = Some(244);
    run.frames(30, |n| (n, P));
    assert_eq!(run.last(), [finding], "before the stream says anything the offer does");
}

#[test]
fn a_picture_without_sound_is_noticed_after_some_seconds_and_no_longer_when_it_comes() {
    let mut run = Run::new();
    run.has_sound = false;
    run.frames(250, |n| (n, P));
    assert_eq!(run.told, [(6, vec![Finding::NoAudio])]);
    run.has_sound = true;
    run.frames(50, |n| (n, P));
    assert_eq!(run.last(), []);
    run.has_sound = false;
    run.frames(250, |n| (n, P));
    assert_eq!(run.last(), [Finding::NoAudio], "and when it stops");
}

#[test]
fn sound_that_cannot_be_forwarded_is_one_finding_and_not_two() {
    let mut run = Run::new();
    run.has_sound = false;
    run.ingest.negotiated("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 0\nm=video 9 X 96\n", &[Codec::H264]);
    run.frames(250, |n| (n, P));
    assert_eq!(run.told, [(1, vec![Finding::NoOpus])]);
}

#[test]
fn nothing_is_found_while_nothing_comes() {
    let mut run = Run::new();
    run.has_sound = false;
    run.frames(100, |n| (n, P));
    for _ in 0..100 {
        run.passes(500);
    }
    assert_eq!(run.told, [], "the picture stopped before sound was missed");
}

#[test]
fn a_bit_rate_over_the_limit_is_measured_for_seconds() {
    let mut run = Run::with_limit(500);
    run.payload_bytes = 600;
    run.frames(250, |n| (n, P));
    run.payload_bytes = 3_000;
    run.frames(25, |n| (n, P));
    run.payload_bytes = 600;
    run.frames(250, |n| (n, P));
    assert_eq!(run.told, [], "one second above the limit is no finding");
    run.payload_bytes = 4_000;
    run.frames(500, |n| (n, P));
    let [.., (_, found)] = &*run.told else { panic!("nothing was found") };
    let [Finding::BitrateOverLimit { kbps, limit_kbps: 500 }] = **found else {
        panic!("{found:?}")
    };
    // 25 video and 25 audio packets a second.
    assert!((1_200..=1_650).contains(&kbps), "{kbps}");
    run.payload_bytes = 1_000;
    run.frames(500, |n| (n, P));
    assert_eq!(run.last(), []);
}

#[test]
fn an_encoder_with_a_long_interval_that_hears_nothing_is_told_of_both() {
    let mut run = Run::new();
    for _ in 0..10 {
        let start = run.seq as u32;
        run.frames(250, |n| (start + n, if n == 0 { IDR } else { P }));
    }
    let interval = Duration::from_secs(10);
    assert_eq!(run.last(), [Finding::KeyframeInterval { interval }, Finding::IgnoresPli]);
}

#[test]
fn keyframes_that_no_decoder_can_begin_with_are_told_after_three_seconds_until_one_can() {
    let mut run = Run::new();
    run.lacks_sets = true;
    run.frames(250, |n| (n, if n % 50 == 0 { IDR } else { P }));
    assert_eq!(run.told, [(3, vec![Finding::NoParameterSets])]);
    run.lacks_sets = false;
    run.frames(50, |n| (250 + n, if n == 0 { IDR } else { P }));
    assert_eq!(run.told.len(), 2);
    assert_eq!(run.last(), []);
}

#[test]
fn packets_that_fit_nothing_are_told_after_two_seconds_also_without_any_picture() {
    let mut run = Run::new();
    run.has_sound = false;
    run.arrivals = Arrivals { unmatched: 10, ..Arrivals::default() };
    (0..10).for_each(|_| run.passes(1_000));
    assert_eq!(run.told, [], "ten a second may be leftovers");
    run.arrivals.unmatched = 11;
    (0..5).for_each(|_| run.passes(1_000));
    assert_eq!(run.told, [(12, vec![Finding::UnknownMedia])]);
    run.arrivals = Arrivals { media: Tally { sent: 50, came: 50 }, unmatched: 0 };
    (0..3).for_each(|_| run.passes(1_000));
    assert_eq!(run.last(), []);
}

#[test]
fn a_loss_of_sound_alone_is_told_and_leaves_what_was_found_of_the_picture() {
    let mut run = Run::new();
    run.frames(100, |n| (n, if n % 3 == 0 { P } else { B }));
    assert_eq!(run.last(), [Finding::BFrames]);
    run.arrivals.media = Tally { sent: 50, came: 45 };
    (0..12).for_each(|_| run.passes(1_000));
    assert_eq!(run.last(), [Finding::BFrames, Finding::LossyUplink { percent: 10 }]);
}

#[test]
fn a_layer_that_pauses_is_not_asked_and_not_blamed() {
    let mut run = Run::new();
    run.frames(50, |n| (n, if n == 0 { IDR } else { P }));
    for round in 0..20 {
        // The layer is requested again and returns 4 s later; another layer flows on.
        run.ingest.asked(SSRC, run.now);
        for n in 0..100_u64 {
            let packet = run.packet(round * 100 + n, (round * 100 + n) as u32, P);
            run.ingest.take(99, (Codec::H264, false), &packet);
            run.passes(40);
        }
        let start = run.seq as u32;
        run.frames(20, |n| (start + n, P));
    }
    assert_eq!(run.told, []);
}

#[test]
fn more_streams_than_there_may_be_displace_the_oldest_and_harm_nothing() {
    let mut run = Run::new();
    for n in 0..1_000_u64 {
        let packet = run.packet(n, n as u32, P);
        run.ingest.take(n as u32, (Codec::H264, false), &packet);
        run.passes(20);
    }
    assert_eq!(run.told, []);
}

#[test]
fn a_packet_is_looked_at_without_allocating_whatever_it_holds() {
    let mut run = Run::with_limit(500);
    let heads: [&[u8]; 5] =
        [&sps(244), IDR, P, B, &[0x78, 0, 4, 0x67, 244, 0, 31, 0, 2, 0x41, 0xA0]];
    let mut packets = Vec::new();
    for n in 0..10_000_u64 {
        let head = heads[n as usize % heads.len()];
        packets.push((n as u32 % 7, run.packet(n, (n as u32 * 3_600) ^ 0x4000, head)));
    }
    let mut ingest = run.ingest;
    let allocations = allocations_in(|| {
        for (ssrc, packet) in &packets {
            ingest.take(*ssrc, (Codec::H264, false), packet);
            ingest.asked(*ssrc, packet.arrived);
        }
    });
    assert_eq!(allocations, 0);
    assert!(allocations_in(|| drop(vec![0; 10])) == 1, "allocations are not counted");
}
