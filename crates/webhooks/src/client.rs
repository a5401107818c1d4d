//! One POST: a connection of its own to an address that was checked, no redirects, no proxies.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Host;

use crate::address::Policy;
use crate::limits::{ANSWER_BYTES, ANSWER_WITHIN};
use crate::sign::Signed;
use crate::target::Target;

/// The shortest buffer that hyper reads heads into: longer ones are no answer.
const HEAD_BYTES: usize = 8 * 1024;

/// What is sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) signed: Signed,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// How long the receiver wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// Why it is no success.
    pub(crate) error: Option<String>,
}

/// Sends deliveries: the [`Client`], or a stand-in of a test.
pub(crate) trait Post: Clone + Send + Sync + 'static {
    /// Sends one. An error is a sentence.
    fn post(
        &self,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Answer, String>> + Send + 'static;
}

/// Sends deliveries by HTTP.
#[derive(Clone)]
pub(crate) struct Client {
    policy: Policy,
    tls: TlsConnector,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(policy: Policy, tls: ClientConfig) -> Self {
        Self { policy, tls: TlsConnector::from(Arc::new(tls)) }
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Answer, String> {
        // The rules may have changed since the webhook was made.
        let target = Target::check(&outgoing.url, &self.policy)?;
        let stream = self.connect(&target).await?;
        let request = request(&target, outgoing)?;
        if !target.is_https {
            return exchange(stream, request).await;
        }
        let name = match &target.host {
            Host::Domain(name) => ServerName::try_from(name.clone())
                .map_err(|_| format!("{name} is no name for a certificate"))?,
            Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::V4(*ip)),
            Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::V6(*ip)),
        };
        let stream =
            self.tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
        exchange(stream, request).await
    }

    /// Connects to one of the addresses that were checked: the name is looked up once.
    async fn connect(&self, target: &Target) -> Result<TcpStream, String> {
        let found: Vec<_> = match &target.host {
            Host::Domain(name) => lookup_host((name.as_str(), target.port))
                .await
                .map_err(|error| format!("{name} was not found: {error}"))?
                .collect(),
            Host::Ipv4(ip) => vec![(*ip, target.port).into()],
            Host::Ipv6(ip) => vec![(*ip, target.port).into()],
        };
        let mut last = String::new();
        for addr in self.policy.choose(&target.host, found)? {
            match TcpStream::connect(addr).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = format!("{addr}: {error}"),
            }
        }
        Err(last)
    }
}

impl Post for Client {
    fn post(
        &self,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Answer, String>> + Send + 'static {
        let client = self.clone();
        async move {
            let slow = || Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs()));
            timeout(ANSWER_WITHIN, client.send(outgoing)).await.unwrap_or_else(|_| slow())
        }
    }
}

fn request(target: &Target, outgoing: Outgoing) -> Result<Request<Full<Bytes>>, String> {
    let Outgoing { url: _, body, signed } = outgoing;
    Request::builder()
        .method(Method::POST)
        .uri(&target.path)
        .header(HOST, &target.authority)
        .header(CONNECTION, "close")
        .header(USER_AGENT, concat!("kaibo/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", signed.id)
        .header("webhook-timestamp", signed.timestamp)
        .header("webhook-signature", signed.signature)
        .header(AUTHORIZATION, signed.token)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| format!("url: {error}"))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let in_words = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(in_words)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(in_words)?;
        let answer = answer(&response);
        // Read, so that the receiver does not see the connection break.
        _ = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
        Ok(answer)
    };
    // Whatever ends the connection, the exchange is told.
    let connection = async {
        _ = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        result = exchange => result,
        never = connection => never,
    }
}

fn answer<B>(response: &Response<B>) -> Answer {
    let status = response.status();
    let header = |name| response.headers().get(name).and_then(|it: &HeaderValue| it.to_str().ok());
    let seconds = header(RETRY_AFTER).and_then(|it| it.trim().parse().ok());
    let error = match status {
        status if status.is_success() => None,
        status if status.is_redirection() => Some(format!(
            "it answered {}, and redirects are not followed: the webhook has to be where {} leads",
            status.as_u16(),
            if header(LOCATION).is_some() { "Location" } else { "it" },
        )),
        StatusCode::GONE => {
            Some("it answered 410: delete the webhook if it is not coming back".into())
        }
        status => Some(format!("it answered {}", status.as_u16())),
    };
    Answer { status: status.as_u16(), retry_after: seconds.map(Duration::from_secs), error }
}
