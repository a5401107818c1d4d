//! One connection: HTTP/1 over a stream with deadlines, around the router.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::body::{RequestBody, ResponseBody};
use super::limits::{BODY_WITHIN, HEAD_BYTES, HEAD_WITHIN};
use super::table::Place;
use super::timed_io::TimedIo;
use crate::shutdown::Shutdown;

/// The address of ours that a connection reached. Handlers find it in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalAddr(pub(crate) SocketAddr);

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: Option<SocketAddr>,
}

/// Serves one connection until it ends. A WebSocket goes on after it, in a task of its own.
pub(super) async fn serve<S>(
    io: TimedIo<S>,
    place: Arc<Place>,
    ends: Ends,
    router: Router,
    shutdown: Shutdown,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| answer(request, ends, router.clone(), place.clone()));
    let mut builder = http1::Builder::new();
    // hyper's time for a head begins when the response before is out: it bounds idle connections too.
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service).with_upgrades());
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.wait() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(peer = %ends.peer, %error, "connection broke");
    }
}

/// Answers one request. Whatever the handler makes of a body that did not come in time, the client is told
/// 408.
async fn answer(
    request: Request<hyper::body::Incoming>,
    ends: Ends,
    mut router: Router,
    place: Arc<Place>,
) -> Result<Response<ResponseBody<Body>>, Infallible> {
    place.request_begins();
    let mut request = request.map(|body| RequestBody::new(body, place.clone()));
    request.extensions_mut().insert(ConnectInfo(ends.peer));
    if let Some(local) = ends.local {
        request.extensions_mut().insert(LocalAddr(local));
    }
    let mut response = router.call(request).await.unwrap_or_else(|never| match never {});
    if place.is_late() {
        response = request_timeout(response);
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        place.upgraded();
    }
    Ok(response.map(|body| ResponseBody::new(body, place)))
}

/// 408 (RFC 9110, section 15.5.9), with the headers that the router gives every response.
fn request_timeout(response: Response<Body>) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::REQUEST_TIMEOUT;
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let seconds = BODY_WITHIN.as_secs();
    Response::from_parts(parts, format!("the body did not come within {seconds} s\n").into())
}
