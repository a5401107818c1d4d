//! Webhooks and records of broadcasts, by HTTP: from a page that goes live to a receiver that is told.

use crate::common::operator::{KEY, ask, ask_as};
use crate::common::{SENDING, TestServer, soon, start_with};
use auth::PublishOpen;
use serde_json::{Value, json};
use store::{BroadcastRow, WebhookRow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Takes every delivery, and hands on what it was told.
struct Receiver {
    url: String,
    told: mpsc::UnboundedReceiver<Value>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/hook", listener.local_addr().unwrap().port());
        let (tell, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut text, mut bytes) = (String::new(), [0; 4096]);
                let body = loop {
                    let n = stream.read(&mut bytes).await.unwrap();
                    assert!(n > 0, "half a request: {text}");
                    text.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
                    let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
                    if let Some(Ok(body)) = body.map(serde_json::from_str) {
                        break body;
                    }
                };
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                // The test may be over.
                _ = tell.send(body);
            }
        });
        Self { url, told }
    }

    async fn hear(&mut self) -> Value {
        soon(self.told.recv()).await.unwrap()
    }
}

fn settings(config: &mut server::Config) {
    config.publish.open = Some(PublishOpen::All);
    config.publish.key = Some(KEY.parse().unwrap());
    config.webhooks.allow = vec!["localhost".into()];
}

async fn add(server: &TestServer, receiver: &Receiver, events: Value) -> Value {
    let body = json!({"url": receiver.url, "events": events});
    let (status, webhook) = ask(server, "POST", "/webhooks", body).await;
    assert_eq!(status, 201, "{webhook}");
    webhook
}

#[tokio::test]
async fn a_broadcast_is_told_from_live_to_its_end_and_recorded() {
    let server = start_with(settings, 16).await;
    let mut receiver = Receiver::start().await;
    add(&server, &receiver, json!([])).await;
    let mut host = server.page().await;
    host.say(r#"{"type":"hello","v":1,"role":"host"}"#).await;
    host.hear_type("welcome").await;
    host.say(&json!({"type": "offer", "sdp": SENDING}).to_string()).await;
    host.hear_type("answer").await;
    host.say(r#"{"type":"golive"}"#).await;
    server.flow();
    let live = receiver.hear().await;
    assert_eq!((&live["event"], &live["room"]), (&json!("room.live"), &json!({"name": "default"})));
    server.find(&[engine::Finding::BFrames]);
    let finding = receiver.hear().await;
    assert_eq!(finding["finding"]["code"], "b_frames");
    assert_eq!(finding["broadcast"], live["broadcast"]);
    assert_ne!(finding["id"], live["id"]);
    host.say(r#"{"type":"end"}"#).await;
    let ended = receiver.hear().await;
    assert_eq!((&ended["event"], &ended["why"]), (&json!("room.ended"), &json!("ended")));

    let (_, list) = ask(&server, "GET", "/broadcasts?room=default", Value::Null).await;
    let [one] = &list["items"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!((&one["id"], &one["room"]), (&live["broadcast"], &json!("default")));
    let path = format!("/broadcasts/{}", one["id"].as_str().unwrap());
    let (status, record) = ask(&server, "GET", &path, Value::Null).await;
    assert_eq!((status, &record["findings"][0]["code"]), (200, &json!("b_frames")));
    assert!(record["ended"].as_f64() >= record["began"].as_f64(), "{record}");
    assert_eq!(record["freezes"], json!({"forAll": 0}), "what is not known is left out");
    for (path, status) in [
        ("/broadcasts/none", 404),
        ("/broadcasts?room=other", 200),
        ("/broadcasts?room=%20", 400),
        ("/broadcasts?limit=0", 400),
        ("/broadcasts?limit=201", 400),
    ] {
        assert_eq!(ask(&server, "GET", path, Value::Null).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_webhook_is_made_tried_looked_at_and_deleted() {
    let server = start_with(settings, 16).await;
    let mut receiver = Receiver::start().await;
    let made = add(&server, &receiver, json!(["room.ended", "room.live"])).await;
    assert_eq!(made["events"], json!(["room.live", "room.ended"]));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let (_, list) = ask(&server, "GET", "/webhooks", Value::Null).await;
    assert_eq!(list["items"][0]["url"], receiver.url.as_str());
    assert!(list["items"][0].get("secret").is_none(), "it is told once: {list}");
    for _ in 0..3 {
        assert_eq!(ask(&server, "POST", &format!("{path}/test"), Value::Null).await.0, 202);
        assert_eq!(receiver.hear().await["event"], "ping");
    }
    let (_, first) = ask(&server, "GET", &format!("{path}/deliveries?limit=2"), Value::Null).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["items"][1]["event"], "ping");
    let next = format!("{path}/deliveries?limit=2&cursor={}", first["next"].as_str().unwrap());
    let (_, second) = ask(&server, "GET", &next, Value::Null).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["items"][0]["status"], "delivered");
    assert_eq!((second["items"][0]["code"].as_u64(), second.get("next")), (Some(204), None));
    assert_eq!(
        ask(&server, "GET", &format!("{path}/deliveries?cursor=x"), Value::Null).await.0,
        400
    );
    assert_eq!(ask(&server, "DELETE", &path, Value::Null).await.0, 204);
    for (method, path) in [
        ("DELETE", path.clone()),
        ("POST", format!("{path}/test")),
        ("GET", format!("{path}/deliveries")),
    ] {
        assert_eq!(ask(&server, method, &path, Value::Null).await.0, 404, "{method} {path}");
    }
}

#[tokio::test]
async fn a_webhook_that_cannot_be_meant_is_told_in_words_and_strangers_make_none() {
    let server = start_with(settings, 16).await;
    for (body, says) in [
        (json!({}), "url"),
        (json!({"url": "hook.example.com"}), "url"),
        (json!({"url": "http://10.0.0.1/"}), "--webhook-allow 10.0.0.1"),
        (json!({"url": "https://example.com/", "events": ["room.lives"]}), "room.live,"),
        (json!({"url": "https://example.com/", "secret": "short"}), "16 to 128"),
        (json!({"url": "https://example.com/", "event": []}), "event"),
    ] {
        let (status, said) = ask(&server, "POST", "/webhooks", body).await;
        assert_eq!((status, &said["code"]), (400, &json!("bad_field")), "{said}");
        assert!(said.to_string().contains(says), "{said}");
    }
    for (method, path) in [
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("DELETE", "/webhooks/wh_1"),
        ("POST", "/webhooks/wh_1/test"),
        ("GET", "/webhooks/wh_1/deliveries"),
        ("GET", "/broadcasts"),
        ("GET", "/broadcasts/1"),
    ] {
        let (status, said) = ask_as(&server, "another key", method, path, Value::Null).await;
        assert_eq!((status, &said["code"]), (401, &json!("auth_bad")), "{method} {path}");
    }
}

#[tokio::test]
async fn the_end_of_a_broadcast_that_stops_with_the_server_is_told_and_recorded() {
    let temp = tempfile::tempdir().unwrap();
    let change = |config: &mut server::Config| {
        settings(config);
        config.data = temp.path().to_owned();
    };
    let server = start_with(change, 16).await;
    let mut receiver = Receiver::start().await;
    add(&server, &receiver, json!(["room.live", "room.ended"])).await;
    let mut host = server.page().await;
    host.say(&json!({"type": "offer", "sdp": SENDING}).to_string()).await;
    host.hear_type("answer").await;
    server.flow();
    assert_eq!(receiver.hear().await["event"], "room.live");
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();
    assert_eq!(receiver.hear().await["why"], "server_stopped");

    let server = start_with(change, 16).await;
    let (_, list) = ask(&server, "GET", "/broadcasts", Value::Null).await;
    assert!(list["items"][0]["ended"].is_number(), "{list}");
    let (_, list) = ask(&server, "GET", "/webhooks", Value::Null).await;
    assert_eq!(list["items"][0]["waiting"], 0);
}

#[tokio::test]
async fn a_broadcast_that_was_live_when_the_server_crashed_has_an_end_and_webhooks_are_told() {
    let data = tempfile::tempdir().unwrap();
    let store = store::Store::open(data.path()).unwrap();
    // As it is written while it is live.
    let (began, until) = (1_700_000_000_000_i64, 1_700_000_120_000_i64);
    let record = json!({
        "id": "00001", "room": "studio", "began": began, "until": until, "joins": 7, "peak": 5,
        "layers": [], "interruptions": [], "findings": [], "timeline": [],
    });
    store.save_broadcast(BroadcastRow {
        id: "00001".into(),
        room: "studio".into(),
        began_ms: began,
        ended_ms: None,
        record: record.to_string(),
    });
    let mut receiver = Receiver::start().await;
    let hook = WebhookRow {
        id: "wh_1".into(),
        url: receiver.url.clone(),
        events: vec!["room.ended".into()],
        secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        made_ms: began,
    };
    store.add_webhook(hook, 10).await.unwrap();
    store.finish();
    let server = start_with(
        |config| {
            settings(config);
            config.data = data.path().to_owned();
        },
        16,
    )
    .await;
    let told = receiver.hear().await;
    assert_eq!((&told["event"], &told["room"]["name"]), (&json!("room.ended"), &json!("studio")));
    assert_eq!((&told["why"], &told["forMs"]), (&json!("server_fault"), &json!(120_000)));
    let (_, told) = ask(&server, "GET", "/broadcasts/00001", Value::Null).await;
    assert_eq!((&told["why"], &told["ended"]), (&json!("server_fault"), &json!(until as f64)));
    assert_eq!((&told["durationS"], &told["joins"]), (&json!(120.0), &json!(7)));
}
