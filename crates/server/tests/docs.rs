//! The documents say what the code does.

use protocol::{CloseCode, ErrorCode};

const PROTOCOL: &str = include_str!("../../../docs/protocol.md");

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
        include_str!("../../protocol/fixtures/client.jsonl"),
        include_str!("../../protocol/fixtures/server.jsonl"),
    ];
    for line in fixtures.iter().flat_map(|text| text.lines()) {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let kind = message["type"].as_str().unwrap();
        assert!(PROTOCOL.contains(&format!("`{kind}`")), "docs/protocol.md lacks {kind}");
    }
}
