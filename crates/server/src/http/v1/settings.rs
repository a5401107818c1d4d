//! The settings that the server runs with.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::Operator;
use super::page::Items;
use crate::reload::can_change;
use crate::state::App;

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Setting {
    /// As the file has it, such as `limits.connections`.
    name: String,
    /// As the file would say it, empty when it is not set; secrets are hidden.
    value: String,
    /// Whether it can change while the server runs: by `POST /api/v1/reload`.
    can_change: bool,
}

/// The settings that the server runs with.
#[utoipa::path(
    get,
    path = "/api/v1/settings",
    tag = "server",
    operation_id = "listSettings",
    responses((status = 200, description = "All of them.", body = Items<Setting>))
)]
pub(super) async fn list(_: Operator, State(app): State<App>) -> Json<Items<Setting>> {
    let setting = |(name, value): (String, String)| {
        let can_change = can_change(&name);
        Setting { name, value, can_change }
    };
    let settings = app.in_force.get().config.settings();
    Json(Items::all(settings.into_iter().map(setting).collect()))
}
