//! What pages of others show of a room: its embed, and the previews of its link.

use crate::common;
use crate::common::{TestServer, start, start_with};

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_default()
}

async fn go_live(server: &TestServer, room: &str, name: &str) -> common::Page {
    let mut host = server.page_at(&format!("/ws?room={room}"), &[]).await.unwrap();
    let hello = serde_json::json!({
        "type": "hello", "v": 1, "role": "host", "room": room, "name": name,
    });
    host.say(&hello.to_string()).await;
    host.say(&common::offer(common::SENDING)).await;
    host.say(r#"{"type":"golive"}"#).await;
    host.hear_type("answer").await;
    server.flow();
    while host.hear_type("state").await["live"] != "live" {}
    host
}

#[tokio::test]
async fn any_page_may_show_the_embed_and_none_another_page() {
    let server = start().await;
    for path in ["/embed/demo", "/embed/%E7%9B%B4%E6%92%AD", "/embed/demo/?muted&lang=en"] {
        let (head, body) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        let policy = header(&head, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(!policy.contains("frame-ancestors") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&head, "cross-origin-resource-policy"), "cross-origin", "{path}");
        let permissions = header(&head, "permissions-policy");
        assert!(permissions.contains("camera=(), microphone=()"), "{permissions}");
        assert!(permissions.contains("autoplay=(self), fullscreen=(self)"), "{permissions}");
        assert!(body.contains("Kaibo"), "{path}");
    }
    for path in ["/", "/r/demo", "/host", "/embed", "/embedded", "/api/rooms", "/oembed"] {
        let (head, _) = server.http("GET", path, "").await;
        let policy = header(&head, "content-security-policy");
        assert!(policy.ends_with("; frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(header(&head, "cross-origin-resource-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn the_embed_of_no_room_says_so_in_its_frame() {
    let server = start().await;
    for path in ["/embed/a.b", "/embed/", "/embed/a%20b"] {
        let (head, _) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(head.contains("content-type: text/html"), "{path}: {head}");
        assert!(!head.contains("frame-ancestors"), "{path}: {head}");
    }
}

#[tokio::test]
async fn the_operator_says_which_pages_may_show_the_embed() {
    for (origins, ancestors) in [
        (
            vec!["https://blog.example", "https://*.example.org"],
            "'self' https://blog.example https://*.example.org",
        ),
        (vec!["none"], "'self'"),
    ] {
        let origins = origins.into_iter().map(str::to_owned).collect();
        let server = start_with(|config| config.embed_origins = origins, 16).await;
        let (head, _) = server.http("GET", "/embed/demo", "").await;
        let policy = header(&head, "content-security-policy");
        assert!(policy.ends_with(&format!("; frame-ancestors {ancestors}")), "{policy}");
    }
}

#[tokio::test]
async fn the_page_of_a_room_says_what_is_on_for_previews_of_its_link() {
    let server = start().await;
    let (head, page) = server.http("GET", "/r/demo", "").await;
    let at = format!("http://{}", server.addr);
    for part in [
        "<title>demo · Kaibo 开播</title>".to_owned(),
        r#"<meta property="og:title" content="demo">"#.into(),
        r#"<meta property="og:type" content="video.other">"#.into(),
        format!(r#"<meta property="og:url" content="{at}/r/demo">"#),
        format!(r#"<meta property="og:video" content="{at}/embed/demo">"#),
        format!(r#"<meta property="og:image" content="{at}/icon-512.png">"#),
        r#"<meta name="twitter:card" content="summary">"#.into(),
        format!(
            r#"type="application/json+oembed" href="{at}/oembed?format=json&amp;url=http%3A%2F%2F127.0.0.1%3A{}%2Fr%2Fdemo""#,
            server.addr.port()
        ),
    ] {
        assert!(page.contains(&part), "{part} is missing: {page}");
    }
    assert!(page.contains("Not live yet"), "{page}");
    let offline = header(&head, "etag").to_owned();
    let known = format!("if-none-match: {offline}\r\n");
    assert!(server.http("GET", "/r/demo", &known).await.0.starts_with("http/1.1 304"));

    let _host = go_live(&server, "demo", "\"><script>x").await;
    let (head, page) = server.http("GET", "/r/demo", &known).await;
    assert!(head.starts_with("http/1.1 200"), "it says something else now: {head}");
    let about = "&quot;&gt;&lt;script&gt;x 正在直播 · &quot;&gt;&lt;script&gt;x is live now";
    assert!(page.contains(about), "{page}");
    assert!(!page.contains("<script>x"), "{page}");
    let (head, page) = server.http("HEAD", "/r/demo", "").await;
    assert!(head.starts_with("http/1.1 200") && page.is_empty(), "{head}");
}

#[tokio::test]
async fn addresses_in_previews_are_those_that_the_client_used() {
    let change = |config: &mut server::Config| {
        config.allow_hosts = vec!["live.example".into()];
        config.base_path = "/live".into();
    };
    let server = start_with(change, 16).await;
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: live.example\r\nconnection: close\r\nx-forwarded-proto: https\r\n\r\n"
        )
    };
    for path in ["/live/r/demo", "/r/demo"] {
        let (_, page) = server.raw(&request(path)).await;
        for part in [
            r#"og:url" content="https://live.example/live/r/demo""#,
            r#"og:video:secure_url" content="https://live.example/live/embed/demo""#,
            r#"twitter:card" content="player""#,
        ] {
            assert!(page.contains(part), "{path}: {part} is missing: {page}");
        }
    }
    let url = "https%3A%2F%2Flive.example%2Flive%2Fr%2Fdemo";
    let (head, body) = server.raw(&request(&format!("/live/oembed?url={url}"))).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(body.contains(r#"<iframe src=\"https://live.example/live/embed/demo\""#), "{body}");
}

#[tokio::test]
async fn a_test_room_is_told_nothing_of() {
    let server = start().await;
    let room = "doctor-0123456789abcdef0123456789abcdef-udp4";
    let (head, page) = server.http("GET", &format!("/r/{room}"), "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(!page.contains("0123456789abcdef") && !page.contains("og:"), "{page}");
    let url = format!("/oembed?url=http://{}/r/{room}", server.addr);
    assert!(server.http("GET", &url, "").await.0.starts_with("http/1.1 404"));
}

#[tokio::test]
async fn oembed_tells_how_to_show_a_room() {
    let server = start().await;
    let at = format!("http://{}", server.addr);
    let _host = go_live(&server, "demo", "小明").await;
    let (head, body) =
        server.http("GET", &format!("/oembed?url={at}/r/demo&maxwidth=320"), "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(header(&head, "content-type"), "application/json");
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    let expected = serde_json::json!({
        "version": "1.0",
        "type": "video",
        "provider_name": "Kaibo 开播",
        "provider_url": format!("{at}/"),
        "title": "demo",
        "author_name": "小明",
        "cache_age": 300,
        "html": format!(
            "<iframe src=\"{at}/embed/demo\" width=\"320\" height=\"180\" title=\"demo\" frameborder=\"0\" \
             allow=\"autoplay; fullscreen; picture-in-picture\" allowfullscreen></iframe>"
        ),
        "width": 320,
        "height": 180,
        "thumbnail_url": format!("{at}/icon-512.png"),
        "thumbnail_width": 512,
        "thumbnail_height": 512,
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn oembed_refuses_what_is_not_a_room_of_this_server() {
    let server = start().await;
    let at = format!("http://{}", server.addr);
    for (query, status, code) in [
        ("url=https://evil.example/r/demo".into(), 404, "not_found"),
        (format!("url={at}/"), 404, "not_found"),
        (format!("url={at}/r/a.b"), 404, "not_found"),
        (format!("url={at}/r/demo&format=xml"), 501, "bad_field"),
        (format!("url={at}/r/demo&maxwidth=wide"), 400, "bad_field"),
        ("format=json".into(), 400, "bad_field"),
    ] {
        let (head, body) = server.http("GET", &format!("/oembed?{query}"), "").await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{query}: {head}");
        assert!(body.contains(&format!(r#""code":"{code}""#)), "{query}: {body}");
    }
    let (head, _) = server.http("POST", "/oembed", "content-length: 0\r\n").await;
    assert!(head.starts_with("http/1.1 405"), "{head}");
}

#[tokio::test]
async fn oembed_is_read_by_pages_that_may_use_the_server() {
    let change = |config: &mut server::Config| {
        config.allow_origins = vec!["https://blog.example".into()];
    };
    let server = start_with(change, 16).await;
    let path = format!("/oembed?url=http://{}/r/demo", server.addr);
    let (head, _) = server.http("GET", &path, "origin: https://blog.example\r\n").await;
    assert_eq!(header(&head, "access-control-allow-origin"), "https://blog.example");
    let (head, _) = server.http("GET", &path, "origin: https://evil.example\r\n").await;
    assert_eq!(header(&head, "access-control-allow-origin"), "");
}

#[tokio::test]
async fn the_first_page_can_be_put_on_a_home_screen() {
    let server = start_with(|config| config.base_path = "/live".into(), 16).await;
    let (_, page) = server.http("GET", "/", "").await;
    // A placeholder, where the client was not built, has no files.
    if !page.contains("rel=\"manifest\"") {
        return;
    }
    for file in ["manifest.webmanifest", "apple-touch-icon.png", "favicon.svg"] {
        assert!(page.contains(&format!("href=\"/live/{file}\"")), "{file}: {page}");
        assert!(
            server.http("HEAD", &format!("/live/{file}"), "").await.0.starts_with("http/1.1 200")
        );
    }
    let (head, manifest) = server.http("GET", "/live/manifest.webmanifest", "").await;
    assert_eq!(header(&head, "content-type"), "application/manifest+json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    // Beside it, wherever it is.
    assert_eq!(manifest["start_url"], ".");
    for icon in manifest["icons"].as_array().unwrap() {
        let path = format!("/live/{}", icon["src"].as_str().unwrap());
        assert!(server.http("HEAD", &path, "").await.0.starts_with("http/1.1 200"), "{path}");
    }
}
