//! HTTP requests, each on a connection of its own, recorded as evidence.

mod evidence;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use hyper::{Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use evidence::Secrets;
pub use evidence::{Exchange, Message};

/// A description of many candidates has a tenth of it.
const MAX_BODY: usize = 256 * 1_024;
/// A server that sends the client round in circles is left.
const MAX_REDIRECTS: usize = 5;

/// Asks a server.
pub(crate) struct Http {
    token: Option<String>,
    secrets: Secrets,
    tls: tls::Connector,
    patience: Duration,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
    token: Token,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Own,
    None,
    Other(String),
}

/// What came back, and the evidence of it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// What was asked, without redirections.
    pub(crate) uri: Uri,
    pub(crate) exchange: Arc<Exchange>,
    /// `None` when there was no answer: [`Exchange::error`] says why.
    pub(crate) response: Option<Response>,
    /// Whether the server could not even be reached.
    pub(crate) is_unreachable: bool,
}

/// A response that was read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn new(method: Method, uri: &Uri) -> Self {
        let (headers, body) = (Vec::new(), Bytes::new());
        Self { method, uri: uri.clone(), headers, body, token: Token::Own }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut ask = self.header(CONTENT_TYPE, content_type);
        ask.body = body.into();
        ask
    }

    pub(crate) fn without_token(mut self) -> Self {
        self.token = Token::None;
        self
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Token::Other(token.to_owned());
        self
    }
}

impl Reply {
    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.response.as_ref().map(|it| it.status)
    }

    pub(crate) fn is(&self, status: StatusCode) -> bool {
        self.status() == Some(status)
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status().is_some_and(|it| it.is_success())
    }

    pub(crate) fn is_client_error(&self) -> bool {
        self.status().is_some_and(|it| it.is_client_error())
    }

    /// Whether it was refused because of the token.
    pub(crate) fn is_refused(&self) -> bool {
        self.is(StatusCode::UNAUTHORIZED) || self.is(StatusCode::FORBIDDEN)
    }

    pub(crate) fn body(&self) -> &str {
        self.response.as_ref().map_or("", |it| &it.body)
    }

    /// A header field that is text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.response.as_ref()?.headers.get(name)?.to_str().ok()
    }

    /// All fields of a name.
    pub(crate) fn headers(&self, name: &HeaderName) -> Vec<&str> {
        let values = self.response.iter().flat_map(|it| it.headers.get_all(name));
        values.filter_map(|it| it.to_str().ok()).collect()
    }

    /// The media type alone, in lower case.
    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.header(&CONTENT_TYPE)?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// What the server said, in a few words.
    pub(crate) fn told(&self) -> String {
        match (&self.response, &self.exchange.error) {
            (Some(it), _) => it.status.as_u16().to_string(),
            (None, Some(error)) => format!("no answer ({error})"),
            (None, None) => "no answer".to_owned(),
        }
    }
}

impl Http {
    pub(crate) fn new(token: Option<&str>, patience: Duration) -> Self {
        Self {
            token: token.map(ToOwned::to_owned),
            secrets: Secrets::new(token),
            tls: tls::Connector::default(),
            patience,
        }
    }

    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Asks and reads the whole answer.
    pub(crate) async fn send(&self, ask: Ask) -> Reply {
        let (mut reply, body) = self.open(ask).await;
        let Some(body) = body else { return reply };
        let read = Limited::new(body, MAX_BODY).collect();
        let text = match tokio::time::timeout(self.patience, read).await {
            Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            Ok(Err(error)) => format!("[the body could not be read: {error}]"),
            Err(_) => "[the body did not end in time]".to_owned(),
        };
        let exchange = Arc::unwrap_or_clone(reply.exchange).with_body(&text, &self.secrets);
        reply.exchange = Arc::new(exchange);
        if let Some(response) = &mut reply.response {
            response.body = text;
        }
        reply
    }

    /// Asks and follows redirections, as clients do with a POST (307 and 308 alone). Returns all
    /// answers, the last one last.
    pub(crate) async fn follow(&self, ask: Ask) -> Vec<Reply> {
        let mut replies = vec![self.send(ask.clone()).await];
        while replies.len() <= MAX_REDIRECTS {
            let Some(last) = replies.last() else { break };
            let moved = [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT];
            if !moved.iter().any(|it| last.is(*it)) {
                break;
            }
            let target = last.header(&LOCATION);
            let target = target.and_then(|it| synth::url::resolve(&last.uri, it));
            // A token does not leave TLS.
            let fits = |it: &Uri| it.scheme_str() == last.uri.scheme_str();
            let Some(uri) = target.filter(fits) else { break };
            replies.push(self.send(Ask { uri, ..ask.clone() }).await);
        }
        replies
    }

    /// An answer with a body that was read in pieces.
    pub(crate) fn with_body(&self, reply: &Reply, body: &str) -> Reply {
        let exchange = Exchange::clone(&reply.exchange).with_body(body, &self.secrets);
        Reply { exchange: Arc::new(exchange), ..reply.clone() }
    }

    /// Asks and returns the body unread.
    pub(crate) async fn open(&self, ask: Ask) -> (Reply, Option<Incoming>) {
        let token = match &ask.token {
            Token::Own => self.token.as_deref(),
            Token::None => None,
            Token::Other(it) => Some(it.as_str()),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &ask.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(name, value);
            }
        }
        if let Some(token) = token
            && let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            headers.insert(AUTHORIZATION, value);
        }
        let (method, uri) = (&ask.method, &ask.uri);
        let exchange = Exchange::asked(method, uri, &headers, &ask.body, &self.secrets);
        let uri = ask.uri.clone();
        let mut is_unreachable = true;
        let exchanged = self.exchange(ask, headers, &mut is_unreachable);
        let result = match tokio::time::timeout(self.patience, exchanged).await {
            Ok(result) => result,
            Err(_) => Err(format!("nothing within {} s", self.patience.as_secs())),
        };
        match result {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let (status, headers) = (parts.status, parts.headers);
                let exchange = Arc::new(exchange.answered(status, &headers, &self.secrets));
                let response = Some(Response { status, headers, body: String::new() });
                (Reply { uri, exchange, response, is_unreachable: false }, Some(body))
            }
            Err(error) => {
                let exchange = Arc::new(exchange.failed(&error, &self.secrets));
                (Reply { uri, exchange, response: None, is_unreachable }, None)
            }
        }
    }

    async fn exchange(
        &self,
        ask: Ask,
        headers: HeaderMap,
        is_unreachable: &mut bool,
    ) -> Result<hyper::Response<Incoming>, String> {
        let stream = connect(&ask.uri).await?;
        *is_unreachable = false;
        let host = host(&ask.uri).ok_or("an address without a host")?;
        let path = ask.uri.path_and_query().map_or("/", |it| it.as_str());
        let mut request = hyper::Request::new(Full::new(ask.body));
        *request.method_mut() = ask.method;
        *request.uri_mut() = path.parse().map_err(|_| "an address that cannot be asked for")?;
        *request.headers_mut() = headers;
        let authority = ask.uri.authority().map_or(host, |it| it.as_str());
        // Not what stands before an @, which is for our eyes.
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let authority = HeaderValue::from_str(authority).map_err(|it| it.to_string())?;
        request.headers_mut().insert(HOST, authority);
        let result = if ask.uri.scheme_str() == Some("https") {
            let stream = self.tls.connect(host, stream).await?;
            let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
            // It ends with the response, when the sender is dropped.
            tokio::spawn(connection);
            sender.send_request(request).await
        } else {
            let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        };
        result.map_err(|it| chain(&it))
    }
}

/// Our local address on the path to a server.
pub(crate) async fn local_ip(uri: &Uri) -> Result<IpAddr, String> {
    let stream = connect(uri).await?;
    Ok(stream.local_addr().map_err(|it| it.to_string())?.ip())
}

async fn handshake<T>(
    io: TokioIo<T>,
) -> Result<(http1::SendRequest<Full<Bytes>>, http1::Connection<TokioIo<T>, Full<Bytes>>), String>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    http1::handshake(io).await.map_err(|it| chain(&it))
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
    Some(uri.host()?.trim_matches(['[', ']']))
}

/// An error with what it came of.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(it) = source {
        text.push_str(": ");
        text.push_str(&it.to_string());
        source = it.source();
    }
    text
}
