//! What must hold for any bytes in the URL of a WebSocket: rounds of a fuzz target, which `tests/fuzz.rs` runs
//! briefly.

use axum::extract::Query;
use axum::http::Uri;
use protocol::RoomName;

use super::open::{Fields, parse};

/// A query is read or refused in a sentence, and one with a key is refused.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(uri) = Uri::try_from(format!("/ws?{text}")) else { return };
    let Ok(Query(raw)) = Query::<Fields>::try_from_uri(&uri) else { return };
    let has_key = raw.key.is_some();
    match parse(raw) {
        Ok((_, _, room)) => {
            assert!(!has_key, "a key in a URL is refused");
            assert!(room.is_none_or(|it| it.as_str().chars().count() <= RoomName::MAX_CHARS));
        }
        Err(error) => assert!(format!("{error:?}").len() < 500, "{error:?}"),
    }
}
