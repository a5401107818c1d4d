//! Below some paths every error is a [`Problem`], whatever layer or extractor refuses.

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;

use super::v1;
use crate::problem::Problem;
use crate::{ApiError, whip_whep};

/// Tells errors as WHIP, WHEP and `/api/v1` have them.
pub(super) async fn tell(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_v1 = v1::has_path(path);
    if !is_v1 && !whip_whep::has_path(path) {
        return next.run(request).await;
    }
    let response = next.run(request).await;
    let is_told = response.extensions().get::<ErrorCode>().is_some();
    let problem = match response.extensions().get::<ApiError>() {
        Some(error) => Problem::from(error.clone()),
        // An extractor of the library refused. WHEP has an answer of its own that is no success: a counter-offer.
        None if is_v1 && response.status().is_client_error() && !is_told => {
            let message = "the request cannot be read";
            Problem::with(response.status(), ErrorCode::BadField, message)
        }
        None => return response,
    };
    in_place_of(&response, problem)
}

/// The problem, with the headers that the answer has already, such as `Allow`.
fn in_place_of(response: &Response, problem: Problem) -> Response {
    let mut told = problem.into_response();
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH && !told.headers().contains_key(name) {
            told.headers_mut().append(name.clone(), value.clone());
        }
    }
    told
}
