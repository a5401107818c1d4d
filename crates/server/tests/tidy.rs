//! The shape of the house: which crate may know which.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

const ALLOWED: [(&str, &str); 16] = [
const ALLOWED: [(&str, &str); 15] = [
    ("kaibo", "server"),
    ("kaibo", "loadgen"),
    ("kaibo", "conformance"),
    ("kaibo", "attack"),
    ("attack", "loadgen"),
    ("conformance", "loadgen"),
    ("server", "auth"),
    ("server", "engine"),
    ("server", "protocol"),
    ("server", "webui"),
    ("engine", "sfu"),
    ("sfu", "rtp"),
    ("sfu", "media-api"),
    ("loadgen", "rtp"),
    ("loadgen", "engine"),
    ("loadgen", "sfu"),
    ("loadgen", "protocol"),
];

#[test]
fn crates_know_only_those_they_may() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut seen = 0;
    for package in packages {
        let from = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            // A crate may name itself to turn a feature on in its own tests.
            if names.contains(to) && from != to {
                assert!(ALLOWED.contains(&(from, to)), "{from} may not know {to}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 5, "the arrows were found");
}
