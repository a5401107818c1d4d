//! Players watch by WHEP (draft-ietf-wish-whep-03, and its core extensions), as HTTP shows it; media
//! is a stand-in.

use crate::common;
use crate::common::http::{ANSWER, CANDIDATE, FRAGMENT, OFFER, RESTART, Response, SDP, play_offer};
use crate::common::{TestServer, start_saying};

const JSON: &str = "content-type: application/json\r\n";

async fn start() -> TestServer {
    start_saying(|_| {}, ANSWER.replace("recvonly", "sendonly")).await
}

impl TestServer {
    async fn watch(&self, headers: &str) -> Response {
        let headers = format!("{SDP}{headers}");
        let created = self.request("POST", "/whep/studio", &headers, &play_offer()).await;
        assert_eq!(created.status, 201, "{created:?}");
        created
    }

    /// Ends the broadcast.
    async fn end(&self, published: &Response) {
        assert_eq!(self.request("DELETE", &published.location(), "", "").await.status, 200);
    }
}

#[tokio::test]
async fn a_player_watches_and_leaves() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let created = server.watch("").await;
    assert_eq!(created.header("content-type").as_deref(), Some("application/sdp"));
    assert_eq!(created.header("content-length"), Some(created.body.len().to_string()));
    assert_eq!(created.header("left-out"), None);
    assert!(created.body.contains("a=sendonly") && created.body.contains("a=rtcp-mux-only"));
    let link = created.header("link").unwrap();
    let session = created.location();
    assert!(link.contains(&format!(
        "<{session}/events>; rel=\"urn:ietf:params:whep:ext:core:server-sent-events\"; \
         events=\"active,inactive,layers,reconnect,viewercount\""
    )));
    assert!(
        link.contains(&format!("<{session}/layer>; rel=\"urn:ietf:params:whep:ext:core:layer\""))
    );
    let with = |etag: &str| format!("{FRAGMENT}if-match: {etag}\r\n");
    let trickled = server.request("PATCH", &session, &with(&created.etag()), CANDIDATE).await;
    assert_eq!((trickled.status, trickled.header("etag")), (204, None));
    let restarted = server.request("PATCH", &session, &with("*"), RESTART).await;
    assert_eq!(restarted.status, 200);
    assert_ne!(restarted.etag(), created.etag());
    let unexpected = server.request("PATCH", &session, SDP, ANSWER).await;
    assert_eq!(unexpected.status, 422);
    assert_eq!(server.request("DELETE", &session, "if-match: \"x\"\r\n", "").await.status, 200);
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 404);
}

#[tokio::test]
async fn a_room_that_is_offline_says_when_to_come_again() {
    let server = start().await;
    let refused = server.request("POST", "/whep/studio", SDP, &play_offer()).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "room_offline"));
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn an_endpoint_is_found_by_head() {
    let server = start().await;
    for method in ["HEAD", "GET"] {
        let found = server.request(method, "/whep/studio", "", "").await;
        assert_eq!((found.status, found.body.as_str()), (200, ""));
        assert_eq!(found.header("content-type").as_deref(), Some("application/sdp"));
    }
}

#[tokio::test]
async fn an_offer_that_receives_nothing_is_met_by_one_of_ours() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let data = "v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n";
    for offer in [data, OFFER, ""] {
        let counter = server.request("POST", "/whep/studio", SDP, offer).await;
        assert_eq!(counter.status, 406, "{counter:?}");
        let kind = counter.header("content-type").unwrap();
        assert!(kind.starts_with("application/sdp; valid-until=\""), "{kind}");
        assert!(kind.ends_with(" GMT\""), "{kind}");
        assert!(counter.body.starts_with("v=0") && counter.body.contains("a=sendonly"));
        let session = counter.location();
        let bad = server.request("PATCH", &session, SDP, "hello").await;
        assert_eq!((bad.status, bad.problem().as_str()), (400, "sdp_bad"));
        // It needs no If-Match: the counter-offer is the only thing it can be for.
        let answered = server.request("PATCH", &session, SDP, &play_offer()).await;
        assert_eq!(answered.status, 204, "{answered:?}");
        let again = server.request("PATCH", &session, SDP, &play_offer()).await;
        assert_eq!(again.status, 422);
        let restart = format!("{FRAGMENT}if-match: {}\r\n", counter.etag());
        let restarted = server.request("PATCH", &session, &restart, RESTART).await;
        assert_eq!(restarted.status, 200, "{restarted:?}");
    }
}

#[tokio::test]
async fn a_player_is_sent_what_it_can_play_and_refused_only_when_that_is_nothing() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let stage = server.stage.clone();
    let room = stage.lock().unwrap().room.unwrap();
    let flows = |audio| {
        let media =
            engine::MediaInfo { audio, video: Some(engine::Codec::H264), layers: Vec::new() };
        let event = engine::Event::MediaFlowing { room, media };
        stage.lock().unwrap().sink.as_ref().unwrap().send(event);
    };
    // The stand-in's players take Opus and VP8.
    flows(Some(engine::Codec::Opus));
    let created = server.watch("").await;
    let left_out = "video;codec=H264;reason=codec";
    assert_eq!(created.header("left-out").as_deref(), Some(left_out));
    let session = created.location();
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 200);
    let counter = server.request("POST", "/whep/studio", SDP, "").await;
    assert_eq!((counter.status, counter.header("left-out")), (406, None), "not known yet");
    let answered = server.request("PATCH", &counter.location(), SDP, &play_offer()).await;
    assert_eq!((answered.status, answered.header("left-out").as_deref()), (204, Some(left_out)));
    flows(None);
    let refused = server.request("POST", "/whep/studio", SDP, &play_offer()).await;
    assert_eq!((refused.status, refused.problem().as_str()), (422, "codec_unsupported"));
    assert!(refused.body.contains("H264"), "{}", refused.body);
}

#[tokio::test]
async fn a_token_given_once_is_asked_for_again() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let token = "authorization: Bearer ticket\r\n";
    let session = server.watch(token).await.location();
    let events = format!("{session}/events");
    let layer = format!("{session}/layer");
    for (method, path) in
        [("DELETE", &session), ("PATCH", &session), ("POST", &events), ("POST", &layer)]
    {
        let none = server.request(method, path, JSON, "").await;
        assert_eq!(none.status, 401, "{method} {path}");
        let other = format!("{JSON}authorization: Bearer other\r\n");
        assert_eq!(server.request(method, path, &other, "").await.status, 403);
    }
    assert_eq!(server.request("DELETE", &session, token, "").await.status, 200);
}

#[tokio::test]
async fn a_broadcast_that_ends_and_comes_back_is_told_and_the_session_stays() {
    let server = start().await;
    let published = server.publish("/whip/studio", "").await;
    let session = server.watch("").await.location();
    let wanted = r#"["active","inactive","viewercount","layers"]"#;
    let subscribed = server.request("POST", &format!("{session}/events"), JSON, wanted).await;
    assert_eq!(subscribed.status, 201);
    let stream = subscribed.location();
    assert!(stream.starts_with(&format!("{session}/events/")), "{stream}");
    let mut events = server.events(&stream).await;
    assert_eq!(events.next().await.unwrap(), ("active".into(), serde_json::json!({})));
    let layers = events.find("layers").await;
    assert_eq!(layers["1"][0]["spatialLayerId"], 0, "{layers}");
    assert_eq!(events.find("viewercount").await["viewercount"], 0);

    server.end(&published).await;
    events.find("inactive").await;
    assert_eq!(server.request("GET", &session, "", "").await.status, 200);
    server.publish("/whip/studio", "").await;
    events.find("active").await;
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 200);
    while events.next().await.is_some() {}
    assert_eq!(server.request("GET", &stream, "", "").await.status, 404);
}

#[tokio::test]
async fn events_are_chosen_and_streams_deleted() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let session = server.watch("").await.location();
    let entry = format!("{session}/events");
    for (headers, body, status) in [
        (JSON, r#"["active","scte35"]"#, 400),
        (JSON, r#"{"active":true}"#, 400),
        (SDP, r#"["active"]"#, 415),
        (JSON, "", 201),
        ("", "", 201),
        (JSON, "[]", 201),
        (JSON, r#"["reconnect"]"#, 201),
        (JSON, r#"["reconnect"]"#, 429),
    ] {
        let subscribed = server.request("POST", &entry, headers, body).await;
        assert_eq!(subscribed.status, status, "{body}: {subscribed:?}");
        if body == "[]" {
            let stream = subscribed.location();
            let other = session.replace(&session[session.len() - 8..], "00000000");
            let foreign = stream.replace(&session, &other);
            assert_eq!(server.request("DELETE", &foreign, "", "").await.status, 404);
            assert_eq!(server.request("DELETE", &stream, "", "").await.status, 200);
            assert_eq!(server.request("GET", &stream, "", "").await.status, 404);
            // Its place is free again.
            assert_eq!(server.request("POST", &entry, "", "").await.status, 201);
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_tells_players_to_come_back() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let session = server.watch("").await.location();
    let subscribed = server.request("POST", &format!("{session}/events"), "", "").await;
    let mut events = server.events(&subscribed.location()).await;
    server.shutdown.trigger();
    events.find("reconnect").await;
    while events.next().await.is_some() {}
    common::soon(server.running.wait()).await.unwrap();
}

#[tokio::test]
async fn a_layer_is_chosen_among_those_there_are() {
    let server = start().await;
    server.publish("/whip/studio", "").await;
    let room = server.stage.lock().unwrap().room.unwrap();
    let media = engine::MediaInfo {
        audio: Some(engine::Codec::Opus),
        video: Some(engine::Codec::Vp8),
        layers: vec!["h".into(), "l".into()],
    };
    let event = engine::Event::MediaFlowing { room, media };
    server.stage.lock().unwrap().sink.as_ref().unwrap().send(event);
    let session = server.watch("").await.location();
    let layer = format!("{session}/layer");
    for (headers, body, status) in [
        (JSON, r#"{"mediaId":"1","rid":"l"}"#, 200),
        (JSON, r#"{"mediaId":"1"}"#, 200),
        (JSON, r#"{"mediaId":"1","rid":"x"}"#, 422),
        (JSON, r#"{"mediaId":"7"}"#, 422),
        (JSON, "rid=l", 400),
        (SDP, r#"{"rid":"l"}"#, 415),
    ] {
        let chosen = server.request("POST", &layer, headers, body).await;
        assert_eq!(chosen.status, status, "{body}: {chosen:?}");
    }
    let preferred = server.stage.lock().unwrap().commands.iter().find_map(|it| match it {
        engine::Command::Prefer { preference, .. } => Some(preference.cap.clone()),
        _ => None,
    });
    assert_eq!(preferred, Some(engine::Cap::Layer("l".into())));
}
