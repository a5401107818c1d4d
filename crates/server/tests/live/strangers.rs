//! Whatever anybody can send to the server's two ports.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;
use crate::browser::Page;

/// How many malformed frames and requests are sent.
const N: usize = 1_000;

/// A small generator: the same garbage for everybody.
struct Garbage(u64);

impl Garbage {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, max: u64) -> Vec<u8> {
        (0..self.next() % max).map(|_| self.next() as u8).collect()
    }
}

/// Each gets an error with a code and a sentence; a socket that sends too many is closed with 4400.
pub(crate) async fn malformed_frames(server: SocketAddr) {
    let mut garbage = Garbage(7);
    let kinds: [&dyn Fn(&mut Garbage) -> String; 8] = [
        &|it| String::from_utf8_lossy(&it.bytes(200)).into_owned(),
        &|_| "{".into(),
        &|_| "[1,2,3]".into(),
        &|_| json!({"type": "nothing"}).to_string(),
        &|_| json!({"type": "offer"}).to_string(),
        &|_| json!({"type": "offer", "sdp": 7}).to_string(),
        &|_| json!({"type": "hello", "v": 1, "room": "../.."}).to_string(),
        &|_| "[".repeat(3_000),
    ];
    let (mut sent, mut errors, mut closed) = (0, 0, 0);
    while sent < N {
        let mut page = Page::open(server).await;
        // As many as one socket may send in a burst.
        for n in 0..100 {
            page.say(&kinds[n % kinds.len()](&mut garbage)).await;
            sent += 1;
        }
        loop {
            match page.hear().await {
                Ok(message) => {
                    assert_eq!(message["type"], "error", "{message}");
                    assert!(message["code"].is_string() && message["message"].is_string());
                    errors += 1;
                }
                Err(code) => {
                    assert!(matches!(code, Some(4400) | None), "closed with {code:?}");
                    closed += 1;
                    break;
                }
            }
        }
    }
    println!("{sent} malformed frames: {errors} errors, {closed} sockets closed");
    assert!(errors >= closed * 50, "each was told before it was closed");
}

/// Each gets a 4xx or a closed connection.
pub(crate) async fn malformed_requests(server: SocketAddr) {
    let mut garbage = Garbage(11);
    let mut statuses = std::collections::BTreeMap::new();
    for n in 0..N {
        let request: Vec<u8> = match n % 8 {
            0 => garbage.bytes(2_000),
            1 => b"GET /\r\n\r\n".to_vec(),
            2 => b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            3 => b"DELETE /api/rooms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            4 => b"GET /api/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            5 => format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(40_000)).into(),
            6 => b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            _ => b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"
                .to_vec(),
        };
        let mut stream = TcpStream::connect(server).await.unwrap();
        // It may be closed before all is written.
        _ = stream.write_all(&request).await;
        if n % 8 == 0 {
            // Garbage has no end of its own.
            _ = stream.shutdown().await;
        }
        let mut answer = Vec::new();
        _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).unwrap_or("closed").to_owned();
        match n % 8 {
            // What is too long to be read is not read: the answer can be lost with the connection.
            0 | 5 => assert!(status == "closed" || status.starts_with('4'), "{n}: {status}"),
            _ => assert!(status.starts_with('4'), "{n}: {status}"),
        }
        assert!(!answer.contains("root:"), "a file of the machine");
        *statuses.entry(status).or_insert(0) += 1;
    }
    println!("{N} malformed requests: {statuses:?}");
}

/// Refused by size before they are read.
pub(crate) async fn huge_descriptions(server: SocketAddr) {
    for (bytes, expected) in [(100_000, Err(Some(1009))), (60_000, Ok("too_large"))] {
        let mut page = Page::open(server).await;
        let sdp = format!("v=0\r\n{}", "a".repeat(bytes));
        page.say(&json!({"type": "offer", "sdp": sdp}).to_string()).await;
        let heard = page.hear().await.map(|it| it["code"].as_str().unwrap_or_default().to_owned());
        assert_eq!(heard, expected.map(str::to_owned), "{bytes} bytes");
    }
    let mut page = Page::open(server).await;
    let sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n\
               a=recvonly\r\n";
    page.say(&json!({"type": "offer", "sdp": sdp, "id": 5}).to_string()).await;
    let heard = page.hear().await.unwrap();
    assert_eq!(
        (heard["code"].as_str(), heard["re"].as_i64()),
        (Some("codec_unsupported"), Some(5)),
        "{heard}"
    );
}

/// Returns how many datagrams came back.
pub(crate) fn garbage_datagrams(server: SocketAddr) -> usize {
    let mut garbage = Garbage(13);
    let alert = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40];
    let mut answers = 0;
    for _ in 0..20 {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for n in 0..1_000 {
            let mut bytes = match n % 4 {
                0 => alert.to_vec(),
                1 => stun_request(&mut garbage),
                _ => garbage.bytes(1_400),
            };
            if let Some(first) = bytes.first_mut().filter(|_| n % 4 > 1) {
                *first = [0, 22, 128, 200][garbage.next() as usize % 4];
            }
            _ = socket.send_to(&bytes, server);
        }
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        while socket.recv(&mut [0; 2_000]).is_ok() {
            answers += 1;
        }
    }
    answers
}

/// A well-formed binding request (RFC 8489) for a user that does not exist, with a made-up HMAC.
fn stun_request(garbage: &mut Garbage) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 44, 0x21, 0x12, 0xA4, 0x42];
    bytes.extend((0..12).map(|_| garbage.next() as u8));
    bytes.extend([0, 6, 0, 8]);
    bytes.extend(b"abcd:efg");
    bytes.extend([0, 0x24, 0, 4, 1, 2, 3, 4]);
    bytes.extend([0, 8, 0, 20]);
    bytes.extend((0..20).map(|_| garbage.next() as u8));
    bytes
}

/// Connections that begin as media does, for a session that there is none of: each is closed.
pub(crate) async fn checks_for_nobody_over_tcp(http: SocketAddr) {
    // A binding request (RFC 8489, section 5) with a USERNAME, in a frame of RFC 4571.
    let username = b"AAAAAAAA:BBBB";
    let attribute = [&[0, 6, 0, 13][..], username, &[0; 3]].concat();
    let head = [0, 1, 0, attribute.len() as u8, 0x21, 0x12, 0xa4, 0x42];
    let check = [&head[..], &[7; 12], &attribute].concat();
    for bytes in [check, vec![0; 40]] {
        let mut stream = TcpStream::connect(http).await.unwrap();
        stream.write_u16(bytes.len() as u16).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let closed = timeout(PATIENCE, stream.read(&mut [0; 16])).await.expect("it is closed");
        assert_eq!(closed.unwrap_or(0), 0, "nothing is said to it");
    }
}
