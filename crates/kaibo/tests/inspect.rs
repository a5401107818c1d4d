//! `kaibo inspect`: what it says of files, and how it ends.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

const MP4: &[u8] = include_bytes!("../../record/tests/fixtures/ffmpeg.mp4");
const FRAGMENTED: &[u8] = include_bytes!("../../record/tests/fixtures/ffmpeg-fragmented.mp4");

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn inspect(path: &Path, args: &[&str]) -> Output {
    common::output(common::kaibo(&["inspect"]).arg(path).args(args))
}

#[test]
fn a_good_file_is_described_for_people_and_for_programs() {
    let path = file("good.mp4", MP4);
    let output = inspect(&path, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in [
        "good.mp4: MP4, 1.0 s, 6.1 kB, whole",
        "picture  avc1.64000a, 64x48, 25 frames, 25 a second",
        "B-frames",
        "1 keyframe,",
        "sound    mp4a.40.2, mono, 48 frames",
        "✓ nothing is wrong with it",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = inspect(&path, &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["end"], "whole");
    assert_eq!(report["tracks"][0]["frames"], 25);
    assert_eq!(report["tracks"][0]["keyframes"]["count"], 1);
    assert_eq!(report["problems"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_wrong_is_told_and_ends_with_one() {
    let path = file("cut.mp4", &FRAGMENTED[..FRAGMENTED.len() * 9 / 10]);
    let output = inspect(&path, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("! the file was cut off after "), "{text}");
    assert!(text.ends_with("1 problem was found.\n"), "{text}");
    let output = inspect(&path, &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["problems"][0]["code"], "cut_off", "{report:#}");
}

#[test]
fn a_file_that_cannot_be_read_ends_with_two_and_one_sentence() {
    let told = |path: &Path, part: &str| {
        let output = inspect(path, &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(output.stdout.is_empty());
        assert!(text.starts_with("kaibo: ") && text.contains(part), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    };
    told(&file("notes.txt", b"no recording at all"), "neither WebM, Matroska nor MP4");
    told(&file("empty.webm", b""), "the file is empty");
    told(&file("early.mp4", &MP4[..100]), "cut off");
    told(Path::new("no-such-file.webm"), "No such file");
}
