//! HTTP on one connection, around the router.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{self, HeaderValue, Request, Response, StatusCode};
use axum::{BoxError, Router};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tower_service::Service;

use super::ahead::Ahead;
use super::body::{RequestBody, ResponseBody};
use super::handlers::{Ends, LocalAddr};
use super::limits::{
    BODY_WITHIN, HEAD_BYTES, HEAD_WITHIN, HTTP2_BUFFER_BYTES, HTTP2_STREAMS, HTTP2_WINDOW_BYTES,
    PING_AFTER, PONG_WITHIN,
};
use super::table::Place;
use crate::shutdown::Shutdown;

/// The version that client and server have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// Serves requests until the connection ends.
pub(super) async fn serve<S>(
    mut io: Ahead<S>,
    version: Version,
    place: Arc<Place>,
    ends: Ends,
    router: Router,
    shutdown: Shutdown,
) -> Result<(), BoxError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let of_request = place.clone();
    let service =
        service_fn(move |request| answer(request, ends, router.clone(), of_request.clone()));
    match version {
        Version::Http1 => {
            // Between two requests it has no buffers of HTTP, since most wait there for long.
            while let Some(rests) =
                Box::pin(until_it_rests(io, &service, &place, &shutdown)).await?
            {
                io = rests;
                let first = tokio::select! {
                    first = timeout(HEAD_WITHIN, io.first()) => first,
                    () = shutdown.wait() => return Ok(()),
                };
                // hyper says nothing either when no head comes.
                let Ok(Some(_)) = first.unwrap_or(Ok(None)) else { return Ok(()) };
            }
            Ok(())
        }
        Version::Http2 => {
            Box::pin(async move {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder
                    .timer(TokioTimer::new())
                    .keep_alive_interval(PING_AFTER)
                    .keep_alive_timeout(PONG_WITHIN)
                    .max_concurrent_streams(HTTP2_STREAMS)
                    .max_header_list_size(HEAD_BYTES as u32)
                    .initial_stream_window_size(HTTP2_WINDOW_BYTES)
                    .initial_connection_window_size(HTTP2_WINDOW_BYTES)
                    .max_send_buf_size(HTTP2_BUFFER_BYTES);
                let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
                tokio::select! {
                    result = connection.as_mut() => return Ok(result?),
                    () = place.waits_too_long() => return Ok(()),
                    () = shutdown.wait() => connection.as_mut().graceful_shutdown(),
                }
                Ok(connection.await?)
            })
            .await
        }
    }
}

/// Serves requests with HTTP/1.1 until the connection ends, or waits for a request: then it is returned.
async fn until_it_rests<S, H>(
    io: Ahead<S>,
    service: H,
    place: &Place,
    shutdown: &Shutdown,
) -> hyper::Result<Option<Ahead<S>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: HttpService<Incoming, ResBody = ResponseBody<Body>, Error = Infallible> + Unpin,
{
    let mut builder = http1::Builder::new();
    // hyper's time for a head begins when the response before is out: it bounds idle connections too.
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder.max_buf_size(HEAD_BYTES);
    let mut connection = builder.serve_connection(TokioIo::new(io), service).with_upgrades();
    let rests = tokio::select! {
        // First: one that has ended does not rest.
        biased;
        result = &mut connection => return result.map(|()| None),
        () = shutdown.wait() => false,
        () = place.rests() => true,
    };
    if !rests {
        Pin::new(&mut connection).graceful_shutdown();
        return connection.await.map(|()| None);
    }
    Ok(connection.into_parts().map(|it| it.io.into_inner().resumed(&it.read_buf)))
}

/// Answers one request. Whatever the handler makes of a body that did not come in time, the client is told
/// 408.
async fn answer(
    mut request: Request<Incoming>,
    ends: Ends,
    mut router: Router,
    place: Arc<Place>,
) -> Result<Response<ResponseBody<Body>>, Infallible> {
    let request_place = place.request_begins();
    let is_http2 = request.version() == http::Version::HTTP_2;
    let may_rest = is_simple(&request);
    name_host(&mut request);
    let mut request = request.map(|body| RequestBody::new(body, request_place.clone()));
    request.extensions_mut().insert(ConnectInfo(ends.peer));
    if let Some(local) = ends.local {
        request.extensions_mut().insert(LocalAddr(local));
    }
    if let Some(tls) = ends.tls {
        request.extensions_mut().insert(tls);
    }
    let mut response = router.call(request).await.unwrap_or_else(|never| match never {});
    if request_place.is_late() {
        response = request_timeout(response);
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        place.upgraded();
    }
    place.may_rest(may_rest && !response.headers().contains_key(CONNECTION));
    Ok(response.map(|body| ResponseBody::new(body, request_place, is_http2)))
}

/// Whether nothing of it is left on the connection once its response is out: HTTP/1.1 without a body, and without a wish
/// for the connection but to keep it.
fn is_simple(request: &Request<Incoming>) -> bool {
    let keeps = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"keep-alive");
    request.version() == http::Version::HTTP_11
        && request.body().is_end_stream()
        && request.headers().get_all(CONNECTION).iter().all(keeps)
}

/// HTTP/2 names the host in `:authority` (RFC 9113, section 8.3.1). Handlers find it where HTTP/1.1 has it.
fn name_host<B>(request: &mut Request<B>) {
    if request.version() != http::Version::HTTP_2 || request.headers().contains_key(HOST) {
        return;
    }
    let host = request.uri().authority().and_then(|it| HeaderValue::from_str(it.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}

/// 408 (RFC 9110, section 15.5.9), with the headers that the router gives every response.
fn request_timeout(response: Response<Body>) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::REQUEST_TIMEOUT;
    parts.headers.remove(CONTENT_LENGTH);
    // A header of connections is an error in HTTP/2 (RFC 9113, section 8.2.2); hyper leaves it out there.
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let seconds = BODY_WITHIN.as_secs();
    Response::from_parts(parts, format!("the body did not come within {seconds} s\n").into())
}
