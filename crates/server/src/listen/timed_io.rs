//! The socket of one connection: it gives way when it is told to, and fails when its peer does not read.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::{LOOK_EVERY, SLOW_AFTER, WRITE_WITHIN};
use super::table::Place;

/// Looks without progress after which a connection is closed.
const LOOKS_WITHOUT_PROGRESS: u64 = WRITE_WITHIN.as_secs() / LOOK_EVERY.as_secs();

/// Looks after which a response that still waits is slow.
const SLOW_LOOKS: u64 = SLOW_AFTER.as_secs() / LOOK_EVERY.as_secs();

/// A stream that fails with [`io::ErrorKind::TimedOut`] when its peer takes nothing, and with
/// [`io::ErrorKind::ConnectionAborted`] when it has to give way. It stays so through an upgrade.
#[derive(Debug)]
pub(super) struct TimedIo<S> {
    stream: S,
    closed: Option<oneshot::Receiver<()>>,
    write: Progress,
    // Last: the place is free when the socket is closed.
    place: Arc<Place>,
}

/// How what waits for the peer gets on.
#[derive(Debug, Default)]
struct Progress {
    /// Made when it is first needed.
    timer: Option<Pin<Box<Sleep>>>,
    /// When it is looked at next; none while nothing waits.
    next_look: Option<Instant>,
    /// Whether the peer took anything since the last look.
    moved: bool,
    /// Looks since the peer last took anything.
    n_still: u64,
    /// Looks since bytes began to wait.
    n_looks: u64,
}

impl<S> TimedIo<S> {
    /// Wraps the stream of a connection; it ends when `closed` resolves.
    pub(super) fn new(stream: S, place: Arc<Place>, closed: oneshot::Receiver<()>) -> Self {
        Self { stream, closed: Some(closed), write: Progress::default(), place }
    }

    /// Whether the connection has to give way. Once it has, always.
    fn check_open(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let is_open = self.closed.as_mut().is_some_and(|closed| match Pin::new(closed).poll(cx) {
            Poll::Ready(Ok(())) => false,
            // The table has no entry for the connection any more: the place is being dropped.
            Poll::Ready(Err(_)) => false,
            Poll::Pending => true,
        });
        if is_open {
            return Ok(());
        }
        self.closed = None;
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "closed by the server"))
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = result {
            self.write.moved = true;
            if !self.write.is_slow() {
                self.place.stalled(false);
            }
            return Poll::Ready(result);
        }
        self.place.stalled(true);
        self.write.look(cx).map(Err)
    }
}

impl Progress {
    /// Called while bytes wait. Ready when the peer took none for too long.
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.next_look.is_none() {
            // What was written before is no progress of what waits now.
            self.moved = false;
        }
        loop {
            let at = *self.next_look.get_or_insert_with(|| Instant::now() + LOOK_EVERY);
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            ready!(timer.as_mut().poll(cx));
            self.next_look = Some(at + LOOK_EVERY);
            self.n_looks += 1;
            self.n_still = if self.moved { 0 } else { self.n_still + 1 };
            self.moved = false;
            if self.n_still >= LOOKS_WITHOUT_PROGRESS {
                let error = io::Error::new(io::ErrorKind::TimedOut, "the peer does not read");
                return Poll::Ready(error);
            }
        }
    }

    /// Whether bytes have waited for so long that it does not count any more that the peer takes some.
    fn is_slow(&self) -> bool {
        self.n_looks >= SLOW_LOOKS
    }

    /// Nothing waits any more.
    fn clear(&mut self) {
        (self.next_look, self.moved, self.n_still, self.n_looks) = (None, false, 0, 0);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_open(cx)?;
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_open(cx)?;
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_open(cx)?;
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.wrote(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        this.place.stalled(false);
        this.write.clear();
        this.place.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
