//! Requests to servers that the operator names.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// The most of an answer that is read, in bytes.
const ANSWER_BYTES: usize = 256 * 1024;

/// A client of one server. Clones share its connections.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    within: Duration,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// How long it holds, in seconds, as its `Cache-Control` says.
    pub(super) max_age_s: u64,
    pub(super) body: Bytes,
}

impl Http {
    /// A client that waits so long for each answer. A redirect is an answer like any other.
    pub(super) fn new(uri: Uri, within: Duration) -> Self {
        let config = tls::client_config();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        Self { client: Client::builder(TokioExecutor::new()).build(connector), uri, within }
    }

    /// Sends JSON when there is some, else asks.
    pub(super) async fn ask(&self, json: Option<String>) -> Result<Answer, String> {
        let agent = HeaderValue::from_static(concat!("kaibo/", env!("CARGO_PKG_VERSION")));
        let mut request = Request::new(Full::from(json.clone().unwrap_or_default()));
        *request.method_mut() = if json.is_some() { Method::POST } else { Method::GET };
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(USER_AGENT, agent);
        if json.is_some() {
            let kind = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        let exchange = async {
            let response =
                self.client.request(request).await.map_err(|error| with_causes(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            let max_age_s = max_age_s(&head.headers);
            Ok(Answer { status: head.status.as_u16(), max_age_s, body })
        };
        let slow = || Err(format!("no answer within {} s", self.within.as_secs()));
        timeout(self.within, exchange).await.unwrap_or_else(|_| slow())
    }
}

/// RFC 9111, section 5.2.2: what may not be stored holds for one question.
fn max_age_s(headers: &HeaderMap) -> u64 {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|it| it.to_str().ok());
    let mut seconds = 0;
    for word in lines.flat_map(|it| it.split(',')).map(|it| it.trim().to_ascii_lowercase()) {
        if word == "no-store" || word == "no-cache" {
            return 0;
        }
        if let Some(value) = word.strip_prefix("max-age=") {
            seconds = value.parse().unwrap_or(0);
        }
    }
    seconds
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_as_long_as_it_says() {
        let read = |text: &'static str| {
            max_age_s(&HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(text))]))
        };
        assert_eq!(read("max-age=60"), 60);
        assert_eq!(read("private, Max-Age=5"), 5);
        assert_eq!(read("no-store, max-age=60"), 0);
        assert_eq!(read("max-age=soon"), 0);
        assert_eq!(max_age_s(&HeaderMap::new()), 0);
    }
}
