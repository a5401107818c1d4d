//! What WHIP and WHEP ask of session descriptions beyond what the media plane reads in them.

use sdp::{Description, Direction, Section, rewritten};

/// Why a publisher's offer is not one of WHIP; in words, for a person.
///
/// RFC 9725, sections 4.2 (it only sends), 4.4.2 (one stream with at most a track of each kind) and
/// 4.4.3 (all of it or nothing).
pub(crate) fn check_publish(offer: &Description<'_>) -> Result<(), String> {
    // What sends nothing, and data channels, are answered with port 0 or `inactive`, as by a browser.
    let sections: Vec<&Section<'_>> = offer.sections.iter().filter(|it| is_sent(it)).collect();
    if sections.is_empty() {
        return Err("who publishes sends: the offer has to be sendonly".to_owned());
    }
    for kind in ["audio", "video"] {
        let n = sections.iter().filter(|it| it.kind == kind).count();
        if n > 1 {
            return Err(format!("one track of {kind} is taken, and the offer has {n}"));
        }
    }
    let streams = sections.iter().filter_map(|it| it.msid()).map(|it| it.0);
    // RFC 8830, section 2: `-` is a track without a stream.
    let mut streams: Vec<&str> = streams.filter(|it| *it != "-").collect();
    streams.sort_unstable();
    streams.dedup();
    if streams.len() > 1 {
        return Err(format!("one MediaStream is taken, and the offer has {}", streams.len()));
    }
    Ok(())
}

/// Whether a media description sends sound or picture.
fn is_sent(section: &Section<'_>) -> bool {
    section.is_audio_or_video() && section.direction().sends() && !section.is_rejected()
}

/// What an answer refused of what an offer would send; none when it took all.
pub(crate) fn refused<'a, 'b>(
    offer: &Description<'_>,
    answer: &'b Description<'a>,
) -> Option<&'b Section<'a>> {
    let pairs = offer.sections.iter().zip(&answer.sections);
    let mut sent = pairs.filter(|it| is_sent(it.0)).map(|it| it.1);
    sent.find(|it| it.is_rejected() || it.direction() == Direction::Inactive)
}

/// Whether a player's offer lets us send anything.
pub(crate) fn can_play(offer: &Description<'_>) -> bool {
    let receives = |it: &Section<'_>| it.direction().receives() && !it.is_rejected();
    offer.sections.iter().any(|it| it.is_audio_or_video() && receives(it))
}

/// Where the picture stands among the m= sections, as the extensions count them.
pub(crate) fn video_index(description: &Description<'_>) -> Option<usize> {
    description.sections.iter().position(|it| it.kind == "video")
}

/// The username fragment of the ICE session that a client's description is of.
pub(crate) fn ufrag(description: &Description<'_>) -> Option<String> {
    let transport = description.transport(description.tagged()?);
    transport.get("ice-ufrag").map(str::to_owned)
}

/// Says of each bundled section that RTP and RTCP share a port (RFC 9725, section 4.4.1; RFC 8858).
pub(crate) fn with_rtcp_mux_only(text: &str) -> String {
    let says_so = sdp::lines(text).any(|it| it.is_attribute("rtcp-mux-only"));
    rewritten(text, |line, out| {
        out.line(line.text());
        if line.is_attribute("rtcp-mux") && !says_so {
            out.flag("rtcp-mux-only");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIO: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendonly\r\na=msid:s a\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\na=msid:s v\r\n";

    fn checked(media: &str) -> Result<(), String> {
        check_publish(&Description::parse(&format!("v=0\r\n{media}")).unwrap())
    }

    fn refusal(media: &str) -> String {
        checked(media).expect_err(media)
    }

    #[test]
    fn a_publisher_offers_one_stream_with_a_track_of_each_kind() {
        assert_eq!(checked(&format!("{AUDIO}{VIDEO}")), Ok(()));
        assert_eq!(checked(VIDEO), Ok(()));
        assert_eq!(checked(&format!("{AUDIO}{}", VIDEO.replace("msid:s", "msid:-"))), Ok(()));
        assert!(refusal(&format!("{AUDIO}{VIDEO}{VIDEO}")).contains("has 2"));
        assert!(refusal(&VIDEO.replace("sendonly", "recvonly")).contains("sendonly"));
        assert!(refusal(&VIDEO.replace("sendonly", "inactive")).contains("sendonly"));
        assert!(
            refusal(&format!("a=recvonly\r\n{}", VIDEO.replace("a=sendonly\r\n", "")))
                .contains("sendonly")
        );
        let foreign = VIDEO.replace("msid:s", "msid:t");
        assert!(refusal(&format!("{AUDIO}{foreign}")).contains("MediaStream"));
    }

    #[test]
    fn a_data_channel_or_an_idle_line_stops_no_publisher() {
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";
        assert_eq!(checked(&format!("{AUDIO}{VIDEO}{data}")), Ok(()));
        for idle in ["inactive", "recvonly"] {
            let third = VIDEO.replace("sendonly", idle).replace("msid:s", "msid:t");
            assert_eq!(checked(&format!("{AUDIO}{VIDEO}{third}")), Ok(()), "{idle}");
        }
        assert!(refusal(data).contains("sendonly"));
    }

    #[test]
    fn what_an_answer_refuses_is_found() {
        let offer = format!("v=0\r\n{AUDIO}{VIDEO}m=application 9 UDP/DTLS/SCTP x\r\n");
        let offer = Description::parse(&offer).unwrap();
        let refused_kind = |media: &str| {
            let text = format!("v=0\r\n{media}m=application 0 UDP/DTLS/SCTP x\r\n");
            let answer = Description::parse(&text).unwrap();
            refused(&offer, &answer).map(|it| it.kind.to_owned())
        };
        let taken = "m=audio 9 x 111\r\na=recvonly\r\nm=video 0 x 96\r\na=bundle-only\r\n";
        assert_eq!(refused_kind(taken), None);
        let one = "m=audio 9 x 111\r\na=recvonly\r\nm=video 0 x 96\r\n";
        assert_eq!(refused_kind(one).as_deref(), Some("video"));
        let idle = "m=audio 9 x 111\r\na=recvonly\r\nm=video 9 x 96\r\na=inactive\r\n";
        assert_eq!(refused_kind(idle).as_deref(), Some("video"));
    }

    #[test]
    fn a_player_has_to_receive() {
        let plays =
            |media: &str| can_play(&Description::parse(&format!("v=0\r\n{media}")).unwrap());
        assert!(plays("m=video 9 x 96\r\na=recvonly\r\n"));
        assert!(plays("m=video 9 x 96\r\na=sendrecv\r\n"));
        assert!(!plays("m=video 9 x 96\r\na=sendonly\r\n"));
        assert!(!plays("m=application 9 x y\r\n"));
        assert!(!plays(""));
        let both = Description::parse("v=0\r\nm=audio 9 x 1\r\nm=video 9 x 2\r\n").unwrap();
        assert_eq!(video_index(&both), Some(1));
    }

    #[test]
    fn each_section_says_once_that_it_is_multiplexed_only() {
        let text = "m=audio 9 x 1\r\na=rtcp-mux\r\nm=video 9 x 2\r\na=rtcp-mux\r\n";
        let once = with_rtcp_mux_only(text);
        assert_eq!(once.matches("a=rtcp-mux-only\r\n").count(), 2);
        assert_eq!(with_rtcp_mux_only(&once), once);
    }
}
