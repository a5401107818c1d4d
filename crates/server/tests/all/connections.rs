//! Hostile connections: whatever they do with all the places of the server, an honest client is served.

use std::net::SocketAddr;
use std::time::Duration;

use crate::common::{TestServer, soon, start_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

/// Connections of the server in these tests.
const PLACES: usize = 8;

const PAGE: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

async fn start_small() -> TestServer {
    start_with(|config| config.limits.connections = PLACES, 16).await
}

/// Opens a connection that says this, and reads nothing.
async fn hostile(addr: SocketAddr, says: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(addr).await.unwrap();
    // One that was closed already has given way.
    _ = stream.write_all(says).await;
    stream
}

/// Three times as many hostile connections as there are places.
async fn flood(server: &TestServer, says: &[u8]) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..3 * PLACES {
        held.push(hostile(server.addr, says).await);
    }
    held
}

async fn is_served(server: &TestServer) {
    let (head, _) = soon(server.http("GET", "/api/health", "")).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let server = start_small().await;
    let _held = flood(&server, b"").await;
    is_served(&server).await;
}

#[tokio::test]
async fn heads_that_never_end_keep_nobody_out() {
    let server = start_small().await;
    let _held = flood(&server, b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
    is_served(&server).await;
}

#[tokio::test]
async fn bodies_that_never_come_keep_nobody_out() {
    let server = start_small().await;
    let post = b"POST /whip/x HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/sdp\r\n\
                 content-length: 1000\r\n\r\nv=0";
    let _held = flood(&server, post).await;
    is_served(&server).await;
}

#[tokio::test]
async fn media_connections_that_prove_nothing_keep_nobody_out() {
    let server = start_small().await;
    // A binding request (RFC 8489, section 5) in a frame of RFC 4571, signed with a password that is wrong.
    let user = [&[0, 6, 0, 13][..], b"AAAAAAAA:BBBB", &[0; 3]].concat();
    let priority = [0, 0x24, 0, 4, 1, 2, 3, 4];
    let integrity = [&[0, 8, 0, 20][..], &[9; 20]].concat();
    let attributes = [&user[..], &priority, &integrity].concat();
    let head = [0, 1, 0, attributes.len() as u8, 0x21, 0x12, 0xa4, 0x42];
    let check = [&head[..], &[7; 12], &attributes].concat();
    let frame = [&(check.len() as u16).to_be_bytes()[..], &check].concat();
    let _held = flood(&server, &frame).await;
    is_served(&server).await;
    assert!(!server.stage.lock().unwrap().connections.is_empty(), "the media plane has some");
}

#[tokio::test]
async fn connections_that_ask_nothing_more_keep_nobody_out() {
    let server = start_small().await;
    let mut held = Vec::new();
    for _ in 0..3 * PLACES {
        let mut stream = hostile(server.addr, PAGE).await;
        soon(stream.read_u8()).await.unwrap();
        held.push(stream);
    }
    is_served(&server).await;
}

#[tokio::test(start_paused = true)]
async fn responses_that_nobody_reads_keep_nobody_out() {
    let server = start_small().await;
    let mut held = Vec::new();
    for _ in 0..PLACES {
        let stream = hostile(server.addr, b"").await;
        held.push(tokio::spawn(async move {
            let mut stream = stream;
            // More than any buffer on the way takes: this ends when the server closes the connection.
            while stream.write_all(PAGE).await.is_ok() {}
        }));
    }
    // The clock is virtual: it moves when all of them stand still.
    sleep(Duration::from_secs(2)).await;
    is_served(&server).await;
    let start = tokio::time::Instant::now();
    for writer in held {
        writer.await.unwrap();
    }
    assert!(start.elapsed() < server::listen::WRITE_WITHIN, "the others are closed in time");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_answered_with_408() {
    let server = start_small().await;
    let head = "POST /whip/x HTTP/1.1\r\nhost: x\r\ncontent-type: application/sdp\r\n\
                content-length: 1000\r\n\r\n";
    let (head, _) = server.raw(head).await;
    assert!(head.starts_with("http/1.1 408"), "{head}");
}

#[tokio::test]
async fn websockets_are_counted_until_they_are_closed() {
    let server = start_small().await;
    let mut pages = Vec::new();
    for _ in 0..PLACES {
        pages.push(server.page().await);
    }
    let mut refused = TcpStream::connect(server.addr).await.unwrap();
    // A request would be answered; a refusal is an end without a word.
    _ = refused.write_all(PAGE).await;
    let answer = soon(refused.read(&mut [0; 64])).await;
    assert!(answer.as_ref().map_or(true, |n| *n == 0), "{answer:?}");
    for page in &mut pages {
        page.say(r#"{"type":"hello","v":1,"role":"fan"}"#).await;
        assert_eq!(page.hear().await["type"], "welcome", "none gave way");
    }
    let mut leaves = pages.pop().unwrap();
    leaves.socket.close(None).await.unwrap();
    while let Some(Ok(_)) = soon(futures_util::StreamExt::next(&mut leaves.socket)).await {}
    is_served(&server).await;
}
