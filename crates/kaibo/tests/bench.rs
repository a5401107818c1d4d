//! `kaibo bench` against `kaibo serve`, both as they are built.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::process::Output;

use common::{Server, kaibo};
use serde_json::Value;

fn bench(args: &[&str]) -> Output {
    kaibo(&[&["bench"], args].concat()).output().unwrap()
}

#[test]
fn viewers_join_and_nothing_is_lost() {
    let server = Server::start();
    let (pid, url) = (server.pid(), format!("ws://{}/ws", server.at));
    let load = ["--viewers", "5", "--rooms", "2", "--duration", "2", "--video-bitrate", "500"];
    let output = bench(&[&["--url", &url, "--pid", &pid, "--json"], &load[..]].concat());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["joins"]["succeeded"], 5, "{report:#}");
    assert_eq!(report["joins"]["failed"], 0, "{report:#}");
    assert!(report["joins"]["first_keyframe_ms"]["p50"].is_f64(), "{report:#}");
    assert_eq!(report["steady"]["loss_percent"], 0.0, "{report:#}");
    assert_eq!(report["steady"]["unreadable"], 0, "{report:#}");
    // Half a second's worth, for a machine that is busy with other things.
    assert!(report["steady"]["packets"].as_u64().unwrap() > 5 * 50, "{report:#}");
    assert!(report["steady"]["delay_ms"]["p50"].is_f64(), "{report:#}");
    if cfg!(target_os = "linux") {
        assert!(report["server"]["rss_mb"].is_f64(), "{report:#}");
        let join = &report["server"]["join"];
        assert!(join["total_us"].is_f64() && join["handshake_us"].is_f64(), "{report:#}");
    }
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_viewers_of_the_past_and_recordings_cost_is_told_by_two_halves_of_a_run() {
    let server = Server::start();
    let url = format!("ws://{}/ws", server.at);
    let load = ["--viewers", "2", "--rewinding", "2", "--record", "--duration", "10", "--json"];
    let output = bench(&[&["--url", &url, "--video-bitrate", "300"], &load[..]].concat());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let halves = &report["halves"];
    assert_eq!(halves["rewound"]["rewound"], 2, "{report:#}");
    assert_eq!(halves["recorded"]["recorded"], 1, "{report:#}");
    // They go back 5 s or more, to the nearest keyframe.
    assert!(halves["rewound"]["behind_ms"]["p50"].as_f64().unwrap() > 1_000.0, "{report:#}");
    assert!(halves["second_by_first"]["delay_p99"].is_f64(), "{report:#}");
    assert_eq!(report["ok"], true, "{report:#}");
}

#[test]
fn a_server_of_whip_and_whep_is_measured_as_well() {
    const KEY: &str = "bench-key-51c2-of-the-test";
    let server = Server::start_with(|command| {
        command.args(["--publish-open", "none"]).env("KAIBO_PUBLISH_KEY", KEY);
    });
    let whip = format!("http://{}/whip/measured", server.at);
    let measure = |watch: &str, key: &str| {
        let whep = format!("http://{}/{watch}", server.at);
        let load = ["--viewers", "3", "--duration", "1", "--codec", "h264", "--json"];
        let mut command =
            kaibo(&[&["bench", "--whip", &whip, "--whep", &whep], &load[..]].concat());
        let output = command.env("KAIBO_BENCH_TOKEN", key).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default(), said)
    };
    let (report, said) = measure("whep/measured", KEY);
    assert_eq!(report["joins"]["succeeded"], 3, "{report:#} {said}");
    assert_eq!(report["steady"]["loss_percent"], 0.0, "{report:#}");
    assert_eq!(report["ok"], true, "{report:#}");
    // The room is free again: all of the run before said goodbye.
    let (lost, said) = measure("nowhere", KEY);
    assert_eq!(lost["joins"]["failed"], 3, "{lost:#} {said}");
    assert_eq!(lost["joins"]["reasons"]["signalling: 405 Method Not Allowed"], 3, "{lost:#}");
    let (_, refused) = measure("whep/measured", "a-wrong-key");
    assert!(refused.contains("401 Unauthorized"), "{refused}");
}

#[test]
fn a_server_that_is_not_there_is_told_in_one_sentence() {
    // A port that was free a moment ago.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/ws", taken.local_addr().unwrap());
    drop(taken);
    let output = bench(&["--url", &url]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("nobody answers at ws://127.0.0.1"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn options_that_make_no_sense_end_with_two() {
    let complains = |args: &[&str], part: &str| {
        let output = bench(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.contains(part) && text.contains("kaibo bench --help"), "{text}");
    };
    complains(&["--viewers", "many"], "--viewers");
    complains(&["--loss", "200"], "--loss");
    complains(&["--url", "ws://192.0.2.1/ws"], "--yes-i-own-this-server");
    complains(&["--url", "wss://localhost/ws"], "ws://");
    complains(&["--whep", "http://localhost/whep"], "--whip");
    complains(&["--whip", "http://localhost/whip"], "--whep");
}
