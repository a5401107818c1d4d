//! The program from outside: what it prints, and what it says when something is wrong.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};

/// Runs the program in an empty folder, with no settings of ours around it.
fn kaibo(args: &[&str], env: &[(&str, &str)]) -> Output {
    common::output(common::kaibo(args).envs(env.iter().copied()))
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one sentence of a failure.
fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    assert!(text.matches("os error").count() <= 1, "a cause is told once: {text}");
    for noise in ["panicked", "Error {", "Some(", "Os {"] {
        assert!(!text.contains(noise), "{text}");
    }
    text
}

#[test]
fn serve_is_what_it_does_when_not_told() {
    let plain = stdout(&kaibo(&["--check"], &[]));
    assert_eq!(plain, stdout(&kaibo(&["serve", "--check"], &[])));
    assert!(plain.contains(r#"listen = "[::]:3000""#), "{plain}");
    let other = stdout(&kaibo(&["--listen", "127.0.0.1:4000", "--check"], &[]));
    assert!(other.contains(r#"listen = "127.0.0.1:4000""#), "{other}");
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_the_file() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("precedence.toml");
    std::fs::write(&file, "max_viewers = 1\nmax_peers = 1\ndefault_room = 'file'\n").unwrap();
    let env = [
        ("KAIBO_CONFIG", file.to_str().unwrap()),
        ("KAIBO_MAX_VIEWERS", "2"),
        ("KAIBO_MAX_PEERS", "2"),
        ("KAIBO_PUBLIC_IP", "203.0.113.7,203.0.113.8"),
    ];
    let out = stdout(&kaibo(&["--check", "--max-viewers", "3"], &env));
    for line in ["max_viewers = 3", "max_peers = 2", r#"default_room = "file""#] {
        assert!(out.contains(line), "{out}");
    }
    assert!(out.contains(r#"public_ips = ["203.0.113.7", "203.0.113.8"]"#), "{out}");
}

#[test]
fn the_key_is_printed_nowhere() {
    let env = [("KAIBO_PUBLISH_KEY", "hunter2hunter2hunter2")];
    for args in [&["--check"][..], &["--help"], &["serve", "--help"], &["--wrong"], &["x"]] {
        let output = kaibo(args, &env);
        let all = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8(all).unwrap().contains("hunter2hunter2hunter2"), "{args:?}");
    }
}

#[test]
fn a_check_of_nothing_is_told_by_its_exit_status() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}/whip/room?key=hunter2hunter2hunter2");
    for args in [
        &["check", "whip", nobody.as_str(), "--token", "hunter2hunter2hunter2"][..],
        &["check", "whep", "example.com/whep"],
        &["check", "whip"],
        &["check", "whip", "http://127.0.0.1/", "--publish", "http://127.0.0.1/"],
        &["check", "dance", "http://127.0.0.1/"],
    ] {
        let output = kaibo(args, &[("KAIBO_CHECK_TOKEN", "hunter2hunter2hunter2")]);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains("see kaibo check --help"), "{complaint}");
        assert!(!complaint.contains("hunter2hunter2hunter2"), "{complaint}");
    }
    let help = stdout(&kaibo(&["check", "--help"], &[]));
    assert!(help.contains("kaibo check whep http://"), "{help}");
}

#[test]
fn what_is_wrong_is_told_in_one_sentence() {
    let check = |args: &[&str], part: &str| {
        let complaint = complaint(&kaibo(args, &[]));
        assert!(complaint.contains(part), "{args:?}: {complaint}");
    };
    check(&["--wrong"], "--wrong");
    check(&["dance"], "dance");
    check(&["--listen", "3000"], "--listen");
    check(&["--publish-open", "some"], "some");
    check(&["--default-room", "a b"], "' '");
    check(&["--config", "no-such-file.toml"], "no-such-file.toml");
    check(&["--publish-key", "short"], "fewer than 16 characters");
    check(&["--allow-origin", "example.com"], "https://example.com");
    check(&["--log", "=?="], "log filter");
    check(&["--log", "loud"], "\"loud\" is not a level or a part of the program");
}

#[test]
fn what_was_meant_is_told() {
    for (args, meant) in [
        (&["serv"][..], "did you mean \"serve\"? (see kaibo --help)"),
        (&["bnech", "--viewers", "5"], "did you mean \"bench\"?"),
        (&["--lisen", "[::]:3000"], "did you mean \"--listen\"?"),
        (&["bench", "--viewer", "5"], "did you mean \"--viewers\"? (see kaibo bench --help)"),
        (&["check", "wihp", "http://127.0.0.1/"], "did you mean \"whip\"?"),
        (&["--publish-open", "lopback"], "did you mean \"loopback\"?"),
        (&["--log", "servr=debug"], "did you mean server?"),
    ] {
        let output = kaibo(args, &[]);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains(meant), "{args:?}: {complaint}");
    }
}

#[test]
fn a_log_filter_of_the_file_that_matches_nothing_is_refused() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("loud.toml");
    std::fs::write(&file, "log = 'loud'\n").unwrap();
    for args in [&["--check"][..], &[]] {
        let output = kaibo(&[&["--config", file.to_str().unwrap()], args].concat(), &[]);
        assert_eq!(output.status.code(), Some(2), "as every mistake in the file");
        let complaint = complaint(&output);
        assert!(complaint.contains("\"loud\" is not a level"), "{complaint}");
    }
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let help =
        [["serve", "--help"], ["bench", "--help"]].map(|it| stdout(&kaibo(&it, &[]))).concat()
            + &stdout(&kaibo(&["check", "whip", "--help"], &[]));
    let rest = help.split("[env: ").skip(1);
    let names: Vec<&str> = rest.filter_map(|it| it.split(['=', ']']).next()).collect();
    assert!(
        names.contains(&"KAIBO_PUBLISH_KEY") && names.contains(&"KAIBO_CHECK_TOKEN"),
        "{names:?}"
    );
    let empty: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
    assert_eq!(stdout(&kaibo(&["--check"], &empty)), stdout(&kaibo(&["--check"], &[])));
    let beside = [("KAIBO_MAX_VIEWERS", ""), ("KAIBO_MAX_PEERS", "7")];
    assert!(stdout(&kaibo(&["--check"], &beside)).contains("max_peers = 7"));
}

const PRINTING: [&[&str]; 4] = [
    &["--check"],
    &["--help"],
    &["--version"],
    &["bench", "egress", "--viewers", "1", "--seconds", "1"],
];

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for args in PRINTING {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = common::kaibo(args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {text}");
        assert!(!text.contains("panicked") && !text.contains("os error"), "{args:?}: {text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_written_is_told() {
    for args in PRINTING {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = common::kaibo(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
        assert!(text.contains("No space left on device") && !text.contains("panicked"), "{text}");
    }
}

#[test]
fn a_busy_port_is_told_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let complaint = complaint(&kaibo(&["--listen", &addr.to_string()], &[]));
    let expected = format!(
        "port {} is in use by another program; stop it or choose another with --listen 127.0.0.1:",
        addr.port()
    );
    assert!(complaint.contains(&expected), "{complaint}");
}
