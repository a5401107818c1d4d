//! The content security policies: what pages may load, and who may show them in a frame.

use axum::http::HeaderValue;

/// No script, style or frame but our own; sockets to wherever the page was loaded from.
const CONTENT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob: mediastream:; connect-src 'self' ws: wss:; \
    font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'";

/// One of our own pages, and one of the embed.
#[derive(Debug, Clone)]
pub(crate) struct Policies {
    pub(crate) pages: HeaderValue,
    pub(crate) embed: HeaderValue,
}

impl Policies {
    /// `embed_origins` may show the embed: checked origins, `*` for any page, `none` for none but ours.
    pub(crate) fn new(embed_origins: &[String]) -> Self {
        let pages = format!("{CONTENT}; frame-ancestors 'none'");
        let embed = if embed_origins.iter().any(|it| it == "*") {
            // `frame-ancestors *` would leave out files and apps.
            CONTENT.to_owned()
        } else {
            let named = embed_origins.iter().filter(|it| *it != "none");
            let named: Vec<_> = named.map(|it| it.trim_end_matches('/')).collect();
            format!("{CONTENT}; frame-ancestors 'self' {}", named.join(" ")).trim_end().to_owned()
        };
        let value = |text: &str| HeaderValue::from_str(text).expect("origins are checked at start");
        Self { pages: value(&pages), embed: value(&embed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embed_policy(origins: &[&str]) -> String {
        let origins: Vec<String> = origins.iter().map(|it| (*it).to_owned()).collect();
        let policies = Policies::new(&origins);
        assert!(policies.pages.to_str().unwrap().ends_with("; frame-ancestors 'none'"));
        policies.embed.to_str().unwrap().to_owned()
    }

    #[test]
    fn who_may_show_the_embed_is_told_to_browsers() {
        assert_eq!(embed_policy(&["*"]), CONTENT);
        assert_eq!(embed_policy(&["https://a.example", "*"]), CONTENT);
        let only = |ancestors: &str| format!("{CONTENT}; frame-ancestors {ancestors}");
        assert_eq!(embed_policy(&["none"]), only("'self'"));
        assert_eq!(embed_policy(&[]), only("'self'"));
        assert_eq!(
            embed_policy(&["https://a.example/", "https://*.b.example:8443"]),
            only("'self' https://a.example https://*.b.example:8443")
        );
    }
}
