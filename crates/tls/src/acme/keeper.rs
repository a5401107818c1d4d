//! Keeps the certificates: orders, renews, tries again.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::ca::Ca;
use super::config::label;
use super::error::Failure;
use super::limits::{LOOK_EVERY, RENEW_LEAST};
use super::name::Name;
use super::schedule::{Told, Window, ask_at, renew_at, retry_at};
use super::status::{Entry, State, Status};
use super::store::{Store, parse};
use crate::certificate::Certificate;
use crate::certificates::Certificates;

/// Where its results go, and its source of randomness.
pub(super) struct Keeper {
    pub(super) store: Store,
    pub(super) certificates: Certificates,
    pub(super) status: Status,
    pub(super) random: fastrand::Rng,
    pub(super) slots: Vec<Slot>,
}

/// One certificate, or the order of the first.
#[derive(Debug)]
pub(super) struct Slot {
    names: Vec<Name>,
    certificate: Option<Certificate>,
    window: Option<Window>,
    /// Spreads renewals over the CA's window, from 0 to 1.
    draw: f64,
    /// When to ask for the window.
    ask_at: SystemTime,
    /// When the next order may begin.
    earliest: SystemTime,
    /// Failed orders in a row.
    failures: u32,
    /// Why the last order failed, and when to try again.
    failed: Option<(Failure, SystemTime)>,
}

/// What a slot needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Order,
    Ask,
    Expire,
}

impl Slot {
    fn new(names: Vec<Name>, draw: f64, now: SystemTime) -> Self {
        let (certificate, window, failed) = (None, None, None);
        // A kept certificate may be past its half, and the CA may want it renewed later: ask first.
        let (ask_at, earliest) = (SystemTime::UNIX_EPOCH, now);
        Self { names, certificate, window, draw, ask_at, earliest, failures: 0, failed }
    }

    fn order_at(&self, now: SystemTime) -> SystemTime {
        let wanted = match &self.certificate {
            Some(certificate) => renew_at(certificate, self.window, self.draw),
            None => now,
        };
        let wanted = wanted.max(self.earliest);
        self.failed.as_ref().map_or(wanted, |(_, next_try)| wanted.max(*next_try))
    }

    fn next(&self, now: SystemTime) -> (SystemTime, Step) {
        let order = (self.order_at(now), Step::Order);
        let Some(certificate) = &self.certificate else { return order };
        let steps = [order, (self.ask_at, Step::Ask), (certificate.not_after, Step::Expire)];
        steps.into_iter().min_by_key(|(at, _)| *at).unwrap_or(order)
    }

    fn asked(&mut self, answer: Option<(Window, Duration)>, now: SystemTime) {
        self.ask_at = ask_at(now, answer.map(|(_, again)| again));
        let Some((window, _)) = answer else { return };
        debug!(
            name = label(&self.names),
            start = date(window.start),
            end = date(window.end),
            "renewal window"
        );
        self.window = Some(window);
    }

    fn entry(&self, now: SystemTime) -> Entry {
        let valid_until = self.certificate.as_ref().map(|it| it.not_after);
        let state = match (&self.failed, &self.certificate) {
            (Some((failure, next_try)), _) => {
                State::Failed { failure: failure.clone(), next_try: *next_try }
            }
            (None, Some(_)) if self.order_at(now) > now => {
                State::Issued { renew_at: self.order_at(now) }
            }
            (None, _) => State::Ordering,
        };
        Entry { names: self.names.clone(), valid_until, state }
    }
}

impl Keeper {
    /// Shows clients the certificates of the folder, and adds what is to be ordered.
    pub(super) fn load(&mut self, certificates: Vec<Vec<Name>>, now: SystemTime) {
        for names in certificates {
            let mut slot = Slot::new(names, self.random.f64(), now);
            let name = label(&slot.names);
            match self.store.certificate(&slot.names, now) {
                Ok(Some(certificate)) => {
                    let expires = date(certificate.not_after);
                    info!(name, expires, "certificate loaded");
                    self.certificates.set(&name, certificate.clone());
                    slot.certificate = Some(certificate);
                }
                Ok(None) => {}
                Err(error) => {
                    warn!(name, error, "kept certificate not used, a new one replaces it")
                }
            }
            slot.failed = self.store.wait(&slot.names, now);
            if let Some((error, next_try)) = &slot.failed {
                warn!(name, %error, next_try = date(*next_try), "certificate not ordered yet");
            }
            self.slots.push(slot);
        }
        self.tell(now);
    }

    /// Does what is next, for ever.
    pub(super) async fn run(
        mut self,
        mut ca: impl Ca,
        clock: impl Fn() -> SystemTime + Send + Sync,
    ) {
        loop {
            let now = clock();
            self.tell(now);
            let next = self.slots.iter().map(|slot| slot.next(now)).enumerate();
            let Some((index, (at, step))) = next.min_by_key(|(_, (at, _))| *at) else {
                return std::future::pending().await;
            };
            let wait = at.duration_since(now).unwrap_or_default();
            if !wait.is_zero() {
                sleep(wait.min(LOOK_EVERY)).await;
                continue;
            }
            match step {
                Step::Order => {
                    let slot = &self.slots[index];
                    let result = match self.store.check_writable() {
                        Ok(()) => ca.order(&slot.names, slot.certificate.as_ref()).await,
                        Err(error) => Err((Failure::File(error.to_string()), Told::default())),
                    };
                    let now = clock();
                    match result.and_then(|pem| check(pem, &slot.names, now)) {
                        Ok((pem, certificate)) => self.issued(index, &pem, certificate, now),
                        Err((failure, told)) => self.failed(index, failure, told, now),
                    }
                }
                Step::Ask => {
                    let slot = &mut self.slots[index];
                    let Some(certificate) = &slot.certificate else { continue };
                    let answer = ca.window(certificate).await;
                    slot.asked(answer, clock());
                }
                Step::Expire => self.expire(index),
            }
        }
    }

    /// The certificates that are there, with their names.
    pub(super) fn held(&self) -> Vec<(Vec<Name>, Certificate)> {
        let held = |slot: &Slot| Some((slot.names.clone(), slot.certificate.clone()?));
        self.slots.iter().filter_map(held).collect()
    }

    fn issued(&mut self, index: usize, pem: &str, certificate: Certificate, now: SystemTime) {
        let slot = &mut self.slots[index];
        let (name, expires) = (label(&slot.names), date(certificate.not_after));
        info!(name, expires, "certificate issued");
        if let Err(error) = self.store.keep(&slot.names, pem) {
            warn!(name, %error, "certificate not kept, a restart loses it");
        }
        self.certificates.set(&name, certificate.clone());
        slot.earliest = earliest(&certificate, now);
        slot.certificate = Some(certificate);
        (slot.window, slot.ask_at) = (None, now);
        (slot.failures, slot.failed) = (0, None);
    }

    fn failed(&mut self, index: usize, failure: Failure, told: Told, now: SystemTime) {
        let slot = &mut self.slots[index];
        slot.failures = slot.failures.saturating_add(1);
        let next_try = retry_at(now, slot.failures, told, self.random.f64());
        let name = label(&slot.names);
        warn!(name, error = %failure, next_try = date(next_try), "certificate not issued");
        if told != Told::default()
            && let Err(error) = self.store.keep_wait(&slot.names, &failure, next_try)
        {
            warn!(name, %error, "the CA's wait is not kept, a restart forgets it");
        }
        slot.failed = Some((failure, next_try));
    }

    /// From now on clients are shown the local certificate, which the devices of the operator may trust.
    fn expire(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let name = label(&slot.names);
        warn!(name, "certificate expired");
        self.certificates.forget(&name);
        (slot.certificate, slot.window) = (None, None);
    }

    fn tell(&self, now: SystemTime) {
        self.status.set(self.slots.iter().map(|slot| slot.entry(now)).collect());
    }
}

/// Refuses a certificate that clients would refuse.
fn check(
    pem: String,
    names: &[Name],
    now: SystemTime,
) -> Result<(String, Certificate), (Failure, Told)> {
    let certificate = parse(&pem, names, now).and_then(|certificate| {
        let clock = "the certificate has expired already; is the clock of this machine right?";
        if certificate.is_expired(now) { Err(clock.into()) } else { Ok(certificate) }
    });
    match certificate {
        Ok(certificate) => Ok((pem, certificate)),
        Err(error) => Err((Failure::Answer(error), Told::default())),
    }
}

/// When a new certificate may be replaced: a wrong clock and a wrong window of the CA cost one order a day.
fn earliest(certificate: &Certificate, now: SystemTime) -> SystemTime {
    let lifetime = certificate.not_after.duration_since(certificate.not_before);
    now + (lifetime.unwrap_or_default() / 4).min(RENEW_LEAST)
}

fn date(time: SystemTime) -> String {
    let date = OffsetDateTime::from(time).replace_nanosecond(0).ok();
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_default()
}
