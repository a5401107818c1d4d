//! Rooms that the operator sets up, by HTTP: who may watch, keys of hosts, and rights that are taken away.

use crate::common::operator::{ask, ask_as, closed};
use crate::common::{SENDING, TestServer, soon, start_with};
use auth::PublishOpen;
use serde_json::{Value, json};

async fn server() -> TestServer {
    start_with(closed, 16).await
}

#[tokio::test]
async fn the_operator_sets_rooms_up_and_nobody_else_does() {
    let server = server().await;
    let room = "/rooms/studio";
    let unlisted = || json!({"watch": "unlisted"});
    assert_eq!(ask(&server, "GET", room, Value::Null).await.0, 404);
    assert_eq!(ask(&server, "PUT", room, unlisted()).await.0, 201);
    assert_eq!(ask(&server, "PUT", room, unlisted()).await.0, 200);
    let (status, key) = ask(&server, "POST", &format!("{room}/keys"), json!({"name": "Ann"})).await;
    assert_eq!((status, &key["name"]), (201, &json!("Ann")));
    assert_eq!(key["key"].as_str().unwrap().len(), 32);
    let (_, told) = ask(&server, "GET", room, Value::Null).await;
    assert_eq!(told["watch"], "unlisted");
    assert_eq!(told["keys"][0]["id"], key["id"]);
    assert!(told["keys"][0].get("key").is_none(), "it is told once: {told}");
    let (_, list) = ask(&server, "GET", "/rooms", Value::Null).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    for (method, path, body) in [
        ("GET", "/rooms", Value::Null),
        ("PUT", room, unlisted()),
        ("DELETE", room, Value::Null),
        ("DELETE", "/rooms/studio/keys/1", Value::Null),
    ] {
        let (status, said) =
            ask_as(&server, key["key"].as_str().unwrap(), method, path, body).await;
        assert_eq!((status, &said["code"]), (401, &json!("auth_bad")), "{method} {path}");
    }
    assert_eq!(ask(&server, "DELETE", room, Value::Null).await.0, 204);
    assert_eq!(ask(&server, "DELETE", room, Value::Null).await.0, 404);
}

#[tokio::test]
async fn what_cannot_be_meant_is_told_in_words() {
    let server = server().await;
    let room = "/rooms/studio";
    for (body, says) in [
        (json!({"watch": "friends"}), "everybody"),
        (json!({"watch": "password"}), "password is missing"),
        (json!({"watch": "password", "password": "12345"}), "6 characters"),
        (json!({"watch": "unlisted", "password": "123456"}), "belongs to"),
        (json!({"watch": "unlisted", "wach": 1}), "wach"),
        (json!({}), "watch"),
    ] {
        let (status, said) = ask(&server, "PUT", room, body).await;
        assert_eq!((status, &said["code"]), (400, &json!("bad_field")), "{said}");
        assert!(said["detail"].as_str().unwrap().contains(says), "{said}");
    }
    let keys = format!("{room}/keys");
    assert_eq!(ask(&server, "POST", &keys, json!({"name": "Ann"})).await.0, 404);
    ask(&server, "PUT", room, json!({"watch": "everybody"})).await;
    let (status, _) = ask(&server, "POST", &keys, json!({"name": " "})).await;
    assert_eq!(status, 400);
    assert_eq!(ask(&server, "DELETE", &format!("{keys}/7"), Value::Null).await.0, 404);
    assert_eq!(ask(&server, "DELETE", &format!("{keys}/x"), Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_key_that_is_deleted_ends_its_broadcast_before_the_answer_comes() {
    for open in [PublishOpen::None, PublishOpen::All] {
        let server = start_with(
            |config| {
                closed(config);
                config.publish.open = Some(open);
            },
            16,
        )
        .await;
        a_deleted_key_ends_its_broadcast(&server).await;
    }
}

async fn a_deleted_key_ends_its_broadcast(server: &TestServer) {
    let room = "/rooms/default";
    ask(server, "PUT", room, json!({"watch": "everybody"})).await;
    let (_, key) = ask(server, "POST", &format!("{room}/keys"), json!({"name": "Ann"})).await;
    let secret = key["key"].as_str().unwrap();
    let mut host = server.page().await;
    let hello = json!({"type": "hello", "v": 1, "role": "host", "key": secret});
    host.say(&hello.to_string()).await;
    host.hear_type("welcome").await;
    host.say(&json!({"type": "offer", "sdp": SENDING}).to_string()).await;
    host.hear_type("answer").await;
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan"}"#).await;
    fan.hear_type("welcome").await;

    let id = &key["id"];
    assert_eq!(ask(server, "DELETE", &format!("{room}/keys/{id}"), Value::Null).await.0, 204);
    let (heard, code) = soon(host.hear_close()).await;
    assert_eq!(code, 4401);
    assert!(heard.iter().any(|it| it["code"] == "auth_required"), "{heard:?}");
    fan.say(r#"{"type":"ping","t":1}"#).await;
    fan.hear_type("pong").await;
}

#[tokio::test]
async fn a_room_with_a_password_is_told_to_nobody_without_it_also_after_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let start = || {
        start_with(
            |config| {
                closed(config);
                config.data = temp.path().to_owned();
            },
            16,
        )
    };
    let server = start().await;
    let room = "/rooms/default";
    let password = json!({"watch": "password", "password": "open sesame"});
    assert_eq!(ask(&server, "PUT", room, password).await.0, 201);
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();

    let server = start().await;
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan"}"#).await;
    let told = fan.hear_type("error").await;
    assert_eq!((&told["code"], &told["detail"]), (&json!("auth_required"), &json!("password")));
    let hello = json!({"type": "hello", "v": 1, "role": "fan", "key": "open sesame"});
    fan.say(&hello.to_string()).await;
    fan.hear_type("welcome").await;
    assert_eq!(server.request("GET", "/api/rooms/default", "", "").await.status, 404);
    let player = "content-type: application/sdp\r\ncontent-length: 0\r\n";
    let (head, _) = server.http("POST", "/whep/default", player).await;
    assert!(head.starts_with("http/1.1 401"), "{head}");
    let with = format!("authorization: Bearer open sesame\r\n{player}");
    let (head, _) = server.http("POST", "/whep/default", &with).await;
    assert!(!head.starts_with("http/1.1 401"), "{head}");
}
