//! Encoders publish by WHIP (RFC 9725), as HTTP shows it; media is a stand-in.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;
#[path = "common/http.rs"]
mod http;

use common::{TestServer, start_saying};
use http::{ANSWER, CANDIDATE, FRAGMENT, OFFER, RESTART, SDP};
use server::protocol::IceServer;
use server::signaling::PublishOpen;

const KEY: &str = "authorization: Bearer secret-key\r\n";

async fn start() -> TestServer {
    start_saying(|_| {}, ANSWER.into()).await
}

async fn start_with_key() -> TestServer {
    let change = |config: &mut server::Config| {
        config.publish.open = PublishOpen::None;
        config.publish.key = Some("secret-key".into());
    };
    start_saying(change, ANSWER.into()).await
}

#[tokio::test]
async fn an_encoder_publishes_and_leaves() {
    let server = start().await;
    let created = server.publish("/whip/studio", "").await;
    assert_eq!(created.header("content-type").as_deref(), Some("application/sdp"));
    assert_eq!(created.header("accept-patch").as_deref(), Some("application/trickle-ice-sdpfrag"));
    // ffmpeg reads nothing from a chunked answer.
    assert_eq!(created.header("content-length"), Some(created.body.len().to_string()));
    assert!(created.etag().starts_with('"'));
    assert!(created.body.contains("a=recvonly") && created.body.contains("a=candidate:"));
    assert_eq!(created.body.matches("a=rtcp-mux-only").count(), 2);
    let session = created.location();
    let secret = session.strip_prefix("/whip/studio/").unwrap();
    assert!(secret.len() >= 32, "{secret}");

    let (_, rooms) = server.http("GET", "/api/rooms", "").await;
    assert!(rooms.contains("studio") && rooms.contains("\"live\":\"live\""), "{rooms}");
    let there = server.request("GET", &session, "", "").await;
    assert_eq!((there.status, there.body.as_str()), (200, ""));
    let gone = server.request("DELETE", &session, "if-match: \"other\"\r\n", "").await;
    assert_eq!(gone.status, 200);
    for method in ["GET", "PATCH", "DELETE"] {
        let after = server.request(method, &session, FRAGMENT, CANDIDATE).await;
        assert_eq!((after.status, after.problem().as_str()), (404, "not_found"));
    }
    let (_, rooms) = server.http("GET", "/api/rooms", "").await;
    assert_eq!(rooms, "[]");
}

#[tokio::test]
async fn candidates_and_an_ice_restart_come_by_patch() {
    let server = start().await;
    let created = server.publish("/whip/studio", "").await;
    let (session, etag) = (created.location(), created.etag());
    let with = |etag: &str| format!("{FRAGMENT}if-match: {etag}\r\n");

    let trickled = server.request("PATCH", &session, &with(&etag), CANDIDATE).await;
    assert_eq!((trickled.status, trickled.header("etag")), (204, None));
    let strange = CANDIDATE.replace("udp 1 192.0.2.7", "smoke 1 nowhere.invalid");
    assert_eq!(server.request("PATCH", &session, &with(&etag), &strange).await.status, 204);

    let missing = server.request("PATCH", &session, FRAGMENT, CANDIDATE).await;
    assert_eq!((missing.status, missing.problem().as_str()), (428, "unexpected"));
    let stale = server.request("PATCH", &session, &with("\"stale\""), CANDIDATE).await;
    assert_eq!(stale.status, 412);

    let restarted = server.request("PATCH", &session, &with("*"), RESTART).await;
    assert_eq!(restarted.status, 200, "{restarted:?}");
    let kind = restarted.header("content-type");
    assert_eq!(kind.as_deref(), Some("application/trickle-ice-sdpfrag"));
    assert_ne!(restarted.etag(), etag);
    assert!(restarted.body.starts_with("a=ice-lite\r\n"), "{}", restarted.body);
    assert!(restarted.body.contains("a=candidate:"));
    let ufrag = |sdp: &str| sdp.lines().find(|it| it.starts_with("a=ice-ufrag")).map(str::to_owned);
    assert_ne!(ufrag(&restarted.body), ufrag(&created.body));

    // What was agreed on besides goes on as it was.
    let offered = server.stage.lock().unwrap().commands.iter().rev().find_map(|it| match it {
        engine::Command::Reoffer { offer, .. } => Some(offer.clone()),
        _ => None,
    });
    let offered = offered.expect("the media plane is offered the same with other credentials");
    assert_eq!(offered.matches("a=ice-ufrag:wxyz").count(), 2);
    assert!(offered.contains("a=msid:s v") && !offered.contains("abcd"));

    // The tag of before is over; the new one holds.
    let old = server.request("PATCH", &session, &with(&etag), CANDIDATE).await;
    assert_eq!(old.status, 412);
    let now = CANDIDATE.replace("abcd", "wxyz");
    assert_eq!(server.request("PATCH", &session, &with(&restarted.etag()), &now).await.status, 204);
}

#[tokio::test]
async fn what_is_no_offer_of_whip_is_refused_in_words() {
    let server = start().await;
    let second_video = OFFER[OFFER.find("m=video").unwrap()..].to_owned();
    let long = format!("{OFFER}a=x:{}\r\n", "x".repeat(100_000));
    for (headers, body, status, code) in [
        ("", OFFER, 415, "bad_type"),
        ("content-type: application/json\r\n", OFFER, 415, "bad_type"),
        (SDP, "", 400, "sdp_bad"),
        (SDP, "hello", 400, "sdp_bad"),
        (SDP, "v=0\r\n", 422, "sdp_no_media"),
        (SDP, &OFFER.replace("sendonly", "recvonly"), 422, "sdp_no_media"),
        (SDP, &format!("{OFFER}{second_video}"), 422, "sdp_no_media"),
        (SDP, &OFFER.replace("msid:s v", "msid:t v"), 422, "sdp_no_media"),
        (SDP, &long, 413, "too_large"),
    ] {
        let refused = server.request("POST", "/whip/studio", headers, body).await;
        assert_eq!((refused.status, refused.problem().as_str()), (status, code), "{refused:?}");
    }
    let refused = server.request("POST", "/whip/no%20name", SDP, OFFER).await;
    assert_eq!(refused.status, 404);
    let put = server.request("PUT", "/whip/studio", SDP, OFFER).await;
    assert_eq!((put.status, put.problem().as_str()), (405, "method_not_allowed"));
    assert!(put.header("allow").unwrap().contains("POST"));
    assert!(server.stage.lock().unwrap().commands.is_empty(), "the media plane was asked nothing");
}

#[tokio::test]
async fn a_part_that_cannot_be_taken_refuses_the_whole() {
    let answer = ANSWER.replace("m=video 9", "m=video 0");
    let server = start_saying(|_| {}, answer).await;
    let refused = server.request("POST", "/whip/studio", SDP, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (422, "codec_unsupported"));
    assert!(refused.body.contains("video") && refused.body.contains("VP8"), "{}", refused.body);
    let (_, rooms) = server.http("GET", "/api/rooms", "").await;
    assert_eq!(rooms, "[]");
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
    let basic = format!("{SDP}authorization: Basic c2VjcmV0LWtleQ==\r\n");
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
async fn an_encoder_that_comes_again_with_the_key_takes_its_place() {
    let server = start_with_key().await;
    let first = server.publish("/whip/studio", KEY).await;
    let second = server.publish("/whip/studio", KEY).await;
    assert_ne!(first.location(), second.location());
    let gone =
        async { while server.request("GET", &first.location(), KEY, "").await.status != 404 {} };
    common::soon(gone).await;
    assert_eq!(server.request("GET", &second.location(), KEY, "").await.status, 200);
}

#[tokio::test]
async fn a_room_that_somebody_is_live_in_is_taken() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let refused = server.request("POST", "/whip/studio", SDP, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "host_taken"));
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_what_is_possible() {
    let server = start_with_key().await;
    let preflight = "origin: https://studio.example\r\naccess-control-request-method: POST\r\n\
        access-control-request-headers: authorization,content-type\r\n";
    let allowed = server.request("OPTIONS", "/whip/studio", preflight, "").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("accept-post").as_deref(), Some("application/sdp"));
    assert_eq!(allowed.header("access-control-allow-origin").as_deref(), Some("*"));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("POST"));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("Authorization"));
    assert_eq!(allowed.header("link"), None);
    let of_session = server.request("OPTIONS", "/whip/studio/any", preflight, "").await;
    assert!(of_session.header("access-control-allow-methods").unwrap().contains("PATCH"));
    assert!(of_session.header("accept-patch").is_some());
    let created = server.publish("/whip/studio", KEY).await;
    let exposed = created.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("Location") && exposed.contains("ETag"), "{exposed}");
    let there = server.request("GET", "/whip/studio", "", "").await;
    assert_eq!((there.status, there.body.as_str()), (200, ""));
}

#[tokio::test]
async fn a_foreign_page_in_a_browser_of_this_machine_is_not_this_machine() {
    let change = |config: &mut server::Config| config.publish.open = PublishOpen::Loopback;
    let server = start_saying(change, ANSWER.into()).await;
    let foreign = format!("{SDP}origin: https://evil.example\r\n");
    let refused = server.request("POST", "/whip/studio", &foreign, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_required"));
    server.publish("/whip/studio", "").await;
}

#[tokio::test]
async fn a_stream_key_alone_names_the_room_as_in_broadcast_box() {
    let server = start().await;
    let token = "authorization: Bearer my-stream\r\n";
    let created = server.publish("/api/whip", token).await;
    assert!(created.location().starts_with("/whip/my-stream/"));
    let keyed = start_with_key().await;
    let created = keyed.publish("/api/whip", KEY).await;
    assert!(created.location().starts_with("/whip/default/"), "{}", created.location());
    let none = keyed.request("POST", "/api/whip", SDP, OFFER).await;
    assert_eq!(none.status, 401);
}

impl TestServer {
    /// The media connection of the first publisher ends; waits until its room knows.
    async fn lose_media(&self) {
        let reason = engine::CloseReason::Remote;
        self.interrupt(|_, peer| engine::Event::Closed { peer, reason }).await;
    }

    /// The first publisher sends nothing any more; waits until its room knows.
    async fn stall_media(&self) {
        self.interrupt(|room, _| engine::Event::MediaStalled { room }).await;
    }

    async fn interrupt(&self, event: impl Fn(engine::RoomId, engine::PeerId) -> engine::Event) {
        let first = self.stage.lock().unwrap().commands.iter().find_map(|it| match it {
            engine::Command::Publish { room, peer, .. } => Some((*room, *peer)),
            _ => None,
        });
        let (room, peer) = first.unwrap();
        self.stage.lock().unwrap().sink.as_ref().unwrap().send(event(room, peer));
        let told =
            async { while !self.http("GET", "/api/rooms", "").await.1.contains("interrupted") {} };
        common::soon(told).await;
    }
}

#[tokio::test]
async fn an_encoder_that_hung_up_may_still_say_that_it_is_done() {
    let server = start().await;
    let session = server.publish("/whip/studio", "").await.location();
    server.lose_media().await;
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 200);
    assert_eq!(server.http("GET", "/api/rooms", "").await.1, "[]");
}

#[tokio::test]
async fn an_encoder_that_hung_up_may_come_again_with_another_session() {
    let server = start().await;
    let session = server.publish("/whip/studio", "").await.location();
    server.lose_media().await;
    let again = server.publish("/whip/studio", "").await.location();
    assert_ne!(again, session);
    let gone = async { while server.request("GET", &session, "", "").await.status != 404 {} };
    common::soon(gone).await;
    let live = async {
        while !server.http("GET", "/api/rooms", "").await.1.contains("\"live\":\"live\"") {}
    };
    common::soon(live).await;
}

#[tokio::test]
async fn an_encoder_that_was_killed_may_come_again_once_it_is_missed() {
    let server = start().await;
    let killed = server.publish("/whip/studio", "").await.location();
    server.stall_media().await;
    let again = server.publish("/whip/studio", "").await.location();
    let gone = async { while server.request("GET", &killed, "", "").await.status != 404 {} };
    common::soon(gone).await;
    assert_eq!(server.request("GET", &again, "", "").await.status, 200);
}

#[tokio::test]
async fn an_address_opens_so_many_sessions_and_then_has_to_wait() {
    let server = start().await;
    // A proxy of this machine brings them.
    let from = |ip: &str| format!("{SDP}x-forwarded-for: {ip}\r\n");
    let refused = common::soon(async {
        loop {
            let refused = server.request("POST", "/whip/studio", &from("192.0.2.9"), "hello").await;
            if refused.status != 400 {
                return refused;
            }
        }
    });
    let refused = refused.await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "rate_limited"));
    assert!(refused.header("retry-after").is_some());
    let other = server.request("POST", "/whip/studio", &from("192.0.2.10"), "hello").await;
    assert_eq!(other.status, 400);
}

#[tokio::test]
async fn ice_servers_are_linked_but_not_for_a_preflight() {
    let change = |config: &mut server::Config| {
        config.ice_servers = vec![
            IceServer {
                urls: vec!["stun:s.example:3478".into()],
                username: None,
                credential: None,
            },
            IceServer {
                urls: vec!["turn:t.example:3478?transport=udp".into()],
                username: Some("me".into()),
                credential: Some("a \"secret\"".into()),
            },
        ];
    };
    let server = start_saying(change, ANSWER.into()).await;
    let created = server.publish("/whip/studio", "").await;
    assert_eq!(
        created.header("link").unwrap(),
        "<stun:s.example:3478>; rel=\"ice-server\", \
         <turn:t.example:3478?transport=udp>; rel=\"ice-server\"; username=\"me\"; \
         credential=\"a \\\"secret\\\"\"; credential-type=\"password\""
    );
    let preflight = "origin: https://a.example\r\naccess-control-request-method: POST\r\n";
    assert_eq!(server.request("OPTIONS", "/whip/studio", preflight, "").await.header("link"), None);
}
