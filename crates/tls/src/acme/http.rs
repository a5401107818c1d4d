//! Requests to the CA.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::Limited;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::time::timeout;

use super::error::{Failure, HttpError, with_causes};
use super::limits::{ANSWER_BYTES, ANSWER_WITHIN};
use super::schedule::Told;
use crate::client::{client_config, trusting};
use crate::error::{Because, TlsError};

type Body = BodyWrapper<Bytes>;
type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

/// HTTPS to the CA, whose own certificate leads to one of these roots, or without a file to one of Mozilla's.
pub(super) fn client(roots: Option<&Path>) -> Result<Arc<dyn HttpClient>, TlsError> {
    let config = match roots {
        None => client_config(),
        Some(path) => trusting(read_roots(path).map_err(|because| TlsError::new(path, because))?),
    };
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
    Ok(Arc::new(Https(Client::builder(TokioExecutor::new()).build(connector))))
}

fn read_roots(path: &Path) -> Result<RootCertStore, Because> {
    let text = std::fs::read(path).map_err(Because::Read)?;
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(&text) {
        let invalid = |what: String| Because::Invalid(format!("the root is not valid: {what}"));
        let root = root.map_err(|error| invalid(error.to_string()))?;
        roots.add(root).map_err(|error| invalid(error.to_string()))?;
    }
    if roots.is_empty() { Err(Because::NoCertificate) } else { Ok(roots) }
}

struct Https(Client<HttpsConnector<HttpConnector>, Body>);

impl HttpClient for Https {
    fn request(&self, request: Request<Body>) -> Answer {
        let response = self.0.request(request);
        Box::pin(async move {
            let response = response.await.map_err(|error| unreachable(with_causes(&error)))?;
            Ok(response.map(|body| Limited::new(body, ANSWER_BYTES)).into())
        })
    }
}

/// Adds to a client what `instant_acme` lacks: deadlines, the CA's words in answers that it does not look into, and
/// the `Retry-After` of refusals.
pub(super) struct Guarded {
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) refusals: Refusals,
}

/// What the CA said with its last refusal.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusals(Arc<Mutex<Told>>);

impl Refusals {
    /// Takes what was said since the last call.
    pub(super) fn take(&self) -> Told {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, told: Told) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

impl HttpClient for Guarded {
    fn request(&self, mut request: Request<Body>) -> Answer {
        let agent = HeaderValue::from_static(concat!("kaibo/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let is_get = request.method() == Method::GET;
        let (answer, refusals) = (self.client.request(request), self.refusals.clone());
        Box::pin(async move {
            let read = async {
                let BytesResponse { parts, mut body } = answer.await?;
                match body.into_bytes().await {
                    Ok(body) => Ok((parts, body)),
                    Err(error) => Err(unreachable(with_causes(error.as_ref()))),
                }
            };
            let slow = format!("no answer within {} s", ANSWER_WITHIN.as_secs());
            let (parts, body) =
                timeout(ANSWER_WITHIN, read).await.map_err(|_| unreachable(slow))??;
            if parts.status.is_client_error() || parts.status.is_server_error() {
                refusals.note(Told {
                    retry_after: retry_after(&parts.headers, SystemTime::now()),
                    is_rate_limited: parts.status == StatusCode::TOO_MANY_REQUESTS,
                });
                // `instant_acme` reads the problems of POST requests alone.
                if is_get || !is_json(&parts.headers) {
                    return Err(refusal(parts.status, &body));
                }
            }
            Ok(BytesResponse { parts, body: Box::new(body) })
        })
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) if problem.detail.is_some() => Error::Api(problem),
        _ => unreachable(format!("it answered {status}")),
    }
}

fn unreachable(why: String) -> Error {
    Error::Other(Box::new(HttpError(Failure::Unreachable(why))))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.contains("json"))
}

/// RFC 9110, section 10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            retry_after(&headers, now)
        };
        assert_eq!(read("3600"), Some(Duration::from_secs(3600)));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }
}
