//! `kaibo check` against `kaibo serve`, both as they are built: we do what the documents ask for.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const KEY: &str = "check-key-7f31";

fn kaibo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaibo"));
    command.args(args).current_dir(env!("CARGO_TARGET_TMPDIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KAIBO_")) {
        command.env_remove(name);
    }
    command
}

/// A server on a port of the system's choice, which wants a key.
struct Server {
    child: Child,
    at: String,
}

impl Server {
    fn start() -> Self {
        let mut command = kaibo(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.args(["--publish-open", "none"]).env("KAIBO_PUBLISH_KEY", KEY);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let greeting = BufReader::new(child.stdout.take().unwrap());
        let port = greeting.lines().find_map(|line| {
            let line = line.unwrap();
            let rest = line.split("http://localhost:").nth(1)?;
            Some(rest.split('/').next()?.to_owned())
        });
        Self { child, at: format!("http://127.0.0.1:{}", port.unwrap()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

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
    let server = Server::start();
    let (whip, whep) =
        (format!("{}/whip/checked", server.at), format!("{}/whep/checked", server.at));
    let (failed, n_passed) = check(&["whip", &whip]);
    assert!(failed.is_empty() && n_passed >= 50, "{n_passed} passed; {failed:#?}");
    let (failed, n_passed) = check(&["whep", &whep, "--publish", &whip]);
    assert!(failed.is_empty() && n_passed >= 70, "{n_passed} passed; {failed:#?}");
}
