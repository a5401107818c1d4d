//! The documents say what the code does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use protocol::{CloseCode, ErrorCode};

const PROTOCOL: &str = include_str!("../../../../docs/protocol.md");
const SECURITY: &str = include_str!("../../../../SECURITY.md");

#[test]
fn every_error_stands_in_the_protocol_with_its_status() {
    for code in ErrorCode::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.http_status());
        assert!(PROTOCOL.contains(&row), "docs/protocol.md lacks {row}");
    }
}

#[test]
fn every_close_code_stands_in_the_protocol() {
    for code in [
        CloseCode::Normal,
        CloseCode::GoingAway,
        CloseCode::UnsupportedData,
        CloseCode::TooBig,
        CloseCode::Malformed,
        CloseCode::Auth,
        CloseCode::TooSlow,
        CloseCode::Replaced,
        CloseCode::RateLimited,
        CloseCode::Full,
    ] {
        let number = code.as_u16().to_string();
        assert!(PROTOCOL.contains(&number), "docs/protocol.md lacks {number}");
    }
}

#[test]
fn every_message_stands_in_the_protocol() {
    let fixtures = [
        include_str!("../../../protocol/fixtures/client.jsonl"),
        include_str!("../../../protocol/fixtures/server.jsonl"),
    ];
    for line in fixtures.iter().flat_map(|text| text.lines()) {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let kind = message["type"].as_str().unwrap();
        assert!(PROTOCOL.contains(&format!("`{kind}`")), "docs/protocol.md lacks {kind}");
    }
}

/// Files below a folder with one of these ends, but for what is built or installed.
fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["node_modules", "target", "dist", "out"].contains(&name.as_str()) {
                files(&path, ends, found);
            }
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

/// The names of all tests: functions of Rust, and the titles of those of the pages.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["crates", "tools"] {
        files(&root.join(folder), &[".rs"], &mut found);
    }
    for folder in ["web/e2e", "web/src"] {
        files(&root.join(folder), &[".test.mjs", ".test.ts"], &mut found);
    }
    let mut names = BTreeSet::new();
    for file in found {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_rust = file.extension().is_some_and(|it| it == "rs");
        let start = if is_rust { "fn " } else { "test(\"" };
        let end = if is_rust { "(" } else { "\"" };
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(start) {
            let name = after.split(end).next().unwrap_or_default();
            // The line before a test of Rust is its attribute, perhaps with others in between.
            let attributes = before.rsplit("\n\n").next().unwrap_or_default();
            if !is_rust
                || attributes.contains("test]")
                || attributes.contains("test(")
                || before.contains("proptest! {")
            {
                names.insert(name.to_owned());
            }
            rest = after;
        }
    }
    names
}

#[test]
fn every_test_that_security_is_shown_by_exists() {
    let tests = tests();
    let cells = SECURITY.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let named = cells.flat_map(|line| {
        let shown_by = line.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        shown_by.split('`').skip(1).step_by(2)
    });
    let named: BTreeSet<&str> = named.collect();
    assert!(named.len() > 100, "the tables were read");
    let missing: Vec<_> = named.iter().filter(|name| !tests.contains(**name)).collect();
    assert!(missing.is_empty(), "SECURITY.md names tests that do not exist: {missing:#?}");
}

#[test]
fn every_file_that_the_map_names_exists() {
    let map = include_str!("../../../../ARCHITECTURE.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ends = [".rs", ".ts", ".tsx", ".mjs"];
    let mut found = Vec::new();
    for folder in ["crates", "tools", "web", "fuzz"] {
        files(&root.join(folder), &ends, &mut found);
    }
    let paths: Vec<String> = found.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    // Names in braces stand for one each: `crates/media-api/src/{command,event}.rs`.
    let is_file = |it: &&str| ends.iter().any(|end| it.ends_with(end)) && !it.contains(['{', '*']);
    let named: BTreeSet<&str> = map.split('`').skip(1).step_by(2).filter(is_file).collect();
    assert!(named.len() > 100, "the tables were read");
    let exists = |name: &str| paths.iter().any(|it| it.ends_with(&format!("/{name}")));
    let missing: Vec<_> = named.iter().filter(|it| !exists(it)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names files that do not exist: {missing:#?}");
}
