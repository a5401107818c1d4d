//! Keys that sign tokens, and tokens.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName};
use serde::{Deserialize, Serialize};
use store::TokenKeyRow;
use tokens::NewToken;
use utoipa::ToSchema;

use super::operator::{Body, Operator, bad, parse};
use super::page::Items;
use super::text::name_of;
use crate::clock::now_s;
use crate::problem::{Problem, ProblemBody};
use crate::state::App;
use crate::token_keys::MAX_TOKEN_KEYS;

/// The life of a token in seconds: the shortest, the longest, and where none is asked for. It is asked for at the door
/// only, so that ten minutes are enough to come in.
const MIN_TTL_S: u64 = 60;
const MAX_TTL_S: u64 = 86_400;
const TTL_S: u64 = 600;

/// A key that signs tokens.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenKey {
    id: String,
    name: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<i64>,
    /// What signs, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<TokenKeyRow> for TokenKey {
    fn from(row: TokenKeyRow) -> Self {
        let TokenKeyRow { id, name, secret: _, made_ms, used_ms } = row;
        Self { id, name, made: made_ms, last_used: used_ms, secret: None }
    }
}

/// What a key is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTokenKey)]
pub(super) struct AddKey {
    /// One line.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// What a token is to allow; one of `publish`, `subscribe` and `admin` at least.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewToken)]
pub(super) struct AddToken {
    #[schema(value_type = RoomName)]
    room: String,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    subscribe: bool,
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    chat: bool,
    /// Of who comes by it.
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    /// Its life in seconds; 600 where it is missing.
    #[schema(minimum = 60, maximum = 86_400)]
    ttl_s: Option<u64>,
}

/// A token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Token {
    token: String,
    /// In milliseconds since the Unix epoch.
    expires: u64,
}

/// The keys that sign tokens.
#[utoipa::path(
    get,
    path = "/api/v1/token-keys",
    tag = "tokens",
    operation_id = "listTokenKeys",
    responses((status = 200, description = "All of them.", body = Items<TokenKey>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
) -> Result<Json<Items<TokenKey>>, Problem> {
    let rows = app.token_keys.all().await?;
    Ok(Json(Items::all(rows.into_iter().map(TokenKey::from).collect())))
}

/// Makes a key that signs tokens. The answer has its secret, this once.
#[utoipa::path(
    post,
    path = "/api/v1/token-keys",
    tag = "tokens",
    operation_id = "makeTokenKey",
    request_body = AddKey,
    responses((status = 201, description = "The key.", body = TokenKey))
)]
pub(super) async fn add(
    operator: Operator,
    State(app): State<App>,
    body: Body,
) -> Result<Response, Problem> {
    let AddKey { name } = parse(body)?;
    let name = name_of(&name)?;
    let row = app.token_keys.add(name).await?.ok_or_else(|| {
        let message = format!("there are {MAX_TOKEN_KEYS} keys: delete one first");
        Problem::new(ErrorCode::ServerFull, message)
    })?;
    tracing::info!(key = row.id, ip = %operator.ip, "token key made");
    operator.audit(&app, "token_key.make", &format!("{} {name}", row.id)).await;
    let secret = Some(row.secret.clone());
    Ok((StatusCode::CREATED, Json(TokenKey { secret, ..row.into() })).into_response())
}

/// Deletes a key. Who came in by a token of it has left before the answer comes.
#[utoipa::path(
    delete,
    path = "/api/v1/token-keys/{id}",
    tag = "tokens",
    operation_id = "deleteTokenKey",
    params(("id" = String, Path, description = "Of the key.")),
    responses((status = 204, description = "Done."), (status = 404, description = "There is no such key.", body = ProblemBody))
)]
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if !app.token_keys.delete(&id).await? {
        return Err(Problem::new(ErrorCode::NotFound, "there is no such key"));
    }
    tracing::info!(key = id, ip = %operator.ip, "token key deleted");
    operator.audit(&app, "token_key.delete", &id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a token, signed by the newest key; by a first one, when there is none.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "tokens",
    operation_id = "makeToken",
    request_body = AddToken,
    responses((status = 201, description = "The token.", body = Token))
)]
pub(super) async fn mint(
    operator: Operator,
    State(app): State<App>,
    body: Body,
) -> Result<Response, Problem> {
    let AddToken { room, publish, subscribe, admin, chat, name, ttl_s } = parse(body)?;
    let room = RoomName::parse(&room).map_err(|error| bad(format!("room: {error}")))?;
    let ttl_s = ttl_s.unwrap_or(TTL_S);
    if !(MIN_TTL_S..=MAX_TTL_S).contains(&ttl_s) {
        return Err(bad(format!("ttlS has to be {MIN_TTL_S} to {MAX_TTL_S}")));
    }
    if !(publish || subscribe || admin) {
        return Err(bad("the token would allow nothing: say publish, subscribe or admin"));
    }
    let name = name.as_deref().map(name_of).transpose()?.map(str::to_owned);
    let expires_s = now_s() + ttl_s;
    let new = NewToken {
        room: room.clone(),
        can_publish: publish,
        can_watch: subscribe,
        can_chat: chat,
        is_admin: admin,
        name,
        expires_s,
    };
    let token = app
        .token_keys
        .sign(new)
        .await?
        .ok_or_else(|| Problem::new(ErrorCode::Internal, "the token could not be signed"))?;
    operator.audit(&app, "token.make", room.as_str()).await;
    let token = Token { token, expires: expires_s * 1000 };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(token)).into_response())
}
