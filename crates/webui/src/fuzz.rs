//! What must hold for any bytes of a client: rounds of the fuzz targets, which `tests/fuzz.rs` runs briefly.

use crate::{INDEX, Missing, Route, get};

/// A file comes in an encoding that the client names, or in none.
pub fn accept_encoding(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match get(INDEX, Some(text)) {
        Ok(asset) => {
            let lower = text.to_ascii_lowercase();
            assert!(asset.encoding.is_none_or(|it| lower.contains(it) || lower.contains('*')));
        }
        Err(missing) => {
            assert_eq!(missing, Missing::NotAcceptable);
            assert!(text.contains('0'), "only who refuses with q=0 gets nothing");
        }
    }
}

/// No path leads to anything but a file of the client, and a page's path to anything but a page.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if get(text, Some("br, gzip")).is_ok() {
        assert!(crate::is_listed(text), "{text}");
    }
    match Route::of(text) {
        Some(Route::Room(name)) => assert!(text.starts_with("/r/") && name.len() < text.len()),
        Some(Route::Embed(name)) => {
            assert!(text.starts_with("/embed/") && name.len() < text.len());
        }
        Some(Route::Clip(_)) => assert!(text.starts_with("/c/")),
        Some(Route::Home) => assert_eq!(text, "/"),
        Some(Route::Host) => assert_eq!(text, "/host"),
        Some(Route::Trust) => assert_eq!(text, "/trust"),
        Some(Route::Doctor) => assert_eq!(text, "/doctor"),
        Some(Route::Admin) => assert!(text == "/admin" || text.starts_with("/admin/")),
        None => {}
    }
}
