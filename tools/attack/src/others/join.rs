//! One join by somebody else.

use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};
use synth::client::Clients;

use super::{Kind, PATIENCE};
use crate::http::{self, Request};
use crate::page::{Page, hello};
use crate::target::{Manner, Requester, Target};

/// Where others join.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) target: Target,
    pub(crate) clients: Clients,
    /// Where pages go.
    pub(crate) room: String,
    /// Where players go: somebody is live there.
    pub(crate) live_room: String,
    /// The key of encoders; without it there are none.
    pub(crate) key: Option<String>,
}

impl Scene {
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let encoder = self.key.as_ref().map(|_| Kind::Encoder);
        [Kind::Page, Kind::Player].into_iter().chain(encoder).collect()
    }

    /// Joins and leaves; returns how long joining took, or why it failed.
    pub(super) async fn join(&self, kind: Kind, n: u64) -> Result<Duration, String> {
        let requester = Requester::other(n);
        match kind {
            Kind::Page => self.page(&requester).await,
            Kind::Player => self.player(&requester).await,
            Kind::Encoder => self.encoder(&requester, n).await,
        }
    }

    async fn page(&self, requester: &Requester) -> Result<Duration, String> {
        let began = Instant::now();
        let joining = async {
            let mut page =
                Page::open(&self.target, requester, Manner::default(), "", PATIENCE).await?;
            page.send(&hello(&self.room)).await?;
            page.hear_of("welcome").await?;
            page.hear_of("offer").await?;
            Ok::<_, String>((page, began.elapsed()))
        };
        let (page, took) = in_time(joining).await?;
        // A server that does not hear it closes the socket all the same.
        _ = tokio::time::timeout(PATIENCE, page.leave()).await;
        Ok(took)
    }

    async fn player(&self, requester: &Requester) -> Result<Duration, String> {
        let draft = self.clients.viewer(self.target.address.ip())?;
        let began = Instant::now();
        let path = format!("/whep/{}", self.live_room);
        let (location, answer) = self.post(requester, &path, None, draft.offer()).await?;
        let mut client = draft.start(&self.target.with_own_candidates(&answer))?;
        let watches = client.wait_for(PATIENCE, |it| it.rtp > 0).await;
        let took = began.elapsed();
        self.delete(requester, &location, None).await;
        if watches { Ok(took) } else { Err("no media".to_owned()) }
    }

    async fn encoder(&self, requester: &Requester, n: u64) -> Result<Duration, String> {
        let draft = self.clients.publisher(self.target.address.ip())?;
        let began = Instant::now();
        let path = format!("/whip/{}-{n}", self.room);
        let key = self.key.as_deref();
        let (location, _) = self.post(requester, &path, key, draft.offer()).await?;
        let took = began.elapsed();
        self.delete(requester, &location, key).await;
        Ok(took)
    }

    /// Posts an offer; returns the session's path and the answer.
    async fn post(
        &self,
        requester: &Requester,
        path: &str,
        token: Option<&str>,
        offer: &str,
    ) -> Result<(String, String), String> {
        let request = Request { method: Method::POST, path, token, sdp: Some(offer) };
        let response = http::ask(&self.target, requester, request, PATIENCE).await?;
        if response.status != StatusCode::CREATED {
            return Err(response.status.as_u16().to_string());
        }
        let location = response.location.ok_or("no Location")?;
        Ok((location, response.body))
    }

    async fn delete(&self, requester: &Requester, path: &str, token: Option<&str>) {
        let request = Request { method: Method::DELETE, path, token, sdp: None };
        // A server that does not hear it notices by itself.
        _ = http::ask(&self.target, requester, request, PATIENCE).await;
    }
}

async fn in_time<T>(what: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::time::timeout(PATIENCE, what).await.map_err(|_| "no answer".to_owned())?
}
