//! A publisher that is live during the attacks: an encoder on the server's machine.

use std::time::Duration;

use hyper::{Method, StatusCode};
use synth::client::{Client, Clients};

use crate::http::{self, Request};
use crate::target::{Requester, Target};

const PATIENCE: Duration = Duration::from_secs(5);

/// A broadcast of synthetic media.
#[derive(Debug)]
pub(crate) struct Broadcast {
    target: Target,
    token: Option<String>,
    path: Option<String>,
    /// It sends until it is dropped.
    _client: Client,
}

impl Broadcast {
    /// Goes live.
    ///
    /// # Errors
    /// With what the server said to it.
    pub(crate) async fn start(
        target: &Target,
        clients: &Clients,
        room: &str,
        token: Option<&str>,
    ) -> Result<Self, String> {
        let draft = clients.publisher(target.address.ip())?;
        let path = format!("/whip/{room}");
        let request =
            Request { method: Method::POST, path: &path, token, sdp: Some(draft.offer()) };
        let response = http::ask(target, &Requester::operator(), request, PATIENCE).await?;
        if response.status != StatusCode::CREATED {
            return Err(format!("WHIP without a proxy was answered {}", response.status));
        }
        let mut client = draft.start(&target.with_own_candidates(&response.body))?;
        if !client.wait_for(PATIENCE, |it| it.is_connected).await {
            return Err("the publisher did not connect".to_owned());
        }
        let (target, token) = (target.clone(), token.map(ToOwned::to_owned));
        Ok(Self { target, token, path: response.location, _client: client })
    }

    /// Ends it.
    pub(crate) async fn end(self) {
        let Some(path) = &self.path else { return };
        let token = self.token.as_deref();
        let request = Request { method: Method::DELETE, path, token, sdp: None };
        // A server that does not hear it notices by itself.
        _ = http::ask(&self.target, &Requester::operator(), request, PATIENCE).await;
    }
}
