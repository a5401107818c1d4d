//! Certificates from an ACME server (RFC 8555), such as Let's Encrypt.
//!
//! ```text
//! keeper ── what is next, and when (schedule) ──► ca ──► account, order ──► http ──► the ACME server
//!   │                                                       │ challenges ◄── its validation
//!   └─► store, Certificates, Status
//! ```

mod account;
mod ca;
mod challenges;
mod config;
mod error;
mod http;
mod keeper;
pub mod limits;
mod name;
mod order;
mod schedule;
mod status;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::SystemTime;

use instant_acme::HttpClient;

use self::ca::RemoteCa;
use self::challenges::Answers;
use self::keeper::Keeper;
use self::store::Store;
use crate::certificates::Certificates;
use crate::error::TlsError;
use crate::folder::Folder;

pub use self::challenges::Challenges;
pub use self::config::{Challenge, Config, ConfigError, LETS_ENCRYPT, LETS_ENCRYPT_STAGING};
pub use self::error::Failure;
pub use self::name::{Name, NameError};
pub use self::status::{Entry, State, Status};

/// Keeps the certificates of the configured names.
pub struct Acme {
    keeper: Keeper,
    ca: RemoteCa,
}

impl Acme {
    /// Opens the CA's folder below `folder`, and shows clients the certificates in it.
    ///
    /// # Errors
    /// When the folder cannot be opened, or the file of the CA's roots cannot be read.
    pub fn open(
        config: Config,
        folder: &Folder,
        certificates: Certificates,
        challenges: Challenges,
        status: Status,
        now: SystemTime,
    ) -> Result<Self, TlsError> {
        let http = http::client(config.root.as_deref())?;
        Self::with_http(config, folder, certificates, challenges, status, now, http)
    }

    fn with_http(
        config: Config,
        folder: &Folder,
        certificates: Certificates,
        challenges: Challenges,
        status: Status,
        now: SystemTime,
        http: Arc<dyn HttpClient>,
    ) -> Result<Self, TlsError> {
        let folder = Folder::open(&folder.path("acme"))?;
        let folder = Folder::open(&folder.path(&config.folder_name()))?;
        let (store, random) = (Store(folder.clone()), fastrand::Rng::new());
        let kind = config.challenge;
        let answers = Answers { kind, challenges, certificates: certificates.clone() };
        let mut keeper = Keeper { store, certificates, status, random, slots: Vec::new() };
        keeper.load(config.certificates(), now);
        Ok(Self { keeper, ca: RemoteCa::new(config, folder, answers, http) })
    }

    /// Revokes the certificates of the configured names, whose keys others may have. They are no longer shown, and
    /// `run` after another `open` orders new ones.
    ///
    /// # Errors
    /// When the CA refuses, or a file cannot be removed.
    pub async fn revoke(mut self) -> Result<(), Failure> {
        for (names, certificate) in self.keeper.held() {
            self.ca.revoke(&certificate).await?;
            self.keeper.store.remove(&names).map_err(|error| Failure::File(error.to_string()))?;
            self.keeper.certificates.forget(&config::label(&names));
        }
        Ok(())
    }

    /// Orders and renews certificates until `shutdown` ends. An order that is under way is given up then.
    pub async fn run(
        self,
        clock: impl Fn() -> SystemTime + Send + Sync,
        shutdown: impl Future<Output = ()>,
    ) {
        tokio::select! {
            () = shutdown => {}
            () = self.keeper.run(self.ca, clock) => {}
        }
    }
}

impl std::fmt::Debug for Acme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acme").field("certificates", &self.keeper.slots).finish_non_exhaustive()
    }
}
