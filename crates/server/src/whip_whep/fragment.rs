//! `application/trickle-ice-sdpfrag` (RFC 8840, section 9): candidates of a client, which an ICE-lite server does not
//! need, or the new credentials of an ICE restart; and our answer to that.

/// The credentials of one side (RFC 8839, section 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
}

/// Reads a fragment: the client's credentials, when it names them.
///
/// # Errors
/// When it is none; the text says why.
pub(crate) fn read(text: &str) -> Result<Option<Credentials>, String> {
    let (mut ufrag, mut pwd) = (None, None);
    let mut says_anything = false;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let Some((kind, value)) =
            line.split_once('=').filter(|(kind, _)| matches!(*kind, "a" | "m"))
        else {
            let line: String = line.chars().take(40).collect();
            return Err(format!("a fragment has lines of a= and m= only, and not {line:?}"));
        };
        if kind == "m" {
            continue;
        }
        if let Some(given) = value.strip_prefix("ice-ufrag:") {
            same(&mut ufrag, given, 4, "ice-ufrag")?;
        } else if let Some(given) = value.strip_prefix("ice-pwd:") {
            same(&mut pwd, given, 22, "ice-pwd")?;
        } else if !value.starts_with("candidate:") && value != "end-of-candidates" {
            continue;
        }
        says_anything = true;
    }
    if !says_anything {
        return Err("the fragment has neither candidates nor credentials".to_owned());
    }
    match (ufrag, pwd) {
        (Some(ufrag), Some(pwd)) => Ok(Some(Credentials { ufrag, pwd })),
        (None, None) => Ok(None),
        _ => Err("ice-ufrag and ice-pwd come together".to_owned()),
    }
}

/// Takes a credential; all sections are in one bundle and have the same.
fn same(known: &mut Option<String>, given: &str, least: usize, name: &str) -> Result<(), String> {
    let is_ice_char = |c: u8| c.is_ascii_alphanumeric() || c == b'+' || c == b'/';
    if !(least..=256).contains(&given.len()) || !given.bytes().all(is_ice_char) {
        return Err(format!("{name} has {least} to 256 letters, digits, + and /"));
    }
    match known {
        Some(known) if known != given => Err(format!("there are two of {name}")),
        Some(_) => Ok(()),
        None => {
            *known = Some(given.to_owned());
            Ok(())
        }
    }
}

/// The credentials of a description; those of its first section, as all are bundled.
pub(crate) fn credentials(sdp: &str) -> Option<Credentials> {
    let find = |name: &str| sdp.lines().find_map(|line| line.trim_end().strip_prefix(name));
    let (ufrag, pwd) = (find("a=ice-ufrag:")?, find("a=ice-pwd:")?);
    Some(Credentials { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
}

/// The description that the client would send to restart ICE, if it sent a whole one: all that is not
/// ICE's stays as it was (RFC 9725, section 4.3.3). An answer becomes an offer.
pub(crate) fn restarted(sdp: &str, credentials: &Credentials) -> String {
    let mut out = String::with_capacity(sdp.len());
    let mut push = |line: &str| {
        out.push_str(line);
        out.push_str("\r\n");
    };
    for line in sdp.lines().map(str::trim_end) {
        if line.starts_with("a=ice-ufrag:") {
            push(&format!("a=ice-ufrag:{}", credentials.ufrag));
        } else if line.starts_with("a=ice-pwd:") {
            push(&format!("a=ice-pwd:{}", credentials.pwd));
        } else if line.starts_with("a=candidate:") || line == "a=end-of-candidates" {
        } else if line == "a=setup:active" || line == "a=setup:passive" {
            // Which side is which was settled by the first handshake (RFC 8842, section 5.5).
            push("a=setup:actpass");
        } else {
            push(line);
        }
    }
    out
}

/// Our part of an ICE restart, from the answer that the media plane gave.
pub(crate) fn write(answer: &str) -> String {
    let mut session = Vec::new();
    let mut section = Vec::new();
    let mut n_sections = 0;
    for line in answer.lines().map(str::trim_end) {
        if line.starts_with("m=") {
            n_sections += 1;
            if n_sections == 1 {
                section.push(line);
            }
            continue;
        }
        let Some(attribute) = line.strip_prefix("a=") else { continue };
        let is = |names: &[&str]| {
            names.iter().any(|name| attribute.split(':').next().unwrap_or_default() == *name)
        };
        if is(&["ice-lite", "ice-options", "ice-pacing", "group"]) && n_sections == 0 {
            session.push(line);
        } else if n_sections <= 1
            && is(&["mid", "ice-ufrag", "ice-pwd", "ice-options", "candidate", "end-of-candidates"])
        {
            section.push(line);
        }
    }
    // A media-level attribute of a session-level credential is no less right.
    section.sort_by_key(|line| !line.starts_with("m="));
    let mut out = String::new();
    for line in session.into_iter().chain(section) {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RESTART: &str = "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ysXw\r\n\
        a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n\
        a=end-of-candidates\r\n";

    #[test]
    fn the_fragment_of_the_standard_is_read() {
        assert_eq!(read(RESTART).unwrap().unwrap().ufrag, "ysXw");
        let candidate = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n";
        assert_eq!(read(candidate).unwrap(), None);
        assert_eq!(read("a=end-of-candidates\n").unwrap(), None);
    }

    #[test]
    fn what_is_no_fragment_is_told_apart() {
        for (text, why) in [
            ("", "neither"),
            ("hello", "lines of a="),
            ("{\"candidate\":\"\"}", "lines of a="),
            ("v=0\r\n", "lines of a="),
            ("a=mid:0\r\n", "neither"),
            ("a=ice-ufrag:abcd\r\n", "together"),
            ("a=ice-ufrag:ab\r\n", "4 to 256"),
            ("a=ice-pwd:short\r\n", "22 to 256"),
            ("a=ice-ufrag:abcd\r\na=ice-ufrag:efgh\r\n", "two of"),
            ("a=ice-ufrag:ab cd\r\n", "4 to 256"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_restart_changes_what_is_ices_and_nothing_else() {
        let sdp = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\nm=audio 9 x 111\r\na=setup:active\r\n\
            a=ice-ufrag:old1\r\na=ice-pwd:oldoldoldoldoldoldoldold\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n\
            a=fingerprint:sha-256 AA\r\nm=video 9 x 96\r\na=ice-ufrag:old1\r\n\
            a=ice-pwd:oldoldoldoldoldoldoldold\r\n";
        let new = restarted(sdp, &read(RESTART).unwrap().unwrap());
        assert_eq!(new.matches("a=ice-ufrag:ysXw\r\n").count(), 2);
        assert!(!new.contains("candidate:") && !new.contains("old"));
        assert!(new.contains("a=fingerprint:sha-256 AA\r\n") && new.contains("a=setup:actpass"));
        assert_eq!(credentials(&new).unwrap().pwd, "vw5LmwG4y/e6dPP/zAP9Gp5k");
    }

    #[test]
    fn our_part_has_what_the_standard_asks_for() {
        let answer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\na=ice-lite\r\na=ice-options:ice2\r\n\
            a=group:BUNDLE 0 1\r\nm=audio 9 x 111\r\na=mid:0\r\na=ice-ufrag:new1\r\na=ice-pwd:secret\r\n\
            a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\na=sendonly\r\n\
            m=video 9 x 96\r\na=mid:1\r\na=ice-ufrag:new1\r\n";
        assert_eq!(
            write(answer),
            "a=ice-lite\r\na=ice-options:ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 x 111\r\n\
             a=mid:0\r\na=ice-ufrag:new1\r\na=ice-pwd:secret\r\n\
             a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            _ = read(&text);
            _ = write(&text);
        }
    }
}
