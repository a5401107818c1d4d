use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::*;
use crate::listen::ahead::Ahead;
use crate::listen::handlers::Ends;
use crate::listen::limits::{BODY_WITHIN, HEAD_WITHIN, JUST_CAME, Limits};
use crate::listen::serve_http::{self, Version};
use crate::listen::table::Table;
use crate::shutdown::Shutdown;

/// What fits between the two ends of a connection here.
const BUFFER: usize = 1024;

/// A response that does not fit.
const LONG: usize = 100 * BUFFER;

fn wrapped(table: &Arc<Table>) -> (TimedIo<DuplexStream>, Arc<Place>, DuplexStream) {
    let (ours, theirs) = duplex(BUFFER);
    let ip = [192, 0, 2, 1].into();
    let (place, closed) = table.admit(ip, Instant::now()).unwrap();
    (TimedIo::new(ours, place.clone(), closed), place, theirs)
}

/// A server that says how many bytes a body has, and has a long page.
fn serve(table: &Arc<Table>) -> (JoinHandle<()>, DuplexStream) {
    let (io, place, client) = wrapped(table);
    let io = Ahead::new(io, Bytes::new());
    let router = Router::new()
        .route("/long", get(async || Bytes::from_static(&[b'x'; LONG])))
        .route("/", post(async |body: Bytes| format!("{} bytes", body.len())).get(async || "page"));
    let ends = Ends { peer: ([192, 0, 2, 1], 1).into(), local: None, tls: None };
    let shutdown = Shutdown::default();
    let serve = async move {
        // How it ends is seen by the client.
        _ = serve_http::serve(io, Version::Http1, place, ends, router, shutdown).await;
    };
    (tokio::spawn(serve), client)
}

async fn until_closed(client: &mut DuplexStream) -> String {
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    rest
}

/// Reads a response whose body ends so.
async fn read_until(client: &mut DuplexStream, end: &str) {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.push(client.read_u8().await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_cut_off_in_time() {
    let (start, table) = (Instant::now(), Table::new(Limits::default()));
    let (server, mut client) = serve(&table);
    let sender = tokio::spawn(async move {
        let head = "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ".bytes().chain(std::iter::repeat(b'a'));
        for byte in head {
            sleep(Duration::from_millis(500)).await;
            if client.write_u8(byte).await.is_err() {
                return;
            }
        }
    });
    server.await.unwrap();
    sender.await.unwrap();
    assert!(start.elapsed() >= HEAD_WITHIN && start.elapsed() < HEAD_WITHIN + LOOK_EVERY);
    assert!(!table.evict_one(), "its place is free");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_asks_nothing_more_is_closed_in_time() {
    let table = Table::new(Limits::default());
    let (_server, mut client) = serve(&table);
    for path in ["/", "/"] {
        sleep(HEAD_WITHIN / 2).await;
        client.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
        read_until(&mut client, "page").await;
    }
    let idle = Instant::now();
    assert_eq!(until_closed(&mut client).await, "");
    assert_eq!(idle.elapsed().as_secs(), HEAD_WITHIN.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stays_away_is_answered_with_408_whatever_the_handler_says() {
    let table = Table::new(Limits::default());
    let (_server, mut client) = serve(&table);
    let start = Instant::now();
    client.write_all(b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc").await.unwrap();
    let (mut read, mut write) = tokio::io::split(client);
    tokio::spawn(async move {
        // Progress does not help: the time is for all of it.
        sleep(BODY_WITHIN / 2).await;
        _ = write.write_all(b"d").await;
        std::future::pending::<()>().await;
    });
    let mut response = String::new();
    read.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert!(response.contains("connection: close\r\n"), "{response}");
    assert_eq!(start.elapsed().as_secs(), BODY_WITHIN.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_slowly_but_in_time_is_read() {
    let table = Table::new(Limits::default());
    let (_server, mut client) = serve(&table);
    client.write_all(b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n").await.unwrap();
    for byte in b"123456789" {
        sleep(Duration::from_secs(1)).await;
        client.write_u8(*byte).await.unwrap();
    }
    read_until(&mut client, "9 bytes").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_peer_reads_nothing_is_closed_in_time() {
    let table = Table::new(Limits::default());
    let (server, mut client) = serve(&table);
    let start = Instant::now();
    client.write_all(b"GET /long HTTP/1.1\r\n\r\n").await.unwrap();
    server.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), WRITE_WITHIN.as_secs());
}

#[tokio::test(start_paused = true)]
async fn of_two_that_read_the_one_that_took_something_longer_ago_gives_way() {
    let table = Table::new(Limits::default());
    let (mut reading, mut client) = serve(&table);
    client.write_all(b"GET /long HTTP/1.1\r\n\r\n").await.unwrap();
    sleep(JUST_CAME).await;
    let (still, mut other) = serve(&table);
    other.write_all(b"GET /long HTTP/1.1\r\n\r\n").await.unwrap();
    sleep(JUST_CAME).await;
    client.read_exact(&mut [0; BUFFER]).await.unwrap();
    sleep(JUST_CAME).await;
    assert!(table.evict_one());
    still.await.unwrap();
    tokio::select! {
        biased;
        _ = &mut reading => panic!("it moves"),
        () = sleep(LOOK_EVERY) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_gets_the_whole_response() {
    let table = Table::new(Limits::default());
    let (_server, mut client) = serve(&table);
    client.write_all(b"GET /long HTTP/1.1\r\n\r\n").await.unwrap();
    let (start, mut n) = (Instant::now(), 0);
    while n < LONG {
        sleep(Duration::from_millis(900)).await;
        n += client.read(&mut [0; BUFFER]).await.unwrap();
    }
    assert!(start.elapsed() > SLOW_AFTER + HEAD_WITHIN, "longer than any deadline");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_trickles_for_long_gives_way_when_a_place_is_needed() {
    let table = Table::new(Limits::default());
    let (server, mut client) = serve(&table);
    client.write_all(b"GET /long HTTP/1.1\r\n\r\n").await.unwrap();
    let start = Instant::now();
    while start.elapsed() < SLOW_AFTER + LOOK_EVERY {
        sleep(Duration::from_millis(900)).await;
        client.read_u8().await.unwrap();
    }
    assert!(table.evict_one());
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_is_held_to_progress_only() {
    let table = Table::new(Limits::default());
    let (mut io, place, mut client) = wrapped(&table);
    place.request_begins();
    place.upgraded();
    sleep(HEAD_WITHIN * 10).await;
    client.write_all(b"hello").await.unwrap();
    io.read_exact(&mut [0; 5]).await.unwrap();
    io.write_all(&[0; BUFFER]).await.unwrap();
    io.flush().await.unwrap();
    let start = Instant::now();
    let error = io.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), WRITE_WITHIN.as_secs());
    assert!(!table.evict_one(), "a WebSocket never gives way");
}

#[tokio::test]
async fn buffers_are_written_without_copying_them_into_one() {
    let table = Table::new(Limits::default());
    assert!(wrapped(&table).0.is_write_vectored());
}
