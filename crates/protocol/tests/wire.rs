//! The wire contract: every message against its line in the fixtures, which the web client's tests
//! read too, and the TypeScript that is generated from the same types.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use protocol::{ClientFrame, ClientMessage, ErrorCode, ServerMessage, declarations};
use serde_json::Value;

/// The value without members that are null: an absent field and a null one mean the same.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k, without_nulls(v)))
                .collect(),
        ),
        other => other,
    }
}

#[test]
fn every_client_message_reads_and_writes_as_its_fixture() {
    for line in include_str!("../fixtures/client.jsonl").lines() {
        let frame = ClientFrame::parse(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let written = without_nulls(serde_json::to_value(&frame.message).unwrap());
        let mut expected: Value = without_nulls(serde_json::from_str(line).unwrap());
        if !matches!(frame.message, ClientMessage::Hello { .. }) {
            expected.as_object_mut().unwrap().remove("room");
        }
        assert_eq!(written, expected);
    }
}

#[test]
fn every_server_message_reads_and_writes_as_its_fixture() {
    for line in include_str!("../fixtures/server.jsonl").lines() {
        let message: ServerMessage =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let expected: Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&message).unwrap(), expected, "{line}");
    }
}

#[test]
fn the_typescript_types_are_those_of_rust() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/live/protocol.ts");
    let expected = declarations();
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is stale: run UPDATE=1 cargo test -p protocol", path.display());
}

#[test]
fn a_frame_that_cannot_be_read_says_why() {
    let check = |text: &str, code: ErrorCode, part: &str| {
        let error = ClientFrame::parse(text).expect_err(text);
        assert_eq!(error.code, code, "{text}");
        assert!(error.message.contains(part), "{text}: {}", error.message);
    };
    check("", ErrorCode::BadJson, "not JSON");
    check("hello", ErrorCode::BadJson, "not JSON");
    check("[1,2]", ErrorCode::BadJson, "not a JSON object");
    check(&"[".repeat(100_000), ErrorCode::BadJson, "nested deeper");
    check(
        r#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}"#,
        ErrorCode::BadJson,
        "nested deeper",
    );
    check("{}", ErrorCode::BadType, "missing");
    check(r#"{"type":7}"#, ErrorCode::BadType, "not a string");
    check(r#"{"type":"subscribe"}"#, ErrorCode::BadType, "subscribe");
    check(r#"{"type":"offer"}"#, ErrorCode::BadField, "sdp");
    check(r#"{"type":"offer","sdp":3}"#, ErrorCode::BadField, "string");
    check(r#"{"type":"layer","video":"h f"}"#, ErrorCode::BadField, "character ' '");
    check(r#"{"type":"layer","video":""}"#, ErrorCode::BadField, "empty");
    check(r#"{"type":"layer","video":"0123456789abcdefg"}"#, ErrorCode::BadField, "16 characters");
    check(r#"{"type":"layer","visible":1}"#, ErrorCode::BadField, "boolean");
    check(
        r#"{"type":"media_state","audio":true,"video":true,"layers":[{"rid":"q","w":-1,"h":1}]}"#,
        ErrorCode::BadField,
        "u16",
    );
    check(r#"{"type":"hello","v":1,"room":"a b"}"#, ErrorCode::BadField, "' '");
    check(r#"{"type":"hello","v":1,"role":"king"}"#, ErrorCode::BadField, "king");
    check(r#"{"type":"ping","t":1,"room":9}"#, ErrorCode::BadField, "room");
    check(
        &format!(r#"{{"type":"offer","sdp":"{}"}}"#, "a".repeat(50_000)),
        ErrorCode::TooLarge,
        "sdp",
    );
    check(
        &format!(r#"{{"type":"leave","x":"{}"}}"#, "a".repeat(5_000)),
        ErrorCode::TooLarge,
        "leave",
    );
}

#[test]
fn an_error_can_be_matched_to_the_message_that_caused_it() {
    let error = ClientFrame::parse(r#"{"type":"nothing","id":"a1"}"#).expect_err("unknown type");
    assert_eq!(error.id, Some(Value::from("a1")));
    let error =
        ClientFrame::parse(r#"{"type":"nothing","id":{"big":1}}"#).expect_err("unknown type");
    assert_eq!(error.id, None);
}

#[test]
fn an_error_repeats_little_of_what_was_sent() {
    let long = "a".repeat(40_000);
    let error = ClientFrame::parse(&format!(r#"{{"type":"offer","sdp":"","pc":"{long}"}}"#))
        .expect_err("unknown peer connection");
    assert_eq!(error.code, ErrorCode::BadField);
    assert!(error.message.len() < 300, "{}", error.message.len());
}

#[test]
fn brackets_inside_strings_are_not_nesting() {
    let text = format!(r#"{{"type":"ping","t":1,"note":"{}\"[["}}"#, "[".repeat(500));
    assert!(ClientFrame::parse(&text).is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        _ = ClientFrame::parse(&text);
    }

    #[test]
    fn no_mangled_message_makes_the_parser_panic(line in 0_usize..15, at in any::<prop::sample::Index>(), with in any::<char>()) {
        let line = include_str!("../fixtures/client.jsonl").lines().nth(line).unwrap();
        let mut chars: Vec<char> = line.chars().collect();
        let at = at.index(chars.len());
        chars[at] = with;
        _ = ClientFrame::parse(&chars.into_iter().collect::<String>());
    }
}
