//! The session at the server (RFC 9725): POST with the offer, DELETE at the end.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::PlayError;

/// The longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 256 * 1024;

const SDP: &str = "application/sdp";

/// Where a file is published.
pub(crate) struct Endpoint {
    uri: Uri,
    token: Option<String>,
}

/// A session that the server created.
pub(crate) struct Session {
    /// Its description.
    pub(crate) answer: String,
    uri: Option<Uri>,
}

struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

impl Endpoint {
    pub(crate) fn parse(url: &str, token: Option<&str>) -> Result<Self, PlayError> {
        let uri: Option<Uri> = url.parse().ok();
        let is_http = |it: &Uri| matches!(it.scheme_str(), Some("http" | "https"));
        let uri = uri.filter(|it| is_http(it) && host(it).is_some());
        let uri = uri.ok_or_else(|| PlayError::Url(url.to_owned()))?;
        Ok(Self { uri, token: token.map(ToOwned::to_owned) })
    }

    /// Our own address on the way to the server.
    pub(crate) async fn local_ip(&self) -> Result<IpAddr, PlayError> {
        let ip = async {
            let stream = connect(&self.uri).await?;
            Ok(stream.local_addr().map_err(|it| it.to_string())?.ip())
        };
        timely(ip).await.map_err(|error| self.unreachable(error))
    }

    /// Posts an offer.
    pub(crate) async fn publish(&self, offer: &str) -> Result<Session, PlayError> {
        let asked = timely(self.ask(Method::POST, &self.uri, Some(offer))).await;
        let answer = asked.map_err(|error| self.unreachable(error))?;
        if answer.status != StatusCode::CREATED {
            return Err(PlayError::Refused(told(&answer)));
        }
        let uri = answer.location.and_then(|it| synth::url::resolve(&self.uri, &it));
        Ok(Session { answer: answer.body, uri })
    }

    /// Says goodbye. A server that does not hear it notices by itself.
    pub(crate) async fn end(&self, session: &Session) {
        let Some(uri) = &session.uri else { return };
        // The token is for the server that was named.
        if uri.authority() == self.uri.authority() && uri.scheme() == self.uri.scheme() {
            _ = timely(self.ask(Method::DELETE, uri, None)).await;
        }
    }

    fn unreachable(&self, error: String) -> PlayError {
        // Not what may be a secret behind the path.
        let (scheme, host) = (self.uri.scheme_str(), host(&self.uri));
        let url = format!("{}://{}", scheme.unwrap_or("http"), host.unwrap_or_default());
        PlayError::Unreachable { url, error }
    }

    async fn ask(&self, method: Method, uri: &Uri, sdp: Option<&str>) -> Result<Answer, String> {
        let stream = connect(uri).await?;
        let name = host(uri).unwrap_or_default();
        let path = uri.path_and_query().map_or("/", |it| it.as_str());
        let authority = uri.authority().map_or(name, |it| it.as_str());
        let mut request = Request::builder().method(method).uri(path).header(HOST, authority);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if sdp.is_some() {
            request = request.header(CONTENT_TYPE, SDP).header(ACCEPT, SDP);
        }
        let body = Full::new(Bytes::from(sdp.unwrap_or_default().to_owned()));
        let request = request.body(body).map_err(|it| it.to_string())?;
        if uri.scheme_str() == Some("https") {
            let server = ServerName::try_from(name.to_owned()).map_err(|it| it.to_string())?;
            let tls = connector()?.connect(server, stream).await;
            exchange(tls.map_err(|it| format!("TLS: {it}"))?, request).await
        } else {
            exchange(stream, request).await
        }
    }
}

/// Trusts the system's certificates, as browsers do.
fn connector() -> Result<TlsConnector, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.and_then(BuilderVerifierExt::with_platform_verifier);
    let config = config.map_err(|it| it.to_string())?.with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|it| it.to_string())?;
    // It ends with the response, when the sender is dropped.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|it| it.to_string())?;
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
    let location = location.map(ToOwned::to_owned);
    let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
    let body = body.map_err(|it| it.to_string())?.to_bytes();
    Ok(Answer { status, location, body: String::from_utf8_lossy(&body).into_owned() })
}

/// What a server says that refuses: the status, and its words if it has any (RFC 9457, section 3.1).
fn told(answer: &Answer) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_str(&answer.body).ok();
    let word = |name| problem.as_ref()?.get(name)?.as_str().map(ToOwned::to_owned);
    let words = word("detail").or_else(|| word("message")).or_else(|| word("title"));
    let mut text = answer.status.to_string();
    if let Some(location) = answer.location.as_ref().filter(|_| answer.status.is_redirection()) {
        text.extend([": it is at ", location]);
    } else if let Some(words) = words {
        text.extend([": ", &words]);
    }
    text
}

async fn connect(uri: &Uri) -> Result<TcpStream, String> {
    let host = host(uri).ok_or("an address without a host")?;
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default);
    let stream = TcpStream::connect((host, port)).await.map_err(|it| it.to_string())?;
    _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The host as a resolver takes it: an IPv6 address without brackets.
fn host(uri: &Uri) -> Option<&str> {
    Some(uri.host()?.trim_matches(['[', ']'])).filter(|it| !it.is_empty())
}

async fn timely<T>(exchange: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(ANSWER_WITHIN, exchange).await {
        Ok(result) => result,
        Err(_) => Err(format!("nothing within {} s", ANSWER_WITHIN.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let answer = |status, location: Option<&str>, body: &str| {
            told(&Answer {
                status,
                location: location.map(ToOwned::to_owned),
                body: body.to_owned(),
            })
        };
        assert_eq!(
            answer(StatusCode::UNAUTHORIZED, None, r#"{"detail":"a key is needed"}"#),
            "401 Unauthorized: a key is needed"
        );
        assert_eq!(answer(StatusCode::NOT_FOUND, None, "<html>"), "404 Not Found");
        assert_eq!(
            answer(StatusCode::TEMPORARY_REDIRECT, Some("/elsewhere"), ""),
            "307 Temporary Redirect: it is at /elsewhere"
        );
    }

    #[test]
    fn only_urls_of_http_are_taken() {
        for wrong in ["studio", "ws://localhost/ws", "http://", "localhost:3000/whip/a"] {
            assert!(Endpoint::parse(wrong, None).is_err(), "{wrong}");
        }
        assert!(Endpoint::parse("https://[::1]/whip/a", None).is_ok());
    }
}
