//! Sockets: what they say end to end, and the limits they are held to.

use std::time::Duration;

use crate::common::{SENDING, offer, soon, start, start_with};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn the_basic_pages_negotiate_and_hear_nothing_else() {
    let server = start().await;
    let mut fan = server.page().await;
    let mut host = server.page().await;
    host.say(&offer(SENDING)).await;
    host.say(r#"{"type":"offer_ice","iceCandidate":{"candidate":"candidate:1"}}"#).await;
    let answer = host.hear().await;
    assert_eq!(answer, serde_json::json!({"type":"answer","sdp":"v".repeat(16)}));
    server.flow();
    let offered = fan.hear().await;
    assert_eq!(offered, serde_json::json!({"type":"offer","sdp":"v".repeat(16)}));
    fan.say(r#"{"type":"answer","sdp":"v=0"}"#).await;
    // An error that we ask for shows that nothing came before it.
    fan.say(r#"{"type":"answer","sdp":"v=0","id":1}"#).await;
    assert_eq!(fan.hear().await["re"], 1);
}

#[tokio::test]
async fn a_page_that_says_hello_is_welcomed_and_resumes() {
    let server = start().await;
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan","room":"直播间"}"#).await;
    let welcome = fan.hear().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["room"]["room"], "直播间");
    let token = welcome["resume"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 32);
    fan.hear_type("offer").await;
    fan.say(r#"{"type":"answer","sdp":"v=0","pc":"sub","neg":1}"#).await;
    fan.hear_type("viewers").await;
    drop(fan);
    let mut again = server.page().await;
    again.say(&format!(r#"{{"type":"hello","v":1,"role":"fan","resume":"{token}"}}"#)).await;
    assert_eq!(again.hear().await["resumed"], true);
}

#[tokio::test]
async fn tokens_of_two_sockets_differ() {
    let server = start().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let mut page = server.page().await;
        page.say(r#"{"type":"hello","v":1}"#).await;
        tokens.push(page.hear().await["resume"].clone());
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn a_binary_frame_closes_with_1003() {
    let server = start().await;
    let mut page = server.page().await;
    page.send(Message::binary(vec![0; 10])).await;
    assert_eq!(page.hear_close().await.1, 1003);
}

#[tokio::test]
async fn a_frame_over_64_kib_closes_with_1009() {
    let server = start().await;
    for bytes in [64 * 1024 + 1, 64 * 1024 + 2, 1024 * 1024] {
        let mut page = server.page().await;
        page.say(&"x".repeat(bytes)).await;
        assert_eq!(page.hear_close().await.1, 1009, "{bytes}");
    }
    let mut page = server.page().await;
    page.say(&"x".repeat(64 * 1024)).await;
    assert_eq!(page.hear().await["code"], "bad_json", "the limit itself is read");
}

#[tokio::test]
async fn malformed_messages_are_answered_and_then_close_with_4400() {
    let server = start().await;
    let mut other = server.page().await;
    let mut page = server.page().await;
    for i in 0..1000 {
        page.say(if i % 2 == 0 { "{" } else { r#"{"type":"what"}"# }).await;
    }
    let (heard, code) = page.hear_close().await;
    assert_eq!(code, 4400);
    assert_eq!(heard.len(), 51);
    assert_eq!(heard[0]["code"], "bad_json");
    assert_eq!(heard[1]["code"], "bad_type");
    assert_eq!(
        (heard[49]["fatal"].clone(), heard[50]["fatal"].clone()),
        (false.into(), true.into())
    );
    other.say(r#"{"type":"hello","v":1}"#).await;
    assert_eq!(other.hear().await["type"], "welcome", "others notice nothing");
}

#[tokio::test]
async fn a_flood_is_warned_and_then_closed_with_4429() {
    let server = start().await;
    let mut page = server.page().await;
    page.say(r#"{"type":"hello","v":1,"role":"host"}"#).await;
    for _ in 0..2000 {
        page.say(r#"{"type":"ping","t":1}"#).await;
    }
    let (heard, code) = page.hear_close().await;
    assert_eq!(code, 4429);
    let pongs = heard.iter().filter(|message| message["type"] == "pong").count();
    assert!(pongs < 300, "{pongs}");
    let errors: Vec<_> = heard.iter().filter(|m| m["code"] == "rate_limited").collect();
    assert!(errors.len() >= 2 && errors.len() < 10, "{}", errors.len());
    assert_eq!(errors.last().unwrap()["fatal"], true);
}

#[tokio::test]
async fn a_burst_of_candidates_is_no_flood() {
    let server = start().await;
    let mut page = server.page().await;
    page.say(&offer(SENDING)).await;
    for _ in 0..100 {
        page.say(r#"{"type":"offer_ice","iceCandidate":{"candidate":"candidate:1"}}"#).await;
    }
    page.say(r#"{"type":"answer","sdp":"v=0","id":7}"#).await;
    assert_eq!(page.hear().await["type"], "answer");
    assert_eq!(page.hear().await["re"], 7);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_with_4408() {
    let server = start_with(|_| {}, 512 * 1024).await;
    let mut page = server.page().await;
    for _ in 0..110 {
        page.say(&offer(SENDING)).await;
    }
    // 55 MB of answers are more than the system's buffers and ours hold.
    let (heard, code) = page.hear_close().await;
    assert_eq!(code, 4408);
    assert!(heard.len() < 110, "{}", heard.len());
}

#[tokio::test]
async fn foreign_pages_may_not_connect() {
    let origin = "https://studio.example";
    let server = start_with(|config| config.allow_origins = vec![origin.to_owned()], 16).await;
    let port = server.addr.port();
    let own = format!("http://127.0.0.1:{port}");
    let forwarded = ("x-forwarded-for", "203.0.113.9");
    for (headers, allowed) in [
        (vec![], true),
        (vec![("origin", own.as_str())], true),
        (vec![("origin", "http://localhost:5173")], true),
        (vec![("origin", origin)], true),
        (vec![("origin", "http://localhost:5173"), forwarded], false),
        (vec![("origin", own.as_str()), forwarded], true),
        (vec![("origin", "null")], false),
        (vec![("origin", "http://evil-localhost.com")], false),
        (vec![("origin", "https://studio.example.evil.com")], false),
        (vec![("origin", "http://studio.example")], false),
    ] {
        let result = server.page_at("/ws", &headers).await;
        assert_eq!(result.is_ok(), allowed, "{headers:?}");
        if let Err((status, body)) = result {
            assert_eq!(status, 403);
            assert!(body.contains(r#""code":"forbidden""#), "{body}");
        }
    }
}

#[tokio::test]
async fn a_proxy_does_not_open_the_door_to_publishers() {
    let server =
        start_with(|config| config.publish.open = Some(auth::PublishOpen::Loopback), 16).await;
    for (headers, kind) in [
        (vec![], "answer"),
        (vec![("x-forwarded-for", "127.0.0.1")], "error"),
        (vec![("forwarded", "for=127.0.0.1")], "error"),
        (vec![("x-real-ip", "127.0.0.1")], "error"),
    ] {
        let path = format!("/ws?room=r{}", headers.len() + kind.len() * headers.len());
        let mut page = server.page_at(&path, &headers).await.unwrap();
        page.say(&offer(SENDING)).await;
        assert_eq!(page.hear().await["type"], kind, "{headers:?}");
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused() {
    let server = start().await;
    for path in ["/ws?role=king", "/ws?room=a%20b", "/ws?room=..%2Fetc"] {
        let Err((status, body)) = server.page_at(path, &[]).await else { panic!("{path}") };
        assert_eq!(status, 400, "{path}");
        assert!(body.contains(r#""code":"bad_field""#), "{path}: {body}");
    }
    assert!(server.page_at("/ws?role=fan&room=%E7%9B%B4%E6%92%AD&other=1", &[]).await.is_ok());
}

#[tokio::test]
async fn a_network_has_200_sockets() {
    let server = start().await;
    let forwarded = [("x-forwarded-for", "203.0.113.9")];
    let mut pages = Vec::new();
    for _ in 0..control::limits::SOCKETS_PER_NETWORK {
        let mut page = server.page_at("/ws", &forwarded).await.unwrap();
        page.say(r#"{"type":"hello","v":1,"role":"host"}"#).await;
        pages.push(page);
    }
    let Err((status, body)) = server.page_at("/ws", &forwarded).await else { panic!("one more") };
    assert_eq!(status, 429);
    assert!(body.contains(r#""code":"rate_limited""#), "{body}");
    assert!(server.page_at("/ws", &[("x-forwarded-for", "203.0.113.10")]).await.is_ok());
    assert!(server.page_at("/ws", &[]).await.is_ok());
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye() {
    let server = start().await;
    let mut page = server.page().await;
    page.say(r#"{"type":"hello","v":1,"role":"host"}"#).await;
    page.hear_type("welcome").await;
    let mut basic = server.page().await;
    server.shutdown.trigger();
    let (heard, code) = page.hear_close().await;
    assert_eq!(code, 1001);
    assert_eq!(heard.last().unwrap()["reason"], "draining");
    let (heard, code) = basic.hear_close().await;
    assert_eq!((heard.len(), code), (0, 1001));
    // Hearing on sends our half of the goodbye.
    assert!(soon(page.socket.next()).await.is_none());
    assert!(soon(basic.socket.next()).await.is_none());
    soon(server.running.wait()).await.unwrap();
    assert!(TcpStream::connect(server.addr).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_not_even_pong_is_dead_after_45_seconds() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(server.with_host(request).as_bytes()).await.unwrap();
    let start = tokio::time::Instant::now();
    let mut heard = Vec::new();
    // The clock is virtual: it jumps to the next deadline when nothing else is to be done.
    stream.read_to_end(&mut heard).await.unwrap();
    let lived = start.elapsed();
    assert!(lived >= Duration::from_secs(44) && lived < Duration::from_secs(60), "{lived:?}");
    assert!(heard.ends_with(&[0x89, 0, 0x89, 0]), "two pings: {heard:?}");
}

#[tokio::test]
async fn a_goodbye_is_answered() {
    let server = start().await;
    let mut page = server.page().await;
    page.socket.close(None).await.unwrap();
    while let Some(message) = soon(page.socket.next()).await {
        assert!(matches!(message, Ok(Message::Close(_))), "{message:?}");
    }
}
