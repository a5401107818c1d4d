//! Recordings that go to an object store, as the operator and whoever watches have them.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::common::bucket::Bucket;
use crate::common::operator::{KEY, ask};
use crate::common::source::{Source, go_live};
use crate::common::{TestServer, soon, start_with};

/// Bytes of a picture with which a second is of five MB.
const HEAVY: usize = 100_000;

async fn start(bucket: &Bucket, more: impl FnOnce(&mut server::Config)) -> TestServer {
    let change = |config: &mut server::Config| {
        config.publish.key = Some(KEY.parse().unwrap());
        bucket.configure(config);
        more(config);
    };
    start_with(change, 16).await
}

/// Records so many seconds; the recording.
async fn record(server: &TestServer, seconds: u32, heavier: usize) -> String {
    let mut host = go_live(server).await;
    let (_, begun) = ask(server, "POST", "/rooms/default/recording", Value::Null).await;
    let room = server.stage.lock().unwrap().room.unwrap();
    let mut source = Source::h264(room).heavier(heavier);
    (0..seconds).for_each(|_| source.second(server));
    host.say(r#"{"type":"end"}"#).await;
    begun["id"].as_str().unwrap().to_owned()
}

async fn until(server: &TestServer, id: &str, is: impl Fn(&Value) -> bool) -> Value {
    soon(async {
        loop {
            let (_, recording) =
                ask(server, "GET", &format!("/recordings/{id}"), Value::Null).await;
            if is(&recording) {
                return recording;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

fn is_stored(recording: &Value) -> bool {
    recording["files"][0]["stored"] == json!(true)
}

async fn fetch(server: &TestServer, path: &str, more: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n");
    server.bytes(&request).await
}

#[tokio::test]
async fn a_recording_is_in_the_bucket_alone_with_its_checksum_and_is_watched_and_deleted_from_there()
 {
    let bucket = Bucket::start().await;
    let data = tempfile::tempdir().unwrap();
    let server = start(&bucket, |config| config.data = data.path().to_owned()).await;
    let id = record(&server, 5, HEAVY).await;
    let told = until(&server, &id, is_stored).await;
    let file = &told["files"][0];
    let name = file["name"].as_str().unwrap();
    let object = bucket.object(&id, name).unwrap();
    assert!(object.len() > 20_000_000, "of several parts");
    assert_eq!(file["bytes"], json!(object.len()));
    let sum: String =
        digest(&SHA256, &object).as_ref().iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!(file["sha256"], json!(sum));
    let report = record::inspect::inspect(std::io::Cursor::new(&object)).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    soon(async {
        while data.path().join("recordings").join(&id).join(name).exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;

    let path = format!("/api/rooms/default/recordings/{id}/files/{name}");
    let (head, body) = fetch(&server, &path, "").await;
    assert!(head.contains(" 200 ") && head.contains("content-type: video/mp4"), "{head}");
    assert!(body == object);
    let (head, body) = fetch(&server, &path, "range: bytes=8000000-9000000\r\n").await;
    let of = format!("content-range: bytes 8000000-9000000/{}", object.len());
    assert!(head.contains(" 206 ") && head.contains(&of), "{head}");
    assert!(body == object[8_000_000..=9_000_000]);
    let (head, body) = fetch(&server, &path, "range: bytes=-1000\r\n").await;
    assert!(head.contains(" 206 ") && body == object[object.len() - 1_000..], "{head}");
    let (head, _) = fetch(&server, &path, "range: bytes=99000000-\r\n").await;
    assert!(head.contains(" 416 "), "{head}");

    assert_eq!(ask(&server, "DELETE", &format!("/recordings/{id}"), Value::Null).await.0, 204);
    soon(async {
        while bucket.object(&id, name).is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(fetch(&server, &path, "").await.0.contains(" 404 "));
}

#[tokio::test]
async fn a_bucket_that_is_away_has_the_recording_wait_and_gets_it_when_it_is_back() {
    let bucket = Bucket::start().await;
    let data = tempfile::tempdir().unwrap();
    let server = start(&bucket, |config| config.data = data.path().to_owned()).await;
    bucket.set_away(true);
    let id = record(&server, 2, 0).await;
    let told = until(&server, &id, |it| it["error"].is_string()).await;
    assert!(told["error"].as_str().unwrap().contains("waits for the object store"), "{told}");
    assert_eq!((&told["why"], is_stored(&told)), (&json!("ended"), false), "the recording went on");
    let name = told["files"][0]["name"].as_str().unwrap();
    let path = format!("/api/rooms/default/recordings/{id}/files/{name}");
    assert!(fetch(&server, &path, "").await.0.contains(" 200 "), "it is watched meanwhile");
    bucket.set_away(false);
    let told = until(&server, &id, is_stored).await;
    assert!(told["error"].is_null(), "{told}");
    assert!(bucket.object(&id, name).is_some());
}

#[tokio::test]
async fn what_was_not_stored_when_the_server_ended_is_stored_after_its_next_start() {
    let bucket = Bucket::start().await;
    let data = tempfile::tempdir().unwrap();
    let change = |config: &mut server::Config| config.data = data.path().to_owned();
    bucket.set_away(true);
    let server = start(&bucket, change).await;
    let id = record(&server, 2, 0).await;
    until(&server, &id, |it| it["ended"].is_number()).await;
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();
    bucket.set_away(false);
    let keeps = |config: &mut server::Config| {
        change(config);
        config.record.keep_copy = true;
    };
    let server = start(&bucket, keeps).await;
    let told = until(&server, &id, is_stored).await;
    let name = told["files"][0]["name"].as_str().unwrap();
    let copy = data.path().join("recordings").join(&id).join(name);
    assert_eq!(std::fs::read(copy).unwrap(), bucket.object(&id, name).unwrap());
}

#[test]
fn a_store_that_cannot_be_meant_is_told_before_the_server_starts() {
    for to in ["bucket", "http://bucket", "s3://", "s3:///folder"] {
        let overlay = toml::from_str(&format!("[record]\nto = {to:?}")).unwrap();
        let error = server::Config::from_overlay(overlay).unwrap_err().to_string();
        assert!(error.contains("s3://BUCKET"), "{to}: {error}");
    }
}
