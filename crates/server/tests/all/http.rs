//! Pages, files, the API, and what is refused.

use crate::common;
use crate::common::{start, start_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn every_page_of_the_client_is_its_index() {
    let server = start().await;
    for path in ["/", "/host", "/r/default", "/r/%E7%9B%B4%E6%92%AD"] {
        let (head, body) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        assert!(head.contains("content-type: text/html"), "{path}: {head}");
        assert!(head.contains("cache-control: no-cache"), "{path}: {head}");
        assert!(body.to_lowercase().contains("<!doctype html>"), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    let server = start().await;
    let (head, _) = server.http("GET", "/", "").await;
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let (head, body) = server.http("GET", "/", &format!("if-none-match: \"x\", {etag}\r\n")).await;
    assert!(head.starts_with("http/1.1 304"), "{head}");
    assert!(body.is_empty());
    let (head, _) = server.http("GET", "/", "if-none-match: \"other\"\r\n").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[tokio::test]
async fn what_does_not_exist_is_told_in_json() {
    let server = start().await;
    for path in ["/api/nothing", "/api", "/missing.js", "/assets/../index.html", "/..%2f.env"] {
        let (head, body) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(head.contains("content-type: application/json"), "{path}: {head}");
        assert!(body.contains(r#""code":"not_found""#), "{path}: {body}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_everywhere() {
    let server = start().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/", "/ws", "/api/rooms", "/api/health", "/index.html"] {
            let (head, body) = server.http(method, path, "content-length: 0\r\n").await;
            assert!(head.starts_with("http/1.1 405"), "{method} {path}: {head}");
            assert!(body.contains(r#""code":"method_not_allowed""#), "{method} {path}: {body}");
        }
    }
    let (head, body) = server.http("HEAD", "/", "").await;
    assert!(head.starts_with("http/1.1 200") && body.is_empty(), "{head}");
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let server = start().await;
    for path in ["/", "/api/rooms", "/nothing.js", "/ws"] {
        let (head, _) = server.http("GET", path, "").await;
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
             img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
             connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "permissions-policy: camera=(self), microphone=(self), display-capture=(self)",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{path} lacks {header}: {head}");
        }
    }
    let (head, _) = server.http("GET", "/api/rooms", "").await;
    assert!(head.contains("cache-control: no-store"), "{head}");
}

#[tokio::test]
async fn the_opener_policy_is_sent_where_browsers_heed_it() {
    let change = |config: &mut server::Config| config.allow_hosts = vec!["live.example".into()];
    let server = start_with(change, 16).await;
    let policy = "cross-origin-opener-policy: same-origin";
    for (proto, heeded) in [("https", true), ("https,http", true), ("http", false)] {
        let request = format!(
            "GET / HTTP/1.1\r\nhost: live.example\r\nconnection: close\r\nx-forwarded-proto: {proto}\r\n\r\n"
        );
        let (head, _) = server.raw(&request).await;
        assert_eq!(head.contains(policy), heeded, "{proto}: {head}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_told_how_to_allow_it_at_every_door() {
    let server = start().await;
    let pages = ["/", "/host", "/ws", "/api/rooms", "/healthz", "/nothing.js", "/whipped"];
    let sessions = ["/whip", "/whip/a", "/whep/a/b", "/api/whip/a", "/api/whep"];
    for path in pages.into_iter().chain(sessions) {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: evil.example:3000\r\nconnection: close\r\n\r\n");
        let (head, body) = server.raw(&request).await;
        assert!(head.starts_with("http/1.1 421"), "{path}: {head}");
        assert!(body.contains("--allow-host evil.example"), "{path}: {body}");
        let is_problem = head.contains("content-type: application/problem+json");
        assert_eq!(is_problem, sessions.contains(&path), "{path}: {head}");
    }
    for hosts in ["", "host: localhost\r\nhost: localhost\r\n"] {
        let request = format!("GET / HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        assert!(server.raw(&request).await.0.starts_with("http/1.1 400"), "{hosts:?}");
        let (head, _) = server.raw(&request.replace("GET /", "GET /whep")).await;
        assert!(head.starts_with("http/1.1 400"), "{hosts:?}: {head}");
        assert!(head.contains("content-type: application/problem+json"), "{hosts:?}: {head}");
    }
}

#[tokio::test]
async fn the_health_of_the_server_has_an_address_that_supervisors_know() {
    let server = start().await;
    for path in ["/healthz", "/api/health"] {
        let (head, body) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(body.contains(r#""status":"ok""#), "{body}");
    }
    let (head, _) = server.http("GET", "/health", "").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
}

#[tokio::test]
async fn allowed_pages_may_read_the_list_of_rooms() {
    let change = |config: &mut server::Config| {
        config.allow_origins = vec!["https://studio.example".into()];
    };
    let server = start_with(change, 16).await;
    let (head, _) = server.http("GET", "/api/rooms", "origin: https://studio.example\r\n").await;
    assert!(head.contains("access-control-allow-origin: https://studio.example"), "{head}");
    let (head, _) = server.http("GET", "/api/rooms", "origin: https://evil.example\r\n").await;
    assert!(!head.contains("access-control-allow-origin"), "{head}");
}

#[tokio::test]
async fn the_api_tells_health_and_who_is_live() {
    let server = start().await;
    let (head, body) = server.http("GET", "/api/health", "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(body.contains(r#""status":"ok""#), "{body}");
    let (_, body) = server.http("GET", "/api/rooms", "").await;
    assert_eq!(body, "[]");

    let mut host = server.page_at("/ws?room=demo", &[]).await.unwrap();
    host.say(r#"{"type":"hello","v":1,"role":"host","room":"demo","name":"小明"}"#).await;
    host.say(&common::offer(common::SENDING)).await;
    host.say(r#"{"type":"golive"}"#).await;
    host.hear_type("answer").await;
    server.flow();
    while host.hear_type("state").await["live"] != "live" {}
    let (_, body) = server.http("GET", "/api/rooms", "").await;
    let rooms: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(rooms[0]["room"], "demo");
    assert_eq!(rooms[0]["live"], "live");
    assert_eq!(rooms[0]["host"]["name"], "小明");
    assert_eq!(rooms[0]["viewers"], 0);
    assert!(rooms[0]["since"].as_f64().unwrap() > 1.6e12);
}

#[tokio::test]
async fn the_api_tells_of_one_room_and_what_is_wrong_with_it() {
    let server = start().await;
    for path in ["/api/rooms/nobody", "/api/rooms/a%20b", "/api/rooms/%FF", "/api/rooms/"] {
        let (head, body) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(body.contains(r#""code":"not_found""#), "{path}: {body}");
    }
    let mut host = server.page_at("/ws?room=%E7%9B%B4%E6%92%AD", &[]).await.unwrap();
    host.say(r#"{"type":"hello","v":1,"role":"host","room":"直播"}"#).await;
    let (head, body) = server.http("GET", "/api/rooms/%E7%9B%B4%E6%92%AD", "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let room: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&room["live"], &room["since"]), (&"offline".into(), &serde_json::Value::Null));

    host.say(&common::offer(common::SENDING)).await;
    host.say(r#"{"type":"golive"}"#).await;
    host.hear_type("answer").await;
    server.flow();
    server.find(&[engine::Finding::BFrames]);
    let told = host.hear_type("findings").await;
    assert_eq!(told["findings"][0]["code"], "b_frames");
    let (_, body) = server.http("GET", "/api/rooms/%E7%9B%B4%E6%92%AD", "").await;
    let room: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&room["room"], &room["live"]), (&"直播".into(), &"live".into()));
    assert_eq!((&room["codec"], &room["audioCodec"]), (&"VP8".into(), &"opus".into()));
    assert_eq!((&room["viewers"], &room["layers"]), (&0.into(), &serde_json::json!([])));
    assert_eq!(room["findings"], told["findings"]);
    let (head, _) = server.http("DELETE", "/api/rooms/demo", "content-length: 0\r\n").await;
    assert!(head.starts_with("http/1.1 405"), "{head}");
}

#[tokio::test]
async fn ws_without_websocket_is_told_in_json() {
    let server = start().await;
    let (head, body) = server.http("GET", "/ws", "").await;
    assert!(head.starts_with("http/1.1 400"), "{head}");
    assert!(body.contains(r#""code":"unexpected""#), "{body}");
}

#[tokio::test]
async fn a_long_body_or_head_is_refused() {
    let server = start().await;
    let (head, body) = server.http("POST", "/api/rooms", "content-length: 70000\r\n").await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
    assert!(body.contains(r#""code":"too_large""#), "{body}");
    let (head, _) = server.http("GET", "/", &format!("x: {}\r\n", "a".repeat(20_000))).await;
    assert!(head.starts_with("http/1.1 431"), "{head}");
    let (head, _) = server.raw("nonsense\r\n\r\n").await;
    assert!(head.starts_with("http/1.1 400"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_ends_the_connection() {
    let server = start().await;
    let start = tokio::time::Instant::now();
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await.unwrap();
    let mut rest = Vec::new();
    // The clock is virtual: it jumps to the next deadline when nothing else is to be done.
    _ = stream.read_to_end(&mut rest).await;
    assert!(start.elapsed() <= server::listen::HEAD_WITHIN * 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_sentence() {
    let first = start().await;
    let data = tempfile::tempdir().unwrap();
    let mut config = server::Config { listen: first.addr, ..server::Config::default() };
    config.data = data.path().to_owned();
    config.publish.open = Some(auth::PublishOpen::All);
    let error = server::serve_with(config, server::Shutdown::default(), |_, _| unreachable!())
        .await
        .expect_err("the port is taken");
    let port = first.addr.port();
    let expected = format!(
        "port {port} is in use by another program; stop it or choose another with --listen 127.0.0.1:"
    );
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn a_store_that_is_none_of_ours_keeps_the_server_from_starting_and_is_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("kaibo.db");
    std::fs::write(&file, "{ half").unwrap();
    let config = server::Config { data: temp.path().to_owned(), ..server::Config::default() };
    let error = server::serve_with(config, server::Shutdown::default(), |_, _| unreachable!())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not a file of kaibo"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{ half");
}

#[tokio::test]
async fn a_udp_port_in_use_is_told_in_one_sentence() {
    let data = tempfile::tempdir().unwrap();
    let mut config =
        server::Config { listen: "127.0.0.1:0".parse().unwrap(), ..server::Config::default() };
    config.data = data.path().to_owned();
    let error = server::serve_with(config, server::Shutdown::default(), |config, _| {
        let addr = (config.listen, 3000).into();
        Err(engine::StartError::Bind { addr, source: std::io::ErrorKind::AddrInUse.into() })
    })
    .await
    .expect_err("the port is taken");
    let expected = "UDP port 3000 is in use by another program; stop it or choose another with \
                    --udp-port 3001";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn both_families_are_served_where_the_system_has_both() {
    let server = start_with(|config| config.listen = "[::]:0".parse().unwrap(), 16).await;
    let port = server.addr.port();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_ok());
    if server.addr.is_ipv6() {
        assert!(TcpStream::connect(("::1", port)).await.is_ok());
    }
}

#[tokio::test]
async fn the_servers_own_machine_alone_is_told_where_others_find_the_pages() {
    let server = start_with(|config| config.listen = "0.0.0.0:0".parse().unwrap(), 16).await;
    let port = server.addr.port();
    let get = |headers: &str| {
        format!("GET /api/addresses HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")
    };
    let local = format!("host: localhost:{port}\r\n");
    let (head, body) = server.raw(&get(&local)).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let origins: serde_json::Value = serde_json::from_str(&body).unwrap();
    for origin in origins["origins"].as_array().unwrap() {
        let address = origin.as_str().unwrap().strip_prefix("http://").unwrap();
        let address: std::net::SocketAddr = address.parse().unwrap();
        assert!(address.port() == port && !address.ip().is_loopback(), "{body}");
    }
    for stranger in [
        format!("{local}x-forwarded-for: 203.0.113.7\r\n"),
        format!("{local}origin: https://evil.example\r\n"),
        format!("host: 192.0.2.1:{port}\r\n"),
    ] {
        let (head, body) = server.raw(&get(&stranger)).await;
        assert!(head.starts_with("http/1.1 200"), "{stranger}: {head}");
        assert_eq!(body, r#"{"origins":[]}"#, "{stranger}");
    }
}

#[tokio::test]
async fn a_server_of_one_address_has_no_others_to_tell() {
    let server = start().await;
    let (_, body) = server.http("GET", "/api/addresses", "").await;
    assert_eq!(body, r#"{"origins":[]}"#);
}
