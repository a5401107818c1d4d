//! What the toy reads and writes of descriptions.

/// Why a description is refused.
pub(crate) enum Fault {
    Malformed,
    Truncated,
}

pub(crate) fn check(sdp: &str) -> Result<(), Fault> {
    if !sdp.starts_with("v=0\r\n") {
        return Err(Fault::Malformed);
    }
    let is_whole = ["\nm=", "a=fingerprint:", "a=setup:", "a=ice-ufrag:"];
    let pwd = sdp.lines().find_map(|it| it.strip_prefix("a=ice-pwd:"));
    if !is_whole.iter().all(|it| sdp.contains(it)) || pwd.is_none_or(|it| it.len() < 22) {
        return Err(Fault::Truncated);
    }
    Ok(())
}

/// A description of ours with what is asked for beyond what str0m writes.
pub(crate) fn dress(sdp: &str) -> String {
    let mut out = String::new();
    for line in sdp.lines().filter(|it| *it != "a=rtcp-mux-only") {
        match line.strip_prefix("a=msid:").and_then(|it| it.split_once(' ')) {
            Some((_, track)) => out.push_str(&format!("a=msid:toy {track}\r\n")),
            None => out.push_str(&format!("{line}\r\n")),
        }
        if line == "a=rtcp-mux" {
            out.push_str("a=rtcp-mux-only\r\n");
        }
    }
    out
}

/// Without the lines that begin so.
pub(crate) fn without(sdp: &str, start: &str) -> String {
    sdp.split_inclusive('\n').filter(|it| !it.starts_with(start)).collect()
}

pub(crate) fn with_another_fingerprint(sdp: &str) -> String {
    let change = |line: &str| match line.strip_prefix("a=fingerprint:sha-256 ") {
        Some(it) => {
            let other = if it.starts_with("00") { "11" } else { "00" };
            format!("a=fingerprint:sha-256 {other}{}\r\n", &it[2..])
        }
        None => format!("{line}\r\n"),
    };
    sdp.lines().map(change).collect()
}

/// The part of a description that is about ICE.
pub(crate) fn fragment(sdp: &str) -> String {
    let wanted = ["a=ice-", "a=candidate:", "a=end-of-candidates"];
    let mut out = String::new();
    let mut sections = sdp.split("\r\nm=");
    let session = sections.next().unwrap();
    for it in session.lines().filter(|it| it.starts_with("a=ice-") || it.starts_with("a=group:")) {
        out.push_str(&format!("{it}\r\n"));
    }
    let first = sections.next().unwrap();
    out.push_str(&format!("m={}\r\n", first.lines().next().unwrap()));
    for it in first
        .lines()
        .filter(|it| it.starts_with("a=mid:") || wanted.iter().any(|w| it.starts_with(w)))
    {
        out.push_str(&format!("{it}\r\n"));
    }
    out
}

/// A client's fragment.
pub(crate) struct Fragment {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// Whether a candidate in it makes no sense.
    pub(crate) is_bogus: bool,
}

impl Fragment {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_line = |it: &str| it.starts_with("a=") || it.starts_with("m=");
        if !text.lines().all(is_line) {
            return None;
        }
        let find = |name: &str| text.lines().find_map(|it| it.strip_prefix(name));
        Some(Self {
            ufrag: find("a=ice-ufrag:")?.to_owned(),
            pwd: find("a=ice-pwd:")?.to_owned(),
            is_bogus: text.contains("carrier-pigeon"),
        })
    }

    pub(crate) fn is_of(&self, sdp: &str) -> bool {
        sdp.contains(&format!("a=ice-ufrag:{}\r\n", self.ufrag))
            && sdp.contains(&format!("a=ice-pwd:{}\r\n", self.pwd))
    }

    pub(crate) fn put_into(&self, sdp: &str) -> String {
        let change = |line: &str| {
            if line.starts_with("a=ice-ufrag:") {
                format!("a=ice-ufrag:{}\r\n", self.ufrag)
            } else if line.starts_with("a=ice-pwd:") {
                format!("a=ice-pwd:{}\r\n", self.pwd)
            } else {
                format!("{line}\r\n")
            }
        };
        sdp.lines().map(change).collect()
    }
}
