//! Bodies of requests, with their deadline, and of responses, with their end.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::BODY_WITHIN;
use super::table::RequestPlace;

/// The body of a request, which fails when it is not there in time.
#[derive(Debug)]
pub(super) struct RequestBody<B> {
    body: B,
    place: Arc<RequestPlace>,
    deadline: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<B> RequestBody<B> {
    /// The body of a request whose head was just read.
    pub(super) fn new(body: B, place: Arc<RequestPlace>) -> Self {
        Self { body, place, deadline: Instant::now() + BODY_WITHIN, sleep: None }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.place.waits(false);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        this.place.waits(true);
        let deadline = this.deadline;
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.place.body_is_late();
        let error = io::Error::new(io::ErrorKind::TimedOut, "the body did not come in time");
        Poll::Ready(Some(Err(error.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for RequestBody<B> {
    fn drop(&mut self) {
        self.place.waits(false);
    }
}

/// The body of a response, which tells when it was handed over.
#[derive(Debug)]
pub(super) struct ResponseBody<B> {
    body: B,
    place: Arc<RequestPlace>,
    /// HTTP/2: each response has a flow of its own (RFC 9113, section 5.2).
    waits_for_credit: bool,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(body: B, place: Arc<RequestPlace>, waits_for_credit: bool) -> Self {
        Self { body, place, waits_for_credit }
    }
}

impl<B: Body + Unpin> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        this.place.waits(false);
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        // The next frame is asked for when the client gives credit for it.
        if matches!(frame, Poll::Ready(Some(Ok(_)))) && this.waits_for_credit {
            this.place.waits(true);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for ResponseBody<B> {
    fn drop(&mut self) {
        self.place.answered();
    }
}
