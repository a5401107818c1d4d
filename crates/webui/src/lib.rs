//! The built web client, embedded. A stand-in: one page that says so.

use std::borrow::Cow;

/// A file of the web client.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Its `Content-Type`.
    pub mime: &'static str,
    /// Changes with its content; without quotes.
    pub etag: String,
    /// Whether its name changes with its content, so that it can be kept forever.
    pub immutable: bool,
}

/// The file of that path, relative to the root, without a leading slash.
pub fn get(path: &str) -> Option<Asset> {
    let (bytes, mime, immutable): (&'static [u8], _, _) = match path {
        "index.html" => (b"<!doctype html><title>Kaibo</title>", "text/html; charset=utf-8", false),
        "assets/stub-00000000.js" => (b"export {};", "text/javascript; charset=utf-8", true),
        _ => return None,
    };
    Some(Asset { bytes: Cow::Borrowed(bytes), mime, etag: format!("{:x}", bytes.len()), immutable })
}
