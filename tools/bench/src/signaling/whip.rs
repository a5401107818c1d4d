//! WHIP (RFC 9725) and WHEP: POST an offer, get the answer and the URL of a session, DELETE that at the end.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::{Method, StatusCode, Uri};

use super::http::{Request, request};
use super::{Endpoint, Session};

/// A session on the server, to be deleted at the end.
pub(crate) struct Resource {
    address: SocketAddr,
    uri: Option<Uri>,
    token: Option<String>,
}

/// Posts an offer; returns the answer.
pub(super) async fn exchange(
    endpoint: &Endpoint,
    room: &str,
    offer: String,
    token: Option<&str>,
) -> Result<(String, Session), String> {
    let uri = endpoint.uri(room)?;
    let address = endpoint.address;
    // A room whose publisher has only just connected is not live yet (draft-ietf-wish-whep-03, section
    // 4.2.8); whoever waits for the answer bounds how often it is asked.
    let response = loop {
        let post = Request { method: Method::POST, uri: &uri, token, sdp: Some(offer.clone()) };
        let response = request(address, post).await?;
        match response.retry_after {
            Some(seconds) if response.status == StatusCode::CONFLICT => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            _ => break response,
        }
    };
    if !response.status.is_success() {
        return Err(response.status.to_string());
    }
    let resource = Resource {
        address,
        // It is asked for at the server that named it, whatever its host.
        uri: response.location.and_then(|it| synth::url::resolve(&uri, &it)),
        token: token.map(ToOwned::to_owned),
    };
    Ok((response.body, Session::Whip(resource)))
}

impl Resource {
    /// Says goodbye. A server that does not hear it notices by itself.
    pub(super) async fn delete(self) {
        let Some(uri) = &self.uri else { return };
        let token = self.token.as_deref();
        let delete = Request { method: Method::DELETE, uri, token, sdp: None };
        _ = super::timely(request(self.address, delete)).await;
    }
}
