//! Recordings by HTTP: from the packets of a room to files that the operator is given.

use std::time::{Duration, Instant};

use media_api::{Command, Seat, Tap};
use serde_json::{Value, json};

use crate::common::operator::{KEY, ask, ask_as, bearer, closed};
use crate::common::source::{Source, go_live};
use crate::common::{TestServer, soon, start_with};

/// Asks until the recording is as it should be.
async fn until(server: &TestServer, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    soon(async {
        loop {
            let (_, recording) = ask(server, "GET", path, Value::Null).await;
            if is(&recording) {
                return recording;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_room_is_recorded_from_its_packets_to_a_file_that_is_given_to_the_operator_alone() {
    let server = start_with(closed, 16).await;
    let path = "/rooms/default/recording";
    let (status, said) = ask(&server, "POST", path, Value::Null).await;
    assert_eq!((status, &said["code"]), (409, &json!("room_offline")));
    let mut host = go_live(&server).await;
    assert_eq!(ask_as(&server, "another key", "POST", path, Value::Null).await.0, 401);
    let (status, begun) = ask(&server, "POST", path, Value::Null).await;
    assert_eq!((status, &begun["room"]), (201, &json!("default")), "{begun}");
    assert_eq!(ask(&server, "POST", path, Value::Null).await.0, 409);
    let one = format!("/recordings/{}", begun["id"].as_str().unwrap());
    assert_eq!(ask(&server, "DELETE", &one, Value::Null).await.0, 409, "it is made");

    let room = server.stage.lock().unwrap().room.unwrap();
    let has_tap = |tap| {
        let wanted = Command::Tap { room, tap };
        server.stage.lock().unwrap().commands.contains(&wanted)
    };
    assert!(has_tap(Some(Tap::Best)));
    let mut source = Source::at(room, Instant::now(), 0);
    (0..4).for_each(|_| source.second(&server));
    // As it ends with its broadcast.
    host.say(r#"{"type":"end"}"#).await;
    let over = until(&server, &one, |it| it["ended"].is_number()).await;
    assert_eq!(over["why"], "ended");
    assert!(has_tap(None));
    let [file] = &over["files"].as_array().unwrap()[..] else { panic!("{over}") };
    assert_eq!((&file["width"], &file["height"]), (&json!(64), &json!(48)));
    let duration = file["durationS"].as_f64().unwrap();
    assert!((duration - 4.0).abs() < 0.05, "{over}");
    assert_eq!(ask(&server, "GET", path, Value::Null).await.0, 404, "nothing is recorded now");

    let name = format!("{one}/files/{}", file["name"].as_str().unwrap());
    assert_eq!(ask_as(&server, "another key", "GET", &name, Value::Null).await.0, 401);
    let headers = format!("x-forwarded-for: 203.0.113.7\r\n{}", bearer(KEY));
    let bytes = |more: &str| {
        let request = format!(
            "GET /api/v1{name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}{more}\r\n"
        );
        let server = &server;
        async move { server.bytes(&request).await }
    };
    let (head, whole) = bytes("").await;
    assert!(head.contains(" 200 ") && head.contains("content-type: video/webm"), "{head}");
    assert_eq!(whole.len() as u64, file["bytes"].as_u64().unwrap());
    assert_eq!(whole[..4], [0x1A, 0x45, 0xDF, 0xA3], "a file of Matroska");
    let (head, part) = bytes("range: bytes=4-9\r\n").await;
    assert!(head.contains(" 206 "), "{head}");
    assert_eq!(part, whole[4..10]);
    for other in ["002.webm", "..%2F001.webm", "%2e%2e"] {
        let path = format!("{one}/files/{other}");
        assert_eq!(ask(&server, "GET", &path, Value::Null).await.0, 404, "{other}");
    }

    let (_, list) = ask(&server, "GET", "/recordings?room=default", Value::Null).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(ask(&server, "DELETE", &one, Value::Null).await.0, 204);
    assert_eq!(ask(&server, "DELETE", &one, Value::Null).await.0, 404);
    assert_eq!(ask(&server, "GET", &name, Value::Null).await.0, 404);
}

#[tokio::test]
async fn packets_that_an_earlier_recording_left_are_not_in_the_next() {
    let server = start_with(closed, 16).await;
    let _host = go_live(&server).await;
    let room = server.stage.lock().unwrap().room.unwrap();
    let before = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
    Source::at(room, before, 0).second(&server);
    let (_, begun) = ask(&server, "POST", "/rooms/default/recording", Value::Null).await;
    let mut source = Source::at(room, Instant::now(), 1_000);
    (0..2).for_each(|_| source.second(&server));
    assert_eq!(ask(&server, "DELETE", "/rooms/default/recording", Value::Null).await.0, 204);
    let one = format!("/recordings/{}", begun["id"].as_str().unwrap());
    let over = until(&server, &one, |it| it["ended"].is_number()).await;
    let [file] = &over["files"].as_array().unwrap()[..] else { panic!("{over}") };
    assert!((file["durationS"].as_f64().unwrap() - 2.0).abs() < 0.05, "{over}");
}

#[tokio::test]
async fn a_recording_that_is_under_way_when_the_server_stops_is_whole() {
    let data = tempfile::tempdir().unwrap();
    let start = || {
        let change = |config: &mut server::Config| {
            closed(config);
            config.data = data.path().to_owned();
        };
        start_with(change, 16)
    };
    let server = start().await;
    let _host = go_live(&server).await;
    let (_, begun) = ask(&server, "POST", "/rooms/default/recording", Value::Null).await;
    let room = server.stage.lock().unwrap().room.unwrap();
    let mut source = Source::at(room, Instant::now(), 0);
    (0..3).for_each(|_| source.second(&server));
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();

    let server = start().await;
    let one = format!("/recordings/{}", begun["id"].as_str().unwrap());
    let (_, told) = ask(&server, "GET", &one, Value::Null).await;
    assert_eq!(told["why"], "ended", "{told}");
    assert!((told["files"][0]["durationS"].as_f64().unwrap() - 3.0).abs() < 0.05, "{told}");
}

#[tokio::test]
async fn a_recording_that_a_crash_cut_off_is_finished_at_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let change = |config: &mut server::Config| {
        closed(config);
        config.data = data.path().to_owned();
    };
    let server = start_with(change, 16).await;
    let host = go_live(&server).await;
    let (_, begun) = ask(&server, "POST", "/rooms/default/recording", Value::Null).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    let room = server.stage.lock().unwrap().room.unwrap();
    let mut source = Source::at(room, Instant::now(), 0);
    (0..5).for_each(|_| source.second(&server));
    let file = data.path().join("recordings").join(&id).join("001.webm");
    let written = || std::fs::metadata(&file).map_or(0, |it| it.len());
    soon(async {
        while written() < 2_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // What is on disk at this moment is what a crash leaves.
    let left = tempfile::tempdir().unwrap();
    store::backup(data.path(), &left.path().join(store::FILE_NAME), false).unwrap();
    let folder = left.path().join("recordings").join(&id);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(&file, folder.join("001.webm")).unwrap();
    drop(host);
    server.shutdown.trigger();
    soon(server.running.wait()).await.unwrap();

    let change = |config: &mut server::Config| {
        closed(config);
        config.data = left.path().to_owned();
    };
    let server = start_with(change, 16).await;
    let (_, told) = ask(&server, "GET", &format!("/recordings/{id}"), Value::Null).await;
    assert_eq!(told["why"], "server_fault", "{told}");
    let duration = told["files"][0]["durationS"].as_f64().unwrap();
    assert!((1.0..=5.1).contains(&duration), "{told}");
}

/// The files of a recording: what is in them, when they begin, how long they are.
fn files(recording: &Value) -> Vec<(String, f64, f64)> {
    let files = recording["files"].as_array().unwrap().iter();
    let of = |it: &Value| match (&it["guest"], &it["layer"], &it["second"]) {
        (Value::Number(n), ..) => format!("guest {n}"),
        (_, Value::String(rid), _) => format!("layer {rid}"),
        (_, _, Value::Bool(true)) => "second".into(),
        _ => "host".into(),
    };
    let told = |it: &Value| (of(it), it["at"].as_f64().unwrap(), it["durationS"].as_f64().unwrap());
    files.map(told).collect()
}

#[tokio::test]
async fn guests_and_the_second_picture_are_recorded_beside_the_host_by_the_same_clock() {
    let server = start_with(closed, 16).await;
    let mut host = go_live(&server).await;
    let (_, begun) = ask(&server, "POST", "/rooms/default/recording", Value::Null).await;
    let room = server.stage.lock().unwrap().room.unwrap();
    let now = Instant::now();
    let mut of_host = Source::at(room, now, 0);
    of_host.second(&server);
    of_host.second(&server);
    let second = Duration::from_secs(1);
    let mut guest = Source::at(room, now + 2 * second, 0).of(Seat::guest(1).unwrap());
    let mut screen = Source::at(room, now + 3 * second, 0).of(Seat::SECOND);
    for n in 0..4 {
        of_host.second(&server);
        guest.second(&server);
        if n > 0 {
            screen.second(&server);
        }
    }
    host.say(r#"{"type":"end"}"#).await;
    let one = format!("/recordings/{}", begun["id"].as_str().unwrap());
    let over = until(&server, &one, |it| it["ended"].is_number()).await;
    let files = files(&over);
    let expected = [("host", 0.0, 6.0), ("guest 2", 2.0, 4.0), ("second", 3.0, 3.0)];
    assert_eq!(files.len(), 3, "{over}");
    for ((of, at, long), it) in expected.into_iter().zip(&files) {
        let is = it.0 == of && (it.1 - at).abs() < 0.05 && (it.2 - long).abs() < 0.05;
        assert!(is, "{files:?}");
    }
    // Whoever watches is told of the host's alone as the recording, and of the others beside it.
    let path = format!("/api/rooms/default{}", one.as_str());
    let response = server.request("GET", &path, "", "").await;
    let past: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(past["files"].as_array().unwrap().len(), 1, "{past}");
    assert_eq!(past["beside"].as_array().unwrap().len(), 2, "{past}");
    assert!((past["seconds"].as_f64().unwrap() - 6.0).abs() < 0.05, "{past}");
}

#[tokio::test]
async fn all_layers_are_recorded_where_that_is_wanted_and_none_of_them_twice() {
    let all = |config: &mut server::Config| {
        closed(config);
        config.record.layers = server::config::RecordLayers::All;
    };
    let server = start_with(all, 16).await;
    let mut host = go_live(&server).await;
    let (_, begun) = ask(&server, "POST", "/rooms/default/recording", Value::Null).await;
    let room = server.stage.lock().unwrap().room.unwrap();
    let wanted = Command::Tap { room, tap: Some(Tap::All) };
    assert!(server.stage.lock().unwrap().commands.contains(&wanted));
    let now = Instant::now();
    let mut full = Source::at(room, now, 0).layer("f").heavier(900);
    let mut half = Source::at(room, now, 0).layer("h").heavier(300);
    for _ in 0..5 {
        full.second(&server);
        half.second(&server);
    }
    host.say(r#"{"type":"end"}"#).await;
    let one = format!("/recordings/{}", begun["id"].as_str().unwrap());
    let over = until(&server, &one, |it| it["ended"].is_number()).await;
    let of: Vec<String> = files(&over).into_iter().map(|it| it.0).collect();
    assert_eq!(of, ["host", "layer h"], "{over}");
    let bytes = |n: usize| over["files"][n]["bytes"].as_u64().unwrap();
    assert!(bytes(0) > 5 * 49 * 900 && bytes(1) > 4 * 49 * 300, "{over}");
    assert!(bytes(1) < 5 * 50 * 900, "the best is not in the other's file: {over}");
}
