//! One connection, from its first byte: plain HTTP, or TLS with HTTP in it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Bytes;
use tls::{ALPN_ACME, ALPN_H2, ALPN_TURN, Certificates, ServerConfig, Shown};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ahead::Ahead;
use super::first_byte::{Speaks, first_byte};
use super::handlers::{Ends, Handlers, OverTls};
use super::limits::{HANDSHAKE_WITHIN, HEAD_WITHIN};
use super::serve_http::{Version, serve};
use super::table::Place;
use super::timed_io::TimedIo;

/// Serves one connection until it ends. A WebSocket goes on after it, in a task of its own.
///
/// What a connection may become is boxed, so that each takes the memory of what it is.
pub(super) async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    place: Arc<Place>,
    mut closed: oneshot::Receiver<()>,
    handlers: Handlers,
) {
    let speaks = tokio::select! {
        speaks = timeout(HEAD_WITHIN, first_byte(&stream)) => speaks,
        _ = &mut closed => return,
        () = handlers.shutdown.wait() => return,
    };
    if let Ok(Ok(Speaks::Media)) = speaks {
        return Box::pin(carry_media(stream, peer, place, closed, &handlers)).await;
    }
    if let Ok(Ok(Speaks::Tls)) = speaks {
        let may_shake_hands = tokio::select! {
            may = handlers.handshakes.turn(peer.ip()) => may,
            _ = &mut closed => return,
            () = handlers.shutdown.wait() => return,
        };
        if !may_shake_hands {
            return tracing::debug!(ip = %peer.ip(), "too many handshakes of its network");
        }
    }
    let ends = Ends { peer, local: stream.local_addr().ok(), tls: None };
    let io = TimedIo::new(stream, place.clone(), closed);
    let result = match (speaks, handlers.tls.clone()) {
        (Ok(Ok(Speaks::Tls)), Some((config, certificates))) => {
            Box::pin(secure(io, config, &certificates, place, ends, handlers)).await
        }
        (Ok(Ok(_)), _) => {
            let io = Ahead::new(io, Bytes::new());
            Box::pin(serve(io, Version::Http1, place, ends, handlers.router, handlers.shutdown))
                .await
        }
        (Ok(Err(error)), _) => Err(error.into()),
        (Err(_), _) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    };
    if let Err(error) = result {
        tracing::debug!(ip = %peer.ip(), %error, "connection broke");
    }
}

/// Reads the first frame and hands the connection to the media plane if it is a connectivity check.
async fn carry_media(
    mut stream: TcpStream,
    peer: SocketAddr,
    place: Arc<Place>,
    mut closed: oneshot::Receiver<()>,
    handlers: &Handlers,
) {
    let first = tokio::select! {
        // First: one that has lost its place is not handed over.
        biased;
        _ = &mut closed => return,
        first = timeout(HANDSHAKE_WITHIN, first_frame(&mut stream)) => first,
        () = handlers.shutdown.wait() => return,
    };
    let (Ok(Ok(first)), Ok(local)) = (first, stream.local_addr()) else {
        return tracing::debug!(ip = %peer.ip(), "connection ended in its first frame");
    };
    let (Some(worker), Ok(stream)) = (engine::worker_of_check(&first), stream.into_std()) else {
        return tracing::debug!(ip = %peer.ip(), "connection begins with no connectivity check");
    };
    let canonical = |it: SocketAddr| SocketAddr::new(it.ip().to_canonical(), it.port());
    let id = place.id();
    handlers.media.accept(engine::Connection {
        stream,
        peer: canonical(peer),
        local: canonical(local),
        first,
        id,
        place: Box::new(OfMedia(place)),
    });
    // Until a peer has proven that it is its own, it gives way as any other.
    tokio::select! {
        // The table tells nothing of one that is gone.
        told = closed => if told.is_ok() {
            handlers.media.give_way(worker, id);
        },
        () = handlers.shutdown.wait() => {}
    }
}

/// The place of a connection that the media plane has.
struct OfMedia(Arc<Place>);

impl engine::Place for OfMedia {
    fn proven(&self) {
        self.0.upgraded();
    }
}

/// The first frame of RFC 4571.
async fn first_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut frame = vec![0; usize::from(length)];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

/// Shakes hands, and serves what is inside. Each part is boxed, since most connections wait for the next one.
async fn secure<S>(
    io: TimedIo<S>,
    config: Arc<ServerConfig>,
    certificates: &Certificates,
    place: Arc<Place>,
    ends: Ends,
    handlers: Handlers,
) -> Result<(), axum::BoxError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshake = Box::pin(shake_hands(io, config));
    let stream = tokio::select! {
        stream = handshake => stream?,
        () = handlers.shutdown.wait() => return Ok(()),
    };
    let (_, session) = stream.get_ref();
    let is_http_agreed = session.alpn_protocol().is_some_and(|it| it != ALPN_TURN);
    let version = match session.alpn_protocol() {
        // The authority has seen the certificate of its challenge (RFC 8737, section 3).
        Some(ALPN_ACME) => return Ok(()),
        Some(ALPN_H2) => Version::Http2,
        _ => Version::Http1,
    };
    let shown = certificates.shown_to(session.server_name());
    let is_public = shown.is_some_and(|Shown { is_public }| is_public);
    let ends = Ends { tls: Some(OverTls { is_public }), ..ends };
    // A connection that says nothing has no buffers of HTTP.
    let mut stream = Ahead::new(stream, Bytes::new());
    let first = timeout(HEAD_WITHIN, stream.first()).await;
    let first = first.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if !is_http_agreed
        && first.is_some_and(begins_stun)
        && let Some(turn) = handlers.turn.clone()
    {
        let media = handlers.media.as_ref();
        // Until it has shown its credentials it gives way as any other that waits for its client.
        let allocated = || place.upgraded();
        Box::pin(turn.serve(stream, ends.peer, media, allocated, handlers.shutdown)).await;
        return Ok(());
    }
    Box::pin(serve(stream, version, place, ends, handlers.router, handlers.shutdown)).await
}

async fn shake_hands<S>(
    io: TimedIo<S>,
    config: Arc<ServerConfig>,
) -> io::Result<Box<TlsStream<TimedIo<S>>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = timeout(HANDSHAKE_WITHIN, TlsAcceptor::from(config).accept(io)).await;
    handshake.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map(Box::new)
}

/// The first two bits of a STUN message are zero (RFC 8489, section 5), and no method of HTTP begins so.
fn begins_stun(first: u8) -> bool {
    first < 4
}
