//! `/api/doctor`: for `kaibo doctor` and the page `/doctor`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use auth::TICKET_LIFETIME;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use control::Refusal;
use protocol::{DeviceReport, DoctorReport, DoctorTicket, ErrorCode};

use super::bearer::bearer;
use super::client::Client;
use crate::ApiError;
use crate::state::App;

/// The longest report of a device, in bytes.
pub(crate) const DEVICE_REPORT_BYTES: usize = 8 * 1024;

/// The most ways that a device reports of.
const MAX_RESULTS: usize = 16;

/// The longest names in a device's report, in characters: of the device, and of the origin.
const MAX_CHARS: [usize; 2] = [80, 200];

/// `POST /api/doctor/tickets`: lets a device look, for some minutes.
pub(super) async fn ticket(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
) -> Result<Json<DoctorTicket>, ApiError> {
    check(&app, &client, &headers, false)?;
    let ticket = app.auth.issue_ticket(rand::random(), Instant::now());
    let base = &app.base_path;
    let pages = app.origins().into_iter().map(|origin| format!("{origin}{base}/doctor"));
    Ok(Json(DoctorTicket {
        ticket: ticket.reveal().to_owned(),
        expires_in_s: u32::try_from(TICKET_LIFETIME.as_secs()).unwrap_or(u32::MAX),
        pages: pages.collect(),
    }))
}

/// `GET /api/doctor`: the findings, and what devices found.
pub(super) async fn report(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
) -> Result<Json<DoctorReport>, ApiError> {
    check(&app, &client, &headers, true)?;
    let findings = app.doctor.findings().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Json(DoctorReport {
        findings,
        now: now.as_secs_f64() * 1000.0,
        udp_port: app.doctor.udp_port(),
        tcp_port: app.listen.port(),
        devices: app.doctor.devices(),
    }))
}

/// `POST /api/doctor/devices`: what a device found.
pub(super) async fn device(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    check(&app, &client, &headers, true)?;
    let too_large = format!("the report is longer than {DEVICE_REPORT_BYTES} bytes");
    let body = body.map_err(|_| ApiError::new(ErrorCode::TooLarge, too_large))?;
    let report = parse(&body).map_err(|why| ApiError::new(ErrorCode::BadField, why))?;
    app.doctor.report(report);
    Ok(StatusCode::NO_CONTENT)
}

/// A report within its bounds, without characters that would disturb the line it is shown in.
fn parse(body: &[u8]) -> Result<DeviceReport, String> {
    let report: DeviceReport = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let texts = [("device", &report.device), ("origin", &report.origin)];
    for ((name, text), max) in texts.into_iter().zip(MAX_CHARS) {
        if text.chars().nth(max).is_some() || text.chars().any(char::is_control) {
            return Err(format!("{name} has to be one line of at most {max} characters"));
        }
    }
    if report.results.len() > MAX_RESULTS {
        return Err(format!("there may be at most {MAX_RESULTS} results"));
    }
    Ok(report)
}

/// Only whoever sits at the server's machine, has the key, or a ticket: what a machine looks like from inside is
/// nobody's business.
fn check(
    app: &App,
    client: &Client,
    headers: &HeaderMap,
    is_ticket_enough: bool,
) -> Result<(), ApiError> {
    let given = bearer(headers).map_err(|why| ApiError::new(ErrorCode::AuthBad, why))?.secret;
    let now = Instant::now();
    let may = app.auth.may_look(&client.addr, given.as_ref(), is_ticket_enough, now);
    may.map_err(|denied| Refusal::from(denied).into())
}
