//! Invitations to rooms.

use std::time::Duration;

use auth::{MAX_INVITE_USES, MAX_ROOM_INVITES};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName};
use serde::{Deserialize, Serialize};
use store::InviteRow;
use utoipa::ToSchema;

use super::found::find;
use super::keys::Below;
use super::operator::{Body, Operator, bad, parse};
use super::text::name_of;
use crate::http::in_room::InRoom;
use crate::problem::{Problem, ProblemBody};
use crate::room_book::Invited;
use crate::state::App;

/// The longest life of an invitation, in hours: a year.
const MAX_HOURS: u32 = 8_760;

/// An invitation to a room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invite {
    id: i64,
    name: String,
    /// What it makes of who uses it.
    #[schema(value_type = Invited)]
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

/// What an invitation is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvite)]
pub(super) struct AddInvite {
    /// One line.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    #[serde(default)]
    role: Invited,
    /// How many people may use it; without it, any number.
    #[schema(minimum = 1, maximum = 10_000)]
    uses: Option<u32>,
    /// How long it is good; without it, until it is deleted.
    #[schema(minimum = 1, maximum = 8_760)]
    hours: Option<u32>,
}

/// Makes an invitation to a room. The answer has its code, this once.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/invites",
    tag = "rooms",
    operation_id = "makeInvite",
    params(("room" = RoomName, Path, description = "Its name.")),
    request_body = AddInvite,
    responses((status = 201, description = "The invitation.", body = Invite), (status = 404, description = "The room was not set up.", body = ProblemBody))
)]
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
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}/invites/{id}",
    tag = "rooms",
    operation_id = "deleteInvite",
    params(("room" = RoomName, Path, description = "Its name."), ("id" = i64, Path, description = "Of the invitation.")),
    responses((status = 204, description = "Done."), (status = 404, description = "The room has no such invitation.", body = ProblemBody))
)]
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
