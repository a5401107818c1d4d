//! `kaibo play` to `kaibo serve`, both as they are built.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use common::{Server, kaibo};
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../record/tests/fixtures/");

fn play(file: &str, url: &str, more: &[&str]) -> Output {
    let file = format!("{FIXTURES}{file}");
    common::output(&mut kaibo(&[&["play", &file, url], more].concat()))
}

/// A program that goes on until it is dropped.
struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_file_is_played_to_its_end() {
    let server = Server::start();
    for file in ["ffmpeg-fragmented.mp4", "ffmpeg.mkv", "ffmpeg-live.webm"] {
        let output = play(file, &format!("http://{}/whip/played", server.at), &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {text}");
        assert!(text.contains("playing 0:0"), "{file}: {text}");
        // The room is free again for the next file: it said goodbye.
    }
}

#[test]
fn viewers_see_what_is_played() {
    let server = Server::start();
    let whip = format!("http://{}/whip/played", server.at);
    let file = format!("{FIXTURES}ffmpeg-fragmented.mp4");
    let _playing =
        Playing(kaibo(&["play", &file, &whip, "--loop"]).stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while !server.get("/api/rooms/played").contains(r#""codec":"H264","audioCodec":"opus""#) {
        assert!(began.elapsed() < Duration::from_secs(60), "the room has no picture and sound");
    }
    let whep = format!("http://{}/whep/played", server.at);
    let origin = format!("http://{}", server.at);
    let check = ["check", "whep", &whep, "--codec", "h264", "--json", "--origin", &origin];
    let output = common::output(&mut kaibo(&check));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdicts = report["verdicts"].as_array().unwrap();
    let is_media = |it: &Value| it["sentence"].as_str().unwrap().starts_with("media flows");
    let media = verdicts.iter().find(|it| is_media(it));
    assert_eq!(media.unwrap()["outcome"], "pass", "{report:#}");
}

#[test]
fn what_cannot_be_played_is_told() {
    let server = Server::start_with(|command| {
        command
            .args(["--publish-open", "none"])
            .env("KAIBO_PUBLISH_KEY", "play-key-of-the-test-7f");
    });
    let whip = format!("http://{}/whip/played", server.at);
    let told = |file: &str, url: &str, code: i32, part: &str| {
        let output = play(file, url, &["--token", "a-wrong-token"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(part) && text.lines().count() == 1, "{text}");
        assert!(!text.contains("a-wrong-token"), "{text}");
    };
    told("ffmpeg.mkv", &whip, 1, "the server answered 401 Unauthorized");
    told("README.md", &whip, 2, "neither WebM, Matroska nor MP4");
    told("no-such-file.mp4", &whip, 2, "No such file");
    told("ffmpeg.mkv", "localhost", 2, "is not a URL");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/whip/a", taken.local_addr().unwrap());
    drop(taken);
    told("ffmpeg.mkv", &nobody, 1, "does not answer");
}
