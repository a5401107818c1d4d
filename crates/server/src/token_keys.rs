//! Keys that sign tokens.

use std::sync::Arc;

use auth::Auth;
use store::{Store, StoreError, TokenKeyRow};
use tokens::NewToken;
use tokio::sync::Mutex;

use crate::clock::now_ms;
use crate::driver::HubClient;
use crate::token_book::TokenBook;

/// The most keys that sign tokens.
pub(crate) const MAX_TOKEN_KEYS: usize = 100;

/// What a key is called that was made for the first token.
const FIRST_NAME: &str = "tokens of the operator";

/// Makes and deletes keys that sign tokens. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct TokenKeys {
    store: Store,
    auth: Auth,
    book: TokenBook,
    hub: HubClient,
    /// One change at a time, so that what is in force is what is in the store.
    changing: Arc<Mutex<()>>,
}

impl TokenKeys {
    /// Reads all keys, and puts them in force.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn open(
        store: Store,
        auth: Auth,
        book: TokenBook,
        hub: HubClient,
    ) -> Result<Self, StoreError> {
        let this = Self { store, auth, book, hub, changing: Arc::default() };
        this.enforce().await?;
        Ok(this)
    }

    /// All keys, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<TokenKeyRow>, StoreError> {
        self.store.token_keys().await
    }

    /// Makes a key; `None` when there are as many as there may be.
    pub(crate) async fn add(&self, name: &str) -> Result<Option<TokenKeyRow>, StoreError> {
        let _one = self.changing.lock().await;
        self.add_one(name).await
    }

    async fn add_one(&self, name: &str) -> Result<Option<TokenKeyRow>, StoreError> {
        let id = format!("KB{:012x}", rand::random::<u64>() >> 16);
        // HS256 wants a secret of 256 bits (RFC 7518, section 3.2).
        let secret = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        let row =
            TokenKeyRow { id, name: name.to_owned(), secret, made_ms: now_ms(), used_ms: None };
        let is_kept = self.store.add_token_key(row.clone(), MAX_TOKEN_KEYS).await?;
        self.enforce().await?;
        Ok(is_kept.then_some(row))
    }

    /// Deletes a key; whether it was there. Who came in by a token of it has left when this returns.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let _one = self.changing.lock().await;
        let was_there = self.store.delete_token_key(id).await?;
        self.enforce().await?;
        self.hub.all_rules().await;
        self.hub.is_running().await;
        Ok(was_there)
    }

    /// Signs a token with the newest key; makes the first key when there is none.
    pub(crate) async fn sign(&self, new: NewToken) -> Result<Option<String>, StoreError> {
        let _one = self.changing.lock().await;
        let newest = self.store.token_keys().await?.pop();
        let key = match newest {
            Some(key) => Some(key),
            None => self.add_one(FIRST_NAME).await?,
        };
        Ok(key.and_then(|key| new.sign(&key.id, &key.secret)))
    }

    async fn enforce(&self) -> Result<(), StoreError> {
        let keys = self.store.token_keys().await?;
        self.auth.set_token_keys(keys.iter().map(|key| key.id.clone()));
        self.book.change(|it| it.set_own(keys.into_iter().map(|key| (key.id, key.secret))));
        Ok(())
    }
}
