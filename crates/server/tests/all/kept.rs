//! What is kept of a broadcast, as whoever watches has it: recordings, clips, pictures, HLS.

use media_api::{Command, Event, PastOrder};
use serde_json::{Value, json};

use crate::common::operator::{ask, bearer, closed};
use crate::common::source::{Source, go_live};
use crate::common::{Page, TestServer, soon, start_with};

/// A request of somebody who watches; the status and the body.
async fn watch(server: &TestServer, method: &str, path: &str, body: Value) -> (u16, Value) {
    watch_as(server, "", method, path, body).await
}

async fn watch_as(
    server: &TestServer,
    headers: &str,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = server.request(method, path, headers, &body).await;
    (response.status, serde_json::from_str(&response.body).unwrap_or(Value::Null))
}

/// The file or text at an address, and its headers.
async fn fetch(server: &TestServer, path: &str) -> (String, Vec<u8>) {
    server.bytes(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
}

async fn source_of(server: &TestServer, is_h264: bool) -> Source {
    let room = server.stage.lock().unwrap().room.unwrap();
    if is_h264 { Source::h264(room) } else { Source::new(room) }
}

/// Waits for the state of the room that is as it should be.
async fn hear_state(page: &mut Page, is: impl Fn(&Value) -> bool) -> Value {
    soon(async {
        loop {
            let state = page.hear_type("state").await;
            if is(&state) {
                return state;
            }
        }
    })
    .await
}

/// Asks until the answer is as it should be.
async fn until(server: &TestServer, path: &str, is: impl Fn(u16, &Value) -> bool) -> Value {
    soon(async {
        loop {
            let (status, body) = watch(server, "GET", path, Value::Null).await;
            if is(status, &body) {
                return body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_host_has_its_room_recorded_and_all_who_watch_know_and_see_it_later() {
    let server = start_with(closed, 16).await;
    let mut host = go_live(&server).await;
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan"}"#).await;
    let welcome = fan.hear_type("welcome").await;
    assert_eq!(welcome["room"]["kept"]["byHost"], true, "{welcome}");
    fan.say(r#"{"type":"room_set","recording":true}"#).await;
    assert_eq!(fan.hear_type("error").await["code"], "forbidden");
    host.say(r#"{"type":"room_set","recording":true}"#).await;
    hear_state(&mut fan, |it| it["kept"]["recording"] == true).await;
    let mut source = source_of(&server, false).await;
    (0..3).for_each(|_| source.second(&server));
    host.say(r#"{"type":"room_set","recording":false}"#).await;
    hear_state(&mut fan, |it| it["kept"]["recording"] == false).await;

    let path = "/api/rooms/default/recordings";
    let list = until(&server, path, |_, it| it["items"][0]["files"].is_array()).await;
    let [past] = &list["items"].as_array().unwrap()[..] else { panic!("{list}") };
    assert!((past["seconds"].as_f64().unwrap() - 3.0).abs() < 0.05, "{past}");
    let id = past["id"].as_str().unwrap();
    let file = format!("{path}/{id}/files/{}", past["files"][0]["name"].as_str().unwrap());
    let (head, bytes) = fetch(&server, &format!("{file}?save")).await;
    assert!(head.contains(" 200 ") && head.contains("attachment"), "{head}");
    assert!(head.contains("public"), "{head}");
    assert_eq!(bytes[..4], [0x1A, 0x45, 0xDF, 0xA3]);
    let other = format!("/api/rooms/another/recordings/{id}");
    assert_eq!(watch(&server, "GET", &other, Value::Null).await.0, 404, "of another room");
}

#[tokio::test]
async fn a_room_whose_rules_say_so_is_recorded_from_the_beginning_or_by_the_operator_alone() {
    let server = start_with(closed, 16).await;
    let rules = json!({"watch": "everybody", "record": "operator"});
    let mut host = go_live(&server).await;
    assert_eq!(ask(&server, "PUT", "/rooms/default", rules).await.1["record"], "operator");
    hear_state(&mut host, |it| it["kept"]["byHost"] == false).await;
    host.say(r#"{"type":"room_set","recording":true}"#).await;
    assert_eq!(host.hear_type("error").await["code"], "forbidden");
    host.say(r#"{"type":"end"}"#).await;
    let rules = json!({"watch": "everybody", "record": "always"});
    ask(&server, "PUT", "/rooms/default", rules).await;
    let bad = json!({"watch": "everybody", "record": "sometimes"});
    assert_eq!(ask(&server, "PUT", "/rooms/default", bad).await.0, 400);
    host.say(r#"{"type":"leave"}"#).await;

    let (_, key) = ask(&server, "POST", "/rooms/default/keys", json!({"name": "Bo"})).await;
    let mut host = server.page().await;
    let hello = json!({"type": "hello", "v": 1, "role": "host", "key": key["key"]});
    host.say(&hello.to_string()).await;
    host.hear_type("welcome").await;
    host.say(&json!({"type": "offer", "sdp": crate::common::SENDING}).to_string()).await;
    host.hear_type("answer").await;
    host.say(r#"{"type":"golive"}"#).await;
    server.flow();
    hear_state(&mut host, |it| it["kept"]["recording"] == true).await;
    let (status, _) = ask(&server, "GET", "/rooms/default/recording", Value::Null).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn whoever_watches_makes_a_clip_and_passes_its_address_on() {
    let server = start_with(closed, 16).await;
    let path = "/api/rooms/default/clips";
    let order = json!({"seconds": 5, "title": "That moment"});
    assert_eq!(watch(&server, "POST", path, order.clone()).await.1["code"], "room_offline");
    let _host = go_live(&server).await;
    let mut source = source_of(&server, false).await;
    (0..4).for_each(|_| source.second(&server));
    until(&server, "/api/rooms", |_, it| it[0]["still"]["v"].is_number()).await;
    for (bad, code) in [
        (json!({"seconds": 4}), "bad_field"),
        (json!({"seconds": 91}), "bad_field"),
        (json!({"seconds": "all"}), "bad_json"),
        (json!({}), "bad_json"),
    ] {
        assert_eq!(watch(&server, "POST", path, bad).await.1["code"], code);
    }
    let (status, clip) = watch(&server, "POST", path, order).await;
    assert_eq!((status, &clip["title"]), (201, &json!("That moment")), "{clip}");
    assert!((clip["seconds"].as_f64().unwrap() - 4.0).abs() < 0.05, "{clip}");
    let id = clip["id"].as_str().unwrap();
    let (head, bytes) = fetch(&server, &format!("/api/clips/{id}/file")).await;
    assert!(head.contains("video/webm") && bytes[..4] == [0x1A, 0x45, 0xDF, 0xA3], "{head}");
    let (head, still) = fetch(&server, &format!("/api/clips/{id}/still")).await;
    assert!(head.contains("image/webp") && still.starts_with(b"RIFF"), "{head}");
    let (_, page) = fetch(&server, &format!("/c/{id}")).await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains(&format!("/api/clips/{id}/file")) && page.contains("That moment"));
    assert_eq!(watch(&server, "GET", path, Value::Null).await.1[0]["id"], id);
    assert_eq!(watch(&server, "GET", "/api/clips/no-such", Value::Null).await.0, 404);
}

#[tokio::test]
async fn in_a_private_room_what_is_kept_is_for_whoever_may_watch() {
    let server = start_with(closed, 16).await;
    let _host = go_live(&server).await;
    let rules = json!({"watch": "password", "password": "open sesame"});
    ask(&server, "PUT", "/rooms/default", rules).await;
    let mut source = source_of(&server, false).await;
    (0..2).for_each(|_| source.second(&server));
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan","key":"open sesame"}"#).await;
    let welcome = fan.hear_type("welcome").await;
    let pass = welcome["room"]["kept"]["pass"].as_str().unwrap().to_owned();
    let still = "/api/rooms/default/still";
    let with_pass = format!("{still}?pass={pass}");
    soon(async {
        while !fetch(&server, &with_pass).await.0.contains(" 200 ") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    for refused in [still.to_owned(), format!("{still}?pass=1-2"), format!("{still}?pass=")] {
        assert_eq!(watch(&server, "GET", &refused, Value::Null).await.0, 401, "{refused}");
    }
    let request = format!(
        "GET {still} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}\r\n",
        bearer("open sesame")
    );
    assert!(server.bytes(&request).await.0.contains(" 200 "));
    let order = json!({"seconds": 5});
    let clips = "/api/rooms/default/clips";
    assert_eq!(watch(&server, "POST", clips, order.clone()).await.0, 401);
    let (_, clip) = watch(&server, "POST", &format!("{clips}?pass={pass}"), order).await;
    let file = format!("/api/clips/{}/file", clip["id"].as_str().unwrap());
    assert!(fetch(&server, &file).await.0.contains(" 401 "));
    let (head, _) = fetch(&server, &format!("{file}?pass={pass}")).await;
    assert!(head.contains(" 200 ") && head.contains("private"), "{head}");
    let (_, page) = fetch(&server, &format!("/c/{}", clip["id"].as_str().unwrap())).await;
    assert!(!String::from_utf8(page).unwrap().contains("og:video"), "links tell nothing of it");

    let rules = json!({"watch": "password", "password": "another one"});
    ask(&server, "PUT", "/rooms/default", rules).await;
    let (status, _) = watch(&server, "GET", &with_pass, Value::Null).await;
    assert_eq!(status, 401, "another password takes passes away");
}

#[tokio::test]
async fn a_network_makes_no_more_than_twenty_clips_a_minute() {
    let server = start_with(closed, 16).await;
    let _host = go_live(&server).await;
    let mut source = source_of(&server, false).await;
    source.second(&server);
    let mut statuses = Vec::new();
    for _ in 0..21 {
        let from = "x-forwarded-for: 203.0.113.9\r\n";
        let order = json!({"seconds": 5});
        let path = "/api/rooms/default/clips";
        statuses.push(watch_as(&server, from, "POST", path, order).await.0);
    }
    assert_eq!(statuses.iter().filter(|it| **it == 429).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_room_of_h264_is_watched_as_hls_from_the_first_request_on() {
    let server = start_with(closed, 16).await;
    let index = "/hls/default/index.m3u8";
    assert!(fetch(&server, index).await.0.contains(" 409 "), "nobody is live");
    let _host = go_live(&server).await;
    let mut source = source_of(&server, true).await;
    let asked = async {
        let text = fetch(&server, index).await;
        (text.0, String::from_utf8(text.1).unwrap())
    };
    let sent = async {
        loop {
            source.second(&server);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let (head, text) = tokio::select! { it = asked => it, () = sent => unreachable!() };
    assert!(head.contains("application/vnd.apple.mpegurl"), "{head}");
    assert!(text.contains("CODECS=\"avc1.42c01e,opus\",RESOLUTION=640x480"), "{text}");
    let sent = async {
        loop {
            source.second(&server);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let asked = fetch(&server, "/hls/default/v.m3u8");
    let (_, list) = tokio::select! { it = asked => it, () = sent => unreachable!() };
    let list = String::from_utf8(list).unwrap();
    assert!(list.contains("#EXTINF:"), "players that know no parts begin with a segment: {list}");
    let part = list.lines().find_map(|it| it.strip_prefix("#EXT-X-PART:")?.split('"').nth(1));
    let part = part.unwrap_or_else(|| panic!("{list}"));
    let (head, bytes) = fetch(&server, &format!("/hls/default/{part}")).await;
    assert!(head.contains("video/mp4") && bytes[4..8] == *b"moof", "{head}");
    let (head, bytes) = fetch(&server, "/hls/default/v-0.header.mp4").await;
    assert!(head.contains("immutable") && bytes[4..8] == *b"ftyp", "{head}");
    // What is waited for comes with the next second.
    let next = fetch(&server, "/hls/default/v.m3u8?_HLS_msn=2&_HLS_part=0");
    let sent = async {
        loop {
            source.second(&server);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let (_, list) = tokio::select! { it = next => it, () = sent => unreachable!() };
    assert!(String::from_utf8(list).unwrap().contains("v-2-0.part.m4s"));
    let far = "/hls/default/v.m3u8?_HLS_msn=1000";
    assert_eq!(watch(&server, "GET", far, Value::Null).await.1["code"], "bad_field");
    assert_eq!(watch(&server, "GET", "/hls/default/x.m3u8", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_room_of_vp8_says_why_it_has_no_hls() {
    let server = start_with(closed, 16).await;
    let _host = go_live(&server).await;
    let mut source = source_of(&server, false).await;
    let asked = watch(&server, "GET", "/hls/default/index.m3u8", Value::Null);
    let sent = async {
        loop {
            source.second(&server);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let (_, told) = tokio::select! { it = asked => it, () = sent => unreachable!() };
    assert_eq!(told["code"], "codec_unsupported", "{told}");
    assert!(told["message"].as_str().unwrap().contains("VP8"), "{told}");
}

/// The orders of the past that the media plane was given.
fn orders(server: &TestServer) -> Vec<PastOrder> {
    let stage = server.stage.lock().unwrap();
    let of = |it: &Command| match it {
        Command::Past { order, .. } => Some(order.clone()),
        _ => None,
    };
    stage.commands.iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_fan_goes_back_to_what_was_and_to_what_is_live() {
    let server = start_with(closed, 16).await;
    let _host = go_live(&server).await;
    let mut source = source_of(&server, false).await;
    (0..10).for_each(|_| source.second(&server));
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan"}"#).await;
    fan.hear_type("welcome").await;
    let offer = fan.hear_type("offer").await;
    fan.say(r#"{"type":"rewind","agoMs":3000}"#).await;
    assert_eq!(fan.hear_type("error").await["code"], "unexpected", "it is not sent anything yet");
    fan.say(&json!({"type": "answer", "sdp": "v=0", "neg": offer["neg"], "pc": "sub"}).to_string())
        .await;
    while fan.hear_type("viewers").await["n"] != 1 {}
    fan.say(r#"{"type":"rewind","agoMs":3000}"#).await;
    let told = fan.hear_type("rewound").await;
    assert!(told["at"].is_number(), "{told}");
    soon(async {
        while !orders(&server).iter().any(|it| matches!(it, PastOrder::Begin(_))) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let Some(PastOrder::Begin(piece)) = orders(&server).into_iter().next() else { panic!() };
    assert!(piece.packets[0].is_keyframe);
    // The media plane asks for what follows, and is given it.
    let peer = {
        let stage = server.stage.lock().unwrap();
        let of = |it: &Command| match it {
            Command::Past { peer, .. } => Some(*peer),
            _ => None,
        };
        let peer = stage.commands.iter().find_map(of).unwrap();
        stage.sink.as_ref().unwrap().send(Event::PastWanted { peer });
        peer
    };
    soon(async {
        while !orders(&server).iter().any(|it| matches!(it, PastOrder::More(_))) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    fan.say(r#"{"type":"rewind","fast":true}"#).await;
    server.stage.lock().unwrap().sink.as_ref().unwrap().send(Event::PastOver { peer });
    assert_eq!(fan.hear_type("rewound").await["at"], Value::Null, "it has caught up");
    fan.say(r#"{"type":"rewind","agoMs":0}"#).await;
    assert_eq!(fan.hear_type("rewound").await["at"], Value::Null);
    fan.say(r#"{"type":"rewind","agoMs":-1}"#).await;
    assert_eq!(fan.hear_type("error").await["code"], "bad_field");
    assert!(orders(&server).contains(&PastOrder::Speed(110)));
}

#[tokio::test]
async fn what_was_said_stands_beside_the_recording_but_what_was_taken_away() {
    let server = start_with(closed, 16).await;
    let mut host = go_live(&server).await;
    host.say(r#"{"type":"room_set","recording":true}"#).await;
    hear_state(&mut host, |it| it["kept"]["recording"] == true).await;
    let mut source = source_of(&server, false).await;
    (0..2).for_each(|_| source.second(&server));
    host.say(r#"{"type":"rename","name":"Ann"}"#).await;
    for text in ["hello <all>", "this goes"] {
        host.say(&json!({"type": "chat", "text": text}).to_string()).await;
    }
    host.hear_type("sent").await;
    let gone = host.hear_type("sent").await["item"]["mid"].clone();
    let remove = json!({"type": "moderate", "action": "delete", "mid": gone});
    host.say(&remove.to_string()).await;
    host.hear_type("chat_removed").await;
    host.say(r#"{"type":"room_set","recording":false}"#).await;
    let path = "/api/rooms/default/recordings";
    let list = until(&server, path, |_, it| it["items"][0]["files"].is_array()).await;
    let one = format!("{path}/{}", list["items"][0]["id"].as_str().unwrap());
    let (_, chat) = watch(&server, "GET", &format!("{one}/chat"), Value::Null).await;
    let [line] = &chat.as_array().unwrap()[..] else { panic!("{chat}") };
    assert_eq!((&line["text"], &line["name"]), (&json!("hello <all>"), &json!("Ann")));
    assert!((0.0..60.0).contains(&line["at"].as_f64().unwrap()), "{line}");
    let (head, vtt) = fetch(&server, &format!("{one}/chat.vtt")).await;
    assert!(head.contains("text/vtt"), "{head}");
    assert!(String::from_utf8(vtt).unwrap().contains("<v Ann>hello &lt;all&gt;"));
}
