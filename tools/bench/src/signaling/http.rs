//! One HTTP request on a connection of its own.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, RETRY_AFTER};
use hyper::{Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A description of many candidates has a tenth of it.
const MAX_BODY: usize = 256 * 1_024;

/// What is asked.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) uri: &'a Uri,
    pub(super) token: Option<&'a str>,
    pub(super) sdp: Option<String>,
}

/// What comes back.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    /// In seconds; the form with a date is not read.
    pub(super) retry_after: Option<u64>,
    pub(super) body: String,
}

/// Sends a request to the server at this address.
pub(super) async fn request(address: SocketAddr, ask: Request<'_>) -> Result<Response, String> {
    let stream = TcpStream::connect(address).await.map_err(|it| it.to_string())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|it| it.to_string())?;
    // It ends with the response, when the sender is dropped.
    tokio::spawn(connection);
    let path = ask.uri.path_and_query().map_or("/", |it| it.as_str());
    let host = ask.uri.authority().map_or_else(|| address.to_string(), ToString::to_string);
    let mut builder = hyper::Request::builder().method(ask.method).uri(path).header(HOST, host);
    if let Some(token) = ask.token {
        builder = builder.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    if ask.sdp.is_some() {
        let kind = "application/sdp";
        builder = builder.header(CONTENT_TYPE, kind).header(ACCEPT, kind);
    }
    let body = Full::new(Bytes::from(ask.sdp.unwrap_or_default()));
    let message = builder.body(body).map_err(|it| it.to_string())?;
    let response = sender.send_request(message).await.map_err(|it| it.to_string())?;
    let status = response.status();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|it| it.to_str().ok()).map(ToOwned::to_owned);
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|it| it.to_str().ok()?.trim().parse().ok());
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|it| it.to_string())?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Response { status, location, retry_after, body })
}
