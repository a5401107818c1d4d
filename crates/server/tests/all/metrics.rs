//! What the operator sees: `/metrics`, what pages report, history, sessions and findings.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::common;
use crate::common::http::{ANSWER, SDP, play_offer};
use crate::common::operator::{self, KEY, bearer};
use crate::common::{SENDING, TestServer, offer, soon, start, start_saying, start_with};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TOKEN: &str = "a token for Prometheus";

async fn closed() -> TestServer {
    let change = |config: &mut server::Config| {
        operator::closed(config);
        config.metrics.token = Some(TOKEN.parse().unwrap());
    };
    start_with(change, 16).await
}

/// One request of somebody elsewhere; the status and the body.
async fn ask(
    server: &TestServer,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> (u16, String) {
    let headers = format!("x-forwarded-for: 203.0.113.7\r\n{}", bearer(key));
    let response = server.request(method, path, &headers, body).await;
    (response.status, response.body)
}

async fn json_of(server: &TestServer, method: &str, path: &str) -> (u16, Value) {
    let (status, body) = ask(server, method, path, KEY, "").await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// The samples of a scrape by the server's own machine.
async fn samples(server: &TestServer) -> BTreeMap<String, f64> {
    let (_, text) = server.http("GET", "/metrics", "").await;
    read(&text)
}

fn read(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|it| !it.starts_with('#'));
    let pairs = lines.filter_map(|it| it.rsplit_once(' '));
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

/// A host goes live in a room, and a fan watches it.
async fn broadcast(server: &TestServer, room: &str) -> (common::Page, common::Page) {
    let mut host = server.page_at(&format!("/ws?room={room}"), &[]).await.unwrap();
    host.say(&json!({"type": "hello", "v": 1, "role": "host", "key": KEY}).to_string()).await;
    host.hear_type("welcome").await;
    host.say(&offer(SENDING)).await;
    host.hear_type("answer").await;
    server.flow();
    host.say(r#"{"type":"golive"}"#).await;
    let mut fan = server.page_at(&format!("/ws?room={room}"), &[]).await.unwrap();
    fan.say(&json!({"type": "hello", "v": 1, "role": "fan"}).to_string()).await;
    let offer = fan.hear_type("offer").await;
    fan.say(&json!({"type": "answer", "sdp": "v=0", "pc": "sub", "neg": offer["neg"]}).to_string())
        .await;
    // The count of viewers tells that it is connected.
    while fan.hear_type("viewers").await["n"] == 0 {}
    (host, fan)
}

#[tokio::test]
async fn prometheus_sees_who_is_there_and_what_was_refused() {
    let server = start().await;
    let (_host, _fan) = broadcast(&server, "stage").await;
    let (head, _) = server.http("GET", "/api/v1/rooms/nowhere", "").await;
    assert!(head.contains(" 404 "), "{head}");
    let seen = samples(&server).await;
    for (name, value) in [
        ("kaibo_viewers", 1.0),
        ("kaibo_rooms{state=\"live\"}", 1.0),
        ("kaibo_sessions{door=\"ws\",role=\"host\",state=\"connected\"}", 1.0),
        ("kaibo_sessions{door=\"ws\",role=\"fan\",state=\"connected\"}", 1.0),
        ("kaibo_joins_total{door=\"ws\",role=\"fan\"}", 1.0),
        ("kaibo_joins_total{door=\"ws\",role=\"host\"}", 1.0),
        ("kaibo_connect_seconds_count", 1.0),
        ("kaibo_refusals_total{door=\"http\",code=\"not_found\"}", 1.0),
        ("kaibo_room_viewers{room=\"stage\"}", 1.0),
        ("kaibo_room_live{room=\"stage\"}", 1.0),
        ("kaibo_room_egress_packets_total{room=\"stage\"}", 0.0),
        ("kaibo_store_writable", 1.0),
        ("kaibo_log_lines_lost_total", 0.0),
    ] {
        assert_eq!(seen.get(name), Some(&value), "{name} in {seen:#?}");
    }
}

#[tokio::test]
async fn metrics_are_for_the_operator_and_the_token_reads_nothing_else() {
    let server = closed().await;
    for (key, status) in [(KEY, 200), (TOKEN, 200), ("neither of them", 401), ("", 401)] {
        assert_eq!(ask(&server, "GET", "/metrics", key, "").await.0, status, "{key:?}");
    }
    assert_eq!(ask(&server, "GET", "/api/v1/rooms", TOKEN, "").await.0, 401);
    let (head, _) = server.http("GET", "/metrics", "").await;
    assert!(head.contains(" 200 "), "the own machine needs no key: {head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let accept = "accept: application/openmetrics-text; version=1.0.0\r\n";
    let (head, text) = server.http("GET", "/metrics", accept).await;
    assert!(head.contains("application/openmetrics-text"), "{head}");
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn an_address_of_its_own_has_metrics_and_no_pages() {
    let change =
        |config: &mut server::Config| config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
    let server = start_with(change, 16).await;
    let addr = server.running.metrics_addr().unwrap();
    let get = async |path: &str| {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        soon(stream.read_to_string(&mut text)).await.unwrap();
        text
    };
    assert!(get("/metrics").await.contains("\nkaibo_viewers 0"));
    for path in ["/", "/api/rooms", "/api/v1/rooms", "/ws"] {
        assert!(get(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
}

#[tokio::test]
async fn what_pages_report_is_summed_and_rooms_that_are_not_there_have_no_name() {
    let server = closed().await;
    let (_host, _fan) = broadcast(&server, "stage").await;
    let report = |room: &str| {
        json!({"room": room, "page": "embed", "watchedMs": 60_000, "firstFrameMs": 420, "freezes": 2,
            "frozenMs": 1_500, "latencyMs": 300, "layer": "h", "loss": 0.004})
        .to_string()
    };
    for room in ["stage", "nowhere"] {
        assert_eq!(ask(&server, "POST", "/api/qoe", "", &report(room)).await.0, 204);
    }
    assert_eq!(ask(&server, "POST", "/api/qoe", "", "{}").await.0, 400);
    assert_eq!(ask(&server, "POST", "/api/qoe", "", &"x".repeat(2_000)).await.0, 413);
    let (_, text) = ask(&server, "GET", "/metrics", KEY, "").await;
    let seen = read(&text);
    for (name, value) in [
        ("kaibo_page_reports_total{page=\"embed\"}", 2.0),
        ("kaibo_page_freezes_total{page=\"embed\"}", 4.0),
        ("kaibo_page_frozen_seconds_total{page=\"embed\"}", 3.0),
        ("kaibo_page_first_frame_seconds_bucket{le=\"0.5\",page=\"embed\"}", 2.0),
        ("kaibo_room_page_reports_total{room=\"stage\"}", 1.0),
    ] {
        assert_eq!(seen.get(name), Some(&value), "{name}");
    }
    assert!(!text.contains("nowhere"), "anybody could fill the table with names");
}

#[tokio::test]
async fn a_network_reports_no_more_often_than_its_pages_do() {
    let server = closed().await;
    let least = r#"{"room":"stage","page":"room","watchedMs":0,"freezes":0,"frozenMs":0}"#;
    let mut statuses = Vec::new();
    for _ in 0..=server::limits::BEACONS_BURST + 50 {
        statuses.push(ask(&server, "POST", "/api/qoe", "", least).await.0);
    }
    assert!(statuses.contains(&429), "no limit");
    assert_eq!(statuses[0], 204);
}

#[tokio::test]
async fn the_operator_lists_the_sessions_of_a_room_and_ends_one() {
    let server = closed().await;
    let (mut host, mut fan) = broadcast(&server, "stage").await;
    let path = "/api/v1/rooms/stage/sessions";
    let (status, told) = json_of(&server, "GET", path).await;
    assert_eq!(status, 200);
    let items = told["items"].as_array().unwrap();
    let kinds: Vec<_> = items
        .iter()
        .map(|it| (it["role"].as_str(), it["door"].as_str(), it["state"].as_str()))
        .collect();
    let connected = |role| (Some(role), Some("ws"), Some("connected"));
    assert_eq!(kinds, [connected("host"), connected("fan")]);
    let (_, first) = json_of(&server, "GET", &format!("{path}?limit=1")).await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = json_of(&server, "GET", &format!("{path}?limit=1&cursor={next}")).await;
    assert_eq!(second["items"][0]["id"], items[1]["id"]);
    assert_eq!(second["next"], Value::Null);

    let one = format!("{path}/{}", items[1]["id"].as_str().unwrap());
    assert_eq!(json_of(&server, "DELETE", &one).await.0, 204);
    assert_eq!(json_of(&server, "DELETE", &one).await.0, 404);
    let (heard, code) = fan.hear_close().await;
    assert_eq!(code, 4403);
    assert!(heard.iter().any(|it| it["reason"] == "kicked"), "{heard:?}");
    // The host sees one viewer less, and goes on.
    while host.hear_type("viewers").await["n"] != 0 {}
    assert_eq!(ask(&server, "GET", path, "neither of them", "").await.0, 401);
    assert_eq!(ask(&server, "DELETE", &one, "neither of them", "").await.0, 401);
}

#[tokio::test]
async fn findings_of_all_rooms_are_listed_with_their_time() {
    let server = closed().await;
    let (mut host, _fan) = broadcast(&server, "stage").await;
    server.find(&[engine::Finding::BFrames]);
    host.hear_type("findings").await;
    let (_, told) = json_of(&server, "GET", "/api/v1/findings").await;
    let found = &told["items"][0];
    assert_eq!((&found["room"], &found["code"]), (&json!("stage"), &json!("b_frames")));
    assert!(found["since"].as_f64().unwrap() > 1.6e12 && found["detail"].is_string(), "{found}");
    let (_, text) = ask(&server, "GET", "/metrics", KEY, "").await;
    let name = "kaibo_room_findings{room=\"stage\",code=\"b_frames\"}";
    assert_eq!(read(&text).get(name), Some(&1.0));
}

#[tokio::test]
async fn the_latency_of_a_room_is_what_its_fans_say() {
    let server = closed().await;
    let (_host, mut fan) = broadcast(&server, "stage").await;
    fan.say(r#"{"type":"stats","latencyMs":250}"#).await;
    fan.say(r#"{"type":"ping","t":1}"#).await;
    fan.hear_type("pong").await;
    let (_, text) = ask(&server, "GET", "/metrics", KEY, "").await;
    let name = "kaibo_room_latency_seconds{room=\"stage\",stat=\"median\"}";
    assert_eq!(read(&text).get(name), Some(&0.25));
}

#[tokio::test]
async fn history_is_of_the_last_day_at_most() {
    let server = closed().await;
    let (status, told) = json_of(&server, "GET", "/api/v1/history?room=stage&hours=3").await;
    assert_eq!((status, told), (200, json!({"stepS": 60, "rooms": []})));
    for query in ["hours=25", "hours=0", "room=../x", "days=1"] {
        assert_eq!(json_of(&server, "GET", &format!("/api/v1/history?{query}")).await.0, 400);
    }
}

#[tokio::test]
async fn a_thousand_rooms_and_two_thousand_players_are_told_in_one_scrape() {
    let change = |config: &mut server::Config| config.max_peers = 4_000;
    let server = start_saying(change, ANSWER.replace("recvonly", "sendonly")).await;
    for n in 0..1_000 {
        server.publish(&format!("/whip/room-{n}"), "").await;
        for _ in 0..2 {
            let room = format!("/whep/room-{n}");
            let created = server.request("POST", &room, SDP, &play_offer()).await;
            assert_eq!(created.status, 201, "{created:?}");
        }
    }
    let begun = Instant::now();
    let (_, text) = server.http("GET", "/metrics", "").await;
    eprintln!("a scrape of {} kB took {:?}", text.len() / 1_000, begun.elapsed());
    let seen = read(&text);
    assert_eq!(seen["kaibo_rooms{state=\"live\"}"], 1_000.0);
    let players = "kaibo_sessions{door=\"whep\",role=\"fan\",state=\"connecting\"}";
    assert_eq!(seen.get(players), Some(&2_000.0));
    assert_eq!(seen.keys().filter(|it| it.starts_with("kaibo_room_live{")).count(), 1_000);
}
