//! The keys of an identity provider: a JWK set (RFC 7517) that is fetched, and fetched again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Uri;
use tokio::sync::Mutex;

use super::http::Http;
use crate::shutdown::Shutdown;
use crate::token_book::TokenBook;

/// How long the provider may take.
const WITHIN: Duration = Duration::from_secs(5);

/// How often the keys are fetched without a reason: a key that was revoked is void then.
pub(super) const JWKS_EVERY: Duration = Duration::from_secs(600);

/// How often they are fetched at most, when tokens name keys that are not known: anybody may send such a token.
pub(super) const JWKS_AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// The provider. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Jwks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    tokens: TokenBook,
    /// When they were fetched last. Who waits for it finds what the one before has fetched.
    fetched: Mutex<Option<Instant>>,
}

impl Jwks {
    pub(crate) fn new(uri: Uri, tokens: TokenBook) -> Self {
        Self(Arc::new(Inner { http: Http::new(uri, WITHIN), tokens, fetched: Mutex::default() }))
    }

    /// Fetches the keys every ten minutes, until the server stops.
    pub(crate) async fn follow(self, shutdown: Shutdown) {
        loop {
            self.renew().await;
            tokio::select! {
                () = tokio::time::sleep(JWKS_EVERY) => {}
                () = shutdown.wait() => return,
            }
        }
    }

    /// Fetches the keys, unless they were fetched a moment ago. What cannot be fetched stays as it was.
    pub(super) async fn renew(&self) {
        let mut fetched = self.0.fetched.lock().await;
        if fetched.is_some_and(|at| at.elapsed() < JWKS_AT_MOST_EVERY) {
            return;
        }
        *fetched = Some(Instant::now());
        match self.0.http.ask(None).await {
            Ok(answer) if answer.status == 200 => {
                match self.0.tokens.change(|it| it.set_jwks(&answer.body)) {
                    Ok(keys) => tracing::debug!(keys, "keys of the identity provider fetched"),
                    Err(error) => tracing::warn!(%error, "keys of the identity provider not read"),
                }
            }
            Ok(answer) => {
                let status = answer.status;
                tracing::warn!(status, "keys of the identity provider not fetched");
            }
            Err(why) => tracing::warn!(why, "keys of the identity provider not fetched"),
        }
    }
}
