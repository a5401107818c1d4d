//! A stream whose beginning may be looked at before it is read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A stream, and bytes that were read ahead of it.
#[derive(Debug)]
pub(super) struct Ahead<S> {
    bytes: Bytes,
    stream: S,
}

impl<S: AsyncRead + Unpin> Ahead<S> {
    /// A stream with what was read ahead of it.
    pub(super) fn new(stream: S, bytes: Bytes) -> Self {
        Self { bytes, stream }
    }

    /// The same stream again, with what a reader took and did not use; what is still ahead of it comes after that. It is
    /// copied: an empty part would keep the reader's whole buffer.
    pub(super) fn resumed(self, unused: &[u8]) -> Self {
        Self { bytes: [unused, &self.bytes].concat().into(), stream: self.stream }
    }

    /// The first byte, which stays to be read; `None` at the end.
    pub(super) async fn first(&mut self) -> io::Result<Option<u8>> {
        if self.bytes.is_empty() {
            let mut first = [0];
            let n = self.stream.read(&mut first).await?;
            self.bytes = Bytes::copy_from_slice(first.get(..n).unwrap_or_default());
        }
        Ok(self.bytes.first().copied())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ahead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.bytes.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let n = this.bytes.len().min(buf.remaining());
        buf.put_slice(this.bytes.get(..n).unwrap_or_default());
        this.bytes.advance(n);
        if this.bytes.is_empty() {
            // Its memory is free as well.
            this.bytes = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ahead<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_looked_at_is_read_all_the_same() {
        let mut stream = Ahead::new(&b"stream"[..], Bytes::new());
        assert_eq!(stream.first().await.unwrap(), Some(b's'));
        assert_eq!(stream.first().await.unwrap(), Some(b's'));
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "stream");
        assert_eq!(stream.first().await.unwrap(), None);
    }

    #[tokio::test]
    async fn bytes_that_were_read_ahead_come_first() {
        let mut stream = Ahead::new(&b" two"[..], Bytes::from_static(b"one"));
        assert_eq!(stream.first().await.unwrap(), Some(b'o'));
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "one two");
    }
}
