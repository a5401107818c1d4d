//! `/oembed` (oembed.com): how to show a room on a page of others, for programs that were given its link.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorBody, ErrorCode, OEmbed, RoomName};
use serde::Deserialize;
use webui::{Route, escape};

use super::base::{Base, OwnOrigin};
use super::describe::{Preview, SITE};
use crate::ApiError;
use crate::state::App;

/// The size where nobody asks for one, and the largest, in CSS pixels.
const DEFAULT_PX: (u32, u32) = (640, 360);
const MAX_PX: (u32, u32) = (1920, 1080);

/// Of the mark that stands for a room without a picture.
const ICON_PX: u32 = 512;

/// How long an answer may be kept, in seconds: titles change.
const CACHE_S: u32 = 300;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    url: Option<String>,
    format: Option<String>,
    maxwidth: Option<u32>,
    maxheight: Option<u32>,
}

/// `GET /oembed?url=…`
pub(super) async fn answer(
    State(app): State<App>,
    Base(base): Base,
    OwnOrigin(origin): OwnOrigin,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.map_err(|error| bad_field(&error.body_text()))?;
    if asked.format.as_deref().is_some_and(|it| it != "json") {
        return Ok(only_json());
    }
    let url = asked.url.ok_or_else(|| bad_field("url is missing: the address of a room"))?;
    let room = room_of(&url, &origin, &base).ok_or_else(not_a_room)?;
    let at = format!("{origin}{base}");
    let preview = Preview::of(&app, &room, &at).await.ok_or_else(not_a_room)?;
    let (width, height) = size(asked.maxwidth, asked.maxheight);
    Ok(Json(told(preview, &at, width, height)).into_response())
}

fn told(preview: Preview, at: &str, width: u32, height: u32) -> OEmbed {
    let (src, title) = (escape(&preview.embed), escape(&preview.title));
    let html = format!(
        "<iframe src=\"{src}\" width=\"{width}\" height=\"{height}\" title=\"{title}\" frameborder=\"0\" \
         allow=\"autoplay; fullscreen; picture-in-picture\" allowfullscreen></iframe>"
    );
    // A picture may be told with its size only, and that of a cover is the host's.
    let icon = preview.cover.is_none().then_some(preview.icon);
    OEmbed {
        version: "1.0".into(),
        kind: "video".into(),
        provider_name: SITE.into(),
        provider_url: format!("{at}/"),
        title: preview.title,
        author_name: preview.host,
        cache_age: CACHE_S,
        html,
        width,
        height,
        thumbnail_width: icon.is_some().then_some(ICON_PX),
        thumbnail_height: icon.is_some().then_some(ICON_PX),
        thumbnail_url: icon,
    }
}

/// The room whose page or embed this is; none where the address is not ours.
fn room_of(url: &str, origin: &str, base: &str) -> Option<RoomName> {
    let url = url.split(['?', '#']).next()?;
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/')?);
    let (_, own) = origin.split_once("://")?;
    // Whoever kept a link from before HTTPS has the other scheme.
    let default = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let plain = |it: &str| it.strip_suffix(default).unwrap_or(it).to_ascii_lowercase();
    if plain(authority) != plain(own) {
        return None;
    }
    match Route::of(path.strip_prefix(base)?)? {
        Route::Room(name) | Route::Embed(name) => RoomName::parse(&name).ok(),
        Route::Home
        | Route::Host
        | Route::Trust
        | Route::Doctor
        | Route::Admin
        | Route::Clip(_) => None,
    }
}

/// The largest of 16:9 within what the asker has room for.
fn size(max_width: Option<u32>, max_height: Option<u32>) -> (u32, u32) {
    let (None, None) = (max_width, max_height) else {
        let width = max_width.unwrap_or(MAX_PX.0).min(MAX_PX.0);
        let height = max_height.unwrap_or(MAX_PX.1).min(MAX_PX.1);
        let width = width.min(height * 16 / 9).max(1);
        return (width, (width * 9 / 16).max(1));
    };
    DEFAULT_PX
}

fn bad_field(message: &str) -> ApiError {
    ApiError::new(ErrorCode::BadField, message)
}

fn not_a_room() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "url is not the address of a room of this server")
}

/// The specification names the status.
fn only_json() -> Response {
    let message = "oEmbed is answered in JSON only: format=json".into();
    let body = ErrorBody { code: ErrorCode::BadField, message };
    (StatusCode::NOT_IMPLEMENTED, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_found_by_the_addresses_of_this_server_alone() {
        let room = |url: &str| {
            let room = room_of(url, "https://live.example", "/live");
            room.map(|it| it.as_str().to_owned())
        };
        for ours in [
            "https://live.example/live/r/demo",
            "https://live.example/live/embed/demo?muted=1#x",
            "HTTPS://LIVE.example:443/live/r/demo/",
            "http://live.example:80/live/r/demo",
        ] {
            assert_eq!(room(ours).as_deref(), Some("demo"), "{ours}");
        }
        assert_eq!(room("https://live.example/live/r/%E7%9B%B4").as_deref(), Some("直"));
        for foreign in [
            "https://evil.example/live/r/demo",
            "https://live.example.evil.example/live/r/demo",
            "https://live.example@evil.example/live/r/demo",
            "https://live.example:8443/live/r/demo",
            "ftp://live.example/live/r/demo",
            "https://live.example/r/demo",
            "https://live.example/live/host",
            "https://live.example/live/r/a.b",
            "https://live.example",
            "//live.example/live/r/demo",
            "demo",
            "",
        ] {
            assert_eq!(room(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn the_embed_fits_where_it_is_to_go() {
        assert_eq!(size(None, None), (640, 360));
        assert_eq!(size(Some(320), None), (320, 180));
        assert_eq!(size(None, Some(180)), (320, 180));
        assert_eq!(size(Some(1000), Some(180)), (320, 180));
        assert_eq!(size(Some(u32::MAX), Some(u32::MAX)), (1920, 1080));
        assert_eq!(size(Some(0), None), (1, 1));
    }
}
