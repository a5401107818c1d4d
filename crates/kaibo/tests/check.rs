//! `kaibo check` against `kaibo serve`, both as they are built: we do what the documents ask for.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use common::{Server, kaibo};
use serde_json::Value;

const KEY: &str = "check-key-7f31-of-the-test";

/// Returns the sentences of what failed, and how many requirements passed.
fn check(args: &[&str]) -> (Vec<String>, u64) {
    let mut command = kaibo(&[&["check"], args, &["--json"]].concat());
    let output = command.env("KAIBO_CHECK_TOKEN", KEY).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(KEY), "the token is shown");
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let verdicts = report["verdicts"].as_array().unwrap();
    let failed = verdicts.iter().filter(|it| it["outcome"] == "fail");
    let failed: Vec<String> =
        failed.map(|it| format!("{} {}: {}", it["id"], it["sentence"], it["reason"])).collect();
    let code = if failed.is_empty() { 0 } else { 1 };
    assert_eq!(output.status.code(), Some(code), "{failed:#?}");
    (failed, report["pass"].as_u64().unwrap())
}

#[test]
fn we_pass_every_requirement_that_applies_to_us() {
    let server = Server::start_with(|command| {
        let open = ["--publish-open", "none", "--allow-origin", "*"];
        command.args(open).env("KAIBO_PUBLISH_KEY", KEY);
    });
    let (whip, whep) = (
        format!("http://{}/whip/checked", server.at),
        format!("http://{}/whep/checked", server.at),
    );
    let (failed, n_passed) = check(&["whip", &whip]);
    assert!(failed.is_empty() && n_passed >= 50, "{n_passed} passed; {failed:#?}");
    let (failed, n_passed) = check(&["whep", &whep, "--publish", &whip]);
    assert!(failed.is_empty() && n_passed >= 70, "{n_passed} passed; {failed:#?}");
}

/// The lines of the help that begin with `kaibo check`, as a shell joins them.
fn examples() -> Vec<String> {
    let help = kaibo(&["check", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap().replace("\\\n", "");
    let lines = help.lines().map(str::trim).filter(|it| it.starts_with("kaibo check "));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_examples_of_the_help_pass_against_a_server_as_it_comes() {
    let server = Server::start();
    let examples = examples();
    assert_eq!(examples.len(), 2, "{examples:#?}");
    for example in examples {
        let example = example.replace("127.0.0.1:3000", &server.at.to_string());
        let (failed, n_passed) = check(&example.split_whitespace().skip(2).collect::<Vec<_>>());
        assert!(failed.is_empty() && n_passed >= 45, "{example}: {n_passed}; {failed:#?}");
    }
}

#[test]
fn a_server_that_lets_in_its_own_pages_alone_is_told_with_what_to_do() {
    let server = Server::start();
    let (failed, _) = check(&["whip", &format!("http://{}/whip/checked", server.at)]);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    let told = &failed[0];
    assert!(told.contains("WHIP-02") && told.contains("https://kaibo-check.example"), "{told}");
    assert!(told.contains("--origin") && told.contains("--allow-origin"), "{told}");
}
