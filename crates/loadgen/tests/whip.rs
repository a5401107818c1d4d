//! The load by WHIP and WHEP, against the real media engine behind an HTTP server of a few lines.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::{Command, Config, Engine, Event, PeerId, RoomId};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use loadgen::{Options, Target};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

type Waiting = Arc<Mutex<HashMap<PeerId, oneshot::Sender<String>>>>;

/// A server of WHIP at `/whip` and WHEP at `/whep`, for one room.
struct Server {
    engine: Engine,
    waiting: Waiting,
    next_peer: AtomicU64,
    n_deleted: AtomicUsize,
}

impl Server {
    fn start() -> Self {
        let waiting = Waiting::default();
        let answers = Arc::clone(&waiting);
        let config = Config {
            max_publish_kbps: 0,
            max_publish_packets: engine::MAX_PUBLISH_PACKETS,
            publish_ceiling_kbps: engine::PUBLISH_CEILING_KBPS,
            workers: 1,
            listen: Ipv4Addr::LOCALHOST.into(),
            udp_port: 0,
            public_ips: Vec::new(),
            max_peers: 100,
        };
        let engine = Engine::start(config, move |event| {
            if let Event::Answer { peer, sdp, .. } = event
                && let Some(answer) = answers.lock().unwrap().remove(&peer)
            {
                _ = answer.send(sdp);
            }
        });
        let (next_peer, n_deleted) = (AtomicU64::new(1), AtomicUsize::new(0));
        Self { engine: engine.unwrap(), waiting, next_peer, n_deleted }
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let status = |it| Response::builder().status(it).body(Full::default()).unwrap();
        if request.headers()[AUTHORIZATION] != "Bearer secret" {
            return status(StatusCode::UNAUTHORIZED);
        }
        let (path, room) = (request.uri().path().to_owned(), RoomId(1));
        if request.method() == Method::DELETE {
            let peer = PeerId(path.rsplit('/').next().unwrap().parse().unwrap());
            self.engine.command(Command::Close { peer });
            self.n_deleted.fetch_add(1, Ordering::SeqCst);
            return status(StatusCode::OK);
        }
        assert_eq!(request.headers()[CONTENT_TYPE], "application/sdp");
        let offer = request.into_body().collect().await.unwrap().to_bytes();
        let offer = String::from_utf8(offer.to_vec()).unwrap();
        let peer = PeerId(self.next_peer.fetch_add(1, Ordering::SeqCst));
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(peer, sender);
        self.engine.command(match path.as_str() {
            "/whip" => Command::Publish { room, peer, offer, on_air: true, via: None },
            "/whep" => Command::WatchOffer { room, peer, offer, via: None },
            _ => return status(StatusCode::NOT_FOUND),
        });
        Response::builder()
            .status(StatusCode::CREATED)
            .header(LOCATION, format!("/session/{}", peer.0))
            .body(Full::from(answer.await.unwrap()))
            .unwrap()
    }
}

async fn accept(listener: TcpListener, server: Arc<Server>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service =
                service_fn(|request| async { Ok::<_, Infallible>(server.respond(request).await) });
            let http = hyper::server::conn::http1::Builder::new();
            _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn run(options: Options) -> Result<Value, String> {
    let run = move || loadgen::run(&options, |_| {}).map_err(|it| it.to_string());
    let report = tokio::task::spawn_blocking(run).await.unwrap()?;
    Ok(serde_json::from_str(&report.to_json()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_server_of_whip_and_whep_can_be_measured() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(Server::start());
    tokio::spawn(accept(listener, Arc::clone(&server)));
    let target = |watch: &str| Target::Whip {
        publish: format!("{at}/whip"),
        watch: Some(format!("{at}/{watch}")),
    };
    let options = Options {
        target: target("whep"),
        token: Some("secret".into()),
        viewers: 3,
        duration: Duration::from_secs(1),
        video_bitrate: 500,
        ..Options::default()
    };
    let report = run(options.clone()).await.unwrap();
    assert_eq!(report["joins"]["succeeded"], 3, "{report:#}");
    assert_eq!(report["steady"]["loss_percent"], 0.0, "{report:#}");
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(server.n_deleted.load(Ordering::SeqCst), 4, "everybody said goodbye");

    let lost = run(Options { target: target("nowhere"), ..options.clone() }).await.unwrap();
    assert_eq!(lost["joins"]["failed"], 3, "{lost:#}");
    assert_eq!(lost["joins"]["reasons"]["signalling: 404 Not Found"], 3, "{lost:#}");
    let refused = run(Options { token: Some("wrong".into()), ..options }).await.unwrap_err();
    assert!(refused.contains("401 Unauthorized"), "{refused}");
}
