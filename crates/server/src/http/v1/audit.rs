//! The audit log: what was changed, by whom.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::AuditRow;
use utoipa::ToSchema;

use super::operator::{Operator, bad};
use super::page::{Asked, Items, Page};
use crate::problem::Problem;
use crate::state::App;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct Entry {
    /// In milliseconds since the Unix epoch.
    at: i64,
    /// By what somebody was the operator: owner, key, machine.
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    deed: String,
    /// What it was done to.
    on: String,
}

impl From<AuditRow> for Entry {
    fn from(row: AuditRow) -> Self {
        let AuditRow { id: _, at_ms, by, ip, deed, subject } = row;
        Self { at: at_ms, by, ip, deed, on: subject }
    }
}

/// What was changed, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "server",
    operation_id = "listAudit",
    params(Asked),
    responses((status = 200, description = "A page of it.", body = Items<Entry>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
    page: Page,
) -> Result<Json<Items<Entry>>, Problem> {
    let before = page.cursor.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| bad("cursor is one of another list"))?;
    let rows = app.store.audit(before, page.n()).await?;
    Ok(Json(page.of(rows, |row| row.id.to_string()).map(Entry::from)))
}
