//! Who gets in: every watch policy at every door with every credential; tokens, and the operator's own service.

use std::path::Path;

use crate::common;
use crate::common::operator::{KEY, ask, ask_with, bearer, closed};
use crate::common::{SENDING, TestServer, soon, start_with};
use auth::{Secret, SecretHash};
use protocol::RoomName;
use serde_json::{Value, json};
use store::NewInvite;
use tokens::NewToken;

const PASSWORD: &str = "open sesame";

/// What becomes of a fan at `/ws`: `ok`, or the code and the detail of its refusal.
async fn at_ws(server: &TestServer, room: &str, key: Option<&str>) -> String {
    let mut fan = server.page().await;
    let hello = json!({"type": "hello", "v": 1, "role": "fan", "room": room, "key": key});
    fan.say(&hello.to_string()).await;
    let told = soon(fan.hear_either("welcome", "error")).await;
    match told["type"].as_str().unwrap() {
        "welcome" => "ok".into(),
        _ => {
            format!("{} {}", told["code"].as_str().unwrap(), told["detail"].as_str().unwrap_or("-"))
        }
    }
}

/// What becomes of a player at WHEP: the status. A room that is offline is 404 for who may watch.
async fn at_whep(server: &TestServer, room: &str, key: Option<&str>) -> String {
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    let head = format!("{key}content-type: application/sdp\r\ncontent-length: 0\r\n");
    let (head, _) = server.http("POST", &format!("/whep/{room}"), &head).await;
    match head.split(' ').nth(1).unwrap() {
        "401" => "refused".into(),
        "409" | "404" | "503" => "ok".into(),
        other => other.into(),
    }
}

/// At which doors a stranger is told of the room, of those where nothing can be shown.
async fn told_at(server: &TestServer, room: &str) -> Vec<&'static str> {
    let mut told = Vec::new();
    let page = format!("http://{}/r/{room}", server.addr);
    for (door, path) in [
        ("api", format!("/api/rooms/{room}")),
        ("list", "/api/rooms".to_owned()),
        ("picture", format!("/api/rooms/{room}/cover")),
        ("page", format!("/r/{room}")),
        ("embed", format!("/embed/{room}")),
        ("oembed", format!("/oembed?url={page}")),
    ] {
        let (head, body) = server.http("GET", &path, "").await;
        let is_picture = door == "picture" && head.contains(" 200 ");
        if is_picture || body.contains(&format!("Title of {room}")) {
            told.push(door);
        }
    }
    told
}

/// What passes for a picture (WebP), and is text.
const PICTURE: &str = "RIFF0000WEBP";

/// Gives a room a title and a picture, as its host's page does; who hosts it stays.
async fn furnish(server: &TestServer, room: &str) -> common::Page {
    let mut host = server.page().await;
    let hello = json!({"type": "hello", "v": 1, "role": "host", "room": room, "key": KEY});
    host.say(&hello.to_string()).await;
    host.hear_type("welcome").await;
    host.say(&json!({"type": "offer", "sdp": SENDING}).to_string()).await;
    host.hear_type("answer").await;
    let title = json!({"type": "room_set", "title": format!("Title of {room}")});
    host.say(&title.to_string()).await;
    host.say(&json!({"type": "golive"}).to_string()).await;
    server.flow();
    let head = format!("{}content-length: {}\r\n", bearer(KEY), PICTURE.len());
    let request =
        format!("PUT /api/rooms/{room}/cover HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    let (head, _) = server.raw(&format!("{request}{head}\r\n{PICTURE}")).await;
    assert!(head.contains(" 200 "), "{head}");
    host.say(r#"{"type":"ping","t":1}"#).await;
    host.hear_type("pong").await;
    host
}

#[tokio::test]
async fn every_policy_at_every_door_lets_in_who_has_the_right_and_tells_others_what_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let in_data = |config: &mut server::Config| {
        closed(config);
        config.data = data.path().to_owned();
    };
    let server = start_with(in_data, 16).await;
    for (room, settings) in [
        ("everybody", json!({"watch": "everybody"})),
        ("unlisted", json!({"watch": "unlisted"})),
        ("password", json!({"watch": "password", "password": PASSWORD})),
        ("invited", json!({"watch": "invited"})),
        ("token", json!({"watch": "token"})),
    ] {
        assert_eq!(ask(&server, "PUT", &format!("/rooms/{room}"), settings).await.0, 201, "{room}");
    }
    let make = async |room: &str, what: &str, body: Value| {
        ask(&server, "POST", &format!("/rooms/{room}/{what}"), body).await.1
    };
    let invite = make("invited", "invites", json!({"name": "Ann"})).await;
    let once = make("invited", "invites", json!({"name": "one", "uses": 1})).await;
    let revoked = make("invited", "invites", json!({"name": "gone"})).await;
    let path = format!("/rooms/invited/invites/{}", revoked["id"]);
    assert_eq!(ask(&server, "DELETE", &path, Value::Null).await.0, 204);
    let code = |it: &Value| it["code"].as_str().unwrap().to_owned();
    let key = make("invited", "keys", json!({"name": "host"})).await;
    let token = async |body: Value| {
        let (status, made) = ask(&server, "POST", "/tokens", body).await;
        assert_eq!(status, 201, "{made}");
        made["token"].as_str().unwrap().to_owned()
    };
    let good = token(json!({"room": "token", "subscribe": true})).await;
    let other = token(json!({"room": "elsewhere", "subscribe": true})).await;
    let publish = token(json!({"room": "token", "publish": true})).await;
    let damaged = format!("{}x", &good[..good.len() - 1]);
    let for_invited = token(json!({"room": "invited", "subscribe": true})).await;
    let (_, site) = ask(&server, "POST", "/token-keys", json!({"name": "site"})).await;
    let expired_token = NewToken {
        room: RoomName::parse("token").unwrap(),
        can_publish: false,
        can_watch: true,
        can_chat: false,
        is_admin: false,
        name: None,
        expires_s: 1_700_000_000,
    };
    let [id, secret] = ["id", "secret"].map(|it| site[it].as_str().unwrap());
    let expired_token = expired_token.sign(id, secret).unwrap();
    // An invitation lives for an hour at least: this one was made a year ago, by the clock of the data folder.
    let expired_invite = "expired".repeat(4);
    let server = restart_with(server, in_data, data.path(), &expired_invite).await;

    for (room, key, at_ws_is, at_whep_is) in [
        ("everybody", None, "ok", "ok"),
        ("everybody", Some("wrong"), "ok", "ok"),
        ("unlisted", None, "ok", "ok"),
        ("password", None, "auth_required password", "refused"),
        ("password", Some("wrong one"), "auth_bad password", "refused"),
        ("password", Some(PASSWORD), "ok", "ok"),
        ("password", Some(KEY), "ok", "ok"),
        ("invited", None, "auth_required invite", "refused"),
        ("invited", Some("wrong two"), "auth_bad invite", "refused"),
        ("invited", Some(code(&revoked).as_str()), "auth_bad invite", "refused"),
        ("invited", Some(expired_invite.as_str()), "auth_bad invite", "refused"),
        ("invited", Some(code(&invite).as_str()), "ok", "ok"),
        ("invited", Some(for_invited.as_str()), "ok", "ok"),
        ("invited", Some(key["key"].as_str().unwrap()), "ok", "ok"),
        ("token", None, "auth_required token", "refused"),
        ("token", Some("wrong three"), "auth_bad token", "refused"),
        ("token", Some(expired_token.as_str()), "auth_bad token", "refused"),
        ("token", Some(damaged.as_str()), "auth_bad token", "refused"),
        ("token", Some(other.as_str()), "auth_bad token", "refused"),
        ("token", Some(good.as_str()), "ok", "ok"),
        ("token", Some(publish.as_str()), "ok", "ok"),
    ] {
        assert_eq!(at_ws(&server, room, key).await, at_ws_is, "{room} {key:?} at /ws");
        assert_eq!(at_whep(&server, room, key).await, at_whep_is, "{room} {key:?} at WHEP");
    }
    // One that one person may use: a player is a person of its own.
    assert_eq!(at_ws(&server, "invited", Some(&code(&once))).await, "ok");
    assert_eq!(at_ws(&server, "invited", Some(&code(&once))).await, "auth_bad invite");
    assert_eq!(at_whep(&server, "invited", Some(&code(&once))).await, "refused");
}

#[tokio::test]
async fn of_a_private_room_no_door_tells_a_stranger_anything() {
    let server = start_with(closed, 16).await;
    // The page of an embed is the same for every room.
    let all = vec!["api", "list", "picture", "page", "oembed"];
    for (room, settings, told) in [
        ("everybody", json!({"watch": "everybody"}), all.clone()),
        ("unlisted", json!({"watch": "unlisted"}), vec!["api", "picture", "page", "oembed"]),
        ("password", json!({"watch": "password", "password": PASSWORD}), vec![]),
        ("invited", json!({"watch": "invited"}), vec![]),
        ("token", json!({"watch": "token"}), vec![]),
    ] {
        assert_eq!(ask(&server, "PUT", &format!("/rooms/{room}"), settings).await.0, 201, "{room}");
        let _host = furnish(&server, room).await;
        assert_eq!(told_at(&server, room).await, told, "{room}");
        let (_, one) = ask(&server, "GET", &format!("/rooms/{room}"), Value::Null).await;
        assert_eq!(one["title"], format!("Title of {room}"), "the operator is told");
        let path = format!("/rooms/{room}/cover");
        let cover = ask_with(&server, &bearer(KEY), "GET", &path, &Value::Null).await;
        assert!(cover.status == 200 && cover.body == PICTURE, "{room}: {cover:?}");
    }
}

/// The same server once more, with an invitation to the room `invited` that has expired.
async fn restart_with(
    server: TestServer,
    change: impl FnOnce(&mut server::Config),
    data: &Path,
    code: &str,
) -> TestServer {
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();
    let store = store::Store::open(data).unwrap();
    let hash = SecretHash::of_key(&Secret::new(code)).to_bytes();
    let name = "expired".to_owned();
    let (role, made_ms, expires_ms) = ("fan".to_owned(), 1, Some(2));
    let new = NewInvite { name, role, hash, made_ms, expires_ms, uses: None };
    store.add_invite("invited", new, 10).await.unwrap().unwrap();
    store.finish();
    start_with(change, 16).await
}

#[tokio::test]
async fn a_token_key_that_is_deleted_ends_the_sessions_of_its_tokens_and_no_others() {
    let server = start_with(closed, 16).await;
    ask(&server, "PUT", "/rooms/default", json!({"watch": "token"})).await;
    let (_, made) = ask(&server, "POST", "/token-keys", json!({"name": "site"})).await;
    let (_, token) =
        ask(&server, "POST", "/tokens", json!({"room": "default", "publish": true})).await;
    let token = token["token"].as_str().unwrap();
    let mut host = server.page().await;
    let hello = |role: &str, key: &str| {
        json!({"type": "hello", "v": 1, "role": role, "key": key}).to_string()
    };
    host.say(&hello("host", token)).await;
    host.hear_type("welcome").await;
    host.say(&json!({"type": "offer", "sdp": SENDING}).to_string()).await;
    host.hear_type("answer").await;
    let mut fan = server.page().await;
    fan.say(&hello("fan", KEY)).await;
    fan.hear_type("welcome").await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(ask(&server, "DELETE", &format!("/token-keys/{id}"), Value::Null).await.0, 204);
    let (_, code) = soon(host.hear_close()).await;
    assert_eq!(code, 4401);
    fan.say(r#"{"type":"ping","t":1}"#).await;
    fan.hear_type("pong").await;
}

#[tokio::test]
async fn an_invitation_makes_a_moderator() {
    let server = start_with(closed, 16).await;
    ask(&server, "PUT", "/rooms/default", json!({"watch": "invited"})).await;
    let body = json!({"name": "Mo", "role": "moderator", "uses": 1});
    let (_, invite) = ask(&server, "POST", "/rooms/default/invites", body).await;
    let code = invite["code"].as_str().unwrap();
    let secret = "5".repeat(32);
    // As a page says the code of its link.
    let hello = json!({"type": "hello", "v": 1, "role": "fan", "invite": code, "name": "Mo", "secret": secret});
    for _ in 0..2 {
        let mut page = server.page().await;
        page.say(&hello.to_string()).await;
        let welcome = page.hear_type("welcome").await;
        assert_eq!(welcome["self"]["standing"], "moderator", "{welcome}");
    }
    let (_, room) = ask(&server, "GET", "/rooms/default", Value::Null).await;
    assert_eq!(room["invites"][0]["uses"], 1);
}

#[tokio::test]
async fn the_owner_is_made_once_by_a_link_and_comes_back_by_a_password() {
    let server = start_with(closed, 16).await;
    let (status, link) = ask(&server, "POST", "/owner/link", Value::Null).await;
    assert_eq!(status, 201);
    let say = async |path: &str, body: Value| {
        let body = body.to_string();
        let (head, answer) = server
            .raw(&format!(
                "POST /api/v1{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: 203.0.113.8\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await;
        (head, answer)
    };
    let claim = json!({"code": link["code"], "password": "correct horse"});
    let short = json!({"code": link["code"], "password": "short"});
    assert!(say("/owner", short).await.0.contains(" 400 "));
    let (head, _) = say("/owner", claim.clone()).await;
    assert!(head.contains(" 201 "), "{head}");
    assert!(say("/owner", claim).await.0.contains(" 401 "), "a link is good once");
    assert!(say("/session", json!({"password": "wrong horse"})).await.0.contains(" 401 "));
    let (head, _) = say("/session", json!({"password": "correct horse"})).await;
    assert!(head.contains(" 201 "), "{head}");
    let cookie = head.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    assert!(head.contains("httponly") && head.contains("samesite=strict"), "{head}");
    let with = async |method: &str, more: &str| {
        let (head, _) = server
            .raw(&format!(
                "{method} /api/v1/session HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                 x-forwarded-for: 203.0.113.8\r\ncookie: {cookie}\r\n{more}\r\n"
            ))
            .await;
        head.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(with("GET", "").await, "200");
    assert_eq!(
        with("GET", "sec-fetch-site: cross-site\r\n").await,
        "401",
        "another page's request"
    );
    assert_eq!(with("DELETE", "").await, "204");
    assert_eq!(with("GET", "").await, "401");
    let (_, audit) = ask(&server, "GET", "/audit", Value::Null).await;
    let deeds: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|it| it["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["session.open", "owner.make", "owner.link"]);
}

#[tokio::test]
async fn lists_have_pages_and_a_change_of_what_another_has_changed_is_refused() {
    let server = start_with(closed, 16).await;
    for n in 0..5 {
        ask(&server, "PUT", &format!("/rooms/r{n}"), json!({"watch": "unlisted"})).await;
    }
    let mut names = Vec::new();
    let mut path = "/rooms?limit=2".to_owned();
    loop {
        let (_, page) = ask(&server, "GET", &path, Value::Null).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|it| it["room"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/rooms?limit=2&cursor={next}");
    }
    assert_eq!(names, ["r0", "r1", "r2", "r3", "r4"]);
    assert_eq!(ask(&server, "GET", "/rooms?limit=0", Value::Null).await.0, 400);
    let put = async |etag: &str, watch: &str| {
        let headers = format!("if-match: {etag}\r\n{}", bearer(KEY));
        let put = ask_with(&server, &headers, "PUT", "/rooms/r0", &json!({"watch": watch})).await;
        (put.status, put.header("etag"))
    };
    let (status, etag) = put("*", "everybody").await;
    assert_eq!(status, 200);
    let etag = etag.unwrap();
    assert_eq!(put(&etag, "unlisted").await.0, 200);
    assert_eq!(put(&etag, "everybody").await.0, 412, "another was faster");
}
