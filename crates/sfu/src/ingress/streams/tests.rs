use super::*;
use crate::testing::START;
use crate::transport::sdp::read_publisher;

const SESSION: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n\
    a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=fingerprint:sha-256 \
    DE:AD:BE:EF:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B\r\n";

const SOUND: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n";

/// A video section whose payload type may also be another section's.
fn picture(mid: &str, more: &str) -> String {
    format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=sendonly\r\na=rtcp-mux\r\n\
         a=rtpmap:96 VP8/90000\r\n{more}"
    )
}

const MID: &str = "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";

/// The streams of an offer, and the time of the next packet.
struct Run {
    streams: Streams,
    now: Instant,
}

impl Run {
    fn of(pictures: &[String]) -> Self {
        let offer = read_publisher(&format!("{SESSION}{SOUND}{}", pictures.concat())).unwrap();
        let mut streams = Streams::default();
        streams.negotiated(&offer.layout);
        Self { streams, now: *START }
    }

    /// The media description that a packet is assigned to. `mid`: its `mid` extension.
    fn takes(&mut self, ssrc: u32, payload_type: u8, mid: Option<u8>) -> Option<u8> {
        self.now += Duration::from_millis(20);
        let mut packet =
            vec![0x80 | if mid.is_some() { 0x10 } else { 0 }, payload_type, 0, 1, 0, 0, 0, 1];
        packet.extend(ssrc.to_be_bytes());
        if let Some(mid) = mid {
            packet.extend([0xBE, 0xDE, 0, 1, 0x10, mid, 0, 0]);
        }
        let header = Header::parse(&packet).unwrap();
        let at = self.streams.of_packet(&header, 0, self.now)?;
        let stream = &mut self.streams.all[at];
        stream.last_at = self.now;
        Some(stream.section)
    }

    fn unmatched(&mut self) -> u32 {
        self.streams.take_tally().1
    }
}

#[test]
fn a_payload_type_of_one_media_description_says_enough() {
    let mut run = Run::of(&[picture("1", "")]);
    assert_eq!((run.takes(7, 96, None), run.takes(8, 111, None)), (Some(1), Some(0)));
    assert_eq!(run.unmatched(), 0);
}

#[test]
fn a_payload_type_of_two_media_descriptions_or_of_none_fits_nothing() {
    let mut run = Run::of(&[picture("1", ""), picture("2", "")]);
    assert_eq!((run.takes(7, 96, None), run.takes(8, 45, None)), (None, None));
    assert_eq!(run.unmatched(), 2);
    assert_eq!(run.unmatched(), 0, "each is counted once");
}

#[test]
fn a_mid_or_a_source_line_tells_two_pictures_apart() {
    let mut run = Run::of(&[picture("1", MID), picture("2", "a=ssrc:9 cname:x\r\n")]);
    assert_eq!((run.takes(7, 96, Some(b'1')), run.takes(9, 96, None)), (Some(1), Some(2)));
    assert_eq!(run.takes(10, 96, Some(b'9')), None, "no media description has that name");
    assert_eq!(run.unmatched(), 1);
}

#[test]
fn a_second_source_beside_a_live_one_fits_nothing_until_the_first_is_silent() {
    let mut run = Run::of(&[picture("1", MID)]);
    assert_eq!(run.takes(7, 96, Some(b'1')), Some(1));
    assert_eq!(run.takes(8, 96, Some(b'1')), None);
    assert_eq!(run.unmatched(), 1);
    run.now += TAKE_OVER;
    assert_eq!(run.takes(8, 96, Some(b'1')), Some(1), "the encoder was restarted");
    assert_eq!(run.unmatched(), 0);
}

#[test]
fn the_tally_is_of_sound_and_picture_and_not_of_repetitions() {
    let repeats = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\n\
        a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
    let mut run = Run::of(&[repeats.to_owned()]);
    for (ssrc, payload_type) in [(7, 96), (8, 111), (9, 97)] {
        run.takes(ssrc, payload_type, None);
    }
    for stream in &mut run.streams.all {
        stream.received.take(100);
        stream.received.take(102);
    }
    assert_eq!(run.streams.take_tally(), (Tally { sent: 6, came: 4 }, 0));
}
