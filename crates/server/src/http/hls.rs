//! `/hls/{room}/…`: a room as LL-HLS (RFC 8216bis), for players that WebRTC does not reach.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName};
use record::hls::{Missing, TARGET_S};

use super::Client;
use super::kept::file::{Sent, send};
use super::kept::watching::{Watcher, may_watch, parameter};
use crate::ApiError;
use crate::archive::HlsRoom;
use crate::state::App;

/// How long the first request of a room waits: for a keyframe, and a part from it on; and that of a list, for a segment.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);

/// The number of a room's first segment.
const FIRST: u64 = 0;

/// How long a request waits for what is to come (RFC 8216bis, section 6.2.5.2).
const WAIT: Duration = Duration::from_secs(3 * TARGET_S);

const PLAYLIST: &str = "application/vnd.apple.mpegurl";

/// What an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked<'a> {
    Multivariant,
    Playlist(&'a str),
    Header(&'a str, u32),
    Segment(&'a str, u64),
    Part(&'a str, u64, u64),
}

impl<'a> Asked<'a> {
    fn of(file: &'a str) -> Option<Self> {
        if file == "index.m3u8" {
            return Some(Self::Multivariant);
        }
        if let Some(rendition) = file.strip_suffix(".m3u8") {
            return Some(Self::Playlist(rendition));
        }
        if let Some(rest) = file.strip_suffix(".header.mp4") {
            let (rendition, number) = rest.rsplit_once('-')?;
            return Some(Self::Header(rendition, number.parse().ok()?));
        }
        if let Some(rest) = file.strip_suffix(".part.m4s") {
            let (rest, part) = rest.rsplit_once('-')?;
            let (rendition, number) = rest.rsplit_once('-')?;
            return Some(Self::Part(rendition, number.parse().ok()?, part.parse().ok()?));
        }
        let (rendition, number) = file.strip_suffix(".m4s")?.rsplit_once('-')?;
        Some(Self::Segment(rendition, number.parse().ok()?))
    }
}

/// `GET`: a playlist, or what one names.
pub(super) async fn read(
    State(app): State<App>,
    client: Client,
    Path((room, file)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let room = RoomName::parse(&room).map_err(|_| nothing())?;
    let asked = Asked::of(&file).ok_or_else(nothing)?;
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let watcher = may_watch(&app, &client, &uri, &headers, &room).await?;
    if !app.in_force.get().config.record.hls {
        return Err(ApiError::new(ErrorCode::NotFound, "this server has no HLS"));
    }
    let hls = app
        .archive
        .hls(&room)
        .ok_or_else(|| ApiError::new(ErrorCode::RoomOffline, "nobody is live in the room"))?;
    // Players take what stands in a playlist as it is.
    let query = parameter(&uri, "pass").map(|it| format!("?pass={it}")).unwrap_or_default();
    match asked {
        Asked::Multivariant => {
            begin(&hls).await?;
            let text = hls.live().multivariant(&query);
            Ok(playlist(text, "no-cache"))
        }
        Asked::Playlist(rendition) => {
            begin(&hls).await?;
            let number = |name| parameter(&uri, name).and_then(|it| it.parse::<u64>().ok());
            let (msn, part) = (number("_HLS_msn"), number("_HLS_part"));
            let cache = match msn {
                Some(msn) => {
                    wait_for(&hls, rendition, msn, part).await?;
                    watcher.for_a_moment()
                }
                None => {
                    hls.live().newest(rendition).ok_or_else(nothing)?;
                    // A player that knows no parts has nothing to begin with before.
                    hls.wait(BEGIN_WITHIN, |live| live.has(rendition, FIRST, None)).await;
                    "no-cache"
                }
            };
            let skips = parameter(&uri, "_HLS_skip").is_some_and(|it| it == "YES" || it == "v2");
            let text = hls.live().media(rendition, skips, &query);
            Ok(playlist(text.ok_or_else(nothing)?, cache))
        }
        Asked::Header(rendition, number) => {
            let bytes = hls.live().header(rendition, number).ok_or_else(nothing)?;
            Ok(media(vec![bytes], watcher))
        }
        Asked::Part(rendition, number, part) => {
            let mut found = hls.live().part(rendition, number, part);
            if found == Err(Missing::NotYet) {
                hls.wait(WAIT, |live| live.has(rendition, number, Some(part))).await;
                found = hls.live().part(rendition, number, part);
            }
            found.map(|bytes| media(vec![bytes], watcher)).map_err(|_| nothing())
        }
        Asked::Segment(rendition, number) => {
            let mut found = hls.live().segment(rendition, number);
            if found == Err(Missing::NotYet) {
                hls.wait(WAIT, |live| live.has(rendition, number, None)).await;
                found = hls.live().segment(rendition, number);
            }
            match found {
                Ok(parts) => Ok(media(parts, watcher)),
                Err(Missing::InFile(name)) => {
                    let path = hls.folder.join(name);
                    let (cache, mime) = (Some(watcher.for_ever()), Some("video/mp4"));
                    send(Sent { path, name: None, is_saved: false, cache, mime }, request).await
                }
                Err(Missing::NotYet | Missing::Never) => Err(nothing()),
            }
        }
    }
}

/// Waits until a player can begin.
async fn begin(hls: &Arc<HlsRoom>) -> Result<(), ApiError> {
    let is_there =
        hls.wait(BEGIN_WITHIN, |live| live.is_ready() || live.unplayable().is_some()).await;
    if let Some(codec) = hls.live().unplayable() {
        return Err(ApiError::new(
            ErrorCode::CodecUnsupported,
            format!("the host sends {codec}, which players of HLS do not play: let it send H264"),
        ));
    }
    if is_there || hls.live().is_ready() {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::RoomOffline, "no picture comes from the host now"))
}

/// Waits for a segment, or a part of it, that comes next.
async fn wait_for(
    hls: &Arc<HlsRoom>,
    rendition: &str,
    msn: u64,
    part: Option<u64>,
) -> Result<(), ApiError> {
    let newest = hls.live().newest(rendition).ok_or_else(nothing)?;
    if msn > newest + 2 {
        let message = format!("\"_HLS_msn\" is beyond what comes next, which is {newest}");
        return Err(ApiError::new(ErrorCode::BadField, message));
    }
    if hls.wait(WAIT, |live| live.has(rendition, msn, part)).await {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::RoomOffline, "nothing comes from the host now"))
}

fn playlist(text: String, cache: &'static str) -> Response {
    ([(CONTENT_TYPE, PLAYLIST), (CACHE_CONTROL, cache)], text).into_response()
}

fn media(parts: Vec<Arc<[u8]>>, watcher: Watcher) -> Response {
    let headers = [(CONTENT_TYPE, "video/mp4"), (CACHE_CONTROL, watcher.for_ever())];
    let mut parts = parts.into_iter().map(Bytes::from_owner);
    let body = match (parts.next(), parts.len()) {
        (Some(one), 0) => Body::from(one),
        (first, _) => Body::from(first.into_iter().chain(parts).collect::<Vec<_>>().concat()),
    };
    (headers, body).into_response()
}

fn nothing() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing at this address, or no longer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_their_end_as_layers_may_have_any_name() {
        assert_eq!(Asked::of("index.m3u8"), Some(Asked::Multivariant));
        assert_eq!(Asked::of("v-1.m3u8"), Some(Asked::Playlist("v-1")));
        assert_eq!(Asked::of("v-1-7.m4s"), Some(Asked::Segment("v-1", 7)));
        assert_eq!(Asked::of("v-1-7-2.part.m4s"), Some(Asked::Part("v-1", 7, 2)));
        assert_eq!(Asked::of("v-a.b-0.header.mp4"), Some(Asked::Header("v-a.b", 0)));
        for other in ["", "x", "v.m4s", "v-x.m4s", "v-1.part.m4s", "v-99999999999999999999.m4s"] {
            assert_eq!(Asked::of(other), None, "{other}");
        }
    }
}
