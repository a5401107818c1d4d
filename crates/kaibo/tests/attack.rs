//! `kaibo bench attack` against `kaibo serve`, both as they are built, with tiny numbers.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::process::Output;

use common::{Server, kaibo};
use serde_json::Value;

const KEY: &str = "of-no-use-elsewhere-0123456789";

fn attack(args: &[&str]) -> Output {
    let mut command = kaibo(&[&["bench", "attack"], args].concat());
    command.env("KAIBO_BENCH_TOKEN", KEY).output().unwrap()
}

/// Runs attacks with tiny numbers, and checks that others got in beside each of them.
fn tried(server: &Server, url: &str, args: &[&str]) -> (Value, Output) {
    let bounds = ["--connections", "20", "--rate", "200", "--seconds", "1", "--json"];
    let output = attack(&[&["--url", url, "--pid", &server.pid()], &bounds[..], args].concat());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    for it in report["attacks"].as_array().unwrap() {
        assert_ne!(it["verdict"], "not-run", "{it:#}");
        assert!(it["attacker"]["connections"].as_u64().unwrap() > 0, "{it:#}");
        assert!(it["back_after_s"].is_f64(), "{it:#}");
        for (kind, joins) in it["others"].as_object().unwrap() {
            assert!(joins["with"]["joins"].as_u64().unwrap() > 0, "{kind}: {it:#}");
            assert_eq!(
                joins["with"]["failed"],
                Value::Object(Default::default()),
                "{kind}: {it:#}"
            );
        }
        if cfg!(target_os = "linux") {
            assert!(it["server"]["rss_mb"]["peak"].is_f64(), "{it:#}");
        }
    }
    (report, output)
}

fn names(report: &Value) -> Vec<&str> {
    let attacks = report["attacks"].as_array().unwrap();
    attacks.iter().map(|it| it["name"].as_str().unwrap()).collect()
}

/// Every attack in a second, with fewer connections than one network may have, but with more hellos than the
/// room and the server have places.
#[test]
fn others_get_in_beside_every_attack() {
    let server = Server::start_with(|command| {
        let places = ["--max-viewers", "40", "--max-peers", "80"];
        command.args(places).env("KAIBO_PUBLISH_KEY", KEY);
    });
    let (report, output) = tried(&server, &format!("http://{}", server.at), &[]);
    assert_eq!(
        names(&report),
        [
            "hello-reset",
            "rooms",
            "unread-get",
            "half-head",
            "half-body",
            "idle",
            "idle-sockets",
            "viewers",
            "keys",
            "log",
            "half-frames",
            "unproven-media",
            "tcp-viewers",
            "silent",
        ]
    );
    let attacks = report["attacks"].as_array().unwrap();
    assert!(attacks[12]["attacker"]["answers"]["media"].as_u64() > Some(0), "{:#}", attacks[12]);
    let kinds = |n: usize| attacks[n]["others"].as_object().unwrap().len();
    assert_eq!((kinds(0), kinds(8)), (2, 3), "encoders with the right key join beside the guesses");
    // A machine that is busy with other things may make joins slow; the status says so, too.
    let held = attacks.iter().all(|it| it["verdict"] == "held");
    assert_eq!(report["ok"], held, "{report:#}");
    assert_eq!(output.status.code(), Some(if held { 0 } else { 1 }));
}

#[test]
fn others_get_in_over_tls_beside_attacks_on_it_and_on_what_is_inside() {
    let data = format!("{}/attack-over-tls", env!("CARGO_TARGET_TMPDIR"));
    let server = Server::start_with(|command| {
        command.args(["--tls", "local", "--data", &data]).env("KAIBO_PUBLISH_KEY", KEY);
    });
    let only = "idle,half-tls,idle-tls,turn-guesses,turn-allocations";
    let (report, _) = tried(&server, &format!("https://{}", server.at), &["--only", only]);
    assert_eq!(names(&report).join(","), only);
    let answers = |n: usize| &report["attacks"][n]["attacker"]["answers"];
    assert!(answers(0)["200"].as_u64() > Some(0), "{report:#}");
    assert!(answers(3)["allocate 401"].as_u64() > Some(0), "{report:#}");
    assert!(answers(3)["allocate 200"].is_null(), "{report:#}");
}

#[test]
fn only_this_machine_is_attacked() {
    let complains = |args: &[&str], part: &str| {
        let output = attack(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.contains(part) && !text.contains(KEY), "{text}");
    };
    complains(&["--url", "http://192.0.2.1:3000"], "not a loopback address");
    complains(&["--url", "http://192.168.0.1"], "not a loopback address");
    complains(&["--only", "kindness"], "kindness");
    complains(&["--connections", "1000000"], "--connections");
}

#[test]
fn what_cannot_be_tried_is_told() {
    let server = Server::start();
    let url = format!("http://{}", server.at);
    let mut command = kaibo(&["bench", "attack", "--only", "keys", "--url", &url]);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("NOT RUN") && text.contains("--token"), "{text}");
}
