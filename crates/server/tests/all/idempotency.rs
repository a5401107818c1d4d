//! `Idempotency-Key`: a program that did not hear the answer asks again.

use crate::common::operator::{KEY, ask_with, bearer, closed};
use crate::common::{TestServer, start_with};
use serde_json::{Value, json};

const KEYS: &str = "/rooms/studio/keys";

async fn server() -> TestServer {
    let server = start_with(closed, 16).await;
    let rules = json!({"watch": "everybody"});
    assert_eq!(ask(&server, "PUT", "/rooms/studio", "", &rules).await.0, 201);
    server
}

/// One request of the operator; the status, the head and the body.
async fn ask(
    server: &TestServer,
    method: &str,
    path: &str,
    headers: &str,
    body: &Value,
) -> (u16, String, Value) {
    let bearer = if headers.contains("authorization") { String::new() } else { bearer(KEY) };
    let response = ask_with(server, &format!("{headers}{bearer}"), method, path, body).await;
    let body = serde_json::from_str(&response.body).unwrap_or(Value::Null);
    (response.status, response.head.to_lowercase(), body)
}

async fn n_keys(server: &TestServer) -> usize {
    let (.., room) = ask(server, "GET", "/rooms/studio", "", &Value::Null).await;
    room["keys"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_key_is_made_once_however_often_it_is_asked_for() {
    let server = server().await;
    let ann = json!({"name": "Ann"});
    let named = "idempotency-key: \"a-1\"\r\n";
    let (status, head, first) = ask(&server, "POST", KEYS, named, &ann).await;
    assert_eq!(status, 201);
    assert!(!head.contains("idempotent-replayed"), "{head}");
    // With or without quotes it is the same name.
    let (status, head, again) = ask(&server, "POST", KEYS, "idempotency-key: a-1\r\n", &ann).await;
    assert_eq!((status, &again), (201, &first), "the secret, too");
    assert!(head.contains("idempotent-replayed: true"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(n_keys(&server).await, 1);
    let (.., other) = ask(&server, "POST", KEYS, "idempotency-key: a-2\r\n", &ann).await;
    assert_ne!(other["key"], first["key"]);
    assert_eq!(n_keys(&server).await, 2);
}

#[tokio::test]
async fn two_at_once_make_one() {
    let server = server().await;
    let ann = json!({"name": "Ann"});
    let one = || ask(&server, "POST", KEYS, "idempotency-key: k\r\n", &ann);
    let answers = tokio::join!(one(), one(), one());
    for (status, ..) in [answers.0, answers.1, answers.2] {
        assert!(matches!(status, 201 | 409), "{status}");
    }
    assert_eq!(n_keys(&server).await, 1);
}

#[tokio::test]
async fn a_key_that_came_with_another_request_is_refused() {
    let server = server().await;
    let named = "idempotency-key: k\r\n";
    assert_eq!(ask(&server, "POST", KEYS, named, &json!({"name": "Ann"})).await.0, 201);
    let (status, _, said) = ask(&server, "POST", KEYS, named, &json!({"name": "Ben"})).await;
    assert_eq!((status, &said["code"]), (422, &json!("bad_field")));
    let elsewhere = "/token-keys";
    assert_eq!(ask(&server, "POST", elsewhere, named, &json!({"name": "Ann"})).await.0, 422);
    assert_eq!(n_keys(&server).await, 1);
    for bad in [
        "idempotency-key:\r\n",
        "idempotency-key: a b\r\n",
        "idempotency-key: a\r\nidempotency-key: b\r\n",
    ] {
        assert_eq!(ask(&server, "POST", KEYS, bad, &json!({"name": "Ann"})).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_refusal_is_no_answer_to_keep() {
    let server = server().await;
    let named = "idempotency-key: k\r\n";
    let keys = "/rooms/later/keys";
    let ann = json!({"name": "Ann"});
    assert_eq!(ask(&server, "POST", keys, named, &ann).await.0, 404);
    ask(&server, "PUT", "/rooms/later", "", &json!({"watch": "everybody"})).await;
    assert_eq!(ask(&server, "POST", keys, named, &ann).await.0, 201);
}

#[tokio::test]
async fn nobody_else_hears_an_answer() {
    let server = server().await;
    let named = "idempotency-key: k\r\n";
    let ann = json!({"name": "Ann"});
    ask(&server, "POST", KEYS, named, &ann).await;
    for stranger in ["", "authorization: Bearer wrong key\r\n"] {
        let headers =
            format!("{named}{}", if stranger.is_empty() { "authorization:\r\n" } else { stranger });
        let (status, _, said) = ask(&server, "POST", KEYS, &headers, &ann).await;
        assert_eq!(status, 401, "{said}");
        assert!(said.get("key").is_none());
    }
}
