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
