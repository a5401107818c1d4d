//! The built web client, embedded in the binary. `build.rs` says where it comes from.
//!
//! In debug builds the files are read from the build's output folder at each request, in release
//! builds they are part of the program. Routing, caching headers and the fallback to `index.html`
//! are the server's business.

use std::borrow::Cow;
use std::fmt::Write as _;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/dist"]
struct Dist;

/// One file of the web client, with what a server has to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The file's content.
    pub bytes: Cow<'static, [u8]>,
    /// For `Content-Type`, with the charset where the type has one.
    pub mime: &'static str,
    /// For `ETag`, quotes included: the same content has the same tag in every build.
    pub etag: String,
    /// Whether the name changes with the content, so that a browser may keep the file for good.
    pub immutable: bool,
}

/// Finds a file by its path without the leading slash, such as `index.html`.
///
/// Only paths spelled exactly like an embedded file's are found: nothing outside the client, and
/// no folder.
pub fn get(path: &str) -> Option<Asset> {
    // In debug builds the files come from a folder, where ".." would lead out of it.
    let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !is_plain || path.contains('\\') {
        return None;
    }
    let file = Dist::get(path)?;
    Some(Asset {
        mime: mime(path),
        etag: etag(&file.metadata.sha256_hash()),
        immutable: is_hashed(path),
        bytes: file.data,
    })
}

/// 128 bits of the hash: enough to tell any two files apart, short enough for a header.
fn etag(hash: &[u8; 32]) -> String {
    let mut etag = String::from("\"");
    for byte in &hash[..16] {
        write!(etag, "{byte:02x}").expect("a String takes all that is written to it");
    }
    etag.push('"');
    etag
}

/// Vite puts everything whose name carries a hash of its content into `assets/`.
fn is_hashed(path: &str) -> bool {
    path.starts_with("assets/")
}

/// The types that the client is made of.
fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_is_there() {
        let index = get("index.html").expect("every build has an index.html");
        assert_eq!(index.mime, "text/html; charset=utf-8");
        assert!(!index.immutable, "its name never changes, its content does");
        assert!(String::from_utf8_lossy(&index.bytes).contains("Kaibo"));
    }

    #[test]
    fn hashed_files_may_be_kept_for_good() {
        // A placeholder build has none; then there is nothing to keep.
        for path in Dist::iter().filter(|path| path.starts_with("assets/")) {
            let asset = get(&path).expect("it was listed");
            assert!(asset.immutable, "{path}");
            assert_ne!(asset.mime, "application/octet-stream", "{path}");
        }
    }

    #[test]
    fn everything_the_first_page_names_is_there() {
        let index = get("index.html").expect("every build has an index.html");
        let html = String::from_utf8_lossy(&index.bytes).into_owned();
        let named = html.split('"').filter_map(|part| part.strip_prefix('/'));
        for path in named.filter(|path| path.contains('.')) {
            assert!(get(path).is_some(), "{path}");
        }
    }

    #[test]
    fn no_path_leads_out() {
        for path in ["", "/", "..", "../dist/index.html", "assets/../index.html", "./index.html"] {
            assert_eq!(get(path), None, "{path}");
        }
        for path in ["/index.html", "assets", "assets/", "..\\index.html", "/etc/passwd"] {
            assert_eq!(get(path), None, "{path}");
        }
    }

    #[test]
    fn a_tag_is_quoted_and_short() {
        let index = get("index.html").expect("every build has an index.html");
        assert_eq!(index.etag.len(), 34);
        assert!(index.etag.starts_with('"') && index.etag.ends_with('"'));
    }
}
