//! The built web client, embedded in the binary. `build.rs` says where it comes from.
//!
//! In debug builds the files are read from the build's output folder at each request; in release
//! builds they are part of the program, and a response borrows them. What a response says about them
//! is the server's business.

mod encoding;
#[doc(hidden)]
pub mod fuzz;
mod head;
mod route;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use rust_embed::RustEmbed;

use encoding::{Encoding, accepted};
pub use head::{Head, escape};
pub use route::Route;

/// The page that shows all routes but [`Route::Embed`].
pub const INDEX: &str = "index.html";

/// The page of [`Route::Embed`].
pub const EMBED: &str = "embed.html";

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/dist"]
struct Dist;

/// One file of the web client in one encoding, with what a server has to say about it.
///
/// The same path may have other encodings: `Vary: Accept-Encoding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The file's content, encoded.
    pub bytes: Bytes,
    /// For `Content-Type`, with the charset where the type has one.
    pub mime: &'static str,
    /// For `Content-Encoding`.
    pub encoding: Option<&'static str>,
    /// For `ETag`, quotes included: the same content in the same encoding has the same tag in every
    /// build.
    pub etag: String,
    /// Whether the name changes with the content, so that a browser may keep the file for good.
    pub immutable: bool,
}

/// Why there is nothing to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// There is no such file.
    NotFound,
    /// The client takes none of the encodings that there are.
    NotAcceptable,
}

/// Finds a file by its path without the leading slash, such as `index.html`, in the encoding that
/// `Accept-Encoding` prefers. Of several headers of that name, join the values with commas.
///
/// Only paths spelled exactly like an embedded file's are found: nothing outside the client, and
/// no folder.
///
/// # Errors
/// When there is no such file, or none in an encoding that the client takes.
pub fn get(path: &str, accept_encoding: Option<&str>) -> Result<Asset, Missing> {
    // In debug builds the files come from a folder, where ".." would lead out of it.
    let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    // Encoded copies go by the name of what they are copies of.
    let is_copy =
        path.ends_with(Encoding::Brotli.suffix()) || path.ends_with(Encoding::Gzip.suffix());
    if !is_plain || is_copy || path.contains('\\') {
        return Err(Missing::NotFound);
    }
    for encoding in accepted(accept_encoding) {
        let Some(file) = Dist::get(&format!("{path}{}", encoding.suffix())) else { continue };
        return Ok(Asset {
            mime: mime(path),
            encoding: encoding.name(),
            etag: etag(&file.metadata.sha256_hash()),
            immutable: is_hashed(path),
            bytes: match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            },
        });
    }
    Err(if Dist::get(path).is_some() { Missing::NotAcceptable } else { Missing::NotFound })
}

/// A page, such as [`INDEX`], for a server that clients reach below a path, such as `/live`, with this in its head. An
/// empty path is the root.
///
/// The path has no character that HTML or an entity tag would need escaped. A page that is changed is not compressed:
/// it is about as long as its headers.
///
/// # Errors
/// As [`get`].
pub fn page(
    name: &str,
    base: &str,
    head: &Head,
    accept_encoding: Option<&str>,
) -> Result<Asset, Missing> {
    if base.is_empty() && head.is_empty() {
        return get(name, accept_encoding);
    }
    if !accepted(accept_encoding).any(|it| it == Encoding::Identity) {
        return Err(Missing::NotAcceptable);
    }
    let page = get(name, None)?;
    // Attributes name our own files, and the path itself, from the root on.
    let html = String::from_utf8_lossy(&page.bytes).replace("=\"/", &format!("=\"{base}/"));
    let html = head.put_into(&html);
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    let etag = format!("{}-{:016x}\"", page.etag.trim_end_matches('"'), hasher.finish());
    Ok(Asset { bytes: html.into(), etag, ..page })
}

/// Whether the build has a file of exactly this path.
fn is_listed(path: &str) -> bool {
    Dist::iter().any(|it| it == path)
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
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
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

    fn index() -> Asset {
        get(INDEX, None).expect("every build has an index.html")
    }

    #[test]
    fn the_first_page_is_there() {
        let index = index();
        assert_eq!((index.mime, index.encoding), ("text/html; charset=utf-8", None));
        assert!(!index.immutable, "its name never changes, its content does");
        assert!(String::from_utf8_lossy(&index.bytes).contains("Kaibo"));
    }

    #[test]
    fn hashed_files_may_be_kept_for_good() {
        // A placeholder build has none; then there is nothing to keep.
        for path in originals().filter(|path| path.starts_with("assets/")) {
            let asset = get(&path, None).expect("it was listed");
            assert!(asset.immutable, "{path}");
            assert_ne!(asset.mime, "application/octet-stream", "{path}");
        }
    }

    #[test]
    fn everything_a_page_names_is_there() {
        for page in [INDEX, EMBED] {
            let page = get(page, None).expect("every build has it");
            let html = String::from_utf8_lossy(&page.bytes).into_owned();
            let named = html.split('"').filter_map(|part| part.strip_prefix('/'));
            for path in named.filter(|path| path.contains('.')) {
                assert!(get(path, None).is_ok(), "{path}");
            }
        }
    }

    #[test]
    fn a_page_below_a_path_names_its_files_below_it() {
        let html = |asset: Asset| String::from_utf8_lossy(&asset.bytes).into_owned();
        let none = Head::default();
        let below = page(INDEX, "/live", &none, Some("br")).expect("every build has an index.html");
        assert_eq!((below.encoding, below.immutable), (None, false));
        assert_ne!(below.etag, index().etag, "other bytes, another tag");
        assert_eq!(html(below).replace("=\"/live/", "=\"/"), html(index()));
        assert_eq!(page(INDEX, "", &none, Some("br")), get(INDEX, Some("br")), "as it was");
        let refused = page(INDEX, "/live", &none, Some("br, identity;q=0"));
        assert_eq!(refused, Err(Missing::NotAcceptable));
    }

    #[test]
    fn a_page_that_says_something_else_has_another_tag() {
        let told = |title: &str| {
            let mut head = Head::default();
            head.title(title);
            page(INDEX, "", &head, Some("br")).expect("every build has an index.html")
        };
        assert_eq!(told("a"), told("a"));
        assert_ne!(told("a").etag, told("b").etag);
        assert!(told("=\"/x").bytes.windows(7).any(|it| it == b"&quot;/"), "no path of ours");
    }

    #[test]
    fn the_embed_is_there() {
        let embed = get(EMBED, None).expect("every build has an embed.html");
        assert!(String::from_utf8_lossy(&embed.bytes).contains("Kaibo"));
    }

    #[test]
    fn scripts_and_styles_are_sent_compressed() {
        // A placeholder build has none.
        let is_large = |path: &String| path.ends_with(".js") || path.ends_with(".css");
        for path in originals().filter(is_large) {
            let plain = get(&path, None).expect("it was listed");
            let mut tags = vec![plain.etag];
            for encoding in ["br", "gzip"] {
                let asset = get(&path, Some(encoding)).expect("it was listed");
                // One of some dozen bytes does not shrink, and has no copy.
                if asset.encoding.is_none() && plain.bytes.len() < 256 {
                    continue;
                }
                assert_eq!((asset.encoding, asset.mime), (Some(encoding), plain.mime), "{path}");
                // Of a short file little is left out, of one in Chinese less.
                let is_long = plain.bytes.len() > 8_192;
                let most = if is_long { plain.bytes.len() / 2 } else { plain.bytes.len() };
                assert!(asset.bytes.len() < most, "{path} {encoding}");
                assert!(
                    !tags.contains(&asset.etag),
                    "{path} {encoding}: its own bytes, its own tag"
                );
                tags.push(asset.etag);
            }
        }
    }

    #[test]
    fn a_client_that_takes_no_encoding_of_a_file_is_told_so() {
        assert_eq!(get(INDEX, Some("*;q=0")), Err(Missing::NotAcceptable));
        assert_eq!(get("no-such.js", Some("*;q=0")), Err(Missing::NotFound));
    }

    #[test]
    fn copies_have_no_name_of_their_own() {
        for path in Dist::iter().filter(|path| path.ends_with(".br") || path.ends_with(".gz")) {
            assert_eq!(get(&path, None), Err(Missing::NotFound), "{path}");
        }
    }

    #[test]
    fn no_path_leads_out() {
        for path in ["", "/", "..", "../dist/index.html", "assets/../index.html", "./index.html"] {
            assert_eq!(get(path, None), Err(Missing::NotFound), "{path}");
        }
        for path in ["/index.html", "assets", "assets/", "..\\index.html", "/etc/passwd"] {
            assert_eq!(get(path, None), Err(Missing::NotFound), "{path}");
        }
    }

    #[test]
    fn a_tag_is_quoted_and_short() {
        let etag = index().etag;
        assert_eq!(etag.len(), 34);
        assert!(etag.starts_with('"') && etag.ends_with('"'));
    }

    /// In debug builds the files are read at each request.
    #[cfg(not(debug_assertions))]
    #[test]
    fn a_response_borrows_the_programs_bytes() {
        assert_eq!(index().bytes.as_ptr(), index().bytes.as_ptr());
    }

    fn originals() -> impl Iterator<Item = String> {
        Dist::iter()
            .map(Cow::into_owned)
            .filter(|path| !path.ends_with(".br") && !path.ends_with(".gz"))
    }
}
