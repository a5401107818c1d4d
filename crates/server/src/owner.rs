//! The owner: a password that opens the admin page, the browsers that are logged in, and the links that make the owner.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use auth::{Auth, ClientAddr, Secret, SecretHash, SecretKind, WrongSecret};
use store::{LoginRow, Store, StoreError};
use tokio::sync::Semaphore;

use crate::clock::now_ms;

/// How long a link is good.
pub(crate) const OWNER_LINK_LIFETIME: Duration = Duration::from_secs(3600);

/// The links that are good at once; one more takes the place of the oldest.
pub(crate) const MAX_OWNER_LINKS: usize = 8;

/// The browsers that are logged in at once; one more logs the oldest out.
pub(crate) const MAX_LOGINS: usize = 100;

/// How long a browser stays logged in.
pub(crate) const LOGIN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Passwords that are looked at or wait for it, 30 ms and 19 MB each; beyond it the next is told to come again.
const PASSWORDS_AT_ONCE: usize = 4;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOwner {
    /// The password or the code is wrong.
    #[error(transparent)]
    Wrong(#[from] WrongSecret),
    /// Nobody has made the owner yet.
    #[error(
        "there is no owner yet: open the link that the server printed, or run `kaibo owner-link`"
    )]
    Unset,
    /// More passwords are being looked at than the machine should.
    #[error("too many logins at once; try again in a second")]
    Busy,
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Knows the owner. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Owner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    auth: Auth,
    /// Held for a few instructions, never across an await.
    state: Mutex<State>,
    /// One password is looked at after the other.
    hashing: Semaphore,
    waiting: Semaphore,
}

#[derive(Default)]
struct State {
    /// What the password was made to.
    password: Option<String>,
    /// At most [`MAX_LOGINS`]: what the secret of each browser was made to, and when it logged in.
    logins: HashMap<Vec<u8>, i64>,
    /// At most [`MAX_OWNER_LINKS`].
    links: Vec<(SecretHash, Instant)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("logins", &self.logins.len()).finish_non_exhaustive()
    }
}

impl Owner {
    /// Reads what is known of the owner.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn open(store: Store, auth: Auth) -> Result<Self, StoreError> {
        let password = store.owner().await?;
        let logins = store.logins().await?;
        let logins = logins.into_iter().map(|row| (row.hash, row.made_ms)).collect();
        let state = State { password, logins, links: Vec::new() };
        Ok(Self(Arc::new(Inner {
            store,
            auth,
            state: Mutex::new(state),
            hashing: Semaphore::new(1),
            waiting: Semaphore::new(PASSWORDS_AT_ONCE),
        })))
    }

    /// Whether there is an owner.
    pub(crate) fn is_set(&self) -> bool {
        self.state().password.is_some()
    }

    /// The code of a link that makes the owner, once.
    pub(crate) fn new_link(&self, now: Instant) -> String {
        let code = format!("{:032x}", rand::random::<u128>());
        let mut state = self.state();
        state.forget_old(now);
        if state.links.len() >= MAX_OWNER_LINKS {
            state.links.remove(0);
        }
        state.links.push((SecretHash::of_key(&Secret::new(code.as_str())), now));
        code
    }

    /// Makes the owner by the code of a link, which is good no more afterwards; it is when this fails for another
    /// reason. All browsers but this one are logged out.
    pub(crate) async fn claim(
        &self,
        client: &ClientAddr,
        code: &Secret,
        password: Secret,
    ) -> Result<String, NotOwner> {
        let now = Instant::now();
        // Taken at once, so that of two who show it one is the owner.
        let Some(link) = self.state().take_link(code, now) else {
            return Err(self.0.auth.found_wrong(client, SecretKind::Owner, code, now).into());
        };
        let made = self.make(password).await;
        if made.is_err() {
            self.state().links.push(link);
        }
        made?;
        self.new_login().await
    }

    async fn make(&self, password: Secret) -> Result<(), NotOwner> {
        let hash = self.hashed(move || {
            let hash = Argon2::default().hash_password(password.reveal().as_bytes());
            hash.map(|it| it.to_string()).map_err(|error| StoreError::Failed(error.to_string()))
        });
        let hash = hash.await??;
        self.0.store.set_owner(hash.clone(), now_ms()).await?;
        let mut state = self.state();
        state.password = Some(hash);
        state.logins.clear();
        Ok(())
    }

    /// Lets a browser in that shows the password; the secret of its cookie.
    pub(crate) async fn log_in(
        &self,
        client: &ClientAddr,
        password: Secret,
    ) -> Result<String, NotOwner> {
        // To look at a password costs much, so that one too many is not looked at.
        if let Some(retry_after) = self.0.auth.wait_of(client, Instant::now()) {
            return Err(WrongSecret::TooMany { retry_after }.into());
        }
        let hash = self.state().password.clone().ok_or(NotOwner::Unset)?;
        let given = password.clone();
        let is_right = self.hashed(move || {
            let hash = PasswordHash::new(&hash).ok()?;
            Argon2::default().verify_password(given.reveal().as_bytes(), &hash).ok()
        });
        if is_right.await?.is_some() {
            return self.new_login().await;
        }
        let now = Instant::now();
        Err(self.0.auth.found_wrong(client, SecretKind::Owner, &password, now).into())
    }

    /// Lets a browser in; the secret of its cookie.
    pub(crate) async fn new_login(&self) -> Result<String, NotOwner> {
        let secret = format!("{:032x}", rand::random::<u128>());
        let (hash, made_ms) = (hash_of(&secret), now_ms());
        let row = LoginRow { hash: hash.clone(), made_ms };
        self.0.store.add_login(row, MAX_LOGINS).await?;
        let mut state = self.state();
        if state.logins.len() >= MAX_LOGINS {
            let oldest = state.logins.iter().min_by_key(|(_, made)| **made);
            if let Some(oldest) = oldest.map(|(hash, _)| hash.clone()) {
                state.logins.remove(&oldest);
            }
        }
        state.logins.insert(hash, made_ms);
        Ok(secret)
    }

    /// Whether a browser is logged in.
    pub(crate) fn is_logged_in(&self, secret: &str) -> bool {
        let made = self.state().logins.get(&hash_of(secret)).copied();
        made.is_some_and(|made| now_ms().saturating_sub(made) < lifetime_ms())
    }

    /// Logs a browser out.
    pub(crate) async fn log_out(&self, secret: &str) -> Result<(), StoreError> {
        let hash = hash_of(secret);
        self.state().logins.remove(&hash);
        self.0.store.delete_login(hash).await?;
        Ok(())
    }

    /// Does what costs much, one after the other, where nobody else waits for it.
    async fn hashed<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotOwner> {
        let _place = self.0.waiting.try_acquire().map_err(|_| NotOwner::Busy)?;
        let _turn = self.0.hashing.acquire().await.map_err(|_| NotOwner::Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| NotOwner::Busy)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes the link with a code that is good.
    fn take_link(&mut self, code: &Secret, now: Instant) -> Option<(SecretHash, Instant)> {
        self.forget_old(now);
        let found = self.links.iter().position(|(link, _)| link.is_of(code))?;
        Some(self.links.remove(found))
    }

    fn forget_old(&mut self, now: Instant) {
        self.links.retain(|(_, made)| now.saturating_duration_since(*made) < OWNER_LINK_LIFETIME);
    }
}

/// A secret of 128 bits needs no salt.
fn hash_of(secret: &str) -> Vec<u8> {
    SecretHash::of_key(&Secret::new(secret)).to_bytes()
}

fn lifetime_ms() -> i64 {
    i64::try_from(LOGIN_LIFETIME.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_is_good_until_there_is_an_owner_though_the_server_was_too_busy_at_first() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).unwrap();
        let auth = Auth::new(auth::Config::default(), auth::OwnAddresses::default());
        let owner = Owner::open(store, auth).await.unwrap();
        let code = Secret::new(owner.new_link(Instant::now()));
        let ip = [203, 0, 113, 7].into();
        let client = ClientAddr { ip, is_own_machine: false, is_trusted_network: false };
        let claim = || owner.claim(&client, &code, Secret::new("a password"));
        let busy = owner.0.waiting.acquire_many(PASSWORDS_AT_ONCE as u32).await.unwrap();
        assert!(matches!(claim().await, Err(NotOwner::Busy)));
        drop(busy);
        assert!(claim().await.is_ok());
        assert!(matches!(claim().await, Err(NotOwner::Wrong(_))), "it was used");
    }
}
