//! The configuration read again while the server runs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::http::{ANSWER, OFFER, Response, SDP};
use crate::common::operator::{KEY, ask_with, bearer};
use crate::common::{Page, SENDING, TestServer, offer, soon, start_configured};
use serde_json::{Value, json};
use server::config::ConfigOverlay;
use server::{Config, Configured, Source};

/// What every file of these tests begins with.
const FILE: &str =
    "listen = \"127.0.0.1:0\"\n[publish]\nopen = \"all\"\nkey = \"the key of the server\"\n";

/// The configuration file of a server.
#[derive(Clone)]
struct File {
    path: PathBuf,
    /// The filters that the log was given.
    filters: Arc<Mutex<Vec<String>>>,
    /// Who reads it at this moment, and how many did at once.
    reading: Arc<(AtomicUsize, AtomicUsize)>,
}

impl Source for File {
    fn read(&self) -> Result<Config, String> {
        let (now, most) = &*self.reading;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let data = self.path.parent().map(PathBuf::from);
        let overlay = ConfigOverlay { data, ..ConfigOverlay::default() };
        let read = Config::load(overlay, Some(&self.path)).map_err(|error| error.to_string());
        now.fetch_sub(1, Ordering::SeqCst);
        read
    }

    fn set_log(&self, filter: &str) {
        self.filters.lock().unwrap().push(filter.to_owned());
    }
}

impl File {
    /// Settings of the first table, then those of `[publish]` and others.
    fn write(&self, top: &str, rest: &str) {
        std::fs::write(&self.path, format!("{top}\n{FILE}{rest}\n")).unwrap();
    }
}

async fn start(top: &str, rest: &str) -> (TestServer, File) {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("kaibo.toml");
    let file = File { path, filters: Arc::default(), reading: Arc::default() };
    file.write(top, rest);
    let configured = Configured::by(file.read().unwrap(), file.clone());
    (start_configured(configured, data, ANSWER.into()).await, file)
}

async fn ask(server: &TestServer, method: &str, path: &str) -> Response {
    ask_as(server, KEY, method, path).await
}

async fn ask_as(server: &TestServer, key: &str, method: &str, path: &str) -> Response {
    ask_with(server, &bearer(key), method, path, &Value::Null).await
}

fn parsed(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

/// Reads the file again, as the operator asks for it.
async fn reload(server: &TestServer) -> Value {
    let response = ask(server, "POST", "/reload").await;
    assert_eq!(response.status, 200, "{response:?}");
    parsed(&response)
}

/// What came of it where certificates are none of the story.
fn outcome(changed: &[&str], need_restart: &[&str]) -> Value {
    json!({"changed": changed, "needRestart": need_restart, "certificates": "none"})
}

async fn setting(server: &TestServer, name: &str) -> Value {
    let all = parsed(&ask(server, "GET", "/settings").await);
    let found = all["items"].as_array().unwrap().iter().find(|it| it["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {all}")).clone()
}

async fn host(server: &TestServer) -> Page {
    let mut host = server.page().await;
    host.say(&offer(SENDING)).await;
    host.hear_type("answer").await;
    server.flow();
    host
}

async fn fan(server: &TestServer) -> Page {
    let mut fan = server.page().await;
    fan.say(r#"{"type":"hello","v":1,"role":"fan"}"#).await;
    fan
}

/// Asserts that a page's socket is open and answered.
async fn assert_goes_on(page: &mut Page) {
    page.say(r#"{"type":"ping","t":1}"#).await;
    soon(page.hear_type("pong")).await;
}

async fn assert_live(server: &TestServer) {
    let room = parsed(&server.request("GET", "/api/rooms/default", "", "").await);
    assert_eq!(room["live"], "live", "{room}");
}

#[tokio::test]
async fn a_limit_changes_and_who_is_there_stays() {
    let (server, file) = start("max_viewers = 1", "").await;
    let _host = host(&server).await;
    let mut first = fan(&server).await;
    first.hear_type("offer").await;
    let mut second = fan(&server).await;
    assert_eq!(second.hear_type("error").await["code"], "room_full");

    file.write("max_viewers = 2", "");
    assert_eq!(reload(&server).await, outcome(&["max_viewers"], &[]));
    let said = json!({"name": "max_viewers", "value": "2", "canChange": true});
    assert_eq!(setting(&server, "max_viewers").await, said);
    second.say(r#"{"type":"restart"}"#).await;
    second.hear_type("offer").await;
    assert_goes_on(&mut first).await;
    assert_live(&server).await;

    file.write("max_viewers = 1", "");
    assert_eq!(reload(&server).await, outcome(&["max_viewers"], &[]));
    assert_goes_on(&mut first).await;
    assert_goes_on(&mut second).await;
    assert_live(&server).await;
    assert_eq!(reload(&server).await, outcome(&[], &[]), "nothing changed since");
    let deeds = parsed(&ask(&server, "GET", "/audit").await);
    let deeds: Vec<_> = deeds["items"].as_array().unwrap().iter().collect();
    assert_eq!(deeds.len(), 3, "{deeds:?}");
    assert_eq!((&deeds[1]["deed"], &deeds[1]["on"]), (&json!("reload"), &json!("max_viewers")));
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing_and_the_answer_says_which_line() {
    let (server, file) = start("max_viewers = 7", "").await;
    for (top, rest, says) in [
        ("max_viewers = 8\nmax_viewrs = 9", "", " in line 2: unknown field `max_viewrs`"),
        ("max_viewers = 8\nhost_grace = 1", "", "host_grace is 5 to 3600 seconds"),
        ("max_viewers = 8", "[metrics]\ntoken = 1234567890123456", "line 7: a secret is a text"),
        ("max_viewers = 8", "[metrics]\ntoken = abcdefghijklmnop", "line 7"),
    ] {
        file.write(top, rest);
        let refused = ask(&server, "POST", "/reload").await;
        assert_eq!((refused.status, refused.problem().as_str()), (422, "bad_field"));
        let detail = parsed(&refused)["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{detail}");
        assert!(!detail.contains("1234567890") && !detail.contains("abcdefgh"), "{detail}");
        assert_eq!(setting(&server, "max_viewers").await["value"], "7");
    }
    std::fs::remove_file(&file.path).unwrap();
    assert_eq!(ask(&server, "POST", "/reload").await.status, 422);
    assert_eq!(setting(&server, "max_viewers").await["value"], "7");
}

#[tokio::test]
async fn what_waits_for_a_restart_is_named_and_keeps_its_value() {
    let (server, file) = start("media_workers = 1\nmax_viewers = 7", "").await;
    file.write("media_workers = 2\nmax_viewers = 8", "[tls]\nhttp_port = 0\n");
    assert_eq!(
        reload(&server).await,
        outcome(&["max_viewers"], &["media_workers", "tls.http_port"])
    );
    assert_eq!(
        setting(&server, "media_workers").await,
        json!({"name": "media_workers", "value": "1", "canChange": false})
    );
    assert_eq!(setting(&server, "tls.http_port").await["value"], "");
    // It still waits.
    assert_eq!(reload(&server).await, outcome(&[], &["media_workers", "tls.http_port"]));
    file.write("media_workers = 1\nmax_viewers = 8", "");
    assert_eq!(reload(&server).await, outcome(&[], &[]));
}

#[tokio::test]
async fn the_log_takes_another_filter() {
    let (server, file) = start("", "").await;
    file.write("log = \"info,server=debug\"", "");
    assert_eq!(reload(&server).await, outcome(&["log"], &[]));
    reload(&server).await;
    assert_eq!(*file.filters.lock().unwrap(), ["info,server=debug"]);
}

#[tokio::test]
async fn who_publishes_by_a_key_that_is_changed_leaves_and_the_audience_stays() {
    let (server, file) = start("", "").await;
    let closed = |key: &str| {
        let text = FILE.replace("open = \"all\"", "open = \"none\"").replace(KEY, key);
        std::fs::write(&file.path, text).unwrap();
    };
    closed(KEY);
    assert_eq!(reload(&server).await, outcome(&["publish.open"], &[]));
    let headers = format!("{SDP}authorization: Bearer {KEY}\r\nx-forwarded-for: 203.0.113.9\r\n");
    let session = server.publish("/whip/default", &headers).await.location();
    let mut fan = fan(&server).await;
    fan.hear_type("offer").await;

    closed("another key of the operator");
    assert_eq!(reload(&server).await, outcome(&["publish.key"], &[]));
    assert_eq!(server.request("DELETE", &session, "", "").await.status, 404, "it has ended");
    assert_goes_on(&mut fan).await;
    let refused = server.request("POST", "/whip/default", &headers, OFFER).await;
    assert_eq!((refused.status, refused.problem().as_str()), (401, "auth_bad"));
    assert_eq!(ask(&server, "POST", "/reload").await.status, 401, "nor is it the operator's");
    let new = ask_as(&server, "another key of the operator", "POST", "/reload").await;
    assert_eq!(new.status, 200);
    assert_eq!(parsed(&new), outcome(&[], &[]));
}

#[tokio::test]
async fn every_part_of_the_server_takes_its_settings() {
    let (server, file) = start("", "").await;
    let token = "a token for Prometheus";
    let prometheus = format!("x-forwarded-for: 203.0.113.7\r\n{}", bearer(token));
    let scrape = || server.request("GET", "/metrics", &prometheus, "");
    let embed = async || {
        let page = server.request("GET", "/embed/default", "", "").await;
        page.header("content-security-policy").unwrap()
    };
    let from_app = "x-forwarded-for: 203.0.113.9\r\norigin: https://app.example\r\n";
    let rooms = async |headers: &str| server.request("GET", "/api/rooms", headers, "").await;
    assert_eq!(scrape().await.status, 401);
    assert!(!embed().await.contains("site.example"));
    assert_eq!(rooms(from_app).await.header("access-control-allow-origin"), None);

    file.write(
        r#"
        allow_origins = ["https://app.example"]
        default_room = "studio"
        embed_origins = ["https://site.example"]
        ice_servers = [{ urls = ["stun:stun.example.com:3478"] }]
        public_ips = ["203.0.113.80"]
        "#,
        &format!("[metrics]\ntoken = \"{token}\"\n[limits]\njoins_burst = 1\njoins_per_second = 1"),
    );
    let changed = [
        "public_ips",
        "default_room",
        "allow_origins",
        "embed_origins",
        "ice_servers",
        "metrics.token",
        "limits.joins_per_second",
        "limits.joins_burst",
    ];
    assert_eq!(reload(&server).await, outcome(&changed, &[]));

    assert_eq!(scrape().await.status, 200);
    assert!(embed().await.contains("site.example"));
    let allowed = rooms(from_app).await.header("access-control-allow-origin");
    assert_eq!(allowed.as_deref(), Some("https://app.example"));
    let mut fan = fan(&server).await;
    let welcome = fan.hear_type("welcome").await;
    assert_eq!(welcome["room"]["room"], "studio", "{welcome}");
    assert!(welcome.to_string().contains("stun:stun.example.com:3478"), "{welcome}");
    let from_one = [("x-forwarded-for", "203.0.113.9")];
    assert!(server.page_at("/ws", &from_one).await.is_ok());
    assert_eq!(server.page_at("/ws", &from_one).await.err().unwrap().0, 429);
    soon(async {
        while server.stage.lock().unwrap().public_ips
            != ["203.0.113.80".parse::<std::net::IpAddr>().unwrap()]
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(setting(&server, "metrics.token").await["value"], "\"(hidden)\"");
}

#[tokio::test]
async fn reloads_that_come_at_once_are_done_one_after_the_other() {
    let (server, file) = start("max_viewers = 7", "").await;
    file.write("max_viewers = 8", "");
    let reload = server.running.reload();
    let all = (0..8).map(|_| reload.run());
    let done = soon(futures_util::future::join_all(all)).await;
    let changes = done.into_iter().filter(|it| !it.as_ref().unwrap().changed.is_empty());
    assert_eq!(changes.count(), 1, "one of them found a change");
    assert_eq!(file.reading.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_but_the_operator_has_it_read() {
    let (server, file) = start("max_viewers = 7", "").await;
    file.write("max_viewers = 8", "");
    let refused = ask_as(&server, "somebody else's key", "POST", "/reload").await;
    assert_eq!(refused.status, 401);
    let from_a_page = format!("authorization: Bearer {KEY}\r\norigin: https://evil.example\r\n");
    assert_eq!(server.request("POST", "/api/v1/reload", &from_a_page, "").await.status, 403);
    assert_eq!(setting(&server, "max_viewers").await["value"], "7");
}
