//! Loads files again, renews the local certificate.

use std::time::{Duration, SystemTime};

use tls::{Certificate, Reloaded, Source};

use super::names::local_ips;
use super::{FilesAgain, Keeper};

/// How often files and addresses are looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Keeper {
    /// Takes what changed. `always`: the files are loaded though they seem unchanged.
    pub(super) fn look(&mut self, always: bool) -> FilesAgain {
        let now = SystemTime::now();
        let mut again = FilesAgain::None;
        if let Some(files) = &mut self.files {
            match files.reload(always, now) {
                Reloaded::Unchanged => {}
                Reloaded::Changed(certificate) => {
                    tell(&certificate, now);
                    self.certificates.set("", *certificate);
                    again = FilesAgain::Loaded;
                }
                Reloaded::Failed(error) => {
                    tracing::error!(%error, "certificate not loaded: the one before stays");
                    again = FilesAgain::Failed(error.to_string());
                }
            }
        }
        if let Some((authority, names, public_ips)) = &self.local {
            match authority.certificate(names, &local_ips(public_ips), now) {
                Ok(certificate) => self.certificates.set("", certificate),
                Err(error) => tracing::error!(%error, "local certificate not renewed"),
            }
        }
        again
    }
}

/// Says what a certificate is for, and warns of one that has expired.
pub(super) fn tell(certificate: &Certificate, now: SystemTime) {
    debug_assert_eq!(certificate.source, Source::Files);
    let names = certificate.names.join(",");
    let expires = httpdate::fmt_http_date(certificate.not_after);
    if certificate.is_expired(now) {
        tracing::warn!(names, expires, "the certificate has expired: browsers refuse it");
    } else {
        tracing::info!(names, expires, is_public = certificate.is_public, "certificate loaded");
    }
}
