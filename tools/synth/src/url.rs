//! URLs that a server names.

use hyper::Uri;
use url::Url;

/// The whole URL of a `Location` or of the target of a `Link`, relative to the URL that was asked for
/// (RFC 3986, section 5); `None` when it is none.
#[must_use]
pub fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let base = Url::parse(&base.to_string()).ok()?;
    base.join(reference).ok()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_resolved_against_the_url_that_was_asked_for() {
        let base = "http://localhost:8080/api/v1/whep?app=live".parse().unwrap();
        let at = |reference| resolve(&base, reference).unwrap().to_string();
        assert_eq!(at("/session/1?a=b"), "http://localhost:8080/session/1?a=b");
        assert_eq!(at("1"), "http://localhost:8080/api/v1/1");
        assert_eq!(at("../x"), "http://localhost:8080/api/x");
        assert_eq!(at("?y"), "http://localhost:8080/api/v1/whep?y");
        assert_eq!(at("http://other/1"), "http://other/1");
        assert_eq!(at("//other/1"), "http://other/1");
        assert_eq!(resolve(&base, "http://[::1"), None);
    }
}
