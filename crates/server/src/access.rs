//! What doors learn of a client before the control plane decides: what its token allows, what the operator's service says.
//! A door asks here and waits; nobody else does.
//!
//! | file | what |
//! | --- | --- |
//! | `service.rs` | the operator's service: its question, its answer, and how long that holds |
//! | `jwks.rs` | the keys of an identity provider, fetched and fetched again |
//! | `http.rs` | requests to both |

mod http;
mod jwks;
mod service;

use std::sync::Arc;
use std::time::Instant;

use auth::{Action, Auth, BadToken, ClientAddr, Credential, Denied, Secret, Shown};
use protocol::RoomName;
use tokens::is_token;

pub(crate) use jwks::Jwks;
pub(crate) use service::Service;

use crate::token_book::TokenBook;

/// Learns what tokens and the operator's service say. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    auth: Auth,
    service: Option<Service>,
    jwks: Option<Jwks>,
    tokens: TokenBook,
}

/// What a client wants, and what it shows for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) client: &'a ClientAddr,
    pub(crate) action: Action,
    pub(crate) room: &'a RoomName,
    /// A key, a password, a code or a token, as the client said it.
    pub(crate) text: Option<&'a str>,
    /// The query of its URL, for the service.
    pub(crate) query: &'a str,
}

/// What a door has learned.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// What stands for a token.
    pub(crate) token: Option<Secret>,
    pub(crate) shown: Option<Shown>,
}

impl Access {
    pub(crate) fn new(
        auth: Auth,
        tokens: TokenBook,
        service: Option<Service>,
        jwks: Option<Jwks>,
    ) -> Self {
        Self(Arc::new(Inner { auth, service, jwks, tokens }))
    }

    /// Whether there is a service that decides.
    pub(crate) fn has_service(&self) -> bool {
        self.0.service.is_some()
    }

    /// Learns what a client's token allows, and what the service says where nothing else gives the right. It takes as long
    /// as the service may take.
    pub(crate) async fn learn(&self, wish: Wish<'_>) -> Learned {
        let Wish { client, action, room, text, .. } = wish;
        let token = text.filter(|text| is_token(text));
        let mut learned = Learned::default();
        if let Some(token) = token {
            learned.token = Some(Secret::fingerprint(token));
            learned.shown = Some(self.read(token).await.map(Arc::new).map_err(Denied::TokenBad));
        }
        let Some(service) = &self.0.service else { return learned };
        let key = match token {
            Some(_) => learned.token.clone(),
            None => text.and_then(|text| Secret::parse(text).ok().flatten()),
        };
        let credential = Credential { key, person: None, shown: learned.shown.clone() };
        if self.0.auth.asks_service(client, action, room, &credential, Instant::now()) {
            learned.shown = Some(service.ask(wish).await);
        }
        learned
    }

    /// The room that a good token is for.
    pub(crate) fn room_of(&self, token: &str) -> Option<RoomName> {
        self.0.tokens.read(token).ok().map(|grant| grant.room)
    }

    async fn read(&self, token: &str) -> Result<auth::Grant, BadToken> {
        let read = self.0.tokens.read(token);
        let Some(jwks) = &self.0.jwks else { return read };
        if read != Err(BadToken::UnknownKey) {
            return read;
        }
        // The provider may have a new key.
        jwks.renew().await;
        self.0.tokens.read(token)
    }
}
