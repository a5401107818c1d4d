//! Who may publish by WHIP, and what strangers and wrong keys are told; media is a stand-in.

use crate::common::http::{ANSWER, CANDIDATE, FRAGMENT, OFFER, SDP};
use crate::common::{TestServer, start_saying};
use auth::PublishOpen;
use server::config::SecretText;

const KEY: &str = "authorization: Bearer a-key-of-16-chars\r\n";

async fn start_with_key() -> TestServer {
    let change = |config: &mut server::Config| {
        config.publish.open = Some(PublishOpen::None);
        config.publish.key = Some(SecretText("a-key-of-16-chars".into()));
    };
    start_saying(change, ANSWER.into()).await
}

#[tokio::test]
async fn a_key_is_asked_for_at_every_request() {
    let server = start_with_key().await;
    let none = server.request("POST", "/whip/studio", SDP, OFFER).await;
    assert_eq!((none.status, none.problem().as_str()), (401, "auth_required"));
    assert_eq!(none.header("www-authenticate").as_deref(), Some("Bearer realm=\"kaibo\""));
    let wrong = "authorization: Bearer wrong\r\n";
    let refused = server.request("POST", "/whip/studio", &format!("{SDP}{wrong}"), OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_bad"));
    assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"));
    let basic = format!("{SDP}authorization: Basic YS1rZXktb2YtMTYtY2hhcnM=\r\n");
    assert_eq!(server.request("POST", "/whip/studio", &basic, OFFER).await.status, 401);

    let created = server.publish("/whip/studio", KEY).await;
    let session = created.location();
    let etag = format!("{FRAGMENT}if-match: {}\r\n", created.etag());
    for (method, body) in [("PATCH", CANDIDATE), ("DELETE", "")] {
        let none = server.request(method, &session, &etag, body).await;
        assert_eq!((none.status, none.problem().as_str()), (401, "auth_required"), "{method}");
        let other = server.request(method, &session, &format!("{etag}{wrong}"), body).await;
        assert_eq!((other.status, other.problem().as_str()), (403, "forbidden"), "{method}");
    }
    let strange = session.replace("/whip/studio/", "/whip/other/");
    assert_eq!(server.request("DELETE", &strange, KEY, "").await.status, 404);
    let strange = session.replace("/whip/", "/whep/");
    assert_eq!(server.request("DELETE", &strange, KEY, "").await.status, 404);
    // All of that did the session no harm.
    let mine = format!("{etag}{KEY}");
    assert_eq!(server.request("PATCH", &session, &mine, CANDIDATE).await.status, 204);
    assert_eq!(server.request("DELETE", &session, KEY, "").await.status, 200);
}

#[tokio::test]
async fn a_stranger_is_told_so_before_anything_of_its_offer_is_read() {
    let server = start_with_key().await;
    for body in ["v=0", "hello", "", OFFER] {
        let refused = server.request("POST", "/whip/studio", SDP, body).await;
        assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_required"), "{body}");
    }
    // Nor is it waited for.
    let head = "POST /whip/studio HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-type: application/sdp\r\ncontent-length: 1000\r\n\r\n";
    let (head, _) = server.raw(head).await;
    assert!(head.starts_with("http/1.1 401"), "{head}");
}

/// What nginx sends for a POST by its usual lines for WebSocket, when it is told nothing else: `Host` is the
/// server's own, and `Upgrade` is left out since the client sent none.
#[tokio::test]
async fn who_comes_through_nginx_with_its_lines_for_websocket_is_not_the_own_machine() {
    let change = |config: &mut server::Config| config.publish.open = None;
    let server = start_saying(change, ANSWER.into()).await;
    let post = async |connection: &str| {
        let length = OFFER.len();
        let request = format!(
            "POST /whip/studio HTTP/1.1\r\nhost: x\r\n{connection}content-length: {length}\r\n{SDP}\r\n\
             {OFFER}"
        );
        server.answered(&request).await
    };
    assert_eq!(post("connection: upgrade\r\n").await, 401);
    assert_eq!(post("").await, 201, "a program of this machine");
}

#[tokio::test]
async fn wrong_keys_are_counted_by_network_and_the_right_one_always_passes() {
    let server = start_with_key().await;
    let from = |ip: &str, key: &str| {
        format!("{SDP}x-forwarded-for: {ip}\r\nauthorization: Bearer {key}\r\n")
    };
    for n in 0..10 {
        let headers = from(&format!("2001:db8::{n}"), &format!("wrong-key-{n}"));
        let refused = server.request("POST", "/whip/studio", &headers, OFFER).await;
        assert_eq!(refused.problem(), "auth_bad");
    }
    let headers = from("2001:db8::99", "another-wrong-key");
    let refused = server.request("POST", "/whip/studio", &headers, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "rate_limited"));
    let headers = from("2001:db8::1", "a-key-of-16-chars");
    let created = server.request("POST", "/whip/studio", &headers, OFFER).await;
    assert_eq!(created.status, 201, "a neighbour locks nobody out");
}

#[tokio::test]
async fn a_wrong_key_that_is_no_name_of_a_room_counts_like_any_other() {
    let change = |config: &mut server::Config| {
        config.publish.open = Some(PublishOpen::None);
        config.publish.key = Some(SecretText("correct horse battery staple".into()));
    };
    let server = start_saying(change, ANSWER.into()).await;
    let ask = async |path: &str, key: &str| {
        let headers =
            format!("{SDP}x-forwarded-for: 203.0.113.7\r\nauthorization: Bearer {key}\r\n");
        server.request("POST", path, &headers, OFFER).await
    };
    for n in 0..10 {
        let refused = ask("/whip", &format!("horse battery staple {n}")).await;
        assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_bad"));
    }
    for path in ["/whip", "/api/whip", "/whip/not%20a%20room"] {
        let refused = ask(path, "the eleventh guess").await;
        assert_eq!((refused.status, refused.problem().as_str()), (429, "rate_limited"), "{path}");
    }
    let created = ask("/whip", "correct horse battery staple").await;
    assert_eq!(created.status, 201, "{created:?}");
}

#[tokio::test]
async fn a_page_that_repeats_a_wrong_key_is_told_every_time_that_it_is_wrong() {
    let server = start_with_key().await;
    let headers =
        format!("{SDP}x-forwarded-for: 203.0.113.7\r\nauthorization: Bearer a-mistyped-key\r\n");
    for _ in 0..30 {
        let refused = server.request("POST", "/whip/studio", &headers, OFFER).await;
        assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_bad"));
    }
}

#[tokio::test]
async fn players_whose_sessions_a_restart_has_ended_are_told_so_and_locked_out_of_nothing() {
    let server = start_with_key().await;
    let nat = "x-forwarded-for: 203.0.113.7\r\n";
    for n in 0..100 {
        let path = format!("/{}/studio/{n:032x}", ["whip", "whep"][n % 2]);
        for method in ["PATCH", "DELETE"] {
            let gone = server.request(method, &path, &format!("{FRAGMENT}{nat}"), CANDIDATE).await;
            assert_eq!((gone.status, gone.problem().as_str()), (404, "not_found"), "{n} {method}");
        }
    }
    let wrong = format!("{SDP}{nat}authorization: Bearer a-mistyped-key\r\n");
    let refused = server.request("POST", "/whip/studio", &wrong, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_bad"));
}

#[tokio::test]
async fn a_player_cannot_tell_the_publishing_key_from_another_word() {
    let server = start_with_key().await;
    let ask = async |token: &str| {
        let headers = format!("{SDP}authorization: Bearer {token}\r\n");
        let refused = server.request("POST", "/whep", &headers, OFFER).await;
        (refused.status, refused.body)
    };
    assert_eq!(ask("a-key-of-16-chars").await, ask("b-key-of-16-chars").await);
}

#[tokio::test]
async fn in_a_full_server_who_has_the_key_still_gets_in() {
    let change = |config: &mut server::Config| {
        config.max_peers = 10;
        config.publish.open = Some(PublishOpen::None);
        config.publish.key = Some(SecretText("a-key-of-16-chars".into()));
    };
    let server = start_saying(change, ANSWER.into()).await;
    // Not from the server's own machine: by a proxy.
    let mut pages = Vec::new();
    while let Ok(page) = server.page_at("/ws", &[("via", "1.1 proxy")]).await {
        pages.push(page);
        assert!(pages.len() <= 40, "four sessions for each peer");
    }
    let refused = |headers: &'static str| server.request("POST", "/whip/studio", headers, OFFER);
    let other = refused("via: 1.1 proxy\r\ncontent-type: application/sdp\r\n").await;
    assert_eq!((other.status, other.problem().as_str()), (503, "server_full"));
    let wrong = "via: 1.1 proxy\r\ncontent-type: application/sdp\r\n\
                 authorization: Bearer another-key-of-mine\r\n";
    assert_eq!(refused(wrong).await.status, 503);
    server.publish("/whip/studio", &format!("via: 1.1 proxy\r\n{KEY}")).await;
}
