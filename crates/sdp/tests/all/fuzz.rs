//! The rounds of the fuzz targets, with mutations of descriptions that exist.

use crate::common::FIXTURES;
use proptest::prelude::*;

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() % n.max(1)
    }
}

const PIECES: [&str; 24] = [
    "a=group:BUNDLE 0 0 1",
    "a=group:BUNDLE",
    "a=bundle-only",
    "a=ice-lite",
    "a=inactive",
    "a=mid:",
    "a=rtpmap:96 x/1/1",
    "a=rtpmap:127 \t",
    "a=fmtp:96 apt=96;apt=97",
    "a=rtcp-fb:* nack",
    "a=ssrc:4294967296 cname:",
    "a=ssrc:1",
    "a=ssrc-group:FID 1 1 1",
    "a=rid:~ send pt=,;",
    "a=simulcast:send ~;,;~, recv ;",
    "a=candidate:1 1 udp 1 é 1 typ host",
    "a=extmap:1/ x",
    "a=fingerprint:sha-256 AB:",
    "a=setup:",
    "m=audio 0 X",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 96 127",
    "m=application 9 DTLS/SCTP 5000",
    "o=",
    "\u{fffd}=\u{10ffff}",
];

/// A description with a few changes: of bytes, words and lines.
fn mutated(numbers: &mut Numbers) -> String {
    let (_, text) = FIXTURES[numbers.below(FIXTURES.len())];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(lines.len());
        let other = numbers.below(lines.len());
        match numbers.below(8) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines[at] = PIECES[numbers.below(PIECES.len())].to_owned(),
            4 => lines.insert(at, PIECES[numbers.below(PIECES.len())].to_owned()),
            change => {
                let places: Vec<usize> = lines[at].char_indices().map(|it| it.0).collect();
                let Some(&place) = places.get(numbers.below(places.len())) else { continue };
                match change {
                    5 => lines[at].truncate(place),
                    6 => lines[at]
                        .insert_str(place, [" ", ":", "0", "é", "\r", "="][numbers.below(6)]),
                    _ => drop(lines[at].remove(place)),
                }
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n")
}

#[test]
fn descriptions_with_any_change_are_read_or_refused() {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for n in 0..20_000 {
        let text = mutated(&mut numbers);
        sdp::fuzz::description(text.as_bytes());
        if n % 4 == 0 {
            let is_of_fragment = |it: &&str| it.starts_with("a=") || it.starts_with("m=");
            let lines: Vec<&str> = text.split('\n').filter(is_of_fragment).collect();
            sdp::fuzz::fragment(lines.join("\n").as_bytes());
        }
    }
}

#[test]
fn descriptions_that_break_off_anywhere_are_read_or_refused() {
    for (_, text) in FIXTURES.iter().step_by(5) {
        for n in 0..text.len() {
            sdp::fuzz::description(&text.as_bytes()[..n]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn descriptions_hold_for_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        sdp::fuzz::description(&bytes);
        sdp::fuzz::description(&[b"v=0\n", bytes.as_slice()].concat());
    }

    #[test]
    fn descriptions_hold_for_any_text(text in "(a|m|o)=(mid|group|candidate|rid|simulcast|rtpmap|fmtp|extmap|ssrc|fingerprint):(?s).{0,60}") {
        sdp::fuzz::description(format!("v=0\r\nm=audio 9 X 96\r\n{text}\r\n").as_bytes());
        sdp::fuzz::fragment(text.as_bytes());
    }
}
