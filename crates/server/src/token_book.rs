//! What tokens are checked with, shared by all doors.

use std::sync::{Arc, PoisonError, RwLock};

use auth::{BadToken, Grant};
use tokens::{JwksRules, Tokens};

use crate::clock::now_s;

/// The keys. Clones are the same. Read for as long as a signature takes, some 100 µs; written when keys change.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenBook(Arc<RwLock<Tokens>>);

impl TokenBook {
    pub(crate) fn new(rules: JwksRules) -> Self {
        let this = Self::default();
        this.change(|tokens| tokens.set_rules(rules));
        this
    }

    /// What a token allows.
    pub(crate) fn read(&self, token: &str) -> Result<Grant, BadToken> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).read(token, now_s())
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Tokens) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}
