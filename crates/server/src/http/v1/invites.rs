//! Invitations to rooms.

use std::time::Duration;

use auth::{MAX_INVITE_USES, MAX_ROOM_INVITES};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use store::InviteRow;

use super::found::find;
use super::keys::Below;
use super::operator::{Body, Operator, bad, parse};
use super::text::name_of;
use crate::http::in_room::InRoom;
use crate::problem::Problem;
use crate::room_book::Invited;
use crate::state::App;

/// The longest life of an invitation, in hours: a year.
const MAX_HOURS: u32 = 8_760;

/// An invitation to a room.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invite {
    id: i64,
    name: String,
    /// An [`Invited`].
    role: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    /// How many people may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
    /// How many have.
    used: u32,
    /// The code itself, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl From<InviteRow> for Invite {
    fn from(row: InviteRow) -> Self {
        let InviteRow { id, name, role, made_ms, expires_ms, uses, used, .. } = row;
        Self { id, name, role, made: made_ms, expires: expires_ms, uses, used, code: None }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddInvite {
    name: String,
    #[serde(default)]
    role: Invited,
    uses: Option<u32>,
    hours: Option<u32>,
}

/// Makes an invitation to a room.
pub(super) async fn add(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    body: Body,
) -> Result<Response, Problem> {
    let AddInvite { name, role, uses, hours } = parse(body)?;
    let name = name_of(&name)?;
    if uses.is_some_and(|n| !(1..=MAX_INVITE_USES).contains(&n)) {
        return Err(bad(format!("uses has to be 1 to {MAX_INVITE_USES}")));
    }
    if hours.is_some_and(|n| !(1..=MAX_HOURS).contains(&n)) {
        return Err(bad(format!("hours has to be 1 to {MAX_HOURS}")));
    }
    find(&app, &room).await?;
    let lasts = hours.map(|n| Duration::from_secs(3600 * u64::from(n)));
    let made = app.room_book.add_invite(&room, name.to_owned(), role, uses, lasts).await?;
    let (row, code) = made.ok_or_else(|| {
        let message =
            format!("a room has at most {MAX_ROOM_INVITES} invitations: delete one first");
        Problem::new(ErrorCode::ServerFull, message)
    })?;
    tracing::info!(%room, invite = row.id, ip = %operator.ip, "invitation made");
    operator.audit(&app, "invite.make", &format!("{room} {name}")).await;
    let invite = Invite { code: Some(code), ..row.into() };
    Ok((StatusCode::CREATED, Json(invite)).into_response())
}

/// Takes an invitation back. Who watches by it has left before the answer comes.
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    path: Below,
) -> Result<StatusCode, Problem> {
    let no_invite = || Problem::new(ErrorCode::NotFound, "the room has no such invitation");
    let Path((_, id)) = path.map_err(|_| no_invite())?;
    if !app.room_book.delete_invite(&room, id).await? {
        return Err(no_invite());
    }
    tracing::info!(%room, invite = id, ip = %operator.ip, "invitation deleted");
    operator.audit(&app, "invite.delete", &format!("{room} {id}")).await;
    Ok(StatusCode::NO_CONTENT)
}
