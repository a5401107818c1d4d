//! The whole URL space, in one screen.
//!
//! | file | what |
//! | --- | --- |
//! | `base.rs` | the path below which clients reach the server, and the origin by which they do |
//! | `bearer.rs` | the bearer token of a request |
//! | `client.rs` | who calls, and by which host name |
//! | `right.rs` | whether who sends a request may do something in a room |
//! | `cors.rs` | which pages may read an answer |
//! | `headers.rs` | what every response carries |
//! | `problems.rs` | errors of WHIP, WHEP and `/api/v1`, in one form |
//! | `api.rs`, `rooms.rs` | `/api` and `/healthz` |
//! | `v1.rs` | `/api/v1`: what the operator does |
//! | `metrics.rs` | `/metrics`; `/api/qoe`: what pages report |
//! | `cover.rs` | the pictures of rooms |
//! | `hls.rs` | `/hls/{room}` |
//! | `kept.rs` | what is kept of a room, for whoever may watch it |
//! | `doctor.rs` | `/api/doctor` |
//! | `to_https.rs` | plain HTTP on a server with HTTPS |
//! | `acme.rs` | the answers to an ACME server's challenges |
//! | `trust.rs` | the certificate of the own authority, for devices to trust |
//! | `assets.rs` | the web client |
//! | `describe.rs` | what the page of a room says to programs that make previews of links |
//! | `oembed.rs` | `/oembed` |

mod acme;
mod api;
mod assets;
mod base;
mod bearer;
mod client;
mod cors;
mod cover;
mod describe;
mod doctor;
mod headers;
mod hls;
mod in_room;
mod kept;
mod metrics;
mod oembed;
mod problems;
mod right;
mod rooms;
mod to_https;
mod trust;
mod v1;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use protocol::ErrorCode;

pub(crate) use base::{Base, encode};
pub(crate) use bearer::{Bearer, bearer};
pub(crate) use client::Client;
pub(crate) use cors::{SESSION_METHODS, preflight};
pub(crate) use metrics::alone as metrics_alone;
pub use v1::description;

use crate::ApiError;
use crate::state::App;
use crate::{whip_whep, ws};

/// The routes, at the root and below `--base-path`: one proxy takes the path away, another passes it on.
pub(crate) fn router(app: App) -> Router {
    let base = app.base_path.clone();
    let routes = routes(app);
    if base.is_empty() {
        return routes;
    }
    Router::new().nest_service(&base, routes.clone()).fallback_service(routes)
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/ws", get(ws::open))
        .route("/api/rooms", api_get(get(api::rooms)))
        .route("/api/rooms/{room}", api_get(get(rooms::one)))
        .route("/api/addresses", api_get(get(api::addresses)))
        .route("/api/doctor", get(doctor::report))
        .route("/api/doctor/tickets", post(doctor::ticket))
        .route(
            "/api/doctor/devices",
            post(doctor::device).layer(DefaultBodyLimit::max(doctor::DEVICE_REPORT_BYTES)),
        )
        .route("/api/health", api_get(get(api::health)))
        .merge(metrics::routes())
        .merge(v1::routes(app.clone()))
        .route("/healthz", get(api::health))
        .route("/hls/{room}/{file}", api_get(get(hls::read)))
        .route("/oembed", api_get(get(oembed::answer)))
        .route("/.well-known/acme-challenge/{token}", get(acme::answer))
        .route("/trust/kaibo.pem", get(trust::pem))
        .route("/trust/kaibo.crt", get(trust::der))
        .fallback(assets::serve)
        .method_not_allowed_fallback(async || method_not_allowed())
        .layer(from_fn(headers::limit_body))
        .merge(whip_whep::routes())
        .merge(cover::routes())
        .merge(kept::routes())
        .layer(from_fn_with_state(app.clone(), cors::share))
        .layer(from_fn_with_state(app.clone(), to_https::lead))
        .layer(from_fn_with_state(app.clone(), client::identify))
        .layer(from_fn(problems::tell))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn_with_state(app.clone(), metrics::count_refused))
        .with_state(app)
}

fn api_get(route: MethodRouter<App>) -> MethodRouter<App> {
    route.options(async || preflight("GET, HEAD, OPTIONS", None))
}

fn method_not_allowed() -> ApiError {
    ApiError::new(
        ErrorCode::MethodNotAllowed,
        "this address does not know this method: `Allow` has those that it knows",
    )
}
