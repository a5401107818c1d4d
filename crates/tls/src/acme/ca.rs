//! The CA, as the keeper of the certificates asks it.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{Account, HttpClient, RevocationReason, RevocationRequest};
use tokio::time::timeout;
use tracing::warn;

use super::account;
use super::challenges::Answers;
use super::config::{Config, has_address};
use super::error::Failure;
use super::http::{Guarded, Refusals};
use super::limits::ORDER_WITHIN;
use super::name::Name;
use super::order::{self, Wanted};
use super::schedule::{Told, Window};
use crate::certificate::Certificate;
use crate::folder::Folder;

/// Let's Encrypt's profile for addresses: certificates of about 160 hours.
const SHORT_LIVED: &str = "shortlived";

/// An ACME server.
pub(super) trait Ca: Send {
    /// Orders a certificate for these names: its key and its chain, both in PEM form.
    fn order(
        &mut self,
        names: &[Name],
        replaces: Option<&Certificate>,
    ) -> impl Future<Output = Result<String, (Failure, Told)>> + Send;

    /// When the CA suggests to renew, and after which time to ask again (RFC 9773); `None` if it does not say.
    fn window(
        &mut self,
        certificate: &Certificate,
    ) -> impl Future<Output = Option<(Window, Duration)>> + Send;
}

/// An ACME server over HTTPS.
pub(super) struct RemoteCa {
    config: Config,
    folder: Folder,
    answers: Answers,
    http: Arc<dyn HttpClient>,
    refusals: Refusals,
    account: Option<Account>,
}

impl RemoteCa {
    pub(super) fn new(
        config: Config,
        folder: Folder,
        answers: Answers,
        http: Arc<dyn HttpClient>,
    ) -> Self {
        let refusals = Refusals::default();
        Self { config, folder, answers, http, refusals, account: None }
    }

    /// Revokes a certificate whose key others may have.
    pub(super) async fn revoke(&mut self, certificate: &Certificate) -> Result<(), Failure> {
        let account = self.account().await?;
        let Some(certificate) = certificate.key.cert.first() else { return Ok(()) };
        let reason = Some(RevocationReason::KeyCompromise);
        Ok(account.revoke(&RevocationRequest { certificate, reason }).await?)
    }

    async fn account(&mut self) -> Result<Account, Failure> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let (contact, http) = (self.config.contact_url(), self.guarded());
        let directory = &self.config.directory;
        let account = account::open(&self.folder, directory, contact.as_deref(), http).await?;
        Ok(self.account.insert(account).clone())
    }

    fn guarded(&self) -> Guarded {
        Guarded { client: self.http.clone(), refusals: self.refusals.clone() }
    }

    async fn try_order(
        &mut self,
        names: &[Name],
        replaces: Option<&Certificate>,
    ) -> Result<String, Failure> {
        let account = self.account().await?;
        let has_short_lived = account.profiles().any(|profile| profile.name == SHORT_LIVED);
        let short_lived = (has_address(names) && has_short_lived).then_some(SHORT_LIVED);
        let profile = self.config.profile.as_deref().or(short_lived);
        let wanted = Wanted { names, profile, replaces };
        let result = order::order(&account, wanted, &self.answers).await;
        if !matches!(&result, Err(failure) if failure.is("accountDoesNotExist")) {
            return result;
        }
        warn!(
            directory = self.config.directory,
            "ACME account unknown to the CA, a new one replaces it"
        );
        let (contact, http) = (self.config.contact_url(), self.guarded());
        let directory = &self.config.directory;
        let account = account::create(&self.folder, directory, contact.as_deref(), http).await?;
        self.account = Some(account.clone());
        order::order(&account, Wanted { replaces: None, ..wanted }, &self.answers).await
    }
}

impl Ca for RemoteCa {
    async fn order(
        &mut self,
        names: &[Name],
        replaces: Option<&Certificate>,
    ) -> Result<String, (Failure, Told)> {
        self.refusals.take();
        let result = timeout(ORDER_WITHIN, self.try_order(names, replaces)).await;
        result.unwrap_or(Err(Failure::TimedOut)).map_err(|failure| {
            let mut told = self.refusals.take();
            told.is_rate_limited |= failure.is("rateLimited");
            // The directory may have moved.
            self.account = None;
            (failure, told)
        })
    }

    async fn window(&mut self, certificate: &Certificate) -> Option<(Window, Duration)> {
        let account = self.account().await.ok()?;
        let identifier = order::identify(certificate)?;
        let (info, again) = account.renewal_info(&identifier).await.ok()?;
        let (start, end) = (info.suggested_window.start, info.suggested_window.end);
        Some((Window { start: start.into(), end: end.into() }, again))
    }
}
