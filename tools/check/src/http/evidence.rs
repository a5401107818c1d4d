//! Requests and responses as a report shows them: long bodies cut, secrets hidden.

use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode, Uri};
use serde::Serialize;

/// Of a body; a description's first section fits.
const MAX_EXCERPT: usize = 1_200;
/// What stands for a secret.
const HIDDEN: &str = "[hidden]";

/// A request, and its response or why there was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// What was sent.
    pub request: Message,
    /// What was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Message>,
    /// Why nothing was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Half of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The request line or the status.
    pub line: String,
    /// The header fields, in the order of their names' first appearance.
    pub headers: Vec<String>,
    /// The body's beginning.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
}

/// What no report may show.
#[derive(Clone)]
pub(super) struct Secrets(Option<String>);

impl Secrets {
    pub(super) fn new(token: Option<&str>) -> Self {
        Self(token.filter(|it| !it.is_empty()).map(ToOwned::to_owned))
    }

    fn hide(&self, text: &str) -> String {
        let text = match &self.0 {
            Some(token) => text.replace(token.as_str(), HIDDEN),
            None => text.to_owned(),
        };
        hide_credentials(&text)
    }
}

/// TURN passwords of `Link` header fields (RFC 9725, section 4.6).
fn hide_credentials(text: &str) -> String {
    const KEY: &str = "credential=";
    let Some(at) = text.to_ascii_lowercase().find(KEY) else { return text.to_owned() };
    let (before, rest) = text.split_at(at + KEY.len());
    let rest = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map_or("", |(_, rest)| rest),
        None => rest.find([';', ',']).map_or("", |at| &rest[at..]),
    };
    format!("{before}{HIDDEN}{}", hide_credentials(rest))
}

impl Exchange {
    pub(super) fn asked(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &Secrets,
    ) -> Self {
        let shown = uri.authority().map_or("", |it| it.as_str()).rsplit('@').next();
        let path = uri.path_and_query().map_or("/", |it| it.as_str());
        let scheme = uri.scheme_str().unwrap_or_default();
        let line = format!("{method} {scheme}://{}{path}", shown.unwrap_or_default());
        let body = excerpt(&String::from_utf8_lossy(body));
        let message = Message {
            line: secrets.hide(&line),
            headers: shown_headers(headers, secrets),
            body: secrets.hide(&body),
        };
        Self { request: message, response: None, error: None }
    }

    pub(super) fn answered(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        secrets: &Secrets,
    ) -> Self {
        let headers = shown_headers(headers, secrets);
        let response = Message { line: status.to_string(), headers, body: String::new() };
        Self { response: Some(response), ..self }
    }

    pub(super) fn with_body(mut self, body: &str, secrets: &Secrets) -> Self {
        if let Some(response) = &mut self.response {
            response.body = secrets.hide(&excerpt(body));
        }
        self
    }

    pub(super) fn failed(self, error: &str, secrets: &Secrets) -> Self {
        Self { error: Some(secrets.hide(error)), ..self }
    }
}

fn shown_headers(headers: &HeaderMap, secrets: &Secrets) -> Vec<String> {
    let show = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        if name == AUTHORIZATION {
            return format!("{name}: Bearer {HIDDEN}");
        }
        secrets.hide(&format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
    };
    headers.iter().map(show).collect()
}

fn excerpt(body: &str) -> String {
    if body.len() <= MAX_EXCERPT {
        return body.to_owned();
    }
    let end = (0..=MAX_EXCERPT).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
    format!("{}[… {} bytes in all]", body.get(..end).unwrap_or_default(), body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let secrets = Secrets::new(Some("hunter2"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer hunter2".parse().unwrap());
        let link = r#"<turn:t>; username="u"; credential="pass"; x=1, <turn:u>; credential=word"#;
        headers.insert("link", link.parse().unwrap());
        let uri = "https://me:pw@example.com/whip?token=hunter2".parse().unwrap();
        let asked = Exchange::asked(&Method::POST, &uri, &headers, b"key=hunter2", &secrets);
        let shown = serde_json::to_string(&asked.failed("hunter2?", &secrets)).unwrap();
        for secret in ["hunter2", "pass", "word", "pw"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
        assert!(shown.contains("POST https://example.com/whip?token=[hidden]"), "{shown}");
        assert!(shown.contains(r#"username=\"u\""#), "{shown}");
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let body = "é".repeat(MAX_EXCERPT);
        let shown = excerpt(&body);
        assert!(shown.ends_with("[… 2400 bytes in all]"), "{shown}");
        assert_eq!(excerpt("short"), "short");
    }
}
