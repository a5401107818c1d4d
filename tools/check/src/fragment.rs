//! SDP fragments of trickle ICE (RFC 8840, section 9), as a PATCH carries them.

use sdp::{Description, Fragment};
use synth::client::Credentials;

use crate::description;

/// Their media type.
pub(crate) const TYPE: &str = Fragment::MEDIA_TYPE;

/// A fragment for the bundle of our description, with the given credentials and candidates.
pub(crate) fn write(ours: &Description<'_>, credentials: &Credentials) -> String {
    let Credentials { ufrag, pwd, candidates } = credentials;
    let prefix = [description::CANDIDATE, ":"].concat();
    let candidates = candidates.iter().map(|it| it.strip_prefix(&prefix).unwrap_or(it));
    let fragment = Fragment::of(ours).with_credentials(sdp::Credentials { ufrag, pwd });
    fragment.with_candidates(candidates).to_string()
}

/// The credentials and candidates of a description.
pub(crate) fn credentials(of: &Description<'_>) -> Option<Credentials> {
    let it = of.transport(of.tagged()?).credentials().ok()?;
    let candidates = description::candidates(of);
    Some(Credentials { ufrag: it.ufrag.to_owned(), pwd: it.pwd.to_owned(), candidates })
}

/// The same of the answer to a fragment.
pub(crate) fn credentials_of_answer(of: &Fragment<'_>) -> Option<Credentials> {
    let it = of.credentials().ok()??;
    let sections = of.sections.iter().map(|it| &it.attributes);
    let values =
        std::iter::once(&of.session).chain(sections).flat_map(|it| it.all(description::CANDIDATE));
    let candidates = values.map(|it| format!("{}:{it}", description::CANDIDATE)).collect();
    Some(Credentials { ufrag: it.ufrag.to_owned(), pwd: it.pwd.to_owned(), candidates })
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
            text.starts_with("a=group:BUNDLE 0\r\na=ice-options:trickle\r\nm=audio 9 X 0\r\n"),
            "{text}"
        );
        assert_eq!(credentials_of_answer(&Fragment::parse(&text).unwrap()), Some(it));
    }
}
