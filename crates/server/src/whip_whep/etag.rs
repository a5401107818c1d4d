//! Entity-tags of ICE sessions, and `If-Match` (RFC 9110, sections 8.8.3 and 13.1.1; RFC 9725,
//! section 4.3.1).

/// A new strong entity-tag.
pub(crate) fn new() -> String {
    format!("\"{:016x}\"", rand::random::<u64>())
}

/// What an `If-Match` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// It is not there: 428.
    Missing,
    /// Another ICE session is meant: 412.
    Other,
    /// It holds.
    Holds,
}

/// Compares strongly: a weak tag matches nothing. `"*"` in quotes, as the examples of RFC 9725 have
/// it, is taken for `*`.
pub(crate) fn check(if_match: Option<&str>, current: &str) -> Match {
    let Some(tags) = if_match else { return Match::Missing };
    let mut tags = tags.split(',').map(str::trim);
    if tags.any(|tag| tag == current || tag == "*" || tag == "\"*\"") {
        Match::Holds
    } else {
        Match::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_is_compared_strongly_and_may_be_a_list() {
        let ours = "\"a1\"";
        assert_eq!(check(None, ours), Match::Missing);
        for holds in ["\"a1\"", "*", "\"*\"", "\"x\", \"a1\"", " \"a1\" "] {
            assert_eq!(check(Some(holds), ours), Match::Holds, "{holds}");
        }
        for other in ["\"x\"", "W/\"a1\"", "a1", "", "\"A1\""] {
            assert_eq!(check(Some(other), ours), Match::Other, "{other}");
        }
    }

    #[test]
    fn each_ice_session_has_a_tag_of_its_own() {
        assert_ne!(new(), new());
        assert!(new().starts_with('"') && new().ends_with('"'));
    }
}
