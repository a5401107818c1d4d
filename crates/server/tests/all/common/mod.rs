//! A server in this process on a port of the system's choice, with a media plane that answers at
//! once, and clients to speak to it.

pub(crate) mod bucket;
pub(crate) mod http;
pub(crate) mod operator;
pub(crate) mod source;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth::PublishOpen;
use futures_util::{SinkExt, StreamExt};
use server::media::Media;
use server::{Config, Configured, EventSink, Running, Shutdown, serve_with};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, Request};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) const SENDING: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendrecv\r\na=msid:s a\r\n";

/// The longest any test waits for what must come.
const SOON: Duration = Duration::from_secs(30);

/// What was told to the stand-in, and where it leaves its events.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) sink: Option<EventSink>,
    pub(crate) room: Option<engine::RoomId>,
    pub(crate) commands: Vec<engine::Command>,
    /// The public addresses that it was told to announce, once they are others than at the start.
    pub(crate) public_ips: Vec<std::net::IpAddr>,
    /// TCP connections for media, which no peer proves to be its own.
    pub(crate) connections: HashMap<u64, engine::Connection>,
}

#[derive(Debug)]
struct FakeMedia {
    stage: Arc<Mutex<Stage>>,
    sink: EventSink,
    sdp: String,
    /// How many descriptions it made; `{n}` in them is replaced by that.
    n: AtomicUsize,
}

impl Media for FakeMedia {
    fn command(&self, command: engine::Command) {
        use engine::{Command, Event};
        let codecs = vec![engine::Codec::Opus, engine::Codec::Vp8];
        let n = self.n.fetch_add(1, Ordering::Relaxed);
        let sdp = self.sdp.replace("{n}", &n.to_string());
        self.stage.lock().unwrap().commands.push(command.clone());
        match command {
            Command::Publish { room, peer, .. } => {
                self.stage.lock().unwrap().room = Some(room);
                self.sink.send(Event::Answer { peer, sdp, codecs });
            }
            Command::Reoffer { peer, .. } | Command::WatchOffer { peer, .. } => {
                self.sink.send(Event::Answer { peer, sdp, codecs });
            }
            Command::Watch { peer, .. }
            | Command::Recast { peer, .. }
            | Command::RestartIce { peer, .. } => {
                self.sink.send(Event::Offer { peer, sdp });
            }
            Command::Answer { peer, .. } => {
                self.sink.send(Event::Negotiated { peer, codecs });
                self.sink.send(Event::Connected { peer });
            }
            Command::GoLive { .. }
            | Command::Mute { .. }
            | Command::Tap { .. }
            | Command::TapKeyframe { .. }
            | Command::Prefer { .. }
            | Command::Past { .. }
            | Command::Close { .. } => {}
        }
    }

    fn refresh_addresses(&self) {}

    fn set_public_ips(&self, ips: Vec<std::net::IpAddr>) {
        self.stage.lock().unwrap().public_ips = ips;
    }

    fn accept(&self, connection: engine::Connection) {
        self.stage.lock().unwrap().connections.insert(connection.id, connection);
    }

    fn give_way(&self, _: u8, connection: u64) {
        self.stage.lock().unwrap().connections.remove(&connection);
    }

    fn udp_port(&self) -> u16 {
        4000
    }

    fn candidates(&self) -> Vec<SocketAddr> {
        Vec::new()
    }
}

pub(crate) struct TestServer {
    pub(crate) addr: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) running: Running,
    pub(crate) stage: Arc<Mutex<Stage>>,
    /// Its data folder, unless the test gave it another.
    _data: TempDir,
}

pub(crate) async fn start() -> TestServer {
    start_with(|_| {}, 16).await
}

/// Starts a server; the stand-in's descriptions are `sdp_bytes` long.
pub(crate) async fn start_with(change: impl FnOnce(&mut Config), sdp_bytes: usize) -> TestServer {
    start_saying(change, "v".repeat(sdp_bytes)).await
}

/// Starts a server whose stand-in makes these descriptions.
pub(crate) async fn start_saying(change: impl FnOnce(&mut Config), sdp: String) -> TestServer {
    let mut config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
    config.publish.open = Some(PublishOpen::All);
    let data = tempfile::tempdir().unwrap();
    config.data = data.path().to_owned();
    change(&mut config);
    start_configured(config, data, sdp).await
}

/// Starts a server by a configuration of the caller's; `data` lives as long as it does.
pub(crate) async fn start_configured(
    configured: impl Into<Configured>,
    data: TempDir,
    sdp: String,
) -> TestServer {
    let shutdown = Shutdown::default();
    let stage = Arc::new(Mutex::new(Stage::default()));
    let inner = stage.clone();
    let running = serve_with(configured, shutdown.clone(), move |_, sink| {
        inner.lock().unwrap().sink = Some(sink.clone());
        Ok(Box::new(FakeMedia { stage: inner, sink, sdp, n: AtomicUsize::new(0) }))
    })
    .await
    .unwrap();
    TestServer { addr: running.addr(), shutdown, running, stage, _data: data }
}

impl TestServer {
    /// The media of whoever published last flows.
    pub(crate) fn flow(&self) {
        let stage = self.stage.lock().unwrap();
        let media = engine::MediaInfo {
            audio: Some(engine::Codec::Opus),
            video: Some(engine::Codec::Vp8),
            layers: Vec::new(),
        };
        let room = stage.room.unwrap();
        stage.sink.as_ref().unwrap().send(engine::Event::MediaFlowing { room, media });
    }

    /// This is found wrong with the media of whoever published last.
    pub(crate) fn find(&self, findings: &[engine::Finding]) {
        let stage = self.stage.lock().unwrap();
        let (room, findings) = (stage.room.unwrap(), findings.to_vec());
        stage.sink.as_ref().unwrap().send(engine::Event::Findings { room, findings });
    }

    pub(crate) async fn page(&self) -> Page {
        self.page_at("/ws", &[]).await.unwrap()
    }

    /// Opens a socket, or returns the status and body of the refusal.
    pub(crate) async fn page_at(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Page, (u16, String)> {
        let mut request: Request<()> =
            format!("ws://{}{path}", self.addr).into_client_request().unwrap();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Page { socket }),
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8(body).unwrap()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// One HTTP request; the head as text, and the body.
    pub(crate) async fn http(&self, method: &str, path: &str, headers: &str) -> (String, String) {
        let text =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        self.raw(&text).await
    }

    /// The same, of a body that is no text.
    pub(crate) async fn bytes(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(self.with_host(request).as_bytes()).await.unwrap();
        let mut response = Vec::new();
        soon(stream.read_to_end(&mut response)).await.unwrap();
        let end = response.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&response[..end]).to_lowercase();
        (head, response[end + 4..].to_vec())
    }

    /// A request as it stands, but for the host `x`, which is this server's.
    pub(crate) async fn raw(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(self.with_host(request).as_bytes()).await.unwrap();
        let mut response = String::new();
        soon(stream.read_to_string(&mut response)).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
        (head.to_lowercase(), body.to_owned())
    }
}

impl TestServer {
    pub(crate) fn with_host(&self, request: &str) -> String {
        request.replace("host: x\r\n", &format!("host: {}\r\n", self.addr))
    }
}

pub(crate) struct Page {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Page {
    pub(crate) async fn say(&mut self, text: &str) {
        // A server that has closed the socket is not a fault here: what it said is read later.
        _ = self.socket.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        _ = self.socket.send(message).await;
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> serde_json::Value {
        loop {
            match soon(self.socket.next()).await.expect("a message").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next message of a type.
    pub(crate) async fn hear_type(&mut self, kind: &str) -> serde_json::Value {
        loop {
            let message = self.hear().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next message of one of two types.
    pub(crate) async fn hear_either(&mut self, one: &str, other: &str) -> serde_json::Value {
        loop {
            let message = self.hear().await;
            if message["type"] == one || message["type"] == other {
                return message;
            }
        }
    }

    /// Everything until the close frame, and its code.
    pub(crate) async fn hear_close(&mut self) -> (Vec<serde_json::Value>, u16) {
        let mut heard = Vec::new();
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => heard.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return (heard, frame.expect("a code").code.into());
                }
                Some(Ok(_)) => {}
                other => panic!("no close frame: {other:?}; heard {}", heard.len()),
            }
        }
    }
}

/// Waits for what must come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, what).await.expect("it takes too long")
}

pub(crate) fn offer(sdp: &str) -> String {
    serde_json::json!({"type": "offer", "sdp": sdp}).to_string()
}
