//! The operator's requests. It comes by a proxy of this machine, so that its key is all the right it has.

use auth::PublishOpen;
use serde_json::Value;

use super::TestServer;
use super::http::Response;

pub(crate) const KEY: &str = "the key of the server";

/// A server where nobody publishes without a key, and that has this one.
pub(crate) fn closed(config: &mut server::Config) {
    config.publish.open = Some(PublishOpen::None);
    config.publish.key = Some(KEY.parse().unwrap());
}

/// One request below `/api/v1`; the status and the body. `null` is no body.
pub(crate) async fn ask(
    server: &TestServer,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    ask_as(server, KEY, method, path, body).await
}

/// The same with another key.
pub(crate) async fn ask_as(
    server: &TestServer,
    key: &str,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let response = ask_with(server, &bearer(key), method, path, &body).await;
    (response.status, serde_json::from_str(&response.body).unwrap_or(Value::Null))
}

/// The same with these headers, and the response as it is.
pub(crate) async fn ask_with(
    server: &TestServer,
    headers: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Response {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = format!("x-forwarded-for: 203.0.113.7\r\n{headers}");
    server.request(method, &format!("/api/v1{path}"), &headers, &body).await
}

/// The header with a key.
pub(crate) fn bearer(key: &str) -> String {
    format!("authorization: Bearer {key}\r\n")
}
