//! Fragments of session descriptions (RFC 8840, section 9): candidates of a client, which an ICE-lite server does not
//! need, or the new credentials of an ICE restart; and our answer to that.

use protocol::ErrorCode;
use sdp::{Credentials, Description, Error, Fragment, rewritten};

use crate::problem::Problem;

/// Reads a fragment: the client's credentials, when it names them.
///
/// # Errors
/// When it is none.
pub(crate) fn read(text: &str) -> Result<Option<Credentials<'_>>, Problem> {
    let unreadable = |error: Error| {
        let code = if error.is_too_large() { ErrorCode::TooLarge } else { ErrorCode::SdpBad };
        Problem::new(code, format!("the fragment cannot be read: {error}"))
    };
    let fragment = Fragment::parse(text).map_err(unreadable)?;
    if !fragment.says_anything() {
        let message = "the fragment has neither candidates nor credentials";
        return Err(Problem::new(ErrorCode::SdpBad, message));
    }
    fragment.credentials().map_err(unreadable)
}

/// The description that the client would send to restart ICE, if it sent a whole one: all that is not
/// ICE's stays as it was (RFC 9725, section 4.3.3). An answer becomes an offer.
pub(crate) fn restarted(description: &str, credentials: Credentials<'_>) -> String {
    rewritten(description, |line, out| match line.attribute() {
        Some(("ice-ufrag", _)) => out.attribute("ice-ufrag", credentials.ufrag),
        Some(("ice-pwd", _)) => out.attribute("ice-pwd", credentials.pwd),
        Some(("candidate" | "end-of-candidates", _)) => {}
        // Which side is which was settled by the first handshake (RFC 8842, section 5.5).
        Some(("setup", "active" | "passive")) => out.attribute("setup", "actpass"),
        _ => out.line(line.text()),
    })
}

/// Our part of an ICE restart, from the answer that the media plane gave.
///
/// # Errors
/// When it is no description.
pub(crate) fn write(answer: &str) -> Result<String, Error> {
    Description::parse(answer).map(|it| Fragment::of(&it).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTART: &str = "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ysXw\r\n\
        a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n\
        a=end-of-candidates\r\n";

    #[test]
    fn a_fragment_has_candidates_or_credentials() {
        assert_eq!(read(RESTART).unwrap().unwrap().ufrag, "ysXw");
        let candidate = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n";
        assert_eq!(read(candidate).unwrap(), None);
        assert_eq!(read("a=end-of-candidates\n").unwrap(), None);
    }

    #[test]
    fn what_is_no_fragment_is_told_apart() {
        for (text, why) in [
            ("", "neither"),
            ("hello", "line 1: a fragment has lines of a="),
            ("v=0\r\n", "lines of a="),
            ("a=mid:0\r\n", "neither"),
            ("a=ice-ufrag:abcd\r\n", "together"),
            ("m=audio 9 x 0\r\na=ice-pwd:short\r\n", "line 2: it needs an a=ice-pwd of 22 to 256"),
        ] {
            let problem = read(text).expect_err(text);
            assert_eq!(problem.code, ErrorCode::SdpBad, "{text:?}");
            assert!(problem.detail.contains(why), "{text:?}: {}", problem.detail);
        }
        assert_eq!(read(&"a=x\r\n".repeat(3_000)).unwrap_err().code, ErrorCode::TooLarge);
    }

    #[test]
    fn a_restart_changes_what_is_ices_and_nothing_else() {
        let sdp = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\nm=audio 9 x 111\r\na=setup:active\r\n\
            a=ice-ufrag:old1\r\na=ice-pwd:oldoldoldoldoldoldoldold\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n\
            a=fingerprint:sha-256 AA\r\nm=video 9 x 96\r\na=ice-ufrag:old1\r\n\
            a=ice-pwd:oldoldoldoldoldoldoldold\r\n";
        let new = restarted(sdp, read(RESTART).unwrap().unwrap());
        assert_eq!(new.matches("a=ice-ufrag:ysXw\r\n").count(), 2);
        assert!(!new.contains("candidate:") && !new.contains("old"));
        assert!(new.contains("a=fingerprint:sha-256 AA\r\n") && new.contains("a=setup:actpass"));
        let read = Description::parse(&new).unwrap();
        let transport = read.transport(&read.sections[0]);
        assert_eq!(transport.ice_pwd(), Ok("vw5LmwG4y/e6dPP/zAP9Gp5k"));
    }

    #[test]
    fn our_part_has_what_the_standard_asks_for() {
        let answer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\na=ice-lite\r\na=ice-options:ice2\r\n\
            a=group:BUNDLE 0 1\r\nm=audio 9 x 111\r\na=mid:0\r\na=ice-ufrag:new1\r\na=ice-pwd:secret\r\n\
            a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\na=sendonly\r\n\
            m=video 9 x 96\r\na=mid:1\r\na=ice-ufrag:new1\r\n";
        assert_eq!(
            write(answer).unwrap(),
            "a=ice-lite\r\na=ice-options:ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 x 111\r\n\
             a=mid:0\r\na=ice-ufrag:new1\r\na=ice-pwd:secret\r\n\
             a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
        );
    }
}
