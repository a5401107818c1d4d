//! Chat, order and pictures of rooms, over real sockets.

use std::path::Path;

use crate::common::{Page, TestServer, soon, start, start_with};
use serde_json::{Value, json};
use server::config::SecretText;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A page that was welcomed, and what it was told.
async fn page(server: &TestServer, fields: Value) -> (Page, Value) {
    let mut page = server.page().await;
    let mut hello = json!({"type": "hello", "v": 1});
    hello.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    page.say(&hello.to_string()).await;
    let welcome = page.hear_type("welcome").await;
    (page, welcome)
}

async fn chat(page: &mut Page, text: &str) -> Value {
    page.say(&json!({"type": "chat", "text": text}).to_string()).await;
    page.hear_type("sent").await
}

/// The next line that has a text.
async fn line(page: &mut Page) -> Value {
    loop {
        let chats = page.hear_type("chats").await;
        let items = chats["items"].as_array().unwrap();
        if let Some(item) = items.iter().find(|item| item.get("text").is_some()) {
            return item.clone();
        }
    }
}

async fn with_data(folder: &Path) -> TestServer {
    start_with(|config| config.data = folder.to_owned(), 16).await
}

async fn stop(server: TestServer) {
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();
}

const HOST: &str = "the browser of the host";

async fn host(server: &TestServer) -> Page {
    page(server, json!({"role": "host", "name": "Host", "secret": HOST})).await.0
}

#[tokio::test]
async fn two_pages_and_a_basic_one_talk() {
    let server = start().await;
    let (mut ann, _) = page(&server, json!({"name": "Ann"})).await;
    let (mut bob, _) = page(&server, json!({"name": "Bob"})).await;
    let sent = chat(&mut ann, "<b>你好</b>").await;
    assert_eq!(sent["item"]["text"], "<b>你好</b>", "text is text");
    assert_eq!(line(&mut bob).await, sent["item"]);
    let mut basic = server.page().await;
    basic.say(r#"{"type":"chat","text":"hello"}"#).await;
    assert_eq!(basic.hear().await["type"], "sent");
    loop {
        let item = line(&mut bob).await;
        if item["text"] == "hello" {
            assert!(item["name"].as_str().unwrap().starts_with("guest-"));
            break;
        }
    }
    basic.say(r#"{"type":"gift","n":1}"#).await;
    assert_eq!(basic.hear_type("error").await["code"], "bad_type");
    let (mut late, _) = page(&server, json!({})).await;
    let history = late.hear_type("chats").await;
    assert_eq!(
        (&history["history"], history["items"].as_array().unwrap().len()),
        (&json!(true), 2)
    );
}

#[tokio::test]
async fn a_banned_person_is_closed_and_does_not_come_back_by_reconnecting() {
    let server = start().await;
    let mut host = host(&server).await;
    let (mut troll, welcome) = page(&server, json!({"name": "Troll", "secret": "t"})).await;
    chat(&mut troll, "rude").await;
    let uid = welcome["self"]["uid"].as_str().unwrap();
    let ban = json!({"type": "moderate", "action": "ban", "uid": uid, "address": true});
    host.say(&ban.to_string()).await;
    let (heard, code) = troll.hear_close().await;
    assert_eq!((&heard.last().unwrap()["reason"], code), (&json!("banned"), 4403));
    for secret in ["t", "another"] {
        let mut again = server.page().await;
        let hello = json!({"type": "hello", "v": 1, "name": "Lamb", "secret": secret});
        again.say(&hello.to_string()).await;
        let (heard, code) = again.hear_close().await;
        let error = heard.iter().find(|it| it["type"] == "error").unwrap();
        assert_eq!((&error["code"], &error["fatal"], code), (&json!("banned"), &json!(true), 4403));
    }
    let (head, body) = server.http("POST", "/whep/default", PLAYER).await;
    assert!(head.starts_with("http/1.1 403"), "{head}");
    assert!(body.contains("banned"), "{body}");
    let lift = json!({"type": "moderate", "action": "ban", "uid": uid, "address": false});
    host.say(&lift.to_string()).await;
    host.say(r#"{"type":"ping","t":1}"#).await;
    host.hear_type("pong").await;
    page(&server, json!({"name": "Neighbour", "secret": "another"})).await;
}

#[tokio::test]
async fn a_room_is_there_again_after_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let server = with_data(temp.path()).await;
    let mut studio = host(&server).await;
    studio.say(r#"{"type":"room_set","title":"Evening","words":["bad"]}"#).await;
    studio.hear_type("state").await;
    let mid = chat(&mut studio, "see you").await["item"]["mid"].clone();
    drop(studio);
    stop(server).await;
    let server = with_data(temp.path()).await;
    let (mut fan, welcome) = page(&server, json!({"name": "Fan"})).await;
    assert_eq!(welcome["room"]["title"], "Evening");
    let history = fan.hear_type("chats").await;
    assert_eq!(
        (&history["items"][0]["text"], &history["items"][0]["mid"]),
        (&json!("see you"), &mid)
    );
    fan.say(r#"{"type":"chat","text":"b a d"}"#).await;
    assert_eq!(fan.hear_type("error").await["code"], "chat_blocked");
    drop(fan);
    stop(server).await;
}

/// An offer that asks for one of the server.
const PLAYER: &str = "content-type: application/sdp\r\ncontent-length: 0\r\n";

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n and so on";

/// One request with a body of bytes; the head in lower case, and the body.
async fn send(
    server: &TestServer,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        server.addr,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that has refused may not read on.
    _ = stream.write_all(body).await;
    let mut response = Vec::new();
    _ = soon(stream.read_to_end(&mut response)).await;
    let end = response.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(response[..end].to_vec()).unwrap().to_lowercase();
    (head, response[end + 4..].to_vec())
}

#[tokio::test]
async fn a_room_has_a_picture_that_is_cached_and_outlives_a_restart() {
    const PATH: &str = "/api/rooms/default/cover";
    let temp = tempfile::tempdir().unwrap();
    let server = with_data(temp.path()).await;
    let (mut fan, welcome) = page(&server, json!({})).await;
    assert_eq!(welcome["room"]["cover"], Value::Null);
    assert!(send(&server, "GET", PATH, "", b"").await.0.starts_with("http/1.1 404"));
    let (head, body) = send(&server, "PUT", PATH, "", PNG).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let version = serde_json::from_slice::<Value>(&body).unwrap()["cover"].as_u64().unwrap();
    assert_eq!(fan.hear_type("state").await["cover"], version);
    let versioned = format!("{PATH}?v={version}");
    let (head, body) = send(&server, "GET", &versioned, "", b"").await;
    assert_eq!(body, PNG);
    for header in
        ["content-type: image/png", "nosniff", "immutable", &format!("etag: \"{version}\"")]
    {
        assert!(head.contains(header), "{header}: {head}");
    }
    let known = format!("if-none-match: \"{version}\"\r\n");
    let (head, body) = send(&server, "GET", PATH, &known, b"").await;
    assert!(
        head.starts_with("http/1.1 304") && body.is_empty() && head.contains("no-cache"),
        "{head}"
    );
    drop(fan);
    stop(server).await;

    let server = with_data(temp.path()).await;
    let (mut fan, welcome) = page(&server, json!({})).await;
    assert_eq!(welcome["room"]["cover"], version);
    assert_eq!(send(&server, "GET", &versioned, "", b"").await.1, PNG);
    assert!(send(&server, "DELETE", PATH, "", b"").await.0.starts_with("http/1.1 204"));
    assert_eq!(fan.hear_type("state").await["cover"], Value::Null);
    assert!(send(&server, "GET", &versioned, "", b"").await.0.starts_with("http/1.1 404"));
}

#[tokio::test]
async fn a_picture_is_taken_from_who_may_publish_and_is_a_picture() {
    const PATH: &str = "/api/rooms/default/cover";
    let key = "a key of the server";
    let server = start_with(
        |config| {
            config.publish.open = None;
            config.publish.key = Some(SecretText(key.into()));
        },
        16,
    )
    .await;
    let status = async |headers: &str, body: &[u8]| {
        let (head, _) = send(&server, "PUT", PATH, headers, body).await;
        head.split(' ').nth(1).unwrap().to_owned()
    };
    let bearer = format!("authorization: Bearer {key}\r\n");
    assert_eq!(status("", PNG).await, "401");
    assert_eq!(status("authorization: Bearer another of sixteen\r\n", PNG).await, "401");
    let foreign = format!("{bearer}origin: https://elsewhere.example\r\n");
    assert_eq!(status(&foreign, PNG).await, "403");
    assert_eq!(status(&bearer, b"<svg onload=alert(1)>").await, "400");
    let mut long = PNG.to_vec();
    long.resize(200_001, 0);
    assert_eq!(status(&bearer, &long).await, "413");
    long.truncate(200_000);
    assert_eq!(status(&bearer, &long).await, "200");
    let (head, _) = send(&server, "DELETE", PATH, "", b"").await;
    assert!(head.starts_with("http/1.1 401"), "{head}");
    let (head, _) = send(&server, "GET", PATH, "", b"").await;
    assert!(head.starts_with("http/1.1 200"), "anybody may see it: {head}");
}
