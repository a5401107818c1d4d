//! Starting the server: the port, the control plane, the media plane, and the tasks between them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::caller::SocketCount;
use crate::driver::{self, EventSink};
use crate::listen::{self, Limits, Table};
use crate::media::{Media, start_engine};
use crate::routes::{App, router};
use crate::shutdown::Shutdown;
use crate::signaling::Hub;
use crate::supervise::{Died, Tasks, supervise};
use crate::{Config, ServeError, wish};

/// A running server. It goes on until its [`Shutdown`] is triggered or a task of it dies.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    media: Arc<dyn Media>,
    task: JoinHandle<Result<(), Died>>,
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
    ///
    /// # Errors
    /// When it stopped since a task died that must live. The process is to end, so that it is started anew.
    pub async fn wait(self) -> Result<(), Died> {
        match self.task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends.
            Err(_) => Ok(()),
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
    serve_limited(config, Limits::default(), shutdown, start_media).await
}

/// Starts the server with other bounds of connections.
///
/// # Errors
/// When an address cannot be had; the message says what to do.
pub async fn serve_limited(
    config: Config,
    limits: Limits,
    shutdown: Shutdown,
    start_media: impl FnOnce(engine::Config, EventSink) -> Result<Box<dyn Media>, engine::StartError>,
) -> Result<Running, ServeError> {
    let listener = listen::bind(config.listen)?;
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
    let connections = Table::new(limits);
    let accept = listen::accept(listener, connections.clone(), router(app), shutdown.clone());
    let accept_task = tokio::spawn(accept);
    let hub = hub_handle;
    let tasks = Tasks { shutdown, hub, hub_task, accept_task, connections, sockets_done };
    let task = tokio::spawn(supervise(tasks));
    tracing::info!(%addr, udp_port = media.udp_port(), "server started");
    Ok(Running { addr, media, task })
}

/// Where media listens. Pages on loopback have a proxy in front, which brings no UDP: media comes
/// from outside all the same. (Firefox, too, has no candidate on loopback for a page that does not
/// capture.) Nothing enters but what a page was given credentials for.
fn media_address(pages: IpAddr) -> IpAddr {
    if pages.is_loopback() { Ipv6Addr::UNSPECIFIED.into() } else { pages }
}
