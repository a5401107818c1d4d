//! SDP fragments of trickle ICE (RFC 8840, section 9), as a PATCH carries them.

use loadgen::client::Credentials;

use crate::description::Description;

/// Their media type.
pub(crate) const TYPE: &str = "application/trickle-ice-sdpfrag";

/// A fragment for the first section of our description, with the given credentials and candidates.
pub(crate) fn write(ours: &Description, credentials: &Credentials) -> String {
    let mut lines = Vec::new();
    if let Some(options) = ours.anywhere("ice-options") {
        lines.push(format!("a=ice-options:{options}"));
    }
    if let Some(group) = ours.session_attribute("group") {
        lines.push(format!("a=group:{group}"));
    }
    let first = ours.sections.first();
    let kind = first.map_or("audio", |it| it.kind.as_str());
    lines.push(format!("m={kind} 9 UDP/TLS/RTP/SAVPF 0"));
    lines.push(format!("a=mid:{}", first.map_or("0", |it| it.mid())));
    lines.push(format!("a=ice-ufrag:{}", credentials.ufrag));
    lines.push(format!("a=ice-pwd:{}", credentials.pwd));
    lines.extend(credentials.candidates.iter().map(|it| format!("a={it}")));
    lines.push("a=end-of-candidates".to_owned());
    lines.iter().map(|it| format!("{it}\r\n")).collect()
}

/// The credentials and candidates of a description or a fragment.
pub(crate) fn credentials(of: &Description) -> Option<Credentials> {
    Some(Credentials {
        ufrag: of.anywhere("ice-ufrag")?.to_owned(),
        pwd: of.anywhere("ice-pwd")?.to_owned(),
        candidates: of.candidates(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let ours =
            "v=0\r\na=group:BUNDLE 0\r\na=ice-options:trickle\r\nm=audio 9 X 0\r\na=mid:0\r\n";
        let candidates = vec!["candidate:1 1 udp 1 192.0.2.1 9 typ host".to_owned()];
        let it = Credentials { ufrag: "abcd".into(), pwd: "p".repeat(22), candidates };
        let text = write(&Description::parse(ours).unwrap(), &it);
        assert!(
            text.starts_with("a=ice-options:trickle\r\na=group:BUNDLE 0\r\nm=audio 9 "),
            "{text}"
        );
        assert_eq!(credentials(&Description::parse(&text).unwrap()), Some(it));
    }
}
