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
//! | `webhooks.rs` | webhooks and their deliveries |
//! | `page.rs`, `text.rs` | lists in pages; what people call things |

mod audit;
mod broadcasts;
mod cookie;
mod figures;
mod found;
mod invites;
mod keys;
pub(super) mod operator;
mod owner;
mod page;
mod reload;
mod rooms;
mod settings;
mod text;
mod tokens;
mod webhooks;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::state::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/owner", post(owner::claim))
        .route("/api/v1/owner/link", post(owner::link))
        .route("/api/v1/session", get(owner::session).post(owner::log_in).delete(owner::log_out))
        .route("/api/v1/rooms", get(rooms::list))
        .route("/api/v1/rooms/{room}", get(rooms::read).put(rooms::put).delete(rooms::remove))
        .route("/api/v1/rooms/{room}/keys", post(keys::add))
        .route("/api/v1/rooms/{room}/keys/{id}", delete(keys::remove))
        .route("/api/v1/rooms/{room}/keys/{id}/rotate", post(keys::rotate))
        .route("/api/v1/rooms/{room}/invites", post(invites::add))
        .route("/api/v1/rooms/{room}/invites/{id}", delete(invites::remove))
        .route("/api/v1/token-keys", get(tokens::list).post(tokens::add))
        .route("/api/v1/token-keys/{id}", delete(tokens::remove))
        .route("/api/v1/tokens", post(tokens::mint))
        .route("/api/v1/audit", get(audit::list))
        .route("/api/v1/settings", get(settings::list))
        .route("/api/v1/reload", post(reload::reload))
        .route("/api/v1/webhooks", get(webhooks::list).post(webhooks::add))
        .route("/api/v1/webhooks/{id}", delete(webhooks::remove))
        .route("/api/v1/webhooks/{id}/test", post(webhooks::test))
        .route("/api/v1/webhooks/{id}/deliveries", get(webhooks::deliveries))
        .route("/api/v1/broadcasts", get(broadcasts::list))
        .route("/api/v1/broadcasts/{id}", get(broadcasts::read))
        .merge(figures::routes())
}
