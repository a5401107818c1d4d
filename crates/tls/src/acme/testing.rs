//! Certificates for tests.

use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use time::OffsetDateTime;

use crate::certificate::{Certificate, Source};

pub(super) fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// A chain and its key in PEM form, valid from `now` on.
pub(super) fn pem(names: &[&str], now: SystemTime, lifetime: Duration) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.not_before = OffsetDateTime::from(now);
    params.not_after = OffsetDateTime::from(now + lifetime);
    let key = KeyPair::generate().unwrap();
    key.serialize_pem() + &params.self_signed(&key).unwrap().pem()
}

pub(super) fn certificate(names: &[&str], now: SystemTime, lifetime: Duration) -> Certificate {
    let pem = pem(names, now, lifetime);
    Certificate::from_pem(Source::Acme, &pem, &pem, "", now).unwrap()
}
