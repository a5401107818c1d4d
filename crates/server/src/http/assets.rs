//! The web client: its pages, its files, and "page not found" for every other path.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName};
use webui::{Asset, EMBED, Head, INDEX, Missing, Route};

use super::base::{Base, OwnOrigin};
use super::{describe, kept, method_not_allowed};
use crate::ApiError;
use crate::state::App;

/// The name changes with the content, so it can be kept.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Ask before using it again.
const REVALIDATE: &str = "no-cache";

/// Files are chosen by what the client decodes.
const VARIES: (HeaderName, &str) = (VARY, "accept-encoding");

/// Everything that is no other route.
pub(super) async fn serve(
    State(app): State<App>,
    Base(base): Base,
    OwnOrigin(origin): OwnOrigin,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        return Err(not_found());
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(method_not_allowed());
    }
    let head = match Page::of(path) {
        Some(Page { about: About::Room(room), .. }) => {
            describe::page_of(&app, &room, &format!("{origin}{base}")).await
        }
        Some(Page { about: About::Clip(id), .. }) => {
            kept::head_of_clip(&app, &id, &format!("{origin}{base}")).await
        }
        _ => Head::default(),
    };
    answer(path, &base, &head, &headers)
}

fn answer(path: &str, base: &str, head: &Head, headers: &HeaderMap) -> Result<Response, ApiError> {
    let accept_encoding = joined(headers, &ACCEPT_ENCODING);
    let accept_encoding = accept_encoding.as_deref();
    let page = |name| webui::page(name, base, head, accept_encoding);
    let file = path.trim_start_matches('/');
    if let Some(it) = Page::of(path) {
        found(page(it.name), headers)
    } else if Route::of(path).is_none() && file.contains('.') && ![INDEX, EMBED].contains(&file) {
        found(webui::get(file, accept_encoding), headers)
    } else {
        // For a person: the client says in words that there is no such page. In a frame, that of the embed does.
        let is_embed = matches!(Route::of(path), Some(Route::Embed(_)));
        Ok(match page(if is_embed { EMBED } else { INDEX }) {
            Ok(asset) => (StatusCode::NOT_FOUND, content(asset)).into_response(),
            Err(_) => not_found().into_response(),
        })
    }
}

/// A page of the client.
struct Page {
    name: &'static str,
    about: About,
}

/// What a page says something of.
enum About {
    Nothing,
    Room(RoomName),
    /// A clip, by its id.
    Clip(String),
}

impl Page {
    /// The page that the client has for a path. Nothing can be at the address of a room that no room can be called.
    fn of(path: &str) -> Option<Self> {
        match Route::of(path)? {
            Route::Home | Route::Host | Route::Trust | Route::Doctor | Route::Admin => {
                Some(Self { name: INDEX, about: About::Nothing })
            }
            Route::Room(name) => {
                Some(Self { name: INDEX, about: About::Room(RoomName::parse(&name).ok()?) })
            }
            Route::Clip(id) => Some(Self { name: INDEX, about: About::Clip(id) }),
            Route::Embed(name) => {
                let name = RoomName::parse(&name).ok();
                name.map(|_| Self { name: EMBED, about: About::Nothing })
            }
        }
    }
}

fn found(asset: Result<Asset, Missing>, request: &HeaderMap) -> Result<Response, ApiError> {
    let asset = match asset {
        Ok(asset) => asset,
        Err(Missing::NotFound) => return Err(not_found()),
        Err(Missing::NotAcceptable) => {
            return Ok((StatusCode::NOT_ACCEPTABLE, [VARIES]).into_response());
        }
    };
    let cache = if asset.immutable { IMMUTABLE } else { REVALIDATE };
    let validators = [(CACHE_CONTROL, cache.to_owned()), (ETAG, asset.etag.clone())];
    if is_known(&asset.etag, request) {
        return Ok((StatusCode::NOT_MODIFIED, [VARIES], validators).into_response());
    }
    Ok((validators, content(asset)).into_response())
}

/// The body with the headers that tell what it is. hyper leaves the body out for `HEAD`.
fn content(asset: Asset) -> Response {
    let mut response =
        ([VARIES, (CONTENT_TYPE, asset.mime)], Body::from(asset.bytes)).into_response();
    if let Some(encoding) = asset.encoding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the client has these very bytes (RFC 9110, section 13.1.2).
fn is_known(etag: &str, request: &HeaderMap) -> bool {
    joined(request, &IF_NONE_MATCH).is_some_and(|tags| {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        tags.split(',').map(opaque).any(|tag| tag == "*" || tag == etag)
    })
}

/// The values of all headers of a name, as one.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|it| it.to_str().ok()).collect();
    headers.contains_key(name).then(|| values.join(","))
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing at this address")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

    use super::*;

    fn ask(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        answer(path, "", &Head::default(), &map).unwrap_or_else(IntoResponse::into_response)
    }

    fn header(response: &Response, name: &HeaderName) -> String {
        response.headers().get(name).map_or("", |it| it.to_str().unwrap()).to_owned()
    }

    #[test]
    fn a_page_comes_compressed_to_who_can_read_it() {
        // A placeholder, where the client was not built, has no compressed copies.
        let is_built = webui::get(INDEX, Some("br")).unwrap().encoding.is_some();
        let mut tags = Vec::new();
        for (accepted, encoding) in [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0", "")] {
            let response = ask("/host", &[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(response.status(), 200);
            assert_eq!(header(&response, &VARY), "accept-encoding", "{accepted}");
            assert_eq!(header(&response, &CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(header(&response, &CACHE_CONTROL), REVALIDATE);
            if is_built {
                assert_eq!(header(&response, &CONTENT_ENCODING), encoding, "{accepted}");
            }
            tags.push(header(&response, &ETAG));
        }
        tags.dedup();
        assert_eq!(tags.len(), if is_built { 3 } else { 1 }, "each encoding has a tag of its own");
    }

    #[test]
    fn a_page_that_is_known_in_this_encoding_is_not_sent_again() {
        let plain = header(&ask("/", &[]), &ETAG);
        for tags in [plain.as_str(), &format!("\"x\" , W/{plain}"), "*"] {
            let response = ask("/", &[(IF_NONE_MATCH, "\"other\""), (IF_NONE_MATCH, tags)]);
            assert_eq!(response.status(), 304, "{tags}");
            assert_eq!(header(&response, &ETAG), plain);
            assert_eq!(header(&response, &VARY), "accept-encoding");
            assert_eq!(header(&response, &CACHE_CONTROL), REVALIDATE);
        }
        let brotli = ask("/", &[(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, &plain)]);
        if header(&brotli, &ETAG) != plain {
            assert_eq!(brotli.status(), 200, "other bytes");
        }
    }

    #[test]
    fn who_refuses_every_encoding_is_told_so() {
        let headers = [(ACCEPT_ENCODING, "zstd"), (ACCEPT_ENCODING, "*;q=0")];
        let response = ask("/", &headers);
        assert_eq!(response.status(), 406);
        assert_eq!(header(&response, &VARY), "accept-encoding");
        assert_eq!(ask("/no-such.js", &headers).status(), 404);
    }

    #[test]
    fn a_path_without_a_page_says_so_to_people_and_programs() {
        let known = header(&ask("/", &[]), &ETAG);
        for path in [
            "/healthz",
            "/metrics",
            "/host/",
            "/index.html",
            "/embed.html",
            "/r/",
            "/r/a.b",
            "/r/%FF",
            "/embed",
            "//",
        ] {
            let response = ask(path, &[(IF_NONE_MATCH, &known)]);
            assert_eq!(response.status(), 404, "{path}");
            assert_eq!(header(&response, &CONTENT_TYPE), "text/html; charset=utf-8", "{path}");
            assert_eq!(header(&response, &ETAG), "", "{path}: an error is no version of the page");
        }
        for path in [
            "/",
            "/host",
            "/r/demo",
            "/r/%E7%9B%B4%E6%92%AD",
            "/r/demo/",
            "/embed/demo",
            "/embed/demo/",
        ] {
            assert_eq!(ask(path, &[]).status(), 200, "{path}");
        }
        for path in ["/missing.js", "/assets/../index.html", "/..%2f.env"] {
            let response = ask(path, &[]);
            assert_eq!(response.status(), 404, "{path}");
            assert_eq!(header(&response, &CONTENT_TYPE), "application/json", "{path}");
        }
    }

    #[test]
    fn a_frame_has_a_page_of_its_own_that_says_when_no_room_is_called_so() {
        let embed = header(&ask("/embed/demo", &[]), &ETAG);
        assert_eq!(embed, webui::get(EMBED, None).unwrap().etag);
        let response = ask("/embed/a.b", &[]);
        assert_eq!(response.status(), 404);
        assert_eq!(header(&response, &CONTENT_TYPE), "text/html; charset=utf-8");
    }
}
