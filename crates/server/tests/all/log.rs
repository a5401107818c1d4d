//! What an operator reads of those that are refused.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use crate::common;
use crate::common::http::{ANSWER, OFFER, SDP};
use crate::common::{TestServer, start, start_with};
use auth::PublishOpen;
use server::Config;
use server::config::SecretText;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static INIT: Once = Once::new();

/// Each test has a thread, and its server is on it.
struct ToThread;

impl Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn begin() {
    INIT.call_once(|| {
        tracing_subscriber::fmt().with_ansi(false).with_writer(|| ToThread).init();
    });
}

/// The lines about a refusal since it was last asked.
fn refusals() -> Vec<String> {
    let text = LINES.with_borrow_mut(std::mem::take);
    let text = String::from_utf8(text).unwrap();
    text.lines().filter(|it| it.contains("refused")).map(str::to_owned).collect()
}

/// Asserts that there is one line, at info, with all of these.
fn assert_told(parts: &[&str]) {
    let lines = refusals();
    let [line] = &lines[..] else { panic!("{parts:?}: {lines:#?}") };
    assert!(line.contains(" INFO ") && parts.iter().all(|it| line.contains(it)), "{line}");
}

const KEY: &str = "a-key-of-16-chars";

async fn start_with_key() -> TestServer {
    let change = |config: &mut Config| {
        config.publish.open = Some(PublishOpen::None);
        config.publish.key = Some(SecretText(KEY.into()));
    };
    start_with(change, 16).await
}

#[tokio::test]
async fn an_encoder_that_finds_the_room_taken_is_told_of() {
    begin();
    let server = common::start_saying(|_| {}, ANSWER.into()).await;
    server.publish("/whip/studio", "").await;
    refusals();
    assert_eq!(server.request("POST", "/whip/studio", SDP, OFFER).await.status, 409);
    assert_told(&[
        "publisher refused",
        "room=studio",
        "door=\"whip\"",
        "ip=127.0.0.1",
        "code=\"host_taken\"",
    ]);
}

#[tokio::test]
async fn a_wrong_key_is_told_of_and_stands_nowhere() {
    begin();
    let server = start_with_key().await;
    let wrong = "authorization: Bearer wrong-secret-of-somebody\r\n";
    for path in ["/whip/studio", "/whip", "/api/whip"] {
        let headers = format!("{SDP}{wrong}");
        assert_eq!(server.request("POST", path, &headers, OFFER).await.status, 401, "{path}");
        let log = LINES.with_borrow(|it| String::from_utf8(it.clone()).unwrap());
        assert!(!log.contains("wrong-secret") && !log.contains("v=0"), "{log}");
        assert_eq!(log.contains("room=studio"), path == "/whip/studio", "{log}");
        assert_told(&["publisher refused", "code=\"auth_bad\""]);
    }
    server.request("POST", "/whip/studio", SDP, OFFER).await;
    assert_told(&["publisher refused", "room=studio", "code=\"auth_required\""]);
}

#[tokio::test]
async fn a_player_that_asks_for_a_room_that_is_offline_is_not_worth_a_line() {
    begin();
    let server = start().await;
    assert_eq!(server.request("POST", "/whep/studio", SDP, OFFER).await.status, 409);
    assert!(refusals().is_empty());
}

#[tokio::test]
async fn a_foreign_host_is_told_of_by_name() {
    begin();
    let server = start().await;
    let request = "GET / HTTP/1.1\r\nhost: live.example.com\r\nconnection: close\r\n\r\n";
    assert_eq!(server.answered(request).await, 421);
    assert_told(&["request refused", "live.example.com", "host_unknown", "--allow-host"]);
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_told_of() {
    begin();
    let server = start().await;
    let refused = server.page_at("/ws", &[("origin", "https://evil.example")]).await;
    assert_eq!(refused.err().unwrap().0, 403);
    assert_told(&["WebSocket refused", "code=\"forbidden\"", "https://evil.example"]);
}

#[tokio::test]
async fn a_full_server_says_which_limit_was_reached_and_what_it_does() {
    begin();
    let server = start_with(|config| config.limits.connections = 8, 16).await;
    let mut held = Vec::new();
    for _ in 0..24 {
        held.push(tokio::net::TcpStream::connect(server.addr).await.unwrap());
    }
    let (head, _) = common::soon(server.http("GET", "/api/health", "")).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let log = LINES.with_borrow(|it| String::from_utf8(it.clone()).unwrap());
    let line = log.lines().find(|it| it.contains("connection limit reached")).expect(&log);
    assert!(line.contains(" WARN ") && line.contains("limit=8 n_closed="), "{line}");
}
