//! Whether who sends a request may do something in a room, by what stands in its `Authorization` header.

use std::time::Instant;

use auth::{Action, Credential};
use axum::http::{HeaderMap, Uri};
use control::Refusal;
use protocol::{ErrorCode, RoomName};

use super::bearer::bearer;
use super::client::Client;
use crate::ApiError;
use crate::access::Wish;
use crate::state::App;

/// Asks as every door does: the rules of the room, tokens, the operator's service.
pub(super) async fn check(
    app: &App,
    client: &Client,
    (action, room): (Action, &RoomName),
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let given = bearer(headers).map_err(|why| ApiError::new(ErrorCode::AuthBad, why))?;
    let text = given.text.as_deref();
    let query = uri.query().unwrap_or_default();
    let wish = Wish { client: &client.addr, action, room, text, query };
    let shown = app.access.learn(wish).await.shown;
    let credential = Credential { key: given.secret, person: None, shown };
    let may = app.auth.may(&client.addr, action, room, &credential, Instant::now());
    may.map_err(|denied| Refusal::from(denied).into())
}

/// No page of an origin that is not allowed changes anything.
pub(super) fn check_origin(
    app: &App,
    client: &Client,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let allowed = app.auth.check_origin(&client.addr, headers);
    allowed.map_err(|refused| ApiError::new(ErrorCode::Forbidden, refused.to_string()))
}
