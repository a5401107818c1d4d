//! What must hold for any bytes of a client: rounds of the fuzz targets, which `tests/fuzz.rs` runs briefly.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use auth::{Auth, OwnAddresses, PublishOpen, Secret};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_SECURITY_POLICY, HOST, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use control::{Admission, Capacity, Hub};
use media_api::Command;
use protocol::RoomName;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tower_service::Service;

pub use crate::whip_whep::fuzz::{events, fragment, if_match, layer, sdp, token_and_name};
pub use crate::ws::fuzz::query;

use crate::doctor::{self, Doctor};
use crate::driver;
use crate::in_force::InForce;
use crate::keep::Keeper;
use crate::media::Media;
use crate::public_ips::Asking;
use crate::reload::Parts;
use crate::shutdown::Shutdown;
use crate::state::App;
use crate::whip_whep::Registry;

/// The key of the server, which no input has.
const KEY: &str = "sixteen letters!";

/// A stranger's request of any shape gets an answer that is no fault of the server's, has the security headers,
/// opens no session and does not repeat the key.
///
/// The first line is method and path, each further one a header, and what follows an empty line the body.
pub fn request(data: &[u8]) {
    thread_local! {
        static SERVER: RefCell<Option<Server>> = RefCell::new(Server::start());
    }
    let Some(request) = read(data) else { return };
    SERVER.with_borrow_mut(|server| {
        let Some(server) = server else { return };
        let response = server.runtime.block_on(server.router.call(request));
        let response = response.unwrap_or_else(|never| match never {});
        let status = response.status();
        assert!(!server.hub.is_finished(), "the control plane is gone");
        assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{status}");
        assert!(status != StatusCode::CREATED && status != StatusCode::SWITCHING_PROTOCOLS);
        let headers = response.headers();
        assert!(headers.contains_key(CONTENT_SECURITY_POLICY));
        assert_eq!(headers.get_all(X_CONTENT_TYPE_OPTIONS).iter().count(), 1);
        assert!(headers.values().all(|it| it.to_str().is_ok_and(|it| !it.contains(KEY))));
    });
}

fn read(data: &[u8]) -> Option<Request<Body>> {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let mut words = line().splitn(2, |b| *b == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let uri = Uri::try_from(words.next()?).ok()?;
    let mut request = Request::builder().method(method).uri(uri).header(HOST, "localhost:3000");
    loop {
        let line = line();
        if line.is_empty() {
            break;
        }
        let mut parts = line.splitn(2, |b| *b == b':');
        let name = HeaderName::from_bytes(parts.next()?).ok()?;
        let value = HeaderValue::from_bytes(parts.next()?.trim_ascii()).ok()?;
        request = request.header(name, value);
    }
    let mut request = request.body(Body::from(rest.to_vec())).ok()?;
    let stranger: IpAddr = [198, 51, 100, 9].into();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((stranger, 40_000))));
    Some(request)
}

/// A server without sockets in which nobody is live, that asks for a key and counts nothing of the stranger.
struct Server {
    runtime: Runtime,
    router: Router,
    hub: JoinHandle<driver::Ended>,
}

impl Server {
    fn start() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().ok()?;
        let config = auth::Config {
            open: Some(PublishOpen::None),
            key: Some(Secret::new(KEY)),
            trusted_networks: "198.51.100.0/24".parse().into_iter().collect(),
            ..auth::Config::default()
        };
        let auth = Auth::new(config, OwnAddresses { port: 3000, names: Vec::new() });
        let capacity = Capacity { joins_per_second_in_all: u32::MAX, ..Capacity::default() };
        let admission = Admission::new(capacity, Instant::now());
        let (hub, sink, channels) =
            driver::channels(record::TapQueue::default(), crate::past::Past::off());
        let control = control::Config {
            default_room: RoomName::parse("default").ok()?,
            max_viewers: 10,
            host_grace: control::limits::HOST_GRACE,
            ice_servers: Vec::new(),
            record: auth::RecordPolicy::Host,
            past: std::time::Duration::ZERO,
            clips: true,
            host_codec: control::HostCodec::Fit { has_hls: false, is_mp4: true },
        };
        let own = Hub::new(control, auth.clone(), admission.clone(), driver::now(), || 7);
        let media: Arc<dyn Media> = Arc::new(NoMedia(sink));
        let (keeper, happenings) = (Keeper::default(), crate::happenings::Happenings::default());
        let task = runtime.spawn(driver::run(own, media.clone(), keeper, happenings, channels));
        let listen = ([0, 0, 0, 0], 3000).into();
        let in_force = InForce::new(crate::Config::default());
        let doctor = Doctor::new(doctor::Running {
            in_force: in_force.clone(),
            listen,
            public_ips: crate::public_ips::PublicIps::default(),
            has_http: false,
            media: media.clone(),
            https: None,
            orders: None,
        });
        let store = store::Store::in_memory().ok()?;
        let connections = crate::listen::Table::new(crate::listen::Limits::default());
        let book = crate::room_book::RoomBook::open(store.clone(), auth.clone(), hub.clone());
        let room_book = runtime.block_on(book).ok()?;
        let tokens = crate::token_book::TokenBook::default();
        let open = crate::token_keys::TokenKeys::open;
        let keys = open(store.clone(), auth.clone(), tokens.clone(), hub.clone());
        let token_keys = runtime.block_on(keys).ok()?;
        let owner = crate::owner::Owner::open(store.clone(), auth.clone());
        let owner = runtime.block_on(owner).ok()?;
        let (webhooks, _) = webhooks::channel(store.clone(), webhooks::Policy::default());
        let archive =
            crate::archive::Archive::off(store.clone(), webhooks.clone(), in_force.clone());
        let metrics = crate::metrics::Metrics::new(
            hub.clone(),
            media.clone(),
            admission.clone(),
            connections.clone(),
            (store.clone(), archive.clone()),
        );
        let parts = Parts {
            in_force: in_force.clone(),
            auth: auth.clone(),
            hub: hub.clone(),
            admission: admission.clone(),
            connections,
            handshakes: crate::listen::Handshakes::default(),
            webhooks: webhooks.clone(),
            public_ips: watch::channel(Asking::of(&crate::Config::default())).0,
            certificates: crate::https::LoadAgain::channel().0,
        };
        let reload = crate::Reload::new(None, parts);
        let app = App {
            domains: Vec::new(),
            public_ips: crate::public_ips::PublicIps::default(),
            doctor,
            https: None,
            covers: crate::covers::Covers::new(Keeper::default()),
            room_book,
            token_keys,
            owner,
            access: crate::access::Access::new(auth.clone(), tokens, None, None),
            store,
            idempotency: crate::idempotency::Idempotency::default(),
            in_force,
            reload,
            logs_addresses: true,
            metrics,
            webhooks,
            archive,
            turn: None,
            hub,
            auth,
            admission,
            shutdown: Shutdown::default(),
            sessions: Registry::default(),
            listen,
            base_path: String::new(),
            alive: mpsc::channel(1).0,
        };
        Some(Self { runtime, router: crate::http::router(app), hub: task })
    }
}

/// A media plane that no stranger reaches.
#[derive(Debug)]
struct NoMedia(#[allow(dead_code, reason = "the hub ends with it")] crate::EventSink);

impl Media for NoMedia {
    fn command(&self, command: Command) {
        panic!("a stranger reached the media plane: {command:?}");
    }

    fn refresh_addresses(&self) {}

    fn set_public_ips(&self, _: Vec<IpAddr>) {}

    fn accept(&self, _: engine::Connection) {}

    fn give_way(&self, _: u8, _: u64) {}

    fn udp_port(&self) -> u16 {
        0
    }

    fn candidates(&self) -> Vec<SocketAddr> {
        Vec::new()
    }
}
