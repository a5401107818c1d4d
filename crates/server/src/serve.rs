//! Listening, connections, stopping.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tower_service::Service;

use crate::caller::SocketCount;
use crate::driver::{self, EventSink, HubHandle};
use crate::error::next_port;
use crate::limits::{CLOSE_WITHIN, CONNECTIONS, HEADER_BYTES, HEADER_TIMEOUT};
use crate::media::{Media, start_engine};
use crate::routes::{App, router};
use crate::signaling::Hub;
use crate::{Config, ServeError, wish};

/// Connections the system keeps for us until we take them: a crowd that comes at once.
const BACKLOG: i32 = 4096;

/// Tells a server to stop. Clones are the same.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// Stops the server: sockets are told and closed, connections end.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is stopping.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is to stop.
    pub async fn wait(&self) {
        // We hold the sender, so it cannot be gone.
        _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}

/// A running server. It goes on until its [`Shutdown`] is triggered.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    media: Arc<dyn Media>,
    task: JoinHandle<()>,
}

impl Running {
    /// The TCP address in use.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The UDP port in use.
    pub fn udp_port(&self) -> u16 {
        self.media.udp_port()
    }

    /// The addresses that offers and answers announce.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        self.media.candidates()
    }

    /// Waits until the server has stopped.
    pub async fn wait(self) {
        if let Err(error) = self.task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// Starts the server on this machine's media engine.
///
/// # Errors
/// When an address cannot be had; the message says what to do.
pub async fn serve(config: Config, shutdown: Shutdown) -> Result<Running, ServeError> {
    serve_with(config, shutdown, start_engine).await
}

/// Starts the server on a media plane of the caller's choice.
///
/// # Errors
/// When an address cannot be had; the message says what to do.
pub async fn serve_with(
    config: Config,
    shutdown: Shutdown,
    start_media: impl FnOnce(engine::Config, EventSink) -> Result<Box<dyn Media>, engine::StartError>,
) -> Result<Running, ServeError> {
    let listener = listen(config.listen)?;
    let addr = listener
        .local_addr()
        .map_err(|source| ServeError::Listen { addr: config.listen, source })?;
    // When the system chose the TCP port, the UDP port of the same number may be taken.
    let same_port = if config.listen.port() == 0 { 0 } else { addr.port() };
    let (hub_handle, events, channels) = driver::channels();
    let media: Arc<dyn Media> = Arc::from(start_media(
        engine::Config {
            listen: media_address(addr.ip()),
            udp_port: config.udp_port.unwrap_or(same_port),
            public_ips: config.public_ips.clone(),
            max_peers: config.max_peers,
            max_publish_kbps: config.max_publish_kbps,
            max_publish_packets: engine::MAX_PUBLISH_PACKETS,
            publish_ceiling_kbps: engine::PUBLISH_CEILING_KBPS,
            workers: config.media_workers.unwrap_or_else(engine::default_workers),
        },
        events,
    )?);
    let hub = Hub::new(config.signaling(), rand::random::<u128>);
    let hub_task = tokio::spawn(driver::run(hub, media.clone(), channels));
    let (alive, sockets_done) = mpsc::channel(1);
    let app = App {
        hub: hub_handle.clone(),
        shutdown: shutdown.clone(),
        allow_origins: config.allow_origins.into(),
        sockets: SocketCount::default(),
        next_socket: Arc::new(AtomicU64::new(1)),
        sessions: wish::Registry::default(),
        default_room: config.default_room.clone(),
        publish_key: config.publish.key.as_deref().map(Into::into),
        alive,
    };
    let router = router(app);
    let stopping = Stopping { shutdown, hub: hub_handle, hub_task, sockets_done };
    let task = tokio::spawn(accept(listener, router, stopping));
    tracing::info!(%addr, udp_port = media.udp_port(), "server started");
    Ok(Running { addr, media, task })
}

/// Where media listens. Pages on loopback have a proxy in front, which brings no UDP: media comes
/// from outside all the same. (Firefox, too, has no candidate on loopback for a page that does not
/// capture.) Nothing enters but what a page was given credentials for.
fn media_address(pages: IpAddr) -> IpAddr {
    if pages.is_loopback() { Ipv6Addr::UNSPECIFIED.into() } else { pages }
}

/// Opens the TCP port, for both families where the address is `[::]` and the system has both.
fn listen(addr: SocketAddr) -> Result<TcpListener, ServeError> {
    let is_any = addr.ip().is_unspecified();
    let result = match bind(addr) {
        Err(error) if addr.is_ipv6() && is_any && error.kind() != io::ErrorKind::AddrInUse => {
            bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), addr.port()))
        }
        result => result,
    };
    result.map_err(|source| {
        if source.kind() != io::ErrorKind::AddrInUse {
            return ServeError::Listen { addr, source };
        }
        let host = match addr.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        ServeError::PortInUse { port: addr.port(), host, next: next_port(addr.port()) }
    })
}

fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    // A port that was ours a moment ago is still in TIME_WAIT, and free on Unix only with this.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// What is to be stopped, in this order.
struct Stopping {
    shutdown: Shutdown,
    hub: HubHandle,
    hub_task: JoinHandle<()>,
    sockets_done: mpsc::Receiver<()>,
}

async fn accept(listener: TcpListener, router: Router, stopping: Stopping) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.shutdown.wait() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: some come back as connections end.
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            tracing::warn!(n_connections = CONNECTIONS, "connection refused: too many");
            continue;
        };
        let (router, shutdown) = (router.clone(), stopping.shutdown.clone());
        tokio::spawn(async move {
            connection(stream, peer, router, shutdown).await;
            drop(slot);
        });
    }
    drop((listener, router));
    stop(stopping).await;
}

/// Serves one connection; a socket goes on after it in a task of its own.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, shutdown: Shutdown) {
    // Signalling is small messages that somebody waits for.
    _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|e| match e {})) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES);
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.wait() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "connection broke");
    }
}

async fn stop(stopping: Stopping) {
    let Stopping { hub, hub_task, mut sockets_done, .. } = stopping;
    tracing::info!("server stops");
    hub.drain().await;
    // Nothing is ever sent: this ends when the last socket is done, or at the deadline.
    _ = tokio::time::timeout(CLOSE_WITHIN, sockets_done.recv()).await;
    hub_task.abort();
    _ = hub_task.await;
    tracing::info!("server stopped");
}
