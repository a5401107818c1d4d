//! Reads session descriptions strictly, and what a check needs of them.

use sdp::{Description, Section};

/// Reads a description as its grammar has it (RFC 8866, section 9): every line is `x=value`.
pub(crate) fn parse(text: &str) -> Result<Description<'_>, String> {
    let description = Description::parse(text).map_err(|it| it.to_string())?;
    let is_line = |it: &sdp::Line<'_>| {
        it.text().is_empty() || matches!(it.raw.as_bytes(), [b'a'..=b'z', b'=', ..])
    };
    match sdp::lines(text).find(|it| !is_line(it)) {
        Some(wrong) => Err(format!("line {} is no line of a description", wrong.number)),
        None => Ok(description),
    }
}

/// The sections that are not rejected (RFC 3264, section 6).
pub(crate) fn accepted<'a, 'b>(
    description: &'b Description<'a>,
) -> impl Iterator<Item = &'b Section<'a>> {
    description.sections.iter().filter(|it| it.port != 0)
}

/// All candidates, each once, beginning with `candidate:`.
pub(crate) fn candidates(description: &Description<'_>) -> Vec<String> {
    let sections = description.sections.iter().map(|it| &it.attributes);
    let mut all: Vec<String> = Vec::new();
    for value in
        std::iter::once(&description.session).chain(sections).flat_map(|it| it.all(CANDIDATE))
    {
        let candidate = format!("{CANDIDATE}:{value}");
        if !all.contains(&candidate) {
            all.push(candidate);
        }
    }
    all
}

pub(crate) const CANDIDATE: &str = "candidate";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_has_candidates() {
        let text = "v=0\r\na=ice-lite\r\nm=audio 9 X 0\r\na=mid:0\r\n\
                    a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\nm=video 0 X 1\r\n\
                    a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
        let it = parse(text).unwrap();
        assert_eq!(accepted(&it).map(|it| it.kind).collect::<Vec<_>>(), ["audio"]);
        assert_eq!(candidates(&it), ["candidate:1 1 udp 1 192.0.2.1 9 typ host"]);
    }

    #[test]
    fn what_is_no_description_is_told() {
        assert_eq!(parse("<html>").unwrap_err(), "line 1: it does not begin with v=0");
        assert!(parse("v=0\r\nm=audio\r\n").unwrap_err().contains("line 2: an m= line"));
        assert_eq!(
            parse("v=0\r\n\r\nhello\r\n").unwrap_err(),
            "line 3 is no line of a description"
        );
    }
}
