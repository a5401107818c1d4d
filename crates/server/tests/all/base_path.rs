//! A server below a path of a host name: behind a proxy that takes the path away, and behind one that passes it on.

use crate::common::http::{ANSWER, OFFER, SDP};
use crate::common::{TestServer, start, start_saying, start_with};

async fn below_live() -> TestServer {
    start_saying(|config| config.base_path = "/live/".into(), ANSWER.into()).await
}

/// The paths that a page names, and that it says to be reached below.
fn named(page: &str) -> Vec<&str> {
    let values = page.split("=\"").skip(1).filter_map(|rest| rest.split('"').next());
    values.filter(|value| value.starts_with('/')).collect()
}

#[tokio::test]
async fn pages_and_their_files_are_there_with_the_path_and_without_it() {
    let server = below_live().await;
    for page in [
        "/",
        "/host",
        "/r/demo",
        "/embed/demo",
        "/live",
        "/live/",
        "/live/host",
        "/live/r/demo",
        "/live/embed/demo",
    ] {
        let (head, body) = server.http("GET", page, "accept-encoding: br\r\n").await;
        assert!(head.starts_with("http/1.1 200"), "{page}: {head}");
        for path in named(&body) {
            assert!(path.starts_with("/live/"), "{page} names {path}");
            for path in [path, path.strip_prefix("/live").unwrap()] {
                let (head, _) = server.http("HEAD", path, "").await;
                assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
            }
        }
    }
    let (head, body) = server.http("GET", "/live/no/such/page", "").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(named(&body).iter().all(|path| path.starts_with("/live/")), "{body}");
    for path in ["/live/no-such.js", "/lively/favicon.svg", "/live/live/favicon.svg"] {
        let (head, _) = server.http("GET", path, "").await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
}

#[tokio::test]
async fn the_api_whip_and_sockets_are_there_with_the_path_and_without_it() {
    let server = below_live().await;
    for base in ["", "/live"] {
        assert_eq!(server.http("GET", &format!("{base}/api/rooms"), "").await.1, "[]");
        let (head, _) = server.http("GET", &format!("{base}/healthz"), "").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let mut page = server.page_at(&format!("{base}/ws"), &[]).await.unwrap();
        page.say(r#"{"type":"hello","v":1}"#).await;
        assert_eq!(page.hear().await["type"], "welcome");

        let created = server.publish(&format!("{base}/whip/demo"), "").await;
        let session = created.location();
        assert!(session.starts_with("/live/whip/demo/"), "{session}");
        let inside = session.strip_prefix("/live").unwrap();
        let asked = if base.is_empty() { inside } else { &session };
        assert_eq!(server.request("DELETE", asked, "", "").await.status, 200);

        let options = format!("{base}/whip/demo");
        let origin = format!("origin: http://{}\r\n", server.addr);
        let shared = server.request("OPTIONS", &options, &origin, "").await;
        assert!(shared.header("access-control-allow-origin").is_some(), "{shared:?}");
    }
}

#[tokio::test]
async fn a_page_is_where_a_trusted_proxy_says_that_it_is() {
    let server = start().await;
    let (head, plain) = server.http("GET", "/host", "").await;
    let tag = |head: &str| head.lines().find_map(|it| it.strip_prefix("etag: ").map(str::to_owned));
    let plain_tag = tag(&head).unwrap();
    let asked = "x-forwarded-prefix: /live\r\n";
    let (head, below) = server.http("GET", "/host", asked).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(below.replace("=\"/live/", "=\"/"), plain);
    let below_tag = tag(&head).unwrap();
    assert_ne!(below_tag, plain_tag);
    let known = format!("{asked}if-none-match: {below_tag}\r\n");
    assert!(server.http("GET", "/host", &known).await.0.starts_with("http/1.1 304"));
    let other = format!("{asked}if-none-match: {plain_tag}\r\n");
    assert!(server.http("GET", "/host", &other).await.0.starts_with("http/1.1 200"));

    let server = start_with(|config| config.trust_proxies = Vec::new(), 16).await;
    assert_eq!(
        server.http("GET", "/host", asked).await.1,
        plain,
        "a stranger says nothing of paths"
    );
}

#[tokio::test]
async fn who_comes_through_a_proxy_below_a_path_is_not_this_machine() {
    let change = |config: &mut server::Config| {
        config.base_path = "/live".into();
        config.publish.open = None;
    };
    let server = start_saying(change, ANSWER.into()).await;
    for path in ["/whip/demo", "/live/whip/demo"] {
        let proxied = format!("{SDP}x-forwarded-for: 192.0.2.7\r\n");
        let refused = server.request("POST", path, &proxied, OFFER).await;
        assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_required"), "{path}");
    }
    // A program of this machine may, by either path.
    let created = server.publish("/live/whip/demo", "").await;
    assert_eq!(server.request("DELETE", &created.location(), "", "").await.status, 200);
}
