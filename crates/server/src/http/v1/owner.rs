//! The owner's login.

use auth::{Secret, WrongSecret};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use control::Refusal;
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use utoipa::ToSchema;

use super::cookie::{LOGIN_COOKIE, login_of};
use super::operator::{Body, By, Operator, bad, parse};
use crate::http::client::Client;
use crate::owner::{LOGIN_LIFETIME, NotOwner, OWNER_LINK_LIFETIME};
use crate::problem::Problem;
use crate::state::App;

/// Characters of the owner's password, at least.
const PASSWORD_CHARS: usize = 8;

/// Makes the owner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOwner)]
pub(super) struct Claim {
    /// Of the link.
    code: String,
    #[schema(min_length = 8, max_length = 256)]
    password: String,
}

/// One of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// The owner's.
    password: Option<String>,
    /// The server's.
    key: Option<String>,
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorSession)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    by: By,
    version: &'static str,
    /// Whether there is an owner.
    has_owner: bool,
}

/// A link that makes the owner.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnerLink)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    code: String,
    /// Below the address of the server.
    path: String,
    /// How long it is good, in seconds.
    expires_in: u64,
}

/// Makes the owner by the code of a link.
#[utoipa::path(
    post,
    path = "/api/v1/owner",
    tag = "owner",
    operation_id = "claimOwner",
    request_body = Claim,
    responses((status = 201, description = "A cookie is the login.", body = Session))
)]
pub(super) async fn claim(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    check_origin(&app, &client, &headers)?;
    let Claim { code, password } = parse(body)?;
    if password.chars().count() < PASSWORD_CHARS {
        return Err(bad(format!("password is shorter than {PASSWORD_CHARS} characters")));
    }
    let password = secret("password", &password)?;
    let code = secret("code", &code)?;
    let login = app.owner.claim(&client.addr, &code, password).await.map_err(|error| {
        refused(error, "the link is wrong, was used, or has expired: run `kaibo owner-link`")
    })?;
    tracing::info!(ip = %client.addr.ip, "owner made");
    Operator::new(client.addr.ip, By::Owner).audit(&app, "owner.make", "").await;
    Ok(logged_in(&app, &client, &login))
}

/// Logs a browser in.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "owner",
    operation_id = "logIn",
    request_body = LogIn,
    responses((status = 201, description = "A cookie is the login.", body = Session))
)]
pub(super) async fn log_in(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    check_origin(&app, &client, &headers)?;
    let wrong = "the password is wrong";
    let (login, by) = match parse(body)? {
        LogIn { password: Some(password), key: None } => {
            let password = secret("password", &password)?;
            let login = app.owner.log_in(&client.addr, password).await;
            (login.map_err(|error| refused(error, wrong))?, By::Owner)
        }
        LogIn { password: None, key: Some(key) } => {
            let key = secret("key", &key)?;
            let addr = &client.addr;
            app.auth.may_look(addr, Some(&key), false, Instant::now()).map_err(Refusal::from)?;
            (app.owner.new_login().await.map_err(|error| refused(error, wrong))?, By::Key)
        }
        LogIn { .. } => return Err(bad("say either password or key")),
    };
    tracing::info!(ip = %client.addr.ip, "owner logged in");
    Operator::new(client.addr.ip, by).audit(&app, "session.open", "").await;
    Ok(logged_in(&app, &client, &login))
}

/// By what the caller is the operator.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "owner",
    operation_id = "readSession",
    responses((status = 200, description = "That.", body = Session))
)]
pub(super) async fn session(operator: Operator, State(app): State<App>) -> Json<Session> {
    let has_owner = app.owner.is_set();
    Json(Session { by: operator.by, version: env!("CARGO_PKG_VERSION"), has_owner })
}

/// Logs a browser out.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "owner",
    operation_id = "logOut",
    responses((status = 204, description = "Done."))
)]
pub(super) async fn log_out(
    _: Operator,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(login) = login_of(&headers) {
        app.owner.log_out(login).await?;
    }
    let gone = format!("{LOGIN_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, gone)]).into_response())
}

/// Makes a link that makes the owner, or gives it another password.
#[utoipa::path(
    post,
    path = "/api/v1/owner/link",
    tag = "owner",
    operation_id = "makeOwnerLink",
    responses((status = 201, description = "The link.", body = Link))
)]
pub(super) async fn link(operator: Operator, State(app): State<App>) -> Response {
    let code = app.owner.new_link(Instant::now());
    operator.audit(&app, "owner.link", "").await;
    let path = format!("/admin#owner={code}");
    let link = Link { code, path, expires_in: OWNER_LINK_LIFETIME.as_secs() };
    (StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(link)).into_response()
}

fn logged_in(app: &App, client: &Client, login: &str) -> Response {
    let secure = if client.is_https { "; Secure" } else { "" };
    let seconds = LOGIN_LIFETIME.as_secs();
    let cookie = format!(
        "{LOGIN_COOKIE}={login}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    );
    let version = env!("CARGO_PKG_VERSION");
    let session = Session { by: By::Owner, version, has_owner: app.owner.is_set() };
    let mut response = (StatusCode::CREATED, Json(session)).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn secret(field: &str, text: &str) -> Result<Secret, Problem> {
    let secret = Secret::parse(text).map_err(|error| bad(format!("{field} is {error}")))?;
    secret.ok_or_else(|| bad(format!("{field} is empty")))
}

fn check_origin(app: &App, client: &Client, headers: &HeaderMap) -> Result<(), Problem> {
    app.auth
        .check_origin(&client.addr, headers)
        .map_err(|refused| Problem::new(ErrorCode::Forbidden, refused.to_string()))
}

fn refused(error: NotOwner, wrong: &str) -> Problem {
    match error {
        NotOwner::Wrong(WrongSecret::Wrong) => Problem::new(ErrorCode::AuthBad, wrong),
        NotOwner::Wrong(WrongSecret::TooMany { retry_after }) => {
            let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1);
            let message = "too many wrong passwords from this network";
            Problem::new(ErrorCode::RateLimited, message).retry_after(seconds)
        }
        NotOwner::Unset => Problem::new(ErrorCode::AuthRequired, NotOwner::Unset.to_string()),
        NotOwner::Busy => {
            Problem::new(ErrorCode::RateLimited, NotOwner::Busy.to_string()).retry_after(1)
        }
        NotOwner::Store(error) => error.into(),
    }
}
