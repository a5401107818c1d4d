//! Which web pages may open a socket: those of this server, those named in the configuration, and
//! on a developer's machine those of a development server. Browsers send `Origin` and cannot be made
//! to lie about it; other programs send none, and are let in.

/// Whether a socket with this `Origin` may be opened.
///
/// `host` is the request's `Host`; `local` says that the caller is this very machine.
pub(crate) fn is_allowed(
    origin: Option<&str>,
    host: Option<&str>,
    local: bool,
    allowed: &[String],
) -> bool {
    let Some(origin) = origin else { return true };
    if allowed.iter().any(|own| own.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without_default = |authority: &str| {
        authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase()
    };
    if host.is_some_and(|host| without_default(host) == without_default(authority)) {
        return true;
    }
    local && matches!(hostname(authority), "localhost" | "127.0.0.1" | "[::1]")
}

/// The authority without its port.
fn hostname(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_matrix() {
        let allowed = ["https://studio.example".to_owned()];
        let check = |origin: Option<&str>, host: &str, local: bool, expect: bool| {
            let found = is_allowed(origin, Some(host), local, &allowed);
            assert_eq!(found, expect, "origin {origin:?} host {host} local {local}");
        };
        // Ours.
        check(None, "live.example", false, true);
        check(Some("https://live.example"), "live.example", false, true);
        check(Some("https://LIVE.example"), "live.EXAMPLE:443", false, true);
        check(Some("http://live.example:3000"), "live.example:3000", false, true);
        check(Some("http://192.168.1.5:3000"), "192.168.1.5:3000", false, true);
        check(Some("http://[fd00::5]:3000"), "[fd00::5]:3000", false, true);
        check(Some("https://studio.example"), "live.example", false, true);
        // A development server of this machine.
        check(Some("http://localhost:5173"), "localhost:3000", true, true);
        check(Some("http://127.0.0.1:5173"), "localhost:3000", true, true);
        check(Some("http://[::1]:5173"), "localhost:3000", true, true);
        check(Some("https://localhost"), "localhost:3000", true, true);
        // Everybody else.
        check(Some("null"), "localhost:3000", true, false);
        check(Some(""), "localhost:3000", true, false);
        check(Some("file://"), "localhost:3000", true, false);
        check(Some("http://evil-localhost.com"), "localhost:3000", true, false);
        check(Some("http://localhost.evil.com"), "localhost:3000", true, false);
        check(Some("http://evil.com:3000"), "localhost:3000", true, false);
        check(Some("http://localhost:5173"), "192.168.1.5:3000", false, false);
        check(Some("http://192.168.1.5:8080"), "192.168.1.5:3000", false, false);
        check(Some("https://evil-live.example"), "live.example", false, false);
        check(Some("https://live.example.evil.com"), "live.example", false, false);
        check(Some("https://live.example:8443"), "live.example", false, false);
        check(Some("http://studio.example"), "live.example", false, false);
        check(Some("https://studio.example.evil.com"), "live.example", false, false);
        check(Some("https://localhost@evil.com"), "localhost:3000", true, false);
    }
}
