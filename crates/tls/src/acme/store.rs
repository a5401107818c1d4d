//! The files of one CA: its certificates, and the times before which it wants no order.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::config::{has_address, label};
use super::error::Failure;
use super::limits::LONGEST_RETRY_AFTER;
use super::name::Name;
use crate::certificate::{Certificate, InvalidPem, Source};
use crate::error::TlsError;
use crate::folder::Folder;

/// The folder of one CA.
#[derive(Debug, Clone)]
pub(super) struct Store(pub(super) Folder);

/// The CA wants no order before a time. It outlives a restart, as the CA's memory does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wait {
    /// In seconds since 1970.
    until: u64,
    problem: String,
    detail: String,
}

impl Store {
    /// The certificate in the folder, if it is for these names and has not expired.
    ///
    /// # Errors
    /// Why a certificate that is there is not used.
    pub(super) fn certificate(
        &self,
        names: &[Name],
        now: SystemTime,
    ) -> Result<Option<Certificate>, String> {
        let file = self.0.read(&pem_file(names)).map_err(|error| error.to_string())?;
        let Some(pem) = file else { return Ok(None) };
        let certificate = parse(&pem, names, now)?;
        if certificate.is_expired(now) {
            return Err("it has expired".into());
        }
        Ok(Some(certificate))
    }

    /// Keeps a key and its chain, in one file: both are replaced at once.
    pub(super) fn keep(&self, names: &[Name], pem: &str) -> Result<(), TlsError> {
        self.0.write(&pem_file(names), pem)
    }

    pub(super) fn remove(&self, names: &[Name]) -> Result<(), TlsError> {
        self.0.remove(&pem_file(names))
    }

    /// Whether a certificate could be kept: one that is lost counts for the CA's limits.
    pub(super) fn check_writable(&self) -> Result<(), TlsError> {
        self.0.write("writable.test", "")
    }

    /// The CA's refusal, if the CA wants no order yet.
    pub(super) fn wait(&self, names: &[Name], now: SystemTime) -> Option<(Failure, SystemTime)> {
        let text = self.0.read(&wait_file(names)).ok()??;
        let Wait { until, problem, detail } = serde_json::from_str(&text).ok()?;
        let until = UNIX_EPOCH.checked_add(Duration::from_secs(until))?;
        // A file that was written under a wrong clock would stop orders for years.
        let is_believed = until > now && until <= now + LONGEST_RETRY_AFTER * 2;
        is_believed.then_some((Failure::Refused { problem, detail }, until))
    }

    pub(super) fn keep_wait(
        &self,
        names: &[Name],
        failure: &Failure,
        until: SystemTime,
    ) -> Result<(), TlsError> {
        let Failure::Refused { problem, detail } = failure else { return Ok(()) };
        let until = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let wait = Wait { until, problem: problem.clone(), detail: detail.clone() };
        let text = serde_json::to_string_pretty(&wait).unwrap_or_default();
        self.0.write(&wait_file(names), &text)
    }
}

/// Reads a key and its chain, and checks that they are for these names.
pub(super) fn parse(pem: &str, names: &[Name], now: SystemTime) -> Result<Certificate, String> {
    let certificate = Certificate::from_pem(Source::Acme, pem, pem, &label(names), now)
        .map_err(|(InvalidPem::Chain(because) | InvalidPem::Key(because))| because.to_string())?;
    match names.iter().find(|name| !certificate.is_for(&name.to_string())) {
        Some(name) => Err(format!("it is not for {name}")),
        None => Ok(certificate),
    }
}

/// Names of hosts have no `_`.
fn stem(names: &[Name]) -> String {
    if has_address(names) { "ip_addresses".into() } else { label(names) }
}

fn pem_file(names: &[Name]) -> String {
    format!("{}.pem", stem(names))
}

fn wait_file(names: &[Name]) -> String {
    format!("{}.wait.json", stem(names))
}
