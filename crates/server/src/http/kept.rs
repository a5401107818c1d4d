//! What is kept of a room, for whoever may watch it.
//!
//! | file | what |
//! | --- | --- |
//! | `watching.rs` | whether a request comes from who may watch |
//! | `recordings.rs` | recordings of a room |
//! | `clips.rs` | clips: made, told of, fetched |
//! | `still.rs` | the newest picture of a broadcast |
//! | `file.rs` | a file as the body of an answer |
//! | `stored.rs` | a file of a recording, which an object store may have |

mod clips;
pub(super) mod file;
mod recordings;
mod still;
pub(super) mod stored;
pub(super) mod watching;

use axum::Router;
use axum::routing::{get, post};

use super::{api_get, preflight};
use crate::state::App;

pub(super) use clips::head_of_clip;

/// The routes.
pub(super) fn routes() -> Router<App> {
    let preflight = async || preflight("GET, HEAD, POST, OPTIONS", None);
    Router::new()
        .route("/api/rooms/{room}/still", api_get(get(still::read)))
        .route("/api/rooms/{room}/recordings", api_get(get(recordings::list)))
        .route("/api/rooms/{room}/recordings/{id}", api_get(get(recordings::read)))
        .route("/api/rooms/{room}/recordings/{id}/files/{name}", api_get(get(recordings::file)))
        .route("/api/rooms/{room}/recordings/{id}/chat", api_get(get(recordings::chat)))
        .route("/api/rooms/{room}/recordings/{id}/chat.vtt", api_get(get(recordings::subtitles)))
        .route("/api/rooms/{room}/clips", post(clips::make).get(clips::list).options(preflight))
        .route("/api/clips/{id}", api_get(get(clips::read)))
        .route("/api/clips/{id}/file", api_get(get(clips::file)))
        .route("/api/clips/{id}/still", api_get(get(clips::still)))
}
