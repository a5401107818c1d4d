//! The configuration, read again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::Operator;
use crate::https::FilesAgain;
use crate::problem::{Problem, ProblemBody};
use crate::reload::{ReloadError, Reloaded};
use crate::state::App;

/// What came of reading the configuration again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reloaded)]
pub(super) struct Outcome {
    /// Settings that have another value now, by name.
    changed: Vec<String>,
    /// Settings with another value that waits for the next start.
    need_restart: Vec<String>,
    certificates: Certificates,
    /// Why the certificate files cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_problem: Option<String>,
}

/// What came of the certificate files.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Certificates {
    /// The server has no certificate from files.
    None,
    /// New connections are shown what is in them.
    Loaded,
    /// The certificate before stays.
    Failed,
}

impl From<Reloaded> for Outcome {
    fn from(reloaded: Reloaded) -> Self {
        let Reloaded { changed, need_restart, certificates } = reloaded;
        let (certificates, certificate_problem) = match certificates {
            FilesAgain::None => (Certificates::None, None),
            FilesAgain::Loaded => (Certificates::Loaded, None),
            FilesAgain::Failed(why) => (Certificates::Failed, Some(why)),
        };
        Self { changed, need_restart, certificates, certificate_problem }
    }
}

/// Reads the configuration again, and puts in force what can change.
#[utoipa::path(
    post,
    path = "/api/v1/reload",
    tag = "server",
    operation_id = "reload",
    responses(
        (status = 200, description = "What came of it.", body = Outcome),
        (status = 422, description = "It cannot be used: nothing has changed.", body = ProblemBody)
    )
)]
pub(super) async fn reload(
    operator: Operator,
    State(app): State<App>,
) -> Result<Json<Outcome>, Problem> {
    let reloaded = app.reload.run().await.map_err(|error| match error {
        ReloadError::Bad(why) => {
            Problem::with(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadField, why)
        }
        ReloadError::Stopping => Problem::draining(),
    })?;
    operator.audit(&app, "reload", &reloaded.changed.join(", ")).await;
    Ok(Json(reloaded.into()))
}
