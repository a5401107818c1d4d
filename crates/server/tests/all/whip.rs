//! Encoders publish by WHIP (RFC 9725), as HTTP shows it; media is a stand-in.

use crate::common;
use crate::common::http::{ANSWER, CANDIDATE, FRAGMENT, OFFER, RESTART, SDP};
use crate::common::{TestServer, start_saying};
use auth::PublishOpen;
use server::config::{IceServerEntry, SecretText};

const KEY: &str = "authorization: Bearer a-key-of-16-chars\r\n";

async fn start() -> TestServer {
    start_saying(|_| {}, ANSWER.into()).await
}

async fn start_with_key() -> TestServer {
    let change = |config: &mut server::Config| {
        config.publish.open = Some(PublishOpen::None);
        config.publish.key = Some(SecretText("a-key-of-16-chars".into()));
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

    // Nothing rests on the ICE session that a candidate is of; a restart has to name it.
    assert_eq!(server.request("PATCH", &session, FRAGMENT, CANDIDATE).await.status, 204);
    let missing = server.request("PATCH", &session, FRAGMENT, RESTART).await;
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
async fn pages_of_allowed_origins_may_ask_what_is_possible_and_others_may_not() {
    let change = |config: &mut server::Config| {
        config.publish.open = Some(PublishOpen::None);
        config.publish.key = Some(SecretText("a-key-of-16-chars".into()));
        config.allow_origins = vec!["https://studio.example".into()];
    };
    let server = start_saying(change, ANSWER.into()).await;
    let origin = "origin: https://studio.example\r\n";
    let preflight = format!(
        "{origin}access-control-request-method: POST\r\n\
         access-control-request-headers: authorization,content-type,oven-capabilities\r\n"
    );
    let allowed = server.request("OPTIONS", "/whip/studio", &preflight, "").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("accept-post").as_deref(), Some("application/sdp"));
    let may = allowed.header("access-control-allow-origin");
    assert_eq!(may.as_deref(), Some("https://studio.example"));
    assert!(allowed.header("vary").unwrap().to_lowercase().contains("origin"));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("POST"));
    // Players send headers of their own.
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("oven-capabilities"));
    assert_eq!(allowed.header("link"), None);
    let of_session = server.request("OPTIONS", "/whip/studio/any", &preflight, "").await;
    assert!(of_session.header("access-control-allow-methods").unwrap().contains("PATCH"));
    assert!(of_session.header("accept-patch").is_some());
    let created = server.publish("/whip/studio", &format!("{KEY}{origin}")).await;
    let exposed = created.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("Location") && exposed.contains("ETag"), "{exposed}");
    let there = server.request("GET", "/whip/studio", "", "").await;
    assert_eq!((there.status, there.body.as_str()), (200, ""));

    let evil = "origin: https://evil.example\r\n";
    let asked = server.request("OPTIONS", "/whip/studio", evil, "").await;
    assert_eq!(asked.header("access-control-allow-origin"), None);
    let headers = format!("{SDP}{KEY}{evil}");
    let refused = server.request("POST", "/whip/studio", &headers, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (403, "forbidden"));
    assert!(refused.body.contains("--allow-origin"), "{}", refused.body);
    let refused = server.request("POST", "/whep/studio", &format!("{SDP}{evil}"), OFFER).await;
    assert_eq!(refused.status, 403, "watching is no different");
}

#[tokio::test]
async fn every_answer_tells_the_page_that_asked_even_one_that_refuses() {
    let change = |config: &mut server::Config| config.allow_origins = vec!["*".into()];
    let server = start_saying(change, ANSWER.into()).await;
    for (method, path, status) in [
        ("POST", "/whip/studio", 415),
        ("PUT", "/whip/studio", 405),
        ("POST", "/whip/app/stream", 404),
        ("GET", "/whep/studio/none", 404),
        ("GET", "/whip/a/b/c/d", 404),
        ("GET", "/api/rooms", 200),
        ("GET", "/api/nothing", 404),
    ] {
        let answer = server.request(method, path, "origin: https://any.example\r\n", "").await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        let may = answer.header("access-control-allow-origin");
        assert_eq!(may.as_deref(), Some("*"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_is_the_room_and_two_names_are_told_what_to_use() {
    let server = start().await;
    let created = server.publish("/whip/studio/", "").await;
    let session = created.location();
    assert!(session.starts_with("/whip/studio/"), "{session}");
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 200);
    let refused = server.request("POST", "/whip/app/stream", SDP, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (404, "not_found"));
    assert!(refused.body.contains("/whip/app-stream"), "{}", refused.body);
}

#[tokio::test]
async fn the_name_of_a_room_is_encoded_in_its_addresses() {
    let server = start().await;
    let created = server.publish("/whip/%E7%9B%B4%E6%92%AD", "").await;
    let session = created.location();
    assert!(session.is_ascii(), "{session}");
    assert!(session.starts_with("/whip/%E7%9B%B4%E6%92%AD/"), "{session}");
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 200);
    assert_eq!(server.http("GET", "/api/rooms", "").await.1, "[]");
}

#[tokio::test]
async fn a_prefix_that_a_proxy_takes_away_is_in_the_address_again() {
    let leaves = async |server: &TestServer, location: &str| {
        let inside = location.strip_prefix("/kaibo").unwrap();
        assert_eq!(server.request("DELETE", inside, "", "").await.status, 200);
    };
    // What the server sees of POST https://live.example/kaibo/whip/studio.
    let server = start().await;
    let proxied = "x-forwarded-prefix: /kaibo\r\nx-forwarded-proto: https,http\r\n";
    leaves(&server, &server.publish("/whip/studio", proxied).await.location()).await;
    for nonsense in ["//evil.example", "kaibo", "/a\"b", "/kai bo"] {
        let headers = format!("x-forwarded-prefix: {nonsense}\r\n");
        let location = server.publish("/whip/studio", &headers).await.location();
        assert!(location.starts_with("/whip/studio/"), "{nonsense}: {location}");
        assert_eq!(server.request("DELETE", &location, "", "").await.status, 200);
    }
    let change = |config: &mut server::Config| config.base_path = "/kaibo/".into();
    let server = start_saying(change, ANSWER.into()).await;
    leaves(&server, &server.publish("/whip/studio", "").await.location()).await;
    let change = |config: &mut server::Config| config.trust_proxies = Vec::new();
    let server = start_saying(change, ANSWER.into()).await;
    let location = server.publish("/whip/studio", proxied).await.location();
    assert!(location.starts_with("/whip/studio/"), "a stranger says nothing of paths");
}

#[tokio::test]
async fn restarts_with_long_fragments_make_no_description_grow() {
    let server = start().await;
    let repeated = "a=ice-ufrag:abcd\r\n".repeat(500);
    let offer = OFFER.replacen("a=ice-ufrag:abcd\r\n", &repeated, 1);
    let created = server.request("POST", "/whip/studio", SDP, &offer).await;
    assert_eq!(created.status, 201, "{created:?}");
    let candidates =
        format!("a=candidate:1 1 udp 1 192.0.2.7 5000 typ host x {}\r\n", "y".repeat(600));
    let fragment = format!("{RESTART}{}", candidates.repeat(60));
    let headers = format!("{FRAGMENT}if-match: *\r\n");
    let restarted = server.request("PATCH", &created.location(), &headers, &fragment).await;
    assert_eq!(restarted.status, 200, "{restarted:?}");
    let longest = server
        .stage
        .lock()
        .unwrap()
        .commands
        .iter()
        .filter_map(|it| match it {
            engine::Command::Reoffer { offer, .. } => Some(offer.len()),
            _ => None,
        })
        .max()
        .unwrap();
    assert!(longest <= offer.len() + 100, "{longest} bytes of {}", offer.len());

    let long = RESTART.replace("wxyz", &"w".repeat(256));
    let refused = server.request("PATCH", &created.location(), &headers, &long).await;
    assert_eq!((refused.status, refused.problem().as_str()), (413, "too_large"));
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
            "stun:s.example:3478".parse().unwrap(),
            IceServerEntry {
                urls: vec!["turn:t.example:3478?transport=udp".into()],
                username: Some("me".into()),
                credential: Some(SecretText("a \"secret\"".into())),
                secret: None,
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
