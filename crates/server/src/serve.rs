//! Starting the server: the port, the control plane, the media plane, and the tasks between them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use auth::{Auth, OwnAddresses};
use control::{Admission, Hub};
use media_api::Command;
use record::TapQueue;
use store::Store;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::access::{Access, Jwks, Service};
use crate::archive::{Archive, Remote};
use crate::config::http_uri;
use crate::covers::Covers;
use crate::doctor::{self, Doctor};
use crate::driver;
use crate::happenings::Happenings;
use crate::http::{metrics_alone, router};
use crate::https::{Https, LoadAgain, Loaded, own_names};
use crate::idempotency::Idempotency;
use crate::in_force::InForce;
use crate::keep::Keeper;
use crate::listen::{self, Handlers, Handshakes, Table};
use crate::media::{EventSink, Media, start_engine};
use crate::metrics::Metrics;
use crate::own_turn::OwnTurn;
use crate::owner::Owner;
use crate::past::Past;
use crate::public_ips::{self, Asking, PublicIps};
use crate::reload::{Configured, Parts, Reload};
use crate::room_book::RoomBook;
use crate::shutdown::Shutdown;
use crate::state::App;
use crate::supervise::{Died, Tasks, supervise};
use crate::token_book::TokenBook;
use crate::token_keys::TokenKeys;
use crate::whip_whep::Registry;
use crate::{Config, ServeError};

/// Places for peers that the media plane has beyond those of the control plane, which counts more closely: a peer
/// that gives way to another is closed a moment after that one was asked for.
const SPARE_PEERS: usize = 64;

/// How often the machine's addresses are looked at: a laptop may change its network, a server get another address.
const LOOK_AT_ADDRESSES_EVERY: Duration = Duration::from_secs(10);

/// A running server. It goes on until its [`Shutdown`] is triggered or a task of it dies.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    metrics_addr: Option<SocketAddr>,
    media: Arc<dyn Media>,
    metrics: Metrics,
    reload: Reload,
    owner: Owner,
    task: JoinHandle<Result<(), Died>>,
}

impl Running {
    /// The TCP address in use.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address of `--metrics-listen` in use.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_addr
    }

    /// From where the metrics take how many lines of the log were lost.
    pub fn count_lines_lost(&self, lost: impl Fn() -> u64 + Send + Sync + 'static) {
        self.metrics.count_lines_lost(lost);
    }

    /// The UDP port in use.
    pub fn udp_port(&self) -> u16 {
        self.media.udp_port()
    }

    /// The addresses that offers and answers announce.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        self.media.candidates()
    }

    /// Reads the configuration and the certificate files again.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// The path of a link that makes the owner, once; `None` when there is an owner.
    pub fn first_owner_link(&self) -> Option<String> {
        let is_new = !self.owner.is_set();
        is_new.then(|| format!("/admin#owner={}", self.owner.new_link(Instant::now())))
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
pub async fn serve(
    configured: impl Into<Configured>,
    shutdown: Shutdown,
) -> Result<Running, ServeError> {
    serve_with(configured, shutdown, start_engine).await
}

/// Starts the server on a media plane of the caller's choice.
///
/// # Errors
/// When an address cannot be had; the message says what to do.
pub async fn serve_with(
    configured: impl Into<Configured>,
    shutdown: Shutdown,
    start_media: impl FnOnce(engine::Config, EventSink) -> Result<Box<dyn Media>, engine::StartError>,
) -> Result<Running, ServeError> {
    let Configured { config, source } = configured.into();
    let asking = Asking::of(&config);
    let public_ips = asking.first().await;
    // A file that cannot be used is told before anything listens.
    let store = Store::open(&config.data)?;
    let keeper = Keeper::new(store.clone());
    let saved = keeper.rooms().await;
    let loaded = Https::load(&config, &public_ips)?;
    let remote = Remote::of(&config.record)?;
    let https = loaded.as_ref().map(|it| it.https.clone());
    let listener = listen::bind(config.listen)?;
    let http_listener = bind_http(&config)?;
    let metrics_listener = config.metrics.listen.map(listen::bind).transpose()?;
    let addr = listener
        .local_addr()
        .map_err(|source| ServeError::Listen { addr: config.listen, source })?;
    // When the system chose the TCP port, the UDP port of the same number may be taken.
    let same_port = if config.listen.port() == 0 { 0 } else { addr.port() };
    let tap = TapQueue::default();
    let past = Past::start().map_err(engine::StartError::Thread)?;
    let (hub_client, events, channels) = driver::channels(tap.clone(), past.clone());
    let media: Arc<dyn Media> = Arc::from(start_media(
        engine::Config {
            listen: media_address(addr.ip()),
            udp_port: config.udp_port.unwrap_or(same_port),
            tcp: Some(addr),
            public_ips: public_ips.clone(),
            max_peers: config.max_peers.saturating_add(SPARE_PEERS),
            max_publish_kbps: config.max_publish_kbps,
            max_publish_packets: engine::MAX_PUBLISH_PACKETS,
            publish_ceiling_kbps: engine::PUBLISH_CEILING_KBPS,
            workers: config.media_workers.unwrap_or_else(engine::default_workers),
        },
        events,
    )?);
    let to = media.clone();
    past.play_by(move |peer, order| to.command(Command::Past { peer, order }));
    let names = own_names();
    let auth = Auth::new(config.auth(), OwnAddresses { port: addr.port(), names });
    let health = store.clone();
    auth.set_pass_key(rand::random());
    let room_book = RoomBook::open(store.clone(), auth.clone(), hub_client.clone()).await?;
    let tokens = TokenBook::new(config.jwks_rules());
    let (keys, hub) = (store.clone(), hub_client.clone());
    let token_keys = TokenKeys::open(keys, auth.clone(), tokens.clone(), hub).await?;
    let owner = Owner::open(store.clone(), auth.clone()).await?;
    let jwks =
        config.auth.jwks.as_deref().and_then(http_uri).map(|it| Jwks::new(it, tokens.clone()));
    let service = config.auth.http.as_deref().and_then(http_uri).map(Service::new);
    let access = Access::new(auth.clone(), tokens, service, jwks.clone());
    let (webhooks, webhook_queue) = webhooks::channel(store.clone(), config.webhook_policy()?);
    let in_force = InForce::new(config.clone());
    let told = hub_client.clone();
    let (hub, runtime) = (hub_client.clone(), tokio::runtime::Handle::current());
    // Called on threads of their own.
    let told_past = move |peer, at| {
        let hub = hub.clone();
        runtime.spawn(async move { hub.rewound(peer, at).await });
    };
    let archive = Archive::start(
        tap,
        media.clone(),
        (store.clone(), remote),
        webhooks.clone(),
        in_force.clone(),
        move |room, on| told.recording(room, on),
        (past, told_past),
    )
    .map_err(engine::StartError::Thread)?;
    if let Err(error) = archive.mend().await {
        tracing::warn!(%error, "the recordings of before cannot be read");
    }
    let happenings = Happenings::new(webhooks.clone(), store.clone(), archive.clone());
    if let Err(error) = happenings.end_lost().await {
        tracing::warn!(%error, "the broadcasts of before cannot be read");
    }
    let admission = Admission::new(config.capacity(), Instant::now());
    let mut hub = Hub::new(
        config.control(),
        auth.clone(),
        admission.clone(),
        driver::now(),
        rand::random::<u128>,
    );
    hub.restore(saved);
    let hub_task =
        tokio::spawn(driver::run(hub, media.clone(), keeper.clone(), happenings.clone(), channels));
    let turn = https.is_some().then(OwnTurn::new);
    let public_ips = PublicIps::new(public_ips);
    let doctor = Doctor::new(doctor::Running {
        public_ips: public_ips.clone(),
        in_force: in_force.clone(),
        listen: addr,
        has_http: http_listener.is_some(),
        media: media.clone(),
        https: https.clone(),
        orders: loaded.as_ref().and_then(|it| it.orders.clone()),
    });
    let connections = Table::new(config.connections());
    let handshakes = Handshakes::new(config.without_handshake_limit());
    let (asking, asked) = watch::channel(asking);
    let (certificates, certificates_asked) = LoadAgain::channel();
    let reload = Reload::new(
        source,
        Parts {
            in_force: in_force.clone(),
            auth: auth.clone(),
            hub: hub_client.clone(),
            admission: admission.clone(),
            connections: connections.clone(),
            handshakes: handshakes.clone(),
            webhooks: webhooks.clone(),
            public_ips: asking,
            certificates,
        },
    );
    let metrics = Metrics::new(
        hub_client.clone(),
        media.clone(),
        admission.clone(),
        connections.clone(),
        (health, archive.clone()),
    );
    let (alive, sockets_done) = mpsc::channel(1);
    let app = App {
        hub: hub_client.clone(),
        auth,
        admission,
        shutdown: shutdown.clone(),
        sessions: Registry::default(),
        listen: addr,
        domains: config.tls.domains.clone(),
        public_ips: public_ips.clone(),
        covers: Covers::new(keeper.clone()),
        room_book,
        token_keys,
        owner: owner.clone(),
        access,
        store,
        idempotency: Idempotency::default(),
        in_force,
        reload: reload.clone(),
        logs_addresses: config.log_addresses,
        metrics: metrics.clone(),
        webhooks,
        archive: archive.clone(),
        doctor,
        https: https.clone(),
        turn: turn.clone(),
        base_path: config.base_path.trim_end_matches('/').to_owned(),
        alive,
    };
    let handlers = Handlers {
        router: router(app),
        handshakes,
        tls: https.as_ref().map(|it| (it.server.clone(), it.certificates.clone())),
        media: media.clone(),
        turn,
        shutdown: shutdown.clone(),
    };
    let mut background = JoinSet::new();
    background.spawn(webhook_queue.run());
    if let Some(listener) = http_listener {
        background.spawn(listen::accept(listener, connections.clone(), handlers.clone()));
    }
    let accept_task = tokio::spawn(listen::accept(listener, connections.clone(), handlers));
    background.spawn(follow_addresses(media.clone(), shutdown.clone()));
    if let Some(jwks) = jwks {
        background.spawn(jwks.follow(shutdown.clone()));
    }
    background.spawn(archive.keep_clean(shutdown.clone()));
    background.spawn(metrics.clone().follow(shutdown.clone()));
    background.spawn(metrics.clone().watch_threads(shutdown.clone()));
    let metrics_addr = metrics_listener.as_ref().and_then(|it| it.local_addr().ok());
    if let Some(listener) = metrics_listener {
        tracing::info!(addr = %metrics_addr.unwrap_or(addr), "metrics are served");
        let router = metrics_alone(metrics.clone());
        background.spawn(listen::serve_aside(listener, router, shutdown.clone()));
    }
    background.spawn(public_ips::follow(asked, public_ips, media.clone(), shutdown.clone()));
    if let Some(Loaded { keeper, acme, .. }) = loaded {
        background.spawn(keeper.run(certificates_asked, shutdown.clone()));
        if let Some(acme) = acme {
            let stop = shutdown.clone();
            background.spawn(async move { acme.run(SystemTime::now, stop.wait()).await });
        }
    }
    let hub = hub_client;
    let tasks = Tasks {
        shutdown,
        hub,
        hub_task,
        happenings,
        keeper,
        accept_task,
        background,
        connections,
        sockets_done,
    };
    let task = tokio::spawn(supervise(tasks));
    tracing::info!(%addr, udp_port = media.udp_port(), "server started");
    Ok(Running { addr, metrics_addr, media, metrics, reload, owner, task })
}

/// Where media listens. Pages on loopback have a proxy in front, which brings no UDP: media comes
/// from outside all the same. (Firefox, too, has no candidate on loopback for a page that does not
/// capture.) Nothing enters but what a page was given credentials for.
fn media_address(pages: IpAddr) -> IpAddr {
    if pages.is_loopback() { Ipv6Addr::UNSPECIFIED.into() } else { pages }
}

/// Opens the port of plain HTTP beside HTTPS. One that was not asked for may be missing.
fn bind_http(config: &Config) -> Result<Option<tokio::net::TcpListener>, ServeError> {
    let Some(port) = config.tls.effective_http_port() else { return Ok(None) };
    match listen::bind(SocketAddr::new(config.listen.ip(), port)) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if config.tls.http_port.is_none() => {
            tracing::warn!(%error, "no port for plain HTTP: nothing leads to HTTPS, and no HTTP-01 challenge can be answered");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Follows changes of the machine's addresses until the server stops.
async fn follow_addresses(media: Arc<dyn Media>, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_AT_ADDRESSES_EVERY) => media.refresh_addresses(),
            () = shutdown.wait() => return,
        }
    }
}
