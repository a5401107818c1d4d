//! One HTTP request on a connection of its own.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use hyper::{Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;

use crate::target::{Manner, Requester, Target};

/// The page's scripts are smaller.
const MAX_BODY: usize = 8 * 1_024 * 1_024;

/// What is asked.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    /// A session description.
    pub(crate) sdp: Option<&'a str>,
}

/// What comes back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    /// The path of `Location`.
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// Asks the server; within `patience`, or it is an error.
pub(crate) async fn ask(
    target: &Target,
    requester: &Requester,
    request: Request<'_>,
    patience: Duration,
) -> Result<Response, String> {
    let asked = ask_in_time(target, requester, request, patience);
    tokio::time::timeout(patience, asked).await.map_err(|_| "no answer".to_owned())?
}

async fn ask_in_time(
    target: &Target,
    requester: &Requester,
    request: Request<'_>,
    patience: Duration,
) -> Result<Response, String> {
    let stream = target.connect(requester, Manner::default(), patience).await?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|it| it.to_string())?;
    // It ends with the response, when the sender is dropped.
    tokio::spawn(connection);
    let mut builder = hyper::Request::builder()
        .method(request.method)
        .uri(request.path)
        .header(HOST, &target.host);
    if let Some(address) = &requester.forwarded_for {
        builder = builder.header("x-forwarded-for", address);
    }
    if let Some(token) = request.token {
        builder = builder.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    if request.sdp.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/sdp");
    }
    let body = Full::new(Bytes::from(request.sdp.unwrap_or_default().to_owned()));
    let message = builder.body(body).map_err(|it| it.to_string())?;
    let response = sender.send_request(message).await.map_err(|_| "closed".to_owned())?;
    let status = response.status();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|it| it.to_str().ok()).map(ToOwned::to_owned);
    let base: Uri = format!("http://{}{}", target.host, request.path)
        .parse()
        .map_err(|_| "a bad path".to_owned())?;
    let location = location.and_then(|it| synth::url::resolve(&base, &it));
    let location = location.map(|it| it.path().to_owned());
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|it| it.to_string())?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Response { status, location, body })
}
