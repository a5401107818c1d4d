//! A browser as far as the server can tell: a WebSocket, and a WebRTC session on a UDP socket with a
//! thread of its own.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A socket of the basic profile (docs/protocol.md, part 3).
pub(crate) struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    pub(crate) async fn open(server: SocketAddr) -> Self {
        let (socket, _) =
            tokio_tungstenite::connect_async(format!("ws://{server}/ws")).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn say(&mut self, message: &str) {
        // The server may have closed it: that is what some of these are for.
        _ = self.0.send(Message::text(message)).await;
    }

    /// The next message; `None` once closed, with the code.
    pub(crate) async fn hear(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|it| it.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}

/// What the browser's thread tells of itself.
#[derive(Default)]
struct Seen {
    packets: AtomicUsize,
    connected: AtomicBool,
    stop: AtomicBool,
    /// Sequence numbers of video, as they came.
    seqs: Mutex<Vec<u64>>,
    /// The newest frame, by the number in it.
    newest: AtomicUsize,
}

/// One WebRTC session with its thread.
pub(crate) struct Browser {
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.seen.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

impl Browser {
    /// Goes live.
    pub(crate) async fn publish(page: &mut Page) -> Self {
        let (socket, mut rtc) = session();
        let mut api = rtc.sdp_api();
        api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let video = api.add_media(MediaKind::Video, Direction::SendRecv, None, None, None);
        let (offer, pending) = api.apply().unwrap();
        page.say(&json!({"type": "offer", "sdp": offer.to_sdp_string()}).to_string()).await;
        let answer = page.hear().await.unwrap();
        assert_eq!(answer["type"], "answer", "{answer}");
        let answer = SdpAnswer::from_sdp_string(answer["sdp"].as_str().unwrap()).unwrap();
        rtc.sdp_api().accept_answer(pending, answer).unwrap();
        Self::run(socket, rtc, Some(video))
    }

    /// Waits for the server's offer, and watches.
    pub(crate) async fn watch(page: &mut Page) -> Self {
        let (socket, mut rtc) = session();
        let offer = page.hear().await.unwrap();
        assert_eq!(offer["type"], "offer", "{offer}");
        let offer = SdpOffer::from_sdp_string(offer["sdp"].as_str().unwrap()).unwrap();
        let answer = rtc.sdp_api().accept_offer(offer).unwrap();
        page.say(&json!({"type": "answer", "sdp": answer.to_sdp_string()}).to_string()).await;
        Self::run(socket, rtc, None)
    }

    fn run(socket: UdpSocket, rtc: Rtc, publishes: Option<Mid>) -> Self {
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || live(&socket, rtc, publishes, &shared));
        Self { seen, thread: Some(thread) }
    }

    /// Video packets sent or received.
    pub(crate) fn packets(&self) -> usize {
        self.seen.packets.load(Ordering::SeqCst)
    }

    /// The number of the newest packet, as its host counts.
    pub(crate) fn newest(&self) -> usize {
        self.seen.newest.load(Ordering::SeqCst)
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.seen.connected.load(Ordering::SeqCst)
    }

    /// Packets that never came, but for the newest ones, which may be under way.
    pub(crate) fn gaps(&self) -> usize {
        let mut seqs = self.seen.seqs.lock().unwrap().clone();
        seqs.sort_unstable();
        seqs.dedup();
        let settled = &seqs[..seqs.len().saturating_sub(20)];
        settled.windows(2).map(|it| (it[1] - it[0] - 1) as usize).sum()
    }
}

fn session() -> (UdpSocket, Rtc) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
    let candidate = Candidate::host(socket.local_addr().unwrap(), "udp").unwrap();
    rtc.add_local_candidate(candidate);
    (socket, rtc)
}

/// The browser's life: sends a packet of video each 10 ms if it publishes, counts what comes if it
/// does not.
fn live(socket: &UdpSocket, mut rtc: Rtc, publishes: Option<Mid>, seen: &Seen) {
    let local = socket.local_addr().unwrap();
    let mut buffer = vec![0; 2_000];
    let began = Instant::now();
    let mut next = began;
    let mut number = 0_u32;
    while !seen.stop.load(Ordering::SeqCst) && rtc.is_alive() {
        let wait = loop {
            match rtc.poll_output().unwrap() {
                Output::Timeout(at) => break at,
                Output::Transmit(it) => _ = socket.send_to(&it.contents, it.destination),
                Output::Event(Event::Connected) => seen.connected.store(true, Ordering::SeqCst),
                Output::Event(Event::RtpPacket(packet)) if packet.payload.len() > 500 => {
                    seen.packets.fetch_add(1, Ordering::SeqCst);
                    seen.seqs.lock().unwrap().push(*packet.seq_no);
                    let number = u32::from_be_bytes(packet.payload[6..10].try_into().unwrap());
                    seen.newest.fetch_max(number as usize, Ordering::SeqCst);
                }
                Output::Event(_) => {}
            }
        };
        let now = Instant::now();
        if let Some(mid) = publishes.filter(|_| seen.connected.load(Ordering::SeqCst))
            && now >= next
        {
            next += Duration::from_millis(10);
            write(&mut rtc, mid, number, now.duration_since(began), now);
            seen.packets.fetch_add(1, Ordering::SeqCst);
            number += 1;
            rtc.handle_input(Input::Timeout(now)).unwrap();
            continue;
        }
        let wait = wait.saturating_duration_since(now).min(Duration::from_millis(5));
        socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
        if let Ok((n, source)) = socket.recv_from(&mut buffer) {
            let now = Instant::now();
            if let Ok(it) = Receive::new(Protocol::Udp, source, local, &buffer[..n]) {
                let input = Input::Receive(now, it);
                if rtc.accepts(&input) {
                    _ = rtc.handle_input(input);
                }
            }
        }
        rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
    }
}

/// One VP8 frame of one packet; every hundredth is a keyframe.
fn write(rtc: &mut Rtc, mid: Mid, number: u32, at: Duration, now: Instant) {
    let pt = rtc.media(mid).unwrap().remote_pts()[0];
    let id = number as u16 & 0x7FFF;
    let is_delta = u8::from(!number.is_multiple_of(100));
    let mut payload = vec![0x90, 0x80, 0x80 | (id >> 8) as u8, id as u8, is_delta, 0];
    payload.extend(number.to_be_bytes());
    payload.resize(1_000, 0);
    let ts = (at.as_millis() * 90) as u32;
    let packet = RtpWrite::new(pt, u64::from(number).into(), ts, now, payload);
    let mut api = rtc.direct_api();
    let tx = api.stream_tx_by_mid(mid, None).unwrap();
    tx.write_rtp(packet.marker(true).nackable(true));
}
