//! `/api/v1`: what the operator does.
//!
//! | file | what |
//! | --- | --- |
//! | `operator.rs` | who may ask; bodies of requests |
//! | `owner.rs`, `cookie.rs` | the owner's login |
//! | `rooms.rs`, `found.rs`, `keys.rs`, `invites.rs` | rooms that were set up: who may watch; keys of their hosts; invitations |
//! | `tokens.rs` | keys that sign tokens, and tokens |
//! | `audit.rs`, `settings.rs` | what was changed, by whom; the settings that the server runs with |
//! | `reload.rs` | the configuration, read again |
//! | `figures.rs`, `broadcasts.rs` | history, sessions of a room, findings; records of broadcasts |
//! | `recordings.rs`, `clips.rs` | recordings and their files; clips |
//! | `webhooks.rs` | webhooks and their deliveries |
//! | `page.rs`, `text.rs` | lists in pages; what people call things |
//! | `idempotent.rs` | `Idempotency-Key`: nothing is made twice |
//! | `openapi.rs` | the description of all of it |

mod audit;
mod broadcasts;
mod clips;
mod cookie;
mod figures;
mod found;
mod idempotent;
mod invites;
mod keys;
mod openapi;
pub(super) mod operator;
mod owner;
mod page;
mod recordings;
mod reload;
mod rooms;
mod settings;
mod text;
mod tokens;
mod webhooks;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::App;

/// Whether a path is one of these, whose errors are problems.
pub(super) fn has_path(path: &str) -> bool {
    path.strip_prefix("/api/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The description of `/api/v1` in OpenAPI 3.1, as JSON.
///
/// # Panics
/// Never: it has string keys only.
pub fn description() -> String {
    let json = parts(|it| it).1.to_pretty_json();
    json.expect("it has string keys only") + "\n"
}

pub(super) fn routes(app: App) -> Router<App> {
    let once = from_fn_with_state(app, idempotent::once);
    let (router, description) = parts(|operated| operated.layer(once));
    router.route("/api/v1/openapi.json", get(async move || Json(description)))
}

/// The routes and their description, which are of one piece: none is without the other.
fn parts(layered: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>) -> (Router<App>, OpenApi) {
    let logins = OpenApiRouter::new().routes(routes!(owner::claim)).routes(routes!(
        owner::session,
        owner::log_in,
        owner::log_out
    ));
    let mut operated = OpenApiRouter::new()
        .routes(routes!(owner::link))
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::read, rooms::put, rooms::remove))
        .routes(routes!(rooms::cover))
        .routes(routes!(keys::add))
        .routes(routes!(keys::remove))
        .routes(routes!(keys::rotate))
        .routes(routes!(invites::add))
        .routes(routes!(invites::remove))
        .routes(routes!(tokens::list, tokens::add))
        .routes(routes!(tokens::remove))
        .routes(routes!(tokens::mint))
        .routes(routes!(audit::list))
        .routes(routes!(settings::list))
        .routes(routes!(reload::reload))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::remove))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(broadcasts::list))
        .routes(routes!(broadcasts::read))
        .routes(routes!(recordings::start, recordings::stop, recordings::of_room))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::read, recordings::remove))
        .routes(routes!(recordings::file))
        .routes(routes!(clips::list))
        .routes(routes!(clips::remove))
        .merge(figures::routes());
    openapi::tell_of_idempotency(operated.get_openapi_mut());
    let (router, description) = logins.merge(layered(operated)).split_for_parts();
    (router, openapi::finish(description))
}
