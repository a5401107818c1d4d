//! The shape of the house: which crate may know which, and that no modules of a crate go round in a circle.

mod circles;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// `from → to`.
const ALLOWED: [(&str, &str); 61] = [
    ("kaibo", "server"),
    ("kaibo", "attack"),
    ("kaibo", "bench"),
    ("kaibo", "bench-core"),
    ("kaibo", "check"),
    ("kaibo", "play"),
    ("kaibo", "doctor"),
    // A backup is made and put back beside the server.
    ("kaibo", "store"),
    // A recorded file is read and judged.
    ("kaibo", "record"),
    // What the doctor says is in its words.
    ("kaibo", "protocol"),
    ("server", "auth"),
    ("server", "control"),
    ("server", "doctor"),
    ("server", "engine"),
    ("server", "media-api"),
    ("server", "protocol"),
    ("server", "record"),
    ("server", "sdp"),
    ("server", "store"),
    ("server", "tls"),
    ("server", "tokens"),
    ("server", "turn"),
    ("server", "webhooks"),
    ("server", "webui"),
    ("control", "auth"),
    ("control", "media-api"),
    ("control", "protocol"),
    ("control", "sdp"),
    ("webhooks", "store"),
    // Certificates and public addresses, of receivers as of an ACME server.
    ("webhooks", "tls"),
    ("auth", "protocol"),
    ("doctor", "protocol"),
    ("tokens", "auth"),
    ("tokens", "protocol"),
    ("record", "media-api"),
    ("engine", "rtp"),
    ("engine", "sfu"),
    ("sfu", "bwe"),
    ("sfu", "media-api"),
    ("sfu", "rtp"),
    ("sfu", "sdp"),
    ("attack", "protocol"),
    ("attack", "synth"),
    ("bench", "play"),
    ("bench", "protocol"),
    ("bench", "synth"),
    // Only this tool knows the core: the others see a server as its clients do.
    ("bench-core", "engine"),
    ("bench-core", "rtp"),
    ("bench-core", "sfu"),
    ("bench-core", "synth"),
    ("check", "sdp"),
    ("check", "synth"),
    ("play", "record"),
    ("play", "synth"),
    ("synth", "rtp"),
    ("synth", "sdp"),
    // Functions that the fuzzers call.
    ("fuzz", "auth"),
    ("fuzz", "rtp"),
    ("fuzz", "sdp"),
    ("fuzz", "server"),
    ("fuzz", "turn"),
];

/// The longest file of a crate that was built to the plan, in lines. Tables and tests may be longer.
const MAX_LINES: usize = 500;
const BOUNDED: [&str; 18] = [
    "attack",
    "auth",
    "bench",
    "bench-core",
    "check",
    "control",
    "doctor",
    "media-api",
    "play",
    "protocol",
    "record",
    "sdp",
    "server",
    "store",
    "synth",
    "tokens",
    "turn",
    "webhooks",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The crates of the workspace and their folders.
fn crates() -> Vec<(String, PathBuf)> {
    let mut all = Vec::new();
    for folder in ["crates", "tools"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.join("Cargo.toml").exists() {
                all.push((path.file_name().unwrap().to_str().unwrap().to_owned(), path));
            }
        }
    }
    all.sort();
    assert!(all.len() > 10, "the crates were found");
    all
}

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

/// The control plane is tested in seconds because it needs neither.
#[test]
fn the_control_plane_builds_without_webrtc_and_without_a_c_compiler() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "-p", "control", "-e", "normal,build,dev", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.contains("media-api"), "{}", String::from_utf8_lossy(&output.stderr));
    for heavy in ["str0m", "aws-lc", "tokio", "hyper", "axum"] {
        let found = tree.lines().find(|line| line.starts_with(heavy));
        assert_eq!(found, None, "control depends on {heavy}");
    }
}

/// It is what the core is tested and compared against.
#[test]
fn the_core_is_built_without_str0m() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "-p", "sfu", "-e", "normal,build", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.contains("media-api"), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(tree.lines().find(|line| line.starts_with("str0m v")), None);
}

#[test]
fn modules_of_a_crate_do_not_go_round_in_circles() {
    for (name, path) in crates() {
        let found = circles::of(&path.join("src"));
        assert!(found.is_empty(), "{name} has circles: {found:#?}");
    }
}

#[test]
fn files_have_one_job_and_few_lines() {
    for (name, path) in crates() {
        if !BOUNDED.contains(&name.as_str()) {
            continue;
        }
        for file in circles::files(&path.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
            let n = code.lines().count();
            assert!(n <= MAX_LINES, "{} has {n} lines: split it", file.display());
        }
    }
}
